/** The compression of clusters, by what the host has. */

import { diskHost } from "#disk";
import type { Done } from "../backend/block/block.ts";
import { damaged, lacking } from "./error.ts";
import type { Codec } from "./qcow2/codec.ts";
import type { Compression } from "./qcow2/header.ts";
import { unzstd } from "./zstd/unzstd.ts";

function decompress(compression: Compression, bytes: Uint8Array, length: number): Done<Uint8Array> {
  const decoder = compression === "zlib" ? diskHost.inflateRaw : (diskHost.unzstd ?? unzstd);
  try {
    const done = decoder(bytes, length);
    return done instanceof Promise ? done.catch(broken) : done;
  } catch {
    return broken();
  }
}

function broken(): never {
  throw damaged("a compressed cluster cannot be decompressed");
}

function compress(compression: Compression, bytes: Uint8Array): Done<Uint8Array> {
  const { deflateRaw, zstd } = diskHost;
  if (compression === "zlib") {
    if (deflateRaw === undefined) throw lacking("compression that this browser cannot write", "compress it in node");
    return deflateRaw(bytes);
  }
  if (zstd === undefined)
    throw lacking("zstd, which this version of node cannot write", "use compression_type=zlib, or node 22.15 or later");
  return zstd(bytes);
}

export const hostCodec: Codec = { decompress, compress };
