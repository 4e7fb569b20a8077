/** zstd in frames (RFC 8878): where each begins is read from the file's seek table, or from the heads of its blocks. */

import type { BlockBackend } from "../../backend/block/block.ts";
import { damaged } from "../error.ts";
import { type Steps, wait } from "../steps.ts";
import { inOnePiece, Pieces } from "./packed.ts";

const FRAME = 0xfd2f_b528;
/** Frames of this kind have other things than data; the last four bits are free. */
const SKIPPABLE = 0x184d_2a50;
/** Of the seekable format (contrib/seekable_format of the zstd project). */
const SEEKABLE = 0x8f92_eab1;
const SEEK_TABLE = 0x184d_2a5e;
const SEEK_FOOTER = 9;

const LAST_BLOCK = 1;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** Whether a file begins as zstd does. */
export function isZstd(first: Uint8Array): boolean {
  if (first.length < 4) return false;
  return new DataView(first.buffer, first.byteOffset).getUint32(0, true) === FRAME;
}

/**
 * Where the frames of a file are.
 * @throws WasmvisorError `image-feature` when they do not say how long they are; `image-damaged`
 */
export function* findFrames(file: BlockBackend): Steps<Pieces> {
  return (yield* readSeekTable(file)) ?? (yield* walkFrames(file));
}

/** The table at the end of files in the seekable format. */
function* readSeekTable(file: BlockBackend): Steps<Pieces | undefined> {
  if (file.size < SEEK_FOOTER + 8) return undefined;
  const footer = yield* bytesOf(file, file.size - SEEK_FOOTER, SEEK_FOOTER);
  if (footer.getUint32(5, true) !== SEEKABLE) return undefined;
  const count = footer.getUint32(0, true);
  const entryBytes = footer.getUint8(4) & 0x80 ? 12 : 8;
  const tableBytes = count * entryBytes;
  const start = file.size - SEEK_FOOTER - tableBytes - 8;
  if (start < 0) throw damaged("its seek table begins before the file");
  const head = yield* bytesOf(file, start, 8);
  if (head.getUint32(0, true) !== SEEK_TABLE || head.getUint32(4, true) !== tableBytes + SEEK_FOOTER)
    throw damaged("its seek table has another length than it says");
  const pieces = new Pieces();
  let at = 0;
  for (let done = 0; done < tableBytes;) {
    const part = yield* bytesOf(file, start + 8 + done, Math.min(tableBytes - done, entryBytes * 4096));
    for (let entry = 0; entry < part.byteLength; entry += entryBytes) {
      const end = at + part.getUint32(entry, true);
      if (end > start) throw damaged("a frame ends behind its seek table", { at });
      pieces.add(at, end, part.getUint32(entry + 4, true));
      at = end;
    }
    done += part.byteLength;
  }
  return pieces;
}

function* walkFrames(file: BlockBackend): Steps<Pieces> {
  const pieces = new Pieces();
  for (let at = 0; at < file.size;) {
    const head = yield* bytesOf(file, at, Math.min(file.size - at, 18));
    if (head.byteLength < 8) throw damaged("it ends in the head of a frame", { at });
    const magic = head.getUint32(0, true);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      at += 8 + head.getUint32(4, true);
      continue;
    }
    if (magic !== FRAME) throw damaged("something else than zstd is behind a frame of it", { at });
    const { bytes, headBytes, hasChecksum } = frameHead(head, at);
    let end = at + headBytes;
    for (let last = false; !last;) {
      const block = yield* bytesOf(file, end, 3);
      const word = block.getUint16(0, true) | (block.getUint8(2) << 16);
      const type = (word >> 1) & 3;
      if (type === RESERVED_BLOCK) throw damaged("a frame has a block of no kind", { at });
      last = (word & LAST_BLOCK) !== 0;
      end += 3 + (type === RLE_BLOCK ? 1 : word >> 3);
      // Blocks of nothing could go on for ever as long as the file is.
      if (end - at > 2 ** 27) throw inOnePiece();
    }
    if (hasChecksum) end += 4;
    if (end > file.size) throw damaged("a frame ends behind the end of the file", { at });
    pieces.add(at, end, bytes);
    at = end;
  }
  return pieces;
}

/** What a frame's head says. */
function frameHead(head: DataView, at: number): { bytes: number; headBytes: number; hasChecksum: boolean } {
  const descriptor = head.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  if (sizeBytes === 0) throw inOnePiece();
  if (sizeAt + sizeBytes > head.byteLength) throw damaged("it ends in the head of a frame", { at });
  const bytes =
    sizeBytes === 1
      ? head.getUint8(sizeAt)
      : sizeBytes === 2
        ? head.getUint16(sizeAt, true) + 256
        : sizeBytes === 4
          ? head.getUint32(sizeAt, true)
          : Number(head.getBigUint64(sizeAt, true));
  return { bytes, headBytes: sizeAt + sizeBytes, hasChecksum: (descriptor & 4) !== 0 };
}

function* bytesOf(file: BlockBackend, at: number, length: number): Steps<DataView> {
  if (at + length > file.size) throw damaged("it ends in the middle of a frame", { at });
  const bytes = new Uint8Array(length);
  yield* wait(file.read(at, bytes));
  return new DataView(bytes.buffer);
}
