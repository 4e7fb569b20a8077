/** Making a VM of a snapshot, or none at all. */

import { defined } from "../../defined.ts";
import { openSource } from "#load";
import { isRequest } from "../../host/load.ts";
import { PAGE_BYTES, type Section } from "../../state/section.ts";
import type { FwCfgFile } from "../../device/fw-cfg/items.ts";
import { damaged, idText, type Run, snapshotError } from "../../snapshot/format.ts";
import type { SnapshotKey } from "../../snapshot/cipher.ts";
import { SnapshotReader, type SnapshotSink } from "../../snapshot/read.ts";
import { PageFile, type RangeSource } from "../../snapshot/page-file.ts";
import type { DiskPiece } from "../../snapshot/write.ts";
import type { Ram } from "../../memory/ram.ts";
import { BANK_BYTES } from "../../device/pflash/cfi.ts";
import { MemoryBlock } from "../../backend/block/memory.ts";
import { BootImages, type LoadedPlan } from "../boot-images.ts";
import type { CheckedConfig, VmConfig } from "../config.ts";
import { WasmvisorError } from "../../error.ts";
import type { DriveOptions } from "../drives.ts";
import type { FlashOptions } from "../flash.ts";
import type { ImageSource } from "../image-source.ts";
import { outOfMemory } from "../machine.ts";
import { known } from "../known.ts";
import type { NetworkOptions } from "../networks.ts";
import type { Vm } from "../vm.ts";
import { checkDescription, type DriveDescription, type SnapshotDescription } from "./description.ts";
import { checkDrive } from "./disks.ts";
import { type BlockPlace, checkLazy, type LazyOptions, type LazyParts } from "./lazy.ts";
import { openRanges, streamFrom } from "./ranges.ts";
import { FILE_PREFIX } from "./parents.ts";
import { FLASH_DISK } from "./take.ts";

/** What a VM that is restored has beside what the snapshot says. */
export type RestoreOptions = Partial<
  Pick<
    VmConfig,
    | "engine"
    | "translator"
    | "memoryModel"
    | "memoryLimit"
    | "memoryReservation"
    | "memoryShares"
    | "cpu"
    | "devices"
    | "onFailure"
    | "watchdog"
    | "checkpoints"
    | "shares"
    | "kernel"
    | "initrd"
    | "append"
    | "bios"
    | "dtb"
    | "signal"
    | "stallTimeout"
    | "onProgress"
  >
> & {
  /** Its disks, in the order of the snapshot's; undefined for one that is in the snapshot. */
  readonly drives?: readonly (RestoredDrive | undefined)[];
  /** Its networks, in order. Default: every frame is lost. */
  readonly networks?: readonly (Pick<NetworkOptions, "backend"> | undefined)[];
  /** Of an incremental snapshot, those that it builds upon, from the full one on. */
  readonly parents?: readonly ImageSource[];
  /** By which it was encrypted. */
  readonly key?: SnapshotKey;
  /** Notes stores from the start, so that a snapshot can have this one as its parent. Default false. */
  readonly track?: boolean;
  /**
   * The VM can run at once, and pages come from the snapshot when they are used; meanwhile the rest is fetched (`vm.lazyRestore`). The
   * snapshot is bytes, a `Blob`, or where it is; it must stay as it is until all pages are here. Where it cannot be read at once (a `Blob`, an
   * address) the VM stands still for each page that it uses, and others run meanwhile. Default false.
   */
  readonly lazy?: boolean | LazyOptions;
};

/** Where a disk is that a snapshot does not hold. */
export type RestoredDrive = Pick<DriveOptions, "source" | "format" | "overlay" | "readonly" | "snapshot">;

/** What a host needs to make a VM that boots nothing. */
export interface RestoredPlan {
  readonly plan: LoadedPlan;
  /** Those for a restart. */
  images(checked: CheckedConfig): BootImages;
}

/** What makes VMs. */
export interface VmMaker {
  make(config: VmConfig, plan: RestoredPlan): Promise<Vm>;
}

/** The names of the options. */
export const RESTORE_KEYS = Object.keys({
  engine: 0,
  translator: 0,
  memoryModel: 0,
  memoryLimit: 0,
  memoryReservation: 0,
  memoryShares: 0,
  cpu: 0,
  devices: 0,
  onFailure: 0,
  watchdog: 0,
  checkpoints: 0,
  shares: 0,
  kernel: 0,
  initrd: 0,
  append: 0,
  bios: 0,
  dtb: 0,
  signal: 0,
  stallTimeout: 0,
  onProgress: 0,
  drives: 0,
  networks: 0,
  parents: 0,
  key: 0,
  track: 0,
  lazy: 0,
} satisfies Record<keyof RestoreOptions, 0>);

/** Snapshots that build upon each other, at most. */
const MOST_PARENTS = 256;

/** A snapshot whose description has been read. */
interface Opened {
  readonly id: string;
  readonly reader: SnapshotReader;
  readonly description: SnapshotDescription;
  /** Where its pages stay while the VM runs. */
  readonly ranges?: RangeSource | undefined;
}

/** @throws WasmvisorError as `Host.restore` does */
export async function restoreVm(source: ImageSource, options: RestoreOptions, host: VmMaker): Promise<Vm> {
  known({ code: "option", where: "restore" }, options, RESTORE_KEYS);
  const { parents = [], signal, track = false } = options;
  const lazy = checkLazy(options.lazy ?? false);
  if (!Array.isArray(parents) || parents.length > MOST_PARENTS)
    throw parentError(`A snapshot builds upon ${MOST_PARENTS} others at most; give these as a list.`);
  signal?.throwIfAborted();
  const chain: Opened[] = [];
  let vm: Vm | undefined;
  try {
    for (const one of [...(parents as readonly ImageSource[]), source])
      chain.push(await openSnapshot(one, options, lazy !== undefined));
    checkChain(chain);
    const newest = chain.at(-1)!;
    const sections = await newest.reader.sections();
    const { files, own } = split(sections);
    vm = await host.make(configOf(newest.description, files, options), planOf(newest.description, options));
    if (lazy === undefined) await readAll(chain, vm, signal);
    else {
      await newest.reader.readDisks(new VmSink(vm, newest.description, true, signal));
      await vm.restoreLazily(await lazyParts(chain, vm.machine.space.ram), lazy);
    }
    for (const [index, drive] of vm.drives.entries())
      await checkDrive(drive, index, newest.description.machine.drives[index]!);
    await vm.fetchFor(own);
    signal?.throwIfAborted();
    vm.restoreSections(own);
    vm.restoredFrom(newest.id, track);
    if (options.onFailure === "restore") await vm.checkpoint();
    return vm;
  } catch (error) {
    await vm?.close().catch(() => undefined);
    for (const { ranges } of chain) await ranges?.close().catch(() => undefined);
    throw error;
  } finally {
    for (const { reader } of chain) await reader.close();
  }
}

async function readAll(chain: readonly Opened[], vm: Vm, signal: AbortSignal | undefined): Promise<void> {
  const newest = chain.at(-1)!;
  for (const one of chain) {
    if (one !== newest) await one.reader.sections();
    await one.reader.readInto(new VmSink(vm, newest.description, one === newest, signal));
  }
}

async function openSnapshot(source: ImageSource, { key, signal }: RestoreOptions, lazy: boolean): Promise<Opened> {
  const ranges = lazy ? await openRanges(source) : undefined;
  let reader: SnapshotReader | undefined;
  try {
    reader = await SnapshotReader.open(ranges === undefined ? await streamOf(source, signal) : streamFrom(ranges), key);
    const description = checkDescription(await reader.description());
    return { id: idText(reader.prologue.id), reader, description, ranges };
  } catch (error) {
    await reader?.close(error);
    await ranges?.close().catch(() => undefined);
    throw error;
  }
}

/** Which block has which page, of the latest snapshot that has it. */
async function lazyParts(chain: readonly Opened[], ram: Ram): Promise<LazyParts> {
  const files: PageFile[] = [];
  const blocks: BlockPlace[] = [];
  const blockOf = new Uint32Array(ram.pages);
  for (const { ranges, reader } of chain) {
    const before = blocks.length;
    const places: number[] = [];
    const file = await PageFile.open(ranges!, reader.cipher, ram.pages, ({ first, count }, index) => {
      places[index] = index;
      blockOf.fill(before + index + 1, first, first + count);
    });
    files.push(file);
    for (const index of places) blocks.push({ file, index });
  }
  const wanted = blockOf.reduce((count, block) => count + (block === 0 ? 0 : 1), 0);
  if (wanted > ram.limit) throw outOfMemory();
  return { id: chain.at(-1)!.reader.prologue.id, ram, files, blocks, blockOf };
}

/** The bytes of a snapshot, wherever they are. @throws WasmvisorError `source-unreadable`, `snapshot-format` */
export async function streamOf(source: ImageSource, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  if (source instanceof ReadableStream) return source;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
  }
  if (source instanceof Blob) return source.stream() as ReadableStream<Uint8Array>;
  if (typeof source === "string" || source instanceof URL || isRequest(source))
    return (await openSource(source, signal)).stream;
  const sentence = "A snapshot is given as bytes, Blob, ReadableStream of bytes, or a string that says where it is.";
  throw snapshotError("snapshot-format", sentence);
}

function checkChain(chain: readonly Opened[]): void {
  for (const [index, { description }] of chain.entries()) {
    const before = chain[index - 1];
    if (description.parent === before?.id) continue;
    throw description.parent === undefined
      ? parentError("The snapshot is a full one and builds upon no other; leave parents out.")
      : parentError(
          `The snapshot builds upon the one with id ${description.parent}; give that in parents, after what it builds upon itself.`,
        );
  }
}

function parentError(sentence: string): WasmvisorError {
  return snapshotError("snapshot-parent", sentence);
}

/** Files of the firmware configuration device, and the parts of the state. */
export function split(sections: readonly Section[]): { files: FwCfgFile[]; own: Section[] } {
  const files = sections
    .filter(({ name }) => name.startsWith(FILE_PREFIX))
    .map(({ name, bytes }) => ({ name: name.slice(FILE_PREFIX.length), data: bytes }));
  return { files, own: sections.filter(({ name }) => !name.startsWith(FILE_PREFIX)) };
}

/** A configuration of the shape that is described. @throws WasmvisorError `snapshot-machine`, `snapshot-drive` */
export function configOf(
  { machine }: SnapshotDescription,
  fwCfg: readonly FwCfgFile[],
  options: RestoreOptions,
): VmConfig {
  const { drives = [], networks = [], shares = [], devices = [] } = options;
  const { parents: _parents, key: _key, track: _track, lazy: _lazy, ...others } = options;
  const tags = machine.shares.map(({ tag }) => tag);
  if (String(shares.map(({ tag }) => tag)) !== String(tags))
    throw lacking(`has the shares "${tags.join(", ")}"`, "shares");
  if (devices.length !== machine.devices) throw lacking(`has ${machine.devices} devices of its owner's`, "devices");
  if (drives.length > machine.drives.length) throw surplus(machine.drives.length, "disks", "drives");
  if (networks.length > machine.networks.length) throw surplus(machine.networks.length, "networks", "networks");
  const { memoryLimit = machine.memoryLimit } = options;
  const {
    memory,
    harts,
    clock,
    virtio,
    agent,
    onTrapStorm,
    rng,
    vsock,
    balloon,
    virtioSerial,
    generationId,
    watchdogTimer,
  } = machine;
  return {
    ...others,
    ...{ memory, harts, clock, virtio, agent, fwCfg, devices },
    onTrapStorm: (options.onFailure ?? "stop") === "stop" ? onTrapStorm : "stop",
    ...defined({ memoryLimit, rng, vsock, balloon, virtioSerial, generationId, watchdogTimer }),
    drives: machine.drives.map((drive, index) => driveOf(drive, drives[index], index)),
    networks: machine.networks.map((network, index) => ({ ...network, ...networks[index] })),
    shares: machine.shares.map((share, index) => ({ ...share, source: shares[index]!.source })),
    ...(machine.flash.length === 0 ? {} : { flash: [0, 1].map((unit) => bankOf(machine.flashReadonly?.[unit])) }),
  };
}

function lacking(what: string, key: string): WasmvisorError {
  return snapshotError("snapshot-machine", `The snapshot's VM ${what}; give them again, in this order, as ${key}.`, {
    key,
  });
}

function surplus(count: number, what: string, key: string): WasmvisorError {
  return snapshotError("snapshot-machine", `The snapshot's VM has ${count} ${what}; give no more than these.`, { key });
}

/** A bank that nobody keeps. */
function bankOf(readonly = false): FlashOptions {
  return { source: new MemoryBlock(BANK_BYTES, { readonly }) };
}

function driveOf(described: DriveDescription, given: RestoredDrive | undefined, index: number): DriveOptions {
  const { content, size, serial, queues, blockSize, slot, limits, readonly, description } = described;
  const shape = defined({ serial, queues, blockSize, slot, limits });
  if (content === "none") return { ...shape, source: new MemoryBlock(0) };
  if (content === "whole") return { ...shape, source: new MemoryBlock(size), format: "raw" };
  if (given === undefined)
    throw snapshotError(
      "snapshot-drive",
      `Disk ${index} of the snapshot's VM, "${description}", is not in the snapshot; give it in drives, as it was when that was taken.`,
      { index, description },
    );
  return {
    ...given,
    ...shape,
    ...(content === "changes" ? { snapshot: true } : { readonly: given.readonly ?? readonly }),
  };
}

/** What is booted: nothing now, and the images that were given when it restarts. */
export function planOf({ machine, symbols }: SnapshotDescription, options: RestoreOptions): RestoredPlan {
  const { kernel, initrd, append, dtb, bios } = options;
  const given = defined({ kernel, initrd, append, dtb, bios });
  return {
    plan: {
      plan: { bios: machine.bios === "image" ? "none" : machine.bios },
      symbols: symbols.map(({ name, address }) => ({ name, address: BigInt(address), size: 0, kind: "object" })),
    },
    images: (checked) => new RestoredImages({ agent: machine.agent, ...given }, checked),
  };
}

/** The images of a VM that has not been booted here. */
class RestoredImages extends BootImages {
  readonly #isBootable: boolean;

  constructor(config: VmConfig, checked: CheckedConfig) {
    super(config, checked);
    this.#isBootable = config.kernel !== undefined || config.bios !== undefined;
  }

  override async load(signal?: AbortSignal): Promise<LoadedPlan> {
    if (this.#isBootable) return super.load(signal);
    const sentence =
      "The VM cannot restart, because it was restored without the images that it boots from; give host.restore its kernel.";
    throw snapshotError("snapshot-images", sentence);
  }
}

/** Puts disks and pages where they belong. */
export class VmSink implements SnapshotSink {
  readonly #vm: Vm;
  readonly #description: SnapshotDescription;
  readonly #isNewest: boolean;
  readonly #signal: AbortSignal | undefined;

  constructor(vm: Vm, description: SnapshotDescription, isNewest: boolean, signal: AbortSignal | undefined) {
    this.#vm = vm;
    this.#description = description;
    this.#isNewest = isNewest;
    this.#signal = signal;
  }

  async disk({ disk, at, bytes }: DiskPiece): Promise<void> {
    this.#expectGoesOn();
    // Disks are as they were last.
    if (!this.#isNewest) return;
    if (disk >= FLASH_DISK) return this.#flash(disk - FLASH_DISK, at, bytes);
    const content = this.#description.machine.drives[disk]?.content;
    const backend = this.#vm.drives[disk]?.backend;
    const isThere = content === "whole" || content === "changes" || content === "mirror";
    if (!isThere || backend === undefined || bytes.length > backend.size - at)
      throw damaged("a piece of a disk is outside of it");
    await backend.write(at, bytes);
  }

  pages(runs: readonly Run[], bytes: Uint8Array): void {
    this.#expectGoesOn();
    const { ram } = this.#vm.machine;
    let from = 0;
    for (const { first, count } of runs) {
      const length = count * PAGE_BYTES;
      this.#expectRam(first, count);
      if (!ram.write(ram.ramPa + first * PAGE_BYTES, bytes.subarray(from, from + length))) throw outOfMemory();
      from += length;
    }
  }

  zeros(runs: readonly Run[]): void {
    this.#expectGoesOn();
    const { ram, space } = this.#vm.machine;
    for (const { first, count } of runs) {
      this.#expectRam(first, count);
      for (let page = first; page < first + count; page++) {
        if (space.ram.touched(page)) ram.fill(ram.ramPa + page * PAGE_BYTES, PAGE_BYTES, 0);
      }
    }
  }

  /** The memory of a VM that is destroyed meanwhile, as by its host, is somebody else's. */
  #expectGoesOn(): void {
    this.#signal?.throwIfAborted();
    if (this.#vm.state === "destroyed")
      throw new WasmvisorError("vm-state", "The VM has been destroyed before all of it was there; restore it again.");
  }

  #flash(unit: number, at: number, bytes: Uint8Array): void {
    const { flashBytes } = this.#vm.machine;
    if (this.#description.machine.flash.length === 0 || unit > 1 || bytes.length > BANK_BYTES - at)
      throw damaged("a piece of flash is outside of it");
    flashBytes(unit).set(bytes, at);
  }

  #expectRam(first: number, count: number): void {
    if (count > this.#vm.machine.space.ram.pages - first) throw damaged("a page is outside of its RAM");
  }
}
