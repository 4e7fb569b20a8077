/** What a VM is made from, and what of it makes no sense. */

import { Engine, type MemoryModel } from "../../assembly/shared/constants.ts";
import { hasFusedMadd, hasTailCalls } from "../core/features.ts";
import { WasmvisorError } from "../error.ts";
import type { VirtioLayout } from "../device/virtio/mmio.ts";
import type { DeviceMaker } from "../machine/owner-devices.ts";
import type { TranslatorSettings } from "../core/translator.ts";
import type { DriveOptions } from "./drives.ts";
import type { ImageSource } from "./image-source.ts";
import { checkVmCpu, DEFAULT_CPU, type VmCpuChoice, type VmCpuSettings } from "./scheduler/settings.ts";
import { AGENT_PORT } from "./agent/port-name.ts";
import { known } from "./known.ts";
import type { NetworkOptions } from "./networks.ts";
import { checkSerial, type SerialOptions } from "./ports.ts";
import type { FwCfgFile } from "../device/fw-cfg/items.ts";
import { checkFwCfg } from "./fw-cfg-options.ts";
import { checkFlash, type FlashOptions } from "./flash.ts";
import { checkFailureAction, type FailureAction } from "./recovery.ts";
import { checkRng, type RngOptions } from "./rng-options.ts";
import { checkMemoryModel, type MemoryModelName, memoryModelOf } from "./memory-model.ts";
import { checkWatchdog, type Watchdog, type WatchdogOptions } from "./cure/watchdog.ts";
import { checkCheckpoints, type CheckpointOptions } from "./cure/checkpoints.ts";
import { checkGeneration } from "./generation.ts";
import { type BalloonOptions, checkBalloon } from "./balloon.ts";
import { checkShares, type ShareOptions } from "./shares.ts";
import type { VsockOptions } from "./vsock.ts";
import { agentHasPort, checkVsock } from "./vsock-options.ts";
import { checkTranslator, type TranslatorOptions } from "./translator-options.ts";

/**
 * How instructions are executed.
 *
 * - `"tiered"`: interprets cold code and translates hot code to Wasm; the default.
 * - `"interpreter"`: decodes each instruction once and keeps the result; the default where Wasm has no tail calls.
 * - `"interpret"`: decodes each instruction every time; for study.
 * - `"translator"`: translates whatever it meets until its budget is used up; for study.
 */
export type EngineName = "interpreter" | "interpret" | "tiered" | "translator";

/** What a VM is made from. */
export interface VmConfig {
  /**
   * RAM: bytes, or a number with K, M or G (powers of 1024) such as `"256M"`. From 1 MiB to 16 GiB. Default `"256M"`. Up to 3 GiB it is one
   * range of the host's memory, set aside for the VM; what is larger takes memory of the host's page by page, when the guest first stores there.
   */
  readonly memory?: number | string;
  /**
   * How much of RAM may take memory of the host's, in the same form. RAM is then given page by page, so VMs may have more of it together
   * than the host has; one that stores to a page for which nothing is left ends with the reason `"out-of-memory"`. Default: all of it.
   */
  readonly memoryLimit?: number | string;
  /**
   * With `Host.create({ paging })`: how much memory of the host's it keeps, once it has it, whatever others need; in the same form. Default 0. Those
   * of a host should be less than `maxMemory` together.
   */
  readonly memoryReservation?: number | string;
  /** With `Host.create({ paging })`: its part of the memory when there is not enough for all, 1 to 10,000. Default 100. */
  readonly memoryShares?: number;
  /** Hardware threads, 1 to 8. Default 1. */
  readonly harts?: number;
  /**
   * What answers machine-mode calls: `"builtin"` (the default) starts the kernel in S mode and answers its SBI calls in
   * the host; `"none"` starts the kernel in M mode; an image is firmware such as OpenSBI, started in M mode.
   */
  readonly bios?: "builtin" | "none" | ImageSource;
  /** The kernel: an ELF file, a Linux `Image` (also gzipped), or a flat binary. */
  readonly kernel?: ImageSource;
  /** The initial RAM disk. */
  readonly initrd?: ImageSource;
  /** The kernel's command line. */
  readonly append?: string;
  /** A device tree blob in place of the board's own. */
  readonly dtb?: ImageSource;
  /** Default `"tiered"`, or `"interpreter"` where WebAssembly has no tail calls. */
  readonly engine?: EngineName;
  /** What the translator may do and use, with an engine that translates. */
  readonly translator?: TranslatorOptions;
  /** How loads and stores are translated; see `MemoryModelName`. Default `"shadow"`, which all engines can do. */
  readonly memoryModel?: MemoryModelName;
  /**
   * Devices of your own, at 0x4000000 and up, a page or more each, with PLIC interrupts from 64 on; see `Device`. They see
   * offsets and answer on the VM's thread, so a host in a worker takes none.
   */
  readonly devices?: readonly DeviceMaker[];
  /** Disks, each in a virtio slot of its own; see `DriveOptions`. */
  readonly drives?: readonly DriveOptions[];
  /** Network devices, each in a virtio slot of its own; see `NetworkOptions`. Default: none. */
  readonly networks?: readonly NetworkOptions[];
  /** A virtio entropy device (`/dev/hwrng`), perhaps with limits; see `RngOptions`. Default: none. */
  readonly rng?: boolean | RngOptions;
  /** A virtio memory balloon (`vm.balloon`); see `BalloonOptions`. `true`: with all that it can do. Default: none. */
  readonly balloon?: boolean | BalloonOptions;
  /** A virtio console device: a console beside the UART, and named serial ports (`vm.ports`); see `SerialOptions`. Default: none. */
  readonly virtioSerial?: SerialOptions;
  /** A virtio socket device: streams between programs of the guest and `vm.vsock`; see `VsockOptions`. In workers for the agent
   * alone. Default: none. */
  readonly vsock?: boolean | VsockOptions;
  /** Folders that the guest mounts (9p), each in a virtio slot of its own; see `ShareOptions`. Default: none. */
  readonly shares?: readonly ShareOptions[];
  /**
   * Whether the guest gets an agent, by which `vm.exec`, `vm.copyTo` and others drive it. It is added to the initial RAM disk, and for a
   * Linux without one it is the file `opt/org.wasmvisor/agent` of `fwCfg`. Takes one of the ports of `virtioSerial`, unless it comes by
   * `vsock: { agent: true }`. Default false.
   */
  readonly agent?: boolean;
  /**
   * Flash banks, the first at 0x20000000 and the second at 0x22000000; see `FlashOptions`. With a first one, firmware (`bios`) goes on there
   * in S mode, or with `bios: "none"` the machine starts there; a kernel is then for the program in flash to load. Default: none.
   */
  readonly flash?: readonly (FlashOptions | undefined)[];
  /** Files for the firmware configuration device, by name; see `FwCfgFile`. Default: none. */
  readonly fwCfg?: readonly FwCfgFile[];
  /**
   * Whether the guest can see that it has been copied or set back: a generation ID (`vm.generationId`) that is another one after `Host.restore`, `clone`
   * and `revert`, and an interrupt that says so; Linux from 6.10 on then stirs its random numbers at once. A UUID: the first one. It stays in a
   * migration, and with a deterministic clock. Default: none, as on QEMU's board.
   */
  readonly generationId?: boolean | string;
  /** Registers of the virtio slots: `"legacy"` (the default), as QEMU's `virt` has them, or `"modern"`, which packed queues need. */
  readonly virtio?: VirtioLayout;
  /**
   * `"host"` (the default): guest time follows the host's clock. `"deterministic"`: it follows the instructions, and the
   * run depends on nothing but its inputs.
   */
  readonly clock?: "host" | "deterministic";
  /** Its part of the thread that the host's VMs run on; see `VmCpuSettings`. Default: as much as each of the others. */
  readonly cpu?: VmCpuSettings;
  /** What to do with a guest whose trap handler traps for ever: let it (the default), or stop the VM. */
  readonly onTrapStorm?: "continue" | "stop";
  /**
   * What to do when the VM ends by a failure (`"failure"`, `"trap-storm"`, `"out-of-memory"`, `"hang"`, `"panic"`): leave it (the default), `"restart"` it,
   * as `reset` does, or `"restore"` its last checkpoint (`checkpoints`, `vm.checkpoint`): after 100 ms, and after twice as long each time, up to 30 s, until it has
   * run for a minute. A VM without a checkpoint, or that fails again within that minute, is restarted. `onTrapStorm` is then `"stop"` unless said otherwise.
   */
  readonly onFailure?: FailureAction;
  /** Whether a guest that hangs or panics ends the VM, by the silence of its agent; see `WatchdogOptions`. Needs `agent: true`. Default false. */
  readonly watchdog?: boolean | WatchdogOptions;
  /**
   * A watchdog timer, as the Allwinner D1 has it (Linux: the module `sunxi_wdt`, `/dev/watchdog`): a guest that has begun to restart it and does not in
   * time, 16 s at most, ends the VM with the reason `"hang"`. Needs no agent. Default false.
   */
  readonly watchdogTimer?: boolean;
  /** Keeps what the VM is, again and again, for `onFailure: "restore"`; see `CheckpointOptions`. Default: only what `vm.checkpoint` keeps. */
  readonly checkpoints?: CheckpointOptions;
  /** Gives up the making of the VM: `createVm` rejects with the signal's reason. No part of the VM afterwards. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which an image at an address counts as unreachable. Default 30,000. */
  readonly stallTimeout?: number;
  /** Called while images are read. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** All keys of a configuration. */
const KEYS = Object.keys({
  memory: 0,
  memoryLimit: 0,
  memoryReservation: 0,
  memoryShares: 0,
  harts: 0,
  bios: 0,
  kernel: 0,
  initrd: 0,
  append: 0,
  dtb: 0,
  engine: 0,
  translator: 0,
  memoryModel: 0,
  devices: 0,
  drives: 0,
  networks: 0,
  rng: 0,
  balloon: 0,
  virtioSerial: 0,
  vsock: 0,
  shares: 0,
  agent: 0,
  fwCfg: 0,
  flash: 0,
  generationId: 0,
  virtio: 0,
  clock: 0,
  cpu: 0,
  onTrapStorm: 0,
  onFailure: 0,
  watchdog: 0,
  watchdogTimer: 0,
  checkpoints: 0,
  signal: 0,
  stallTimeout: 0,
  onProgress: 0,
} satisfies Record<keyof VmConfig, 0>);

/** How far the reading of an image has come. */
export interface LoadProgress {
  /** Which image. */
  readonly image: "kernel" | "initrd" | "bios" | "dtb";
  /** What is being done; "unpacking" also stands for finding out that there is nothing to unpack. */
  readonly step: "reading" | "unpacking";
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all, when known. */
  readonly total?: number;
}

/** The parts of a configuration that are numbers and choices, checked. */
export interface CheckedConfig {
  readonly ramBytes: number;
  /** Bytes of RAM that may have frames, given one by one; undefined for RAM in one range. */
  readonly ramLimit: number | undefined;
  /** Bytes that it keeps with paging. */
  readonly ramReservation: number;
  readonly ramShares: number;
  readonly harts: number;
  readonly engine: Engine;
  readonly translator: TranslatorSettings;
  readonly memoryModel: MemoryModel;
  readonly deterministic: boolean;
  readonly stopOnTrapStorm: boolean;
  readonly onFailure: FailureAction;
  readonly watchdog: Watchdog | undefined;
  readonly checkpoints: Required<CheckpointOptions> | undefined;
  readonly cpu: VmCpuChoice;
  readonly devices: readonly DeviceMaker[];
  readonly rng: RngOptions | undefined;
  readonly balloon: BalloonOptions | undefined;
  readonly agent: boolean;
  readonly watchdogTimer: boolean;
  readonly generation: Uint8Array | undefined;
  readonly vsock: VsockOptions | undefined;
  readonly virtioLayout: VirtioLayout;
  readonly fwCfg: readonly FwCfgFile[];
  /** Whether it has flash banks. */
  readonly hasFlash: boolean;
}

/** The most harts a VM can have. */
export const MAX_HARTS = 8;

const MIB = 2 ** 20;
const MIN_RAM = MIB;
/** Tables of RAM are in proportion to it: 8 bytes a page, which are touched when the page is. */
const MAX_RAM = 16_384 * MIB;
/** RAM in one range at most: machine memory ends at 4 GiB and holds more than that. */
const MAX_PIECE = 3072 * MIB;

const ENGINES: Readonly<Record<EngineName, Engine>> = {
  tiered: Engine.TIERED,
  interpreter: Engine.PREDECODE,
  interpret: Engine.INTERPRET,
  translator: Engine.TRANSLATE,
};

/**
 * The engine's number.
 * @throws WasmvisorError `engine`
 */
export function engineOf(name: EngineName): Engine {
  if (Object.hasOwn(ENGINES, name)) return ENGINES[name];
  throw new WasmvisorError("engine", `There is no engine "${name}"; use ${ENGINE_NAMES.join(", ")}.`, { engine: name });
}

/** The engine's name. */
export function engineName(engine: Engine): EngineName {
  return ENGINE_NAMES.find((name) => ENGINES[name] === engine) ?? "interpreter";
}

/** The engines' names, the default first. */
export const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: MIB, G: 2 ** 30 };

/**
 * Bytes of a size such as `"256M"`; a plain number is bytes.
 * @throws WasmvisorError `memory-size`
 */
export function parseMemorySize(size: number | string): number {
  const bytes = typeof size === "number" ? size : parseSize(size);
  if (!Number.isInteger(bytes) || bytes < MIN_RAM || bytes > MAX_RAM || bytes % 4096 !== 0) {
    throw new WasmvisorError(
      "memory-size",
      `"${size}" is no size a VM's memory can have; use a multiple of 4K between 1M and ${MAX_RAM / MIB}M, such as 256M.`,
      { size, minimum: MIN_RAM, maximum: MAX_RAM },
    );
  }
  return bytes;
}

function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)(?:i?B)?$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toUpperCase() ?? ""];
  return match === null || unit === undefined ? NaN : Number(match[1]) * unit;
}

/**
 * Checks everything that can be checked without reading an image.
 * @param isRestored - whether there need be nothing to run, because a state is restored
 * @throws WasmvisorError `option`, `memory-size`, `hart-count`, `engine`, `translator`, `memory-model`, `clock`, `nothing-to-run`, `cpu`
 */
export function checkConfig(config: VmConfig, isRestored = false): CheckedConfig {
  known({ code: "option", where: "createVm" }, config, KEYS);
  const onFailure = checkFailureAction(config.onFailure ?? "stop");
  const { harts = 1, clock = "host", onTrapStorm = onFailure === "stop" ? "continue" : "stop" } = config;
  const engine = engineOf(config.engine ?? (hasTailCalls() ? "tiered" : "interpreter"));
  const memoryModel = memoryModelOf(config.memoryModel ?? "shadow");
  checkMemoryModel(memoryModel, engine);
  if (!Number.isInteger(harts) || harts < 1 || harts > MAX_HARTS) {
    throw new WasmvisorError("hart-count", `A VM has 1 to ${MAX_HARTS} harts, not ${harts}.`, { harts });
  }
  if (clock !== "host" && clock !== "deterministic") {
    throw new WasmvisorError("clock", `There is no clock "${String(clock)}"; use host or deterministic.`, { clock });
  }
  if (onTrapStorm !== "continue" && onTrapStorm !== "stop") {
    const sentence = `onTrapStorm is continue or stop, not "${String(onTrapStorm)}".`;
    throw new WasmvisorError("option", sentence, { key: "onTrapStorm", value: onTrapStorm });
  }
  if (
    !isRestored &&
    config.kernel === undefined &&
    config.flash?.[0] === undefined &&
    (config.bios === undefined || typeof config.bios === "string") &&
    !isPath(config)
  ) {
    throw new WasmvisorError("nothing-to-run", "There is nothing to run; give a kernel, or firmware as bios.");
  }
  const { agent = false } = config;
  if (typeof agent !== "boolean") {
    throw new WasmvisorError("option", `agent is true or false, not ${String(agent)}.`, { key: "agent", value: agent });
  }
  const vsock = checkVsock(config.vsock);
  checkSerial(config.virtioSerial, agentHasPort({ agent, vsock }) ? [AGENT_PORT] : []);
  checkShares(config.shares);
  checkFlash(config.flash);
  const ramBytes = parseMemorySize(config.memory ?? "256M");
  return {
    ramBytes,
    ramLimit: ramLimit(ramBytes, config.memoryLimit),
    ramReservation: config.memoryReservation === undefined ? 0 : parseMemorySize(config.memoryReservation),
    ramShares: checkMemoryShares(config.memoryShares ?? 100),
    harts,
    engine,
    translator: checkTranslator(config.translator, { hasRelaxedMadd: clock !== "deterministic" && hasFusedMadd() }),
    memoryModel,
    deterministic: clock === "deterministic",
    stopOnTrapStorm: onTrapStorm === "stop",
    onFailure,
    watchdog: checkWatchdog(config.watchdog, { agent, deterministic: clock === "deterministic" }),
    checkpoints: checkCheckpoints(config.checkpoints),
    cpu: checkVmCpu(config.cpu ?? {}, DEFAULT_CPU),
    devices: config.devices ?? [],
    hasFlash: config.flash?.some((bank) => bank !== undefined) ?? false,
    fwCfg: checkFwCfg(config.fwCfg),
    rng: checkRng(config.rng),
    balloon: checkBalloon(config.balloon),
    agent,
    watchdogTimer: config.watchdogTimer === true,
    generation: checkGeneration(config.generationId, clock === "deterministic"),
    vsock,
    virtioLayout: layoutOf(config.virtio ?? "legacy"),
  };
}

/** @throws WasmvisorError `option` */
function layoutOf(layout: VirtioLayout): VirtioLayout {
  if (layout === "legacy" || layout === "modern") return layout;
  const sentence = `virtio is legacy or modern, not "${String(layout)}".`;
  throw new WasmvisorError("option", sentence, { key: "virtio", value: layout });
}

/** @throws WasmvisorError `option` */
function checkMemoryShares(shares: number): number {
  if (typeof shares === "number" && shares >= 1 && shares <= 10_000) return shares;
  const sentence = `memoryShares is a number from 1 to 10000, not ${String(shares)}.`;
  throw new WasmvisorError("option", sentence, { key: "memoryShares", value: shares });
}

function ramLimit(ramBytes: number, limit: number | string | undefined): number | undefined {
  if (limit !== undefined) return Math.min(parseMemorySize(limit), ramBytes);
  return ramBytes > MAX_PIECE ? ramBytes : undefined;
}

function isPath({ bios }: VmConfig): boolean {
  return typeof bios === "string" && bios !== "builtin" && bios !== "none";
}
