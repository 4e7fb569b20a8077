/** Writes a snapshot's file, block by block. */

import type { Section } from "../state/section.ts";
import { PAGE_BYTES } from "../state/section.ts";
import { Writer } from "../state/table.ts";
import { crc32 } from "../machine/loader/crc32.ts";
import { boundBytes, encodeHeader, encodePrologue, writeRuns } from "./bytes.ts";
import { Cipher, type SnapshotKey, TAG_BYTES } from "./cipher.ts";
import { pack } from "./codec.ts";
import {
  BlockKind,
  DISKS_MOST,
  FORMAT_VERSION,
  HEADER_BYTES,
  PAGES_MOST,
  PLAIN_MOST,
  PROLOGUE_BYTES,
  type Run,
  SECTION_COUNT_MOST,
  SECTIONS_MOST,
  snapshotError,
} from "./format.ts";

/** A piece of a disk. */
export interface DiskPiece {
  readonly disk: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** RAM that does not change while it is written. */
export interface StillRam {
  readonly pages: number;
  /** Whether the page is part of the snapshot. */
  has(page: number): boolean;
  /** Whether any byte of it is not zero. */
  holds(page: number): boolean;
  read(page: number, into: Uint8Array): void;
}

/** What a snapshot is made of. */
export interface SnapshotContent {
  readonly id: Uint8Array<ArrayBuffer>;
  /** What can be told of it before all else. */
  readonly description: object;
  readonly sections: readonly Section[];
  readonly disks: AsyncIterable<DiskPiece>;
  readonly ram: StillRam;
  /** Whether pages that hold nothing are said: those of a parent may hold something. */
  readonly saysZeros: boolean;
}

/** How it is written. */
export interface WriteOptions {
  /** Default: true. */
  readonly compress?: boolean;
  readonly key?: SnapshotKey;
}

/** A block before it has its number. */
export interface Plain {
  readonly kind: BlockKind;
  readonly bytes: Uint8Array;
  /** Of PAGES and ZEROS. */
  readonly runs?: readonly Run[];
}

/** Blocks that are compressed at once: the host may have a thread for each. */
const AT_ONCE = 4;
/** Index entries of a block: each has at most `PAGES_MOST` runs, or `ZERO_RUNS`. */
const ENTRIES_BYTES = PLAIN_MOST / 2;
export const ZERO_RUNS = 4096;

/**
 * The bytes of a snapshot. Nothing is read of `content` before it is needed.
 * @throws WasmvisorError `snapshot-key`, `snapshot-too-large`
 */
export async function* writeSnapshot(content: SnapshotContent, options: WriteOptions = {}): AsyncGenerator<Uint8Array> {
  const { key, compress = true } = options;
  const cipher = key === undefined ? undefined : await Cipher.open(key, content.id);
  yield encodePrologue({ version: FORMAT_VERSION, encrypted: cipher !== undefined, id: content.id });
  let offset = PROLOGUE_BYTES;
  let number = 0;
  const entries: IndexEntry[] = [];
  const seal = (plain: Plain): Promise<Uint8Array> => sealed(plain, number++, compress, cipher);
  for await (const { block, plain, number: own } of ahead(blocksOf(content), (plain) => ({
    number,
    block: seal(plain),
  }))) {
    if (plain.runs !== undefined) entries.push({ offset, number: own, runs: plain.runs });
    offset += block.length;
    yield block;
  }
  const index = { offset, number };
  for (const bytes of indexBlocks(entries)) yield await seal({ kind: BlockKind.INDEX, bytes });
  yield await seal({ kind: BlockKind.END, bytes: endBytes(index, number + 1) });
}

interface IndexEntry {
  readonly offset: number;
  readonly number: number;
  readonly runs: readonly Run[];
}

/** Begins a few blocks before the first of them is taken. */
async function* ahead(
  blocks: AsyncIterable<Plain>,
  begin: (plain: Plain) => { readonly number: number; readonly block: Promise<Uint8Array> },
): AsyncGenerator<{ readonly plain: Plain; readonly number: number; readonly block: Uint8Array }> {
  const under: { plain: Plain; number: number; block: Promise<Uint8Array> }[] = [];
  const first = async () => {
    const { plain, number, block } = under.shift()!;
    return { plain, number, block: await block };
  };
  for await (const plain of blocks) {
    const begun = begin(plain);
    // Whoever does not come to take it does not want to know that it failed.
    begun.block.catch(() => undefined);
    under.push({ plain, ...begun });
    if (under.length >= AT_ONCE) yield await first();
  }
  while (under.length > 0) yield await first();
}

/** A block with its header. */
export async function sealed(
  { kind, bytes: plain }: Plain,
  number: number,
  compress: boolean,
  cipher: Cipher | undefined,
): Promise<Uint8Array> {
  const { codec, bytes } = await pack(plain, compress && kind !== BlockKind.END);
  const stored = bytes.length + (cipher === undefined ? 0 : TAG_BYTES);
  const header = { kind, codec, stored, plain: plain.length, sum: 0 };
  const body =
    cipher === undefined ? bytes : await cipher.encrypt(bytes as Uint8Array<ArrayBuffer>, number, boundBytes(header));
  const block = new Uint8Array(HEADER_BYTES + body.length);
  block.set(encodeHeader({ ...header, sum: crc32(body) }, number));
  block.set(body, HEADER_BYTES);
  return block;
}

async function* blocksOf(content: SnapshotContent): AsyncGenerator<Plain> {
  const bytes = new TextEncoder().encode(JSON.stringify(content.description));
  if (bytes.length > PLAIN_MOST) throw tooLarge("its description", PLAIN_MOST);
  yield { kind: BlockKind.DESCRIPTION, bytes };
  checkSections(content.sections);
  for (const section of content.sections) yield* sectionBlocks(section);
  let disks = 0;
  for await (const piece of content.disks) {
    disks += piece.bytes.length;
    if (disks > DISKS_MOST) throw disksTooLarge();
    yield { kind: BlockKind.DISK, bytes: diskBytes(piece) };
  }
  yield* pageBlocks(content.ram);
  if (content.saysZeros) yield* zeroBlocks(content.ram);
}

/** @throws WasmvisorError `snapshot-too-large` */
export function checkSections(sections: readonly Section[]): void {
  const bytes = sections.reduce((sum, section) => sum + section.bytes.length, 0);
  if (bytes > SECTIONS_MOST || sections.length > SECTION_COUNT_MOST)
    throw tooLarge("its devices' state", SECTIONS_MOST);
}

/** Its disks are too large for a snapshot. */
export function disksTooLarge(): Error {
  const sentence = `The VM's disks hold more than the ${DISKS_MOST} bytes that a snapshot has room for; take it without them, and copy their files.`;
  return snapshotError("snapshot-too-large", sentence, { most: DISKS_MOST });
}

function tooLarge(what: string, most: number): Error {
  const sentence = `The VM cannot be put into a snapshot, because ${what} has more than ${most} bytes; take some of its devices' files out.`;
  return snapshotError("snapshot-too-large", sentence, { most });
}

/** The blocks of one section. */
export function* sectionBlocks({ name, version, bytes }: Section): Generator<Plain> {
  const to = new Writer();
  const text = new TextEncoder().encode(name);
  to.u16(text.length);
  to.bytes(text);
  to.u32(version);
  const room = PLAIN_MOST - 6 - text.length;
  to.bytes(bytes.subarray(0, room));
  yield { kind: BlockKind.SECTION, bytes: to.finish() };
  for (let at = room; at < bytes.length; at += PLAIN_MOST)
    yield { kind: BlockKind.MORE, bytes: bytes.subarray(at, at + PLAIN_MOST) };
}

/** What a DISK block holds. */
export function diskBytes({ disk, at, bytes }: DiskPiece): Uint8Array {
  const to = new Writer();
  to.u32(disk);
  to.u64(BigInt(at));
  to.bytes(bytes);
  return to.finish();
}

/** Pages that follow each other, of those for which `is`. */
function* runsOf(ram: StillRam, most: number, is: (page: number) => boolean): Generator<Run[]> {
  let runs: { first: number; count: number }[] = [];
  let pages = 0;
  for (let page = 0; page < ram.pages; page++) {
    if (!is(page)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === page) last.count++;
    else runs.push({ first: page, count: 1 });
    if (++pages < most) continue;
    yield runs;
    runs = [];
    pages = 0;
  }
  if (runs.length > 0) yield runs;
}

/** The pages that hold something. */
export function* pageBlocks(ram: StillRam): Generator<Plain> {
  for (const runs of runsOf(ram, PAGES_MOST, (page) => ram.has(page) && ram.holds(page))) {
    yield pagesBlock(ram, runs);
  }
}

/** A block of pages, `PAGES_MOST` or fewer. */
export function pagesBlock(ram: Pick<StillRam, "read">, runs: readonly Run[]): Plain {
  const head = runsBytes(runs);
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  const bytes = new Uint8Array(head.length + count * PAGE_BYTES);
  bytes.set(head);
  let at = head.length;
  for (const { first, count } of runs) {
    for (let page = first; page < first + count; page++, at += PAGE_BYTES)
      ram.read(page, bytes.subarray(at, at + PAGE_BYTES));
  }
  return { kind: BlockKind.PAGES, bytes, runs };
}

/** What a block of runs alone holds. */
export function runsBytes(runs: readonly Run[]): Uint8Array {
  const to = new Writer();
  writeRuns(to, runs);
  return to.finish();
}

/** Pages in order as runs. */
export function runsIn(pages: Iterable<number>): Run[] {
  const runs: { first: number; count: number }[] = [];
  for (const page of pages) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === page) last.count++;
    else runs.push({ first: page, count: 1 });
  }
  return runs;
}

/** The pages that hold nothing. */
export function* zeroBlocks(ram: StillRam): Generator<Plain> {
  let some: Run[] = [];
  const block = (): Plain => ({ kind: BlockKind.ZEROS, bytes: runsBytes(some), runs: some });
  for (const runs of runsOf(ram, PAGES_MOST, (page) => ram.has(page) && !ram.holds(page))) {
    some.push(...runs);
    if (some.length < ZERO_RUNS) continue;
    yield block();
    some = [];
  }
  if (some.length > 0) yield block();
}

function* indexBlocks(entries: readonly IndexEntry[]): Generator<Uint8Array> {
  let to = new Writer();
  let bytes = 0;
  for (const { offset, number, runs } of entries) {
    to.u64(BigInt(offset));
    to.u32(number);
    writeRuns(to, runs);
    bytes += 16 + 8 * runs.length;
    if (bytes < ENTRIES_BYTES) continue;
    yield to.finish();
    to = new Writer();
    bytes = 0;
  }
  yield to.finish();
}

function endBytes(index: { readonly offset: number; readonly number: number }, blocks: number): Uint8Array {
  const to = new Writer();
  to.u64(BigInt(index.offset));
  to.u32(index.number);
  to.u32(blocks);
  return to.finish();
}
