/** What is inside a compressed file. */

import { diskHost } from "#disk";
import type { BlockBackend } from "../../backend/block/block.ts";
import type { Steps } from "../steps.ts";
import { unzstd } from "../zstd/unzstd.ts";
import { findMembers, isGzip, unpackMember } from "./bgzf.ts";
import { PackedDisk } from "./packed.ts";
import { findFrames, isZstd } from "./zstd-frames.ts";

/** Whether a file begins as a compressed one. */
export const isPacked = (first: Uint8Array): boolean => isGzip(first) || isZstd(first);

/**
 * The image in a compressed file.
 * @throws WasmvisorError `image-feature` when it cannot be read at any place; `image-damaged`
 */
export function* openPacked(file: BlockBackend, first: Uint8Array): Steps<PackedDisk> {
  if (isGzip(first)) {
    return new PackedDisk(file, "gzip", yield* findMembers(file), unpackMember(diskHost.inflateRaw));
  }
  return new PackedDisk(file, "zstd", yield* findFrames(file), diskHost.unzstd ?? unzstd);
}
