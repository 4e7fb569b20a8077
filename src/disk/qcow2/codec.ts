/** What compresses clusters; the host brings it. */

import type { Done } from "../../backend/block/block.ts";
import type { Compression } from "./header.ts";

/** Compressing and decompressing. */
export interface Codec {
  /**
   * Decompresses the stream that begins `bytes`; what comes behind it is ignored.
   *
   * @param length - bytes that come out; fewer is an error, and no more are made
   * @throws WasmvisorError `image-damaged` when it is no such stream; `image-feature` when the host cannot
   */
  decompress(compression: Compression, bytes: Uint8Array, length: number): Done<Uint8Array>;
  /**
   * Compresses: deflate with a window of 4 KiB, which is all that readers of qcow2 must have, or zstd.
   * @throws WasmvisorError `image-feature` when the host cannot
   */
  compress(compression: Compression, bytes: Uint8Array): Done<Uint8Array>;
}
