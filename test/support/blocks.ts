/** Blocks of snapshots and migrations, as somebody else might write them. */

import { crc32 } from "../../src/machine/loader/crc32.ts";
import { encodeHeader } from "../../src/snapshot/bytes.ts";
import { type BlockKind, Codec } from "../../src/snapshot/format.ts";

export interface Block {
  kind: BlockKind;
  bytes: Uint8Array;
}

/** The block with its header, neither compressed nor encrypted, and with sums that fit. */
export function storedBlock({ kind, bytes }: Block, number: number): Uint8Array<ArrayBuffer> {
  const header = { kind, codec: Codec.STORED, stored: bytes.length, plain: bytes.length, sum: crc32(bytes) };
  return new Uint8Array(Buffer.concat([encodeHeader(header, number), bytes]));
}
