/** The disks of a VM as programs see them. */

import { BlobBlock } from "../backend/block/blob.ts";
import type { BlockBackend } from "../backend/block/block.ts";
import { MemoryBlock } from "../backend/block/memory.ts";
import { Blk } from "../device/virtio/blk/blk.ts";
import { DriveCounters, type DriveError, type DriveMedium } from "../device/virtio/blk/drive.ts";
import { ID_BYTES } from "../device/virtio/blk/protocol.ts";
import type { IoLimits } from "../device/virtio/limits.ts";
import { WasmvisorError } from "../error.ts";
import type { DiskMap } from "../disk/map.ts";
import type { DiskFormat } from "../disk/open.ts";
import { checkLimits, known } from "./known.ts";

export type { DiskMap, DiskPart } from "../disk/map.ts";

/** Where the bytes of a disk are. */
export type DriveSource = string | Uint8Array | Blob | BlockBackend;

/** One disk of a VM. */
export interface DriveOptions {
  /**
   * Its image: a path (in node); an address (`https://`, `nbd://host:port/export` and others, see `openAddress` of `wasmvisor/disk`); bytes, which are
   * copied; a `Blob`, which is read as it is needed; or a block backend. What a guest changes of bytes or a `Blob` is in memory, and lost with
   * the VM. The VM flushes and closes it when it is destroyed (`vm.close` waits for that).
   */
  readonly source: DriveSource;
  /** `"raw"` or `"qcow2"`. Default: what the first bytes say. */
  readonly format?: DiskFormat;
  /** Refuses to change it, and says so to the guest. Default: as the source is. */
  readonly readonly?: boolean;
  /** A file that takes what changes, so that the image stays as it is: a qcow2 image, which is made when it is not there. */
  readonly overlay?: string;
  /** Forgets what has changed when the VM ends. Default: only of a `Blob`. */
  readonly snapshot?: boolean;
  /** Up to 20 characters of ASCII by which the guest knows it (`/dev/disk/by-id/virtio-…`). Default: none. */
  readonly serial?: string;
  /** How much it may do in a second. Default: no limits. */
  readonly limits?: IoLimits;
  /** Request queues, 1 to 16; more than one helps nobody while harts run in turn. Default 1. */
  readonly queues?: number;
  /** Bytes of a logical block: 512 (the default), 1024, 2048 or 4096. */
  readonly blockSize?: number;
  /** The virtio slot, 0 to 7. Default: the highest free one, as QEMU takes them. */
  readonly slot?: number;
}

/** What a disk has done since it was made. */
export type DriveStatistics = Readonly<Omit<DriveCounters, "begin" | "end">>;

/** An I/O error that the guest has been told of, and on which disk. */
export interface DriveFault extends DriveError {
  /** The virtio slot of the disk. */
  readonly slot: number;
}

/** One disk of a VM. */
export class Drive {
  /** The virtio slot it is in. */
  readonly slot: number;
  /** The device. @internal */
  readonly model: Blk;
  /** Told of I/O errors. @internal */
  onError: (fault: DriveFault) => void = () => undefined;
  /** What it was made from. @internal */
  options: DriveOptions;
  /** It works on an overlay in memory over what others use too: nobody else could open that. @internal */
  isForked = false;
  readonly #medium: DriveMedium;
  #closing: Promise<void> | undefined;
  #isLetGo = false;

  /** @internal */
  constructor(slot: number, backend: BlockBackend, options: DriveOptions) {
    const { serial = "", blockSize = 512, queues = 1, limits } = options;
    this.slot = slot;
    this.options = options;
    this.#medium = {
      backend,
      serial,
      blockSize,
      queues,
      limits,
      counters: new DriveCounters(),
      onError: (error) => this.onError({ ...error, slot: this.slot }),
    };
    this.model = new Blk(this.#medium);
  }

  /** What is in it. @internal */
  get backend(): BlockBackend | undefined {
    return this.#medium.backend;
  }

  /** Bytes; 0 when there is nothing in it. */
  get size(): number {
    return this.#medium.backend?.size ?? 0;
  }

  /** Whether the guest may not change it. */
  get readonly(): boolean {
    return this.#medium.backend?.readonly ?? true;
  }

  /** What is in it, in a few words. */
  get description(): string {
    return this.#medium.backend?.info.description ?? "nothing";
  }

  /** What it has done. */
  statistics(): DriveStatistics {
    const { counters } = this.#medium;
    return { ...counters, latency: [...counters.latency] };
  }

  /**
   * Where its contents are: in the image, compressed, below it, or nowhere.
   *
   * ```ts
   * const { bytes } = await drive.map();
   * console.log(`${bytes.data} bytes of ${drive.size} are in the image`);
   * ```
   *
   * @param cells - at most so many cells has the map, 1 to 65536; default 4096
   * @throws WasmvisorError `option`, and as the disk does when it cannot be read
   */
  async map(cells?: number): Promise<DiskMap> {
    const { mapDisk } = await import("../disk/map.ts");
    return mapDisk(this.#medium.backend ?? new MemoryBlock(0), cells);
  }

  /**
   * Makes what has been written survive a crash, as a flush of the guest's does.
   * @throws WasmvisorError as the disk does
   */
  async flush(): Promise<void> {
    await this.#medium.backend?.flush();
  }

  /** Takes the disk out: the guest sees one without sectors, and every request fails. Resolves when the disk is closed. */
  async eject(): Promise<void> {
    const { backend } = this.#medium;
    this.#medium.backend = undefined;
    this.model.mediumChanged();
    await backend?.close();
  }

  /**
   * Puts another disk in, in place of what is there. A guest learns of the new size; whether it may write, it knows from its start only.
   * @throws WasmvisorError as `createVm`
   */
  async insert(source: DriveSource): Promise<void> {
    const backend = await backendOf({ source });
    const before = this.#medium.backend;
    this.#medium.backend = backend;
    this.isForked = false;
    this.options = { ...this.options, readonly: false, snapshot: source instanceof Blob, source };
    this.model.mediumChanged();
    await before?.close();
  }

  /** Has another disk that holds the same be what it works on. @internal */
  put(backend: BlockBackend): void {
    this.#medium.backend = backend;
    this.isForked = !backend.readonly;
  }

  /** Has what it works on be reached by way of another backend, or no more. @internal */
  wrap(backend: BlockBackend): void {
    this.#medium.backend = backend;
  }

  /** Closes its image, so that another VM may open it. @internal */
  async letGo(): Promise<void> {
    const { backend } = this.#medium;
    await backend?.flush();
    this.#isLetGo = true;
    this.#medium.backend = undefined;
    await backend?.close();
  }

  /**
   * Opens again what `letGo` has closed.
   * @throws WasmvisorError as `createVm`
   * @internal
   */
  async takeBack(): Promise<void> {
    if (!this.#isLetGo) return;
    this.#medium.backend = await backendOf(this.options);
    this.#isLetGo = false;
  }

  /** Has it work on what it was to be made from. @internal */
  arrive(backend: BlockBackend, options: DriveOptions): void {
    this.#medium.backend = backend;
    this.options = options;
  }

  /** Has it work on another disk, and closes what it worked on. @internal */
  async replace(backend: BlockBackend): Promise<void> {
    const before = this.#medium.backend;
    this.put(backend);
    await before?.close();
  }

  /** @internal */
  close(): Promise<void> {
    this.#closing ??= this.#flushAndClose();
    return this.#closing;
  }

  async #flushAndClose(): Promise<void> {
    await this.#medium.backend?.close();
  }
}

const KEYS = Object.keys({
  source: 0,
  format: 0,
  readonly: 0,
  overlay: 0,
  snapshot: 0,
  serial: 0,
  limits: 0,
  queues: 0,
  blockSize: 0,
  slot: 0,
} satisfies Record<keyof DriveOptions, 0>);

const LIMITS = Object.keys({
  operations: 0,
  operationsBurst: 0,
  bytes: 0,
  bytesBurst: 0,
} satisfies Record<keyof IoLimits, 0>);

/**
 * Opens the disks of a VM.
 * @param slots - the virtio slot of each
 * @throws WasmvisorError `drive`, `option`, and what opening an image throws
 */
export async function openDrives(all: readonly DriveOptions[], slots: readonly number[]): Promise<Drive[]> {
  for (const options of all) check(options);
  const drives: Drive[] = [];
  try {
    for (const [index, options] of all.entries()) {
      drives.push(new Drive(slots[index]!, await backendOf(options), options));
    }
    return drives;
  } catch (error) {
    await Promise.allSettled(drives.map((drive) => drive.close()));
    throw error;
  }
}

function check(options: DriveOptions): void {
  known({ code: "option", where: "a drive" }, options, KEYS);
  const { serial = "", queues = 1, blockSize = 512, limits = {} } = options;
  if (!/^[\x20-\x7e]*$/.test(serial) || serial.length > ID_BYTES) {
    throw fault(`A drive's serial is up to ${ID_BYTES} characters of ASCII, not "${serial}".`, { serial });
  }
  if (!Number.isInteger(queues) || queues < 1 || queues > 16) {
    throw fault(`A drive has 1 to 16 queues, not ${queues}.`, { queues });
  }
  if (![512, 1024, 2048, 4096].includes(blockSize)) {
    throw fault(`A drive's blocks have 512, 1024, 2048 or 4096 bytes, not ${blockSize}.`, { blockSize });
  }
  checkLimits({ code: "drive", where: "a drive" }, limits, LIMITS);
}

/** Images are opened by code that only VMs with disks need. */
export async function backendOf(options: DriveOptions): Promise<BlockBackend> {
  const { openDriveImage } = await import("../disk/drive.ts");
  const { source, readonly = false, snapshot = source instanceof Blob && !readonly } = options;
  return openDriveImage({ ...options, source: imageOf(source), snapshot });
}

function imageOf(source: unknown): string | BlockBackend {
  if (typeof source === "string") return source;
  if (source instanceof Uint8Array) return new MemoryBlock(source);
  if (source instanceof Blob) return new BlobBlock(source);
  if (typeof source === "object" && source !== null && "read" in source && "size" in source)
    return source as BlockBackend;
  throw fault("A drive's source is a path, bytes, a Blob, or a block backend; give one of these.", {});
}

function fault(sentence: string, data: Readonly<Record<string, unknown>>): WasmvisorError {
  return new WasmvisorError("drive", sentence, data);
}
