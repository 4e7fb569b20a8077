/** Writing and reading the fields of blocks. */

import { Reader, Writer } from "../state/table.ts";
import { crc32 } from "../machine/loader/crc32.ts";
import {
  BlockKind,
  type BlockHeader,
  Codec,
  damaged,
  Flag,
  FORMAT_VERSION,
  HEADER_BYTES,
  ID_BYTES,
  MAGIC,
  PLAIN_MOST,
  type Prologue,
  PROLOGUE_BYTES,
  type Run,
  snapshotError,
  STORED_MOST,
} from "./format.ts";

export function encodePrologue({ version, encrypted, id }: Prologue): Uint8Array {
  const to = new Writer();
  to.bytes(MAGIC);
  to.u16(version);
  to.u16(encrypted ? Flag.ENCRYPTED : 0);
  to.bytes(id);
  to.u32(crc32(to.finish()));
  return to.finish();
}

/** @throws WasmvisorError `snapshot-format`, `snapshot-version`, `snapshot-damaged` */
export function decodePrologue(bytes: Uint8Array): Prologue {
  const isMagic = MAGIC.every((byte, index) => bytes[index] === byte);
  if (!isMagic)
    throw snapshotError("snapshot-format", "This is no snapshot; give a file that vm.snapshot has written.");
  if (bytes.length < PROLOGUE_BYTES) throw damaged("it ends too early");
  const from = new Reader(bytes.subarray(MAGIC.length));
  const version = from.u16();
  if (version !== FORMAT_VERSION) {
    const sentence = `The snapshot has version ${version} of the format, and version ${FORMAT_VERSION} is known; use a newer wasmvisor.`;
    throw snapshotError("snapshot-version", sentence, { version, known: FORMAT_VERSION });
  }
  const flags = from.u16();
  const id = from.bytes(ID_BYTES) as Uint8Array<ArrayBuffer>;
  if (from.u32() !== crc32(bytes.subarray(0, PROLOGUE_BYTES - 4)) || (flags & ~Flag.ENCRYPTED) !== 0)
    throw damaged("its beginning is not as it was written");
  return { version, encrypted: (flags & Flag.ENCRYPTED) !== 0, id };
}

/** A header without its own sum: what a cipher vouches for as well. */
function bare({ kind, codec, stored, plain, sum }: BlockHeader): Uint8Array {
  const to = new Writer();
  to.u8(kind);
  to.u8(codec);
  to.u16(0);
  to.u32(stored);
  to.u32(plain);
  to.u32(sum);
  return to.finish();
}

/** The number of the block is part of the sum, so that none can be left out or moved. */
export function encodeHeader(header: BlockHeader, number: number): Uint8Array {
  const bytes = bare(header);
  const whole = new Uint8Array(HEADER_BYTES);
  whole.set(bytes);
  new DataView(whole.buffer).setUint32(bytes.length, crc32(bytes, number), true);
  return whole;
}

/**
 * @param last - the last kind that may come
 * @throws WasmvisorError `snapshot-damaged`
 */
export function decodeHeader(bytes: Uint8Array, number: number, last = BlockKind.END): BlockHeader {
  const from = new Reader(bytes);
  const [kind, codec, zero] = [from.u8(), from.u8(), from.u16()];
  const [stored, plain, sum] = [from.u32(), from.u32(), from.u32()];
  const isSum = from.u32() === crc32(bytes.subarray(0, HEADER_BYTES - 4), number);
  const isKnown = kind >= BlockKind.DESCRIPTION && kind <= last && codec <= Codec.ZSTD && zero === 0;
  if (!isSum || !isKnown || stored > STORED_MOST || plain > PLAIN_MOST)
    throw damaged(`block ${number} is not as it was written`);
  return { kind, codec, stored, plain, sum };
}

/** What a cipher vouches for beside the block's bytes: all of the header that is known before they are encrypted. */
export function boundBytes({ kind, codec, stored, plain }: BlockHeader): Uint8Array<ArrayBuffer> {
  return bare({ kind, codec, stored, plain, sum: 0 }) as Uint8Array<ArrayBuffer>;
}

export function writeRuns(to: Writer, runs: readonly Run[]): void {
  to.u32(runs.length);
  for (const { first, count } of runs) {
    to.u32(first);
    to.u32(count);
  }
}

/** Runs, none of them empty. @throws Misfit */
export function readRuns(from: Reader): Run[] {
  const count = from.u32();
  if (count * 8 > from.left) throw damaged("a block has fewer runs of pages than it says");
  return Array.from({ length: count }, () => {
    const run = { first: from.u32(), count: from.u32() };
    if (run.count === 0) throw damaged("a run of pages is empty");
    return run;
  });
}

/** Pages in all. */
export function pagesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}
