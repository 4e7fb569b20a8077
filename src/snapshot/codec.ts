/** The compression of blocks, by what the host has: zstd where it can be written, else deflate, else none. */

import { diskHost } from "#disk";
import type { Done } from "../backend/block/block.ts";
import { type Steps, wait } from "../disk/steps.ts";
import { unzstd } from "../disk/zstd/unzstd.ts";
import { Codec } from "./format.ts";

/** What is stored for some bytes. */
export interface Packed {
  readonly codec: Codec;
  readonly bytes: Uint8Array;
}

/** Bytes below which there is nothing to gain. */
const LEAST = 64;

export async function pack(bytes: Uint8Array, compress = true): Promise<Packed> {
  if (compress && bytes.length >= LEAST) {
    const { zstdFast, deflateFast } = diskHost;
    const packed = await (zstdFast ?? deflateFast)?.(bytes);
    const codec = zstdFast === undefined ? Codec.DEFLATE : Codec.ZSTD;
    if (packed !== undefined && packed.length < bytes.length) return { codec, bytes: packed };
  }
  return { codec: Codec.STORED, bytes };
}

/** The bytes again, `length` of them. Throws something when they are not. */
export function* unpack({ codec, bytes }: Packed, length: number): Steps<Uint8Array> {
  const plain = yield* wait(decode({ codec, bytes }, length));
  if (plain.length !== length) throw new RangeError(`${plain.length} bytes, not ${length}`);
  return plain;
}

function decode({ codec, bytes }: Packed, length: number): Done<Uint8Array> {
  if (codec === Codec.STORED) return bytes;
  if (length === 0) throw new RangeError("nothing is compressed");
  return codec === Codec.DEFLATE ? diskHost.inflateRaw(bytes, length) : (diskHost.unzstd ?? unzstd)(bytes, length);
}
