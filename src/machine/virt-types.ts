/** What the board asks of its owner and what it gives back: the contract between `machine` and `vmm`. */

import type { ConsoleBackend } from "../backend/console/console.ts";
import type { Clock } from "../backend/clock/clock.ts";
import type { Entropy } from "../backend/entropy/entropy.ts";
import type { FlashMedium, FlashMemory } from "../device/pflash/pflash.ts";
import type { Aclint } from "../device/aclint.ts";
import type { Bus } from "../device/bus.ts";
import type { Arrivals, Device } from "../device/device.ts";
import type { FwCfgFile } from "../device/fw-cfg/items.ts";
import type { GoldfishRtc } from "../device/goldfish-rtc.ts";
import type { Ns16550a } from "../device/ns16550a.ts";
import type { Plic } from "../device/plic.ts";
import type { PowerEvent } from "../device/sifive-test.ts";
import type { VirtioLayout } from "../device/virtio/mmio.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { LateMemory } from "../memory/late-pages.ts";
import type { Part } from "../state/saved.ts";
import type { VmGenId } from "../device/vmgenid.ts";
import type { LoadedImage } from "./loader/loaded-image.ts";
import type { DeviceMaker } from "./owner-devices.ts";

export type { PowerEvent } from "../device/sifive-test.ts";
export type { LoadedImage } from "./loader/loaded-image.ts";

/** What kind of board to build. */
export interface VirtConfig {
  /** 1 to 8. */
  readonly harts: number;
  /** Devices of the owner's, in the order of their places. */
  readonly devices?: readonly DeviceMaker[];
  /** Registers that virtio slots have. Default `"legacy"`, as QEMU's. */
  readonly virtioLayout?: VirtioLayout;
  /** What is in the virtio slots, by their numbers, 0 to 7. */
  readonly virtio?: ReadonlyMap<number, VirtioModel>;
  /** The two flash banks; undefined for a board without them. */
  readonly flash?: readonly FlashBank[];
  /** Files of the firmware configuration device. */
  readonly fwCfg?: readonly FwCfgFile[];
  /** The generation ID of the VM, 16 bytes; undefined for a board without one. */
  readonly generation?: Uint8Array | undefined;
  /** Whether it has a watchdog timer. Default false. */
  readonly watchdogTimer?: boolean;
}

/** A flash bank: its image, and what it holds until the machine has it. */
export interface FlashBank extends FlashMedium {
  contents: Uint8Array | undefined;
}

/** What the board stands on. RAM's place and size come from `memory`. */
export interface VirtDeps {
  readonly memory: GuestMemory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly arrivals: Arrivals;
  /** Tells which pages are not here; without it all are. */
  readonly late?: LateMemory;
  /** The memory of a flash bank; only where there are some. */
  flashMemory?(unit: number): FlashMemory;
  readonly console: ConsoleBackend;
  /** Drives an interrupt line of a hart; `irq` is the bit position in mip (`Irq`): MSI, MTI, SEI or MEI. Called on changes only. */
  setLine(hart: number, irq: number, level: boolean): void;
  /** The guest has read mtime from the ACLINT; what is due by then must be pending before its next instruction. */
  onTimeRead?(mtime: bigint): void;
  /** The guest asks to be switched off or reset; the owner does so after the present slice. */
  onPower(event: PowerEvent): void;
  /** The guest has not restarted its watchdog timer in time. */
  onWatchdog?(): void;
}

/** What to start. */
export interface BootPlan {
  /**
   * `"builtin"`: hart 0 enters the kernel in S mode and the host answers SBI calls. `"none"`: all harts enter the kernel
   * in M mode. An image: all harts enter the firmware in M mode, the kernel lies where it expects it.
   */
  readonly bios: "builtin" | "none" | LoadedImage;
  readonly kernel?: LoadedImage;
  readonly initrd?: Uint8Array;
  /** The program in flash is started, in place of the kernel; that is for it to load. */
  readonly flash?: boolean;
  /** The kernel's command line (`bootargs`). */
  readonly append?: string;
  /** A device tree blob to hand over in place of the board's own; checked, and given its own `/chosen` entries only. */
  readonly dtb?: Uint8Array;
}

/** How a hart begins. All other registers are zero, CSRs at their reset values. */
export interface BootHart {
  readonly hartid: number;
  /** False: stopped until SBI HSM starts it. */
  readonly running: boolean;
  /** `Priv.S` or `Priv.M`. */
  readonly priv: 1 | 3;
  readonly pc: bigint;
  /** Register number and value: t0, a0 (hart id), a1 (FDT), a2 (`fw_dynamic` info), as the plan needs them. */
  readonly x: readonly (readonly [register: number, value: bigint])[];
}

/** Where `load` has put things. */
export interface Booted {
  readonly harts: readonly BootHart[];
  readonly fdtPa: number;
  readonly fdt: Uint8Array;
  /** Entry of the kernel, if there is one. */
  readonly kernelPa?: number;
  readonly initrd?: { readonly start: number; readonly end: number };
}

/** A board. */
export interface VirtBoard {
  readonly config: VirtConfig;
  readonly bus: Bus;
  /** Every device, by name; the keys of `save`. */
  readonly devices: ReadonlyMap<string, Device>;
  readonly aclint: Aclint;
  readonly plic: Plic;
  readonly uart: Ns16550a;
  readonly rtc: GoldfishRtc;
  /** Only where it is asked for. */
  readonly vmgenid: VmGenId | undefined;
  /** The guest's time in ticks: what the `time` CSR and `mtime` read, and what `stimecmp` is compared with. */
  mtime(): bigint;
  /**
   * The tick (on `mtime`'s scale) at which `update` next has something to do, or `NEVER`: the earliest deadline of all devices.
   * Harts' `stimecmp` is not part of it.
   */
  nextDeadline(): bigint;
  /** The deadline of one device, on `mtime`'s scale; undefined when it has none. */
  deadlineOf(device: Device): bigint | undefined;
  /** Brings time-driven lines up to date. Call when `nextDeadline` has passed; harmless at any time. */
  update(): void;
  /** The mtimecmp of one hart, on `mtime`'s scale. */
  timerDeadline(hart: number): bigint;
  /**
   * Puts firmware, kernel, initrd, FDT and reset vector into memory, which must be zero, and says how the harts begin.
   * @throws WasmvisorError `image-too-large`, `image-overlap`, `fdt-…` and other mistakes of the caller.
   */
  load(plan: BootPlan): Booted;
  /** Writes to their images what has changed in flash banks. */
  writeFlash(): Promise<void>;
  /** All devices back to power-on. RAM and harts are the owner's. */
  reset(): void;
  /** The state of all devices, keyed by name, to look at. */
  save(): Record<string, unknown>;
  /** Each device as a part of a saved machine, in the order in which they are restored. */
  readonly saved: readonly Part[];
  /** Restores devices in `act`: their interrupt lines are the PLIC's to restore, so what they drive meanwhile counts for nothing. */
  restoring(act: () => void): void;
}
