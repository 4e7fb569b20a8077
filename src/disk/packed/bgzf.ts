/** gzip in pieces, as bgzip writes it: each member says how long it is (SAM/BAM specification, section 4.1). */

import type { BlockBackend } from "../../backend/block/block.ts";
import { damaged } from "../error.ts";
import { type Steps, wait } from "../steps.ts";
import { inOnePiece, Pieces, type Unpack } from "./packed.ts";

/** Bytes of a member's head up to the length of its extra field. */
const HEAD = 12;

/** Behind a member's data: a checksum, and its length. */
const TAIL = 8;

const FEXTRA = 4;

/** Whether a file begins as gzip does. */
export const isGzip = (first: Uint8Array): boolean => first[0] === 0x1f && first[1] === 0x8b && first[2] === 8;

/**
 * Where the members of a file are.
 * @throws WasmvisorError `image-feature` when they do not say it; `image-damaged`
 */
export function* findMembers(file: BlockBackend): Steps<Pieces> {
  const pieces = new Pieces();
  for (let at = 0; at < file.size;) {
    const head = new Uint8Array(Math.min(file.size - at, HEAD + 256));
    yield* wait(file.read(at, head));
    if (!isGzip(head) || head.length < HEAD) throw damaged("something else than gzip is behind a member of it", { at });
    const length = memberLength(head);
    if (length === undefined) throw inOnePiece();
    const end = at + length;
    if (length < HEAD + TAIL || end > file.size) throw damaged("a member ends behind the end of the file", { at });
    const tail = new Uint8Array(4);
    yield* wait(file.read(end - 4, tail));
    pieces.add(at, end, new DataView(tail.buffer).getUint32(0, true));
    at = end;
  }
  return pieces;
}

/** What the extra field says of a member's length. */
function memberLength(head: Uint8Array): number | undefined {
  if (head[3] !== FEXTRA) return undefined;
  const end = Math.min(head.length, HEAD + extraLength(head));
  for (let at = HEAD; at + 4 <= end;) {
    const length = head[at + 2]! | (head[at + 3]! << 8);
    if (head[at] === 66 && head[at + 1] === 67 && length === 2 && at + 6 <= end)
      return (head[at + 4]! | (head[at + 5]! << 8)) + 1;
    at += 4 + length;
  }
  return undefined;
}

const extraLength = (head: Uint8Array): number => head[10]! | (head[11]! << 8);

/** Decompresses a member. */
export const unpackMember =
  (inflateRaw: Unpack): Unpack =>
  (bytes, length) =>
    inflateRaw(bytes.subarray(HEAD + extraLength(bytes), bytes.length - TAIL), length);
