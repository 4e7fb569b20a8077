/** What belongs to a frame, as numbers of a message between threads. */

import { type FrameInfo, Gso, Offload } from "../../backend/network/network.ts";
import { plainInfo } from "../../backend/network/segment.ts";

/** `FrameInfo` as numbers. */
export function wordsOf(info: FrameInfo): readonly number[] {
  const { flags, gso, segmentBytes, headerBytes, checksumStart, checksumOffset } = info;
  return [flags, gso, segmentBytes, headerBytes, checksumStart, checksumOffset];
}

/** Bytes on which nothing more hangs, and to which nobody writes any more. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice();
}

/** What somebody says of a frame of `length` bytes, as far as it can be. */
export function infoOf(words: unknown, length: number): FrameInfo {
  const info = plainInfo();
  const list = Array.isArray(words) ? (words as unknown[]) : [];
  if (
    list.length !== 6 ||
    !list.every((word) => Number.isInteger(word) && (word as number) >= 0 && (word as number) < 65_536)
  )
    return info;
  const [flags, gso, segmentBytes, headerBytes, start, offset] = list as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const needsChecksum = (flags & Offload.NEEDS_CHECKSUM) !== 0 && start + offset + 2 <= length;
  info.flags = needsChecksum ? Offload.NEEDS_CHECKSUM : 0;
  if (needsChecksum) [info.checksumStart, info.checksumOffset] = [start, offset];
  const kind = gso & ~Gso.ECN;
  if (needsChecksum && segmentBytes > 0 && (kind === Gso.TCP4 || kind === Gso.TCP6))
    [info.gso, info.segmentBytes, info.headerBytes] = [gso & 0xff, segmentBytes, headerBytes];
  return info;
}
