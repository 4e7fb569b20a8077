/** Disk images: opening, making and copying them. */

export type { BlockBackend, BlockInfo, Done, Extent } from "../backend/block/block.ts";
export { BlobBlock } from "../backend/block/blob.ts";
export { HttpBlock, type HttpBlockOptions } from "../backend/block/http/http.ts";
export type { Fetch } from "../backend/block/http/fetch-range.ts";
export { type Connect, NbdBlock, type NbdBlockOptions } from "../backend/block/nbd/nbd.ts";
export type { Transport, TransportEvents } from "../backend/block/nbd/transport.ts";
export { MemoryBlock, type MemoryBlockOptions } from "../backend/block/memory.ts";
export { WasmvisorError } from "../error.ts";
export {
  deleteOpfs,
  exportOpfs,
  importOpfs,
  type ImportOptions,
  listOpfs,
  openOpfs,
  type OpenOpfsOptions,
  type StoredDisk,
} from "../host/opfs.ts";
export { copyDisk, type CopyOptions } from "./copy.ts";
export { createDisk, type CreateDiskOptions } from "./create.ts";
export { DISK_PARTS, type DiskMap, type DiskPart, mapDisk } from "./map.ts";
export {
  type Disk,
  DISK_FORMATS,
  type DiskFormat,
  type OpenBacking,
  openDisk,
  type OpenDiskOptions,
  snapshotOf,
} from "./open.ts";
export type { CheckResult, Repair } from "./qcow2/check.ts";
export type { Codec } from "./qcow2/codec.ts";
export type { Preallocation, Qcow2Layout } from "./qcow2/create.ts";
export type { Compression } from "./qcow2/header.ts";
export { Qcow2, type Qcow2Info, type Qcow2Options } from "./qcow2/qcow2.ts";
export type { Snapshot } from "./qcow2/snapshots.ts";
export { type AddressOptions, openAddress } from "./source.ts";
export { RawDisk, type RawOptions } from "./raw.ts";
