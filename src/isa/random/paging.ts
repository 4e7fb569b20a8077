/** Scatters an image's pages over physical memory behind Sv39 page tables. (Privileged ISA, "Sv39") */

import { layout } from "./layout.ts";
import type { Random } from "./values.ts";

const PAGE = 4096;
const ENTRIES = 512;

/** Where the scattered programs believe the image is. */
export const PAGED_VA = 0x10_0000_0000n;

const SATP_SV39 = 8n << 60n;
const PTE_POINTER = 0x01n;
/** Valid, readable, writable, executable, for U mode, accessed, dirty. */
const PTE_LEAF = 0xdfn;

/** Which physical page each page of the image is in; the harness stays in place. */
export function scatterPages(imageBytes: number, random: Random): number[] {
  const pages = Array.from({ length: imageBytes / PAGE }, (_, i) => i);
  const first = layout.harness / PAGE;
  for (let i = pages.length - 1; i > first; i--) {
    const j = random.between(first, i);
    [pages[i], pages[j]] = [pages[j]!, pages[i]!];
  }
  return pages;
}

/** Copies each page of `image` to its place. */
export function scatter(image: Uint8Array, pages: readonly number[], target: Uint8Array): void {
  pages.forEach((to, from) => target.set(image.subarray(from * PAGE, (from + 1) * PAGE), to * PAGE));
}

/** The image as its programs see it. */
export function gather(scattered: Uint8Array, pages: readonly number[]): Uint8Array {
  const image = new Uint8Array(pages.length * PAGE);
  pages.forEach((from, to) => image.set(scattered.subarray(from * PAGE, (from + 1) * PAGE), to * PAGE));
  return image;
}

/** Bytes of page tables for `pages` pages: a root, a middle and the last level. */
export const tableBytes = (pages: number): number => PAGE * (2 + Math.ceil(pages / ENTRIES));

/**
 * Page tables that map `PAGED_VA` up to the scattered pages.
 *
 * @param offset where in the image, and so relative to `base`, the tables will be
 */
export function pageTables(
  pages: readonly number[],
  base: bigint,
  offset: number,
): { bytes: Uint8Array; satp: bigint } {
  const bytes = new Uint8Array(tableBytes(pages.length));
  const view = new DataView(bytes.buffer);
  const pte = (target: number, flags: bigint): bigint => (((base + BigInt(target)) >> 12n) << 10n) | flags;
  const put = (table: number, index: number, entry: bigint): void =>
    view.setBigUint64(table * PAGE + index * 8, entry, true);
  put(0, Number((PAGED_VA >> 30n) & 0x1ffn), pte(offset + PAGE, PTE_POINTER));
  for (let i = 0; i * ENTRIES < pages.length; i++) put(1, i, pte(offset + PAGE * (2 + i), PTE_POINTER));
  pages.forEach((page, i) => put(2 + Math.floor(i / ENTRIES), i % ENTRIES, pte(page * PAGE, PTE_LEAF)));
  return { bytes, satp: SATP_SV39 | ((base + BigInt(offset)) >> 12n) };
}
