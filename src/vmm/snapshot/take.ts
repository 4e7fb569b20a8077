/** Taking a snapshot of a VM: what it is at one moment, written while it runs on. */

import { defined } from "../../defined.ts";
import type { FrozenRam } from "../../memory/frozen.ts";
import type { Section } from "../../state/section.ts";
import type { SnapshotKey } from "../../snapshot/cipher.ts";
import type { DiskPiece } from "../../snapshot/write.ts";
import type { CheckedConfig, VmConfig } from "../config.ts";
import type { Drive } from "../drives.ts";
import { serialOf } from "../virtio-devices.ts";
import { agentHasPort } from "../vsock-options.ts";
import type { VmNetwork } from "../networks.ts";
import type { MachineDescription, SnapshotDescription } from "./description.ts";
import type { DiskChoice } from "./disks.ts";

/** How a snapshot is taken. */
export interface SnapshotOptions {
  /** What becomes of disks that the VM writes to. Default `"reference"`. */
  readonly disks?: DiskChoice;
  /**
   * Notes stores from now on, so that later snapshots can have this one as their parent: `{ parent: vm.snapshotId }`. Translated code that
   * runs without paging is slower then. Default: whether there is a parent.
   */
  readonly track?: boolean;
  /** The id of an earlier snapshot of this VM: only pages stored to since then are written, and a restore needs both. */
  readonly parent?: string;
  /** Whether it is compressed. Default true. */
  readonly compress?: boolean;
  /** Encrypts it: 16 random bytes or more, which `Host.restore` must be given again. */
  readonly key?: SnapshotKey;
  /** What people are told of it. Up to 256 characters. */
  readonly name?: string;
}

/** What of a VM is described. */
export interface DescribedVm {
  readonly harts: { readonly length: number };
  readonly drives: readonly Drive[];
  readonly networks: readonly VmNetwork[];
  /** For each bank of flash, whether it is read only. */
  readonly flashReadonly: readonly boolean[];
  /** What it was made as, in numbers. */
  readonly shape: CheckedConfig;
}

/** A VM at one moment. */
export interface Moment {
  readonly vm: DescribedVm;
  readonly id: Uint8Array<ArrayBuffer>;
  readonly options: SnapshotOptions;
  readonly config: VmConfig;
  readonly machine: Omit<MachineDescription, "drives">;
  readonly sections: readonly Section[];
  readonly ram: FrozenRam;
  readonly symbols: SnapshotDescription["symbols"];
  readonly instructions: number;
  /** The contents of the flash banks. */
  readonly flash: readonly Uint8Array[];
  /** Has the VM stand still until it is called. */
  readonly goOn: () => void;
  /** The snapshot has been written, or given up. */
  readonly onEnd: () => void;
}

/** Disks that are flash banks. */
export const FLASH_DISK = 64;

const FLASH_PIECE = 2 ** 18;

/** The bytes of a snapshot. The VM goes on as soon as its disks have been read. */
export function snapshotStream(moment: Moment): ReadableStream<Uint8Array> {
  const blocks = blocksOf(moment);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await blocks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
    cancel: async () => {
      // A generator that has not begun has nothing that it ends.
      end(moment);
      await blocks.return(undefined);
    },
  });
}

function end({ goOn, onEnd, ram }: Moment): void {
  goOn();
  ram.release();
  onEnd();
}

async function* blocksOf(moment: Moment): AsyncGenerator<Uint8Array, undefined> {
  const { vm, id, options, sections, ram, goOn } = moment;
  try {
    const [{ writeSnapshot }, { describeDrive, piecesOf }] = await Promise.all([
      import("../../snapshot/write.ts"),
      import("./disks.ts"),
    ]);
    const { disks: choice = "reference", parent, name, key, compress } = options;
    const drives = await Promise.all(vm.drives.map((drive) => describeDrive(drive, choice)));
    if (drives.every(({ content }) => content === "same" || content === "none")) goOn();
    const description: SnapshotDescription = {
      machine: { ...moment.machine, drives },
      created: Date.now(),
      symbols: moment.symbols,
      instructions: moment.instructions,
      ...(parent === undefined ? {} : { parent }),
      ...(name === undefined ? {} : { name }),
    };
    const disks = async function* (): AsyncGenerator<DiskPiece> {
      for (const [index, drive] of vm.drives.entries())
        if (drive.backend !== undefined) yield* piecesOf(index, drive.backend, drives[index]!.content);
      goOn();
      for (const [unit, bytes] of moment.flash.entries()) yield* flashPieces(FLASH_DISK + unit, bytes);
    };
    const content = { id, description, sections, disks: disks(), ram, saysZeros: parent !== undefined };
    yield* writeSnapshot(content, {
      ...(key === undefined ? {} : { key }),
      ...(compress === undefined ? {} : { compress }),
    });
    return undefined;
  } finally {
    end(moment);
  }
}

/** The contents of a flash bank. */
export function* flashPieces(disk: number, bytes: Uint8Array): Generator<DiskPiece> {
  for (let at = 0; at < bytes.length; at += FLASH_PIECE)
    yield { disk, at, bytes: bytes.subarray(at, at + FLASH_PIECE) };
}

/** What is said of the machine, but for its disks. */
export function describeMachine(
  vm: DescribedVm,
  config: VmConfig,
  bios: MachineDescription["bios"],
): Omit<MachineDescription, "drives"> {
  const {
    ramBytes: memory,
    ramLimit: memoryLimit,
    rng,
    vsock,
    balloon,
    agent,
    virtioLayout: virtio,
    deterministic,
  } = vm.shape;
  const { shares = [], flash = [], devices = [] } = config;
  const virtioSerial = serialOf(config, agentHasPort(vm.shape));
  const generationId = vm.shape.generation === undefined ? undefined : true;
  const watchdogTimer = vm.shape.watchdogTimer || undefined;
  const flashReadonly = flash.length === 0 ? undefined : vm.flashReadonly;
  const given = { flashReadonly, memoryLimit, rng, vsock, balloon, virtioSerial, generationId, watchdogTimer };
  return {
    memory,
    harts: vm.harts.length,
    clock: deterministic ? "deterministic" : "host",
    virtio,
    bios,
    agent,
    onTrapStorm: vm.shape.stopOnTrapStorm ? "stop" : "continue",
    networks: vm.networks.map(({ mac, mtu, link, slot }, index) => {
      const { queues, limits } = config.networks?.[index] ?? {};
      return { mac, mtu, link, slot, ...defined({ queues, limits }) };
    }),
    shares: shares.map(({ tag, readonly, slot }) => ({ tag, ...defined({ readonly, slot }) })),
    flash: flash.map((bank) => bank !== undefined),
    devices: devices.length,
    ...defined(given),
  };
}
