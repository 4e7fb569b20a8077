/** A VM as it was at one moment, of which others are made in the same host: they share its RAM until they store to it. */

import type { BlockBackend } from "../../backend/block/block.ts";
import type { FrozenRam } from "../../memory/frozen.ts";
import { WasmvisorError } from "../../error.ts";
import { snapshotError } from "../../snapshot/format.ts";
import type { VmConfig } from "../config.ts";
import type { NetworkOptions } from "../networks.ts";
import type { Drive } from "../drives.ts";
import { contentOf } from "./disks.ts";
import { SharedBlock } from "./shared-block.ts";

/** What a clone has of its own. */
export interface CloneOptions {
  /** Its networks, in order. Default: every frame is lost. The guest keeps its addresses until it is told others. */
  readonly networks?: readonly (Pick<NetworkOptions, "backend"> | undefined)[];
  /** How much of its RAM may take memory of the host's, in bytes. Default: all of it. */
  readonly memoryLimit?: number;
}

/** What a template is made of. */
export interface TemplateParts<Clone> {
  readonly config: VmConfig;
  readonly ram: FrozenRam;
  /** The translated code of the VM, which clones go on with. */
  readonly code: { drop(): void } | undefined;
  readonly disks: readonly (SharedBlock | undefined)[];
  readonly macs: readonly string[];
  readonly slots: readonly number[];
  /** Makes a VM in which nothing is booted. */
  make(config: VmConfig): Promise<Clone>;
  /** Has it be what the template is. */
  fill(vm: Clone): void;
  /** Has it be so again, with new disks. */
  reset(vm: Clone, disks: readonly BlockBackend[]): Promise<void>;
  /** Gives it up. */
  close(vm: Clone): Promise<void>;
}

/**
 * A frozen VM. Made by `vm.template`; it keeps memory until `close`.
 *
 * ```ts
 * const template = await vm.template();
 * const [first, second] = [await template.clone(), await template.clone()];
 * first.start();
 * ```
 */
export class Template<Clone> {
  readonly #parts: TemplateParts<Clone>;
  #isClosed = false;

  /** @internal */
  constructor(parts: TemplateParts<Clone>) {
    this.#parts = parts;
  }

  /** Pages of RAM that clones share with it at first. */
  get pages(): number {
    return this.#parts.ram.count;
  }

  /**
   * Makes a VM that is where the template's was; `start` has it go on. Its disks' changes are in memory, and lost with it. With an agent and the
   * host's clock, the guest is given the time and fresh random bytes as soon as it runs.
   * @throws WasmvisorError `vm-state` when the template is closed, `host-memory`, `host-closed`
   */
  async clone(options: CloneOptions = {}): Promise<Clone> {
    this.#expectOpen();
    const { config, ram, disks, macs, slots } = this.#parts;
    const { networks = [], memoryLimit = ram.pages * PAGE_BYTES } = options;
    const vm = await this.#parts.make({
      ...config,
      memoryLimit,
      drives: await Promise.all(
        (config.drives ?? []).map(async (drive, index) => ({
          ...drive,
          ...SOURCELESS,
          source: await diskOf(disks[index]),
          slot: slots[index]!,
        })),
      ),
      networks: (config.networks ?? []).map((network, index) => ({
        ...network,
        backend: networks[index]?.backend ?? "none",
        mac: macs[index]!,
      })),
    });
    try {
      this.#expectOpen();
      this.#parts.fill(vm);
      return vm;
    } catch (error) {
      await this.#parts.close(vm).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Has a clone be as the template is again, which takes time in proportion to what it has stored to. It runs on if it ran.
   * @throws WasmvisorError `vm-state` when one of them is closed, or the clone is doing something
   */
  async reset(vm: Clone): Promise<void> {
    this.#expectOpen();
    await this.#parts.reset(vm, await Promise.all(this.#parts.disks.map(diskOf)));
  }

  /** Gives its memory up. Clones go on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.ram.release();
    this.#parts.code?.drop();
    for (const disk of this.#parts.disks) void disk?.close();
  }

  /** `using template = …` closes it at the end of the block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #expectOpen(): void {
    if (this.#isClosed)
      throw new WasmvisorError("vm-state", "The template has been closed; make another one with vm.template.");
  }
}

const PAGE_BYTES = 4096;

/** An overlay is a disk in itself. */
const SOURCELESS = { overlay: undefined, snapshot: false, format: undefined } as unknown as object;

/** A disk for a clone: with its changes in memory, if it may be changed. */
async function diskOf(disk: SharedBlock | undefined): Promise<BlockBackend> {
  if (disk === undefined) {
    const { MemoryBlock } = await import("../../backend/block/memory.ts");
    return new MemoryBlock(0);
  }
  if (!disk.isChanged) return disk.share();
  const { snapshotOf } = await import("../../disk/open.ts");
  return snapshotOf(disk.share());
}

/**
 * Has the disks of a VM be shared from now on: what it changes of those that it may change goes into overlays of its own.
 * @throws WasmvisorError `snapshot-drive` when it writes to one that is not its own
 */
export async function shareDisks(vm: { readonly drives: readonly Drive[] }): Promise<(SharedBlock | undefined)[]> {
  const contents = vm.drives.map((drive) => contentOf(drive, "reference"));
  const written = vm.drives.findIndex(({ readonly }, index) => contents[index] === "same" && !readonly);
  if (written >= 0)
    throw snapshotError(
      "snapshot-drive",
      `Disk ${written} of the VM is written to its file, which clones cannot share; make the VM with snapshot: true or readonly: true for it.`,
      { index: written },
    );
  const shared: (SharedBlock | undefined)[] = [];
  for (const drive of vm.drives) {
    const { backend, readonly } = drive;
    if (backend === undefined) shared.push(undefined);
    else {
      const disk = new SharedBlock(backend, !readonly);
      shared.push(disk);
      drive.put(await diskOf(disk));
    }
  }
  return shared;
}
