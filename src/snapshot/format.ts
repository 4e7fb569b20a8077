/**
 * The container of a snapshot (docs/design/snapshot.md). All numbers are little-endian.
 *
 * ```
 *  file      prologue, blocks, the last of which is END
 *  prologue  +0 magic, 8 | +8 version, u16 | +10 flags, u16 | +12 id, 16 | +28 CRC-32 of these, u32
 *  block     +0 kind, u8 | +1 codec, u8 | +2 zero, u16 | +4 stored bytes, u32 | +8 plain bytes, u32 | +12 CRC-32 of what is stored, u32
 *            | +16 CRC-32 of this header, begun with the number of the block, u32 | +20 what is stored
 * ```
 *
 * Blocks are numbered from 0 and come in the order of their kinds; pages of a kind come in their order, each once. What is stored is the plain bytes, compressed (codec), then encrypted (flag). What they are, by kind:
 *
 * ```
 *  DESCRIPTION  JSON; the first block, and only that
 *  SECTION      name length, u16 | name | version, u32 | bytes
 *  MORE         more bytes of the section before it
 *  DISK         disk, u32 | address, u64 | bytes
 *  PAGES        count of runs, u32 | runs: first page, u32, and how many, u32 | the pages' bytes
 *  ZEROS        count of runs, u32 | runs of pages that hold nothing any more
 *  INDEX        for each PAGES or ZEROS block: offset in the file, u64 | number of the block, u32 | count of runs, u32 | runs
 *  END          offset of the first INDEX block, u64 | its number, u32 | number of blocks, u32
 * ```
 */

import { WasmvisorError, type ErrorCode } from "../error.ts";

/** "WVMSNAP" and a line's end, which a transfer as text would change. */
export const MAGIC = Uint8Array.of(0x57, 0x56, 0x4d, 0x53, 0x4e, 0x41, 0x50, 0x0a);
/** The version that is written, and the newest that is read. */
export const FORMAT_VERSION = 1;

export const PROLOGUE_BYTES = 32;
export const HEADER_BYTES = 20;
export const ID_BYTES = 16;

/** Of the prologue. */
export enum Flag {
  ENCRYPTED = 1,
}

export enum BlockKind {
  DESCRIPTION = 1,
  SECTION = 2,
  MORE = 3,
  DISK = 4,
  PAGES = 5,
  ZEROS = 6,
  INDEX = 7,
  END = 8,
  /** Not in files: what two sides of a migration say to each other. */
  NOTE = 9,
  /** Not in files: runs of pages that a migration sends after its VM runs at the destination. */
  LATER = 10,
}

export enum Codec {
  STORED = 0,
  /** RFC 1951. */
  DEFLATE = 1,
  /** RFC 8878. */
  ZSTD = 2,
}

/** Plain bytes of a block at most. */
export const PLAIN_MOST = 2 ** 20;
/** Stored bytes at most: what does not become smaller is stored as it is; a cipher adds its tag. */
export const STORED_MOST = PLAIN_MOST + 16;
/** Pages of a PAGES block at most: what must be read for one page of it. */
export const PAGES_MOST = 64;
/** Bytes of disks at most that a snapshot holds: whoever restores it has them in memory. */
export const DISKS_MOST = 2 ** 32;
/** Bytes of all sections at most, so that a file cannot fill the memory before anything else is known of it. */
export const SECTIONS_MOST = 2 ** 26;
/** How many sections there are at most. */
export const SECTION_COUNT_MOST = 1024;
/** Blocks of sections at most: what is written has no small ones but the first and the last of a section. */
export const SECTION_BLOCKS_MOST = 2 * SECTION_COUNT_MOST + SECTIONS_MOST / PLAIN_MOST;

/** Pages one after another. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** What the beginning of a file says. */
export interface Prologue {
  readonly version: number;
  readonly encrypted: boolean;
  readonly id: Uint8Array<ArrayBuffer>;
}

/** What stands before a block. */
export interface BlockHeader {
  readonly kind: BlockKind;
  readonly codec: Codec;
  readonly stored: number;
  readonly plain: number;
  readonly sum: number;
}

/** What is wrong with a snapshot. */
export function snapshotError(
  code: Extract<ErrorCode, `snapshot-${string}`>,
  sentence: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): WasmvisorError {
  return new WasmvisorError(code, sentence, data, cause === undefined ? undefined : { cause });
}

/** Something in it cannot be. */
export function damaged(what: string, cause?: unknown): WasmvisorError {
  return snapshotError("snapshot-damaged", `The snapshot is damaged (${what}); use another copy of it.`, {}, cause);
}

/** An id in words. */
export function idText(id: Uint8Array): string {
  return [...id].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
