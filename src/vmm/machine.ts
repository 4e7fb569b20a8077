/** The hardware of one VM put together: its space in machine memory, board, time, and the core's way to them. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import type { Irq } from "../../assembly/shared/constants.ts";
import type { CodeSpace } from "../core/code-space.ts";
import type { ConsoleBackend } from "../backend/console/console.ts";
import type { Entropy } from "../backend/entropy/entropy.ts";
import { HostEntropy } from "../backend/entropy/host-entropy.ts";
import { SeededEntropy } from "../backend/entropy/seeded-entropy.ts";
import type { Compilation } from "../core/code.ts";
import type { Core } from "../core/core.ts";
import { MachineSpace } from "../core/machine-space.ts";
import type { Arrivals, Device } from "../device/device.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import { MEMMAP } from "../machine/memmap.ts";
import { handleSbi, HartState, touchSbi } from "../machine/sbi.ts";
import type { BootHart, BootPlan, PowerEvent, VirtBoard } from "../machine/virt-types.ts";
import { createVirtBoard } from "../machine/virt.ts";
import { createGuestMemory, type GuestMemory } from "../memory/guest-memory.ts";
import { LatePages, type Touch } from "../memory/late-pages.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";
import { WasmvisorError } from "../error.ts";
import { type Part, touchParts } from "../state/saved.ts";
import { BANK_BYTES } from "../device/pflash/cfi.ts";
import type { FlashBank } from "../machine/virt-types.ts";
import type { CheckedConfig } from "./config.ts";
import { blockPart, clockPart, hartPart } from "./machine-parts.ts";
import { VmSbiHost } from "./sbi-host.ts";
import { HostTime, InstructionTime, type VmTime } from "./time.ts";

/** What a machine is built on, and whom it tells. */
export interface MachineDeps {
  readonly core: Core;
  readonly memory: MachineMemory;
  readonly compilation: Compilation;
  /** Translated code that it has together with others. */
  readonly code?: CodeSpace | undefined;
  readonly console: ConsoleBackend;
  readonly arrivals: Arrivals;
  /** What the flash banks hold, and where it is kept. */
  readonly flash: readonly (FlashBank | undefined)[];
  /** What is in the virtio slots. */
  readonly virtio: ReadonlyMap<number, VirtioModel>;
  /** Serves S-mode ECALLs in the host. */
  readonly builtinSbi: boolean;
  /** The guest wants to be switched off or reset, after the present slice. */
  onPower(event: PowerEvent): void;
  /** The guest has not restarted its watchdog timer in time. */
  onWatchdog(): void;
  /** An interrupt line has changed: a wait may be over. */
  onLine(): void;
  /** A hart that is being run has read `mtime`. */
  onTimeRead(mtime: bigint): void;
  /** A device's next deadline is at this mtime: the slice that is under way may have been planned without it. */
  onDeadline(mtime: bigint): void;
  /** The slice that is under way must end: there is something for the host to do. */
  endSlice(): void;
}

/** Any number: a deterministic machine must only have the same one each time. */
const SEED = 0x7761_736dn;

/** Translated regions (a millisecond or two) after which the run loop looks at the clock. */
const TRANSLATIONS = 1;

/** Slow work (at most a few milliseconds) after which it does too. */
const SLOW_WORK = 4096;

/** There is no frame for a page of RAM. */
export function outOfMemory(): WasmvisorError {
  return new WasmvisorError(
    "host-memory",
    "The host has no memory left for a page that was stored to; give the VM a higher memoryLimit, destroy others, or make the host larger.",
  );
}

/** One machine. Answers the core's imports for its own harts. */
export class Machine {
  readonly space: MachineSpace;
  readonly ram: GuestMemory;
  readonly board: VirtBoard;
  readonly time: VmTime;
  /** What waits for pages that are not here. */
  readonly late: LatePages;
  readonly #entropy: Entropy;
  readonly #sbi: VmSbiHost | undefined;
  readonly #deps: MachineDeps;
  /** Levels of the interrupt lines as the board drives them, for each hart. */
  readonly #lines: number[];
  /** New RAM is zeros already. */
  #booted = false;
  /** Its memory may be somebody else's. */
  #released = false;

  constructor(config: CheckedConfig, deps: MachineDeps) {
    this.#deps = deps;
    this.#lines = new Array<number>(config.harts).fill(0);
    this.space = new MachineSpace(deps.core, deps.memory, {
      ramPa: MEMMAP.dram.pa,
      ramBytes: config.ramBytes,
      ramLimit: config.ramLimit,
      rom: config.hasFlash ? { pa: MEMMAP.flash.pa, bytes: MEMMAP.flash.size } : undefined,
      harts: config.harts,
      engine: config.engine,
      compilation: deps.compilation,
      code: deps.code,
      translator: config.translator,
      memoryModel: config.memoryModel,
      builtinSbi: deps.builtinSbi,
    });
    this.space.vm.setU32(VmField.translationsMax, TRANSLATIONS);
    this.space.vm.setU32(VmField.workMax, SLOW_WORK);
    this.#fillFlash();
    this.ram = this.#guestMemory();
    this.late = new LatePages(this.space.ram, this.space.ramPa, { wake: deps.onLine, endSlice: deps.endSlice });
    this.time = config.deterministic ? new InstructionTime() : new HostTime();
    this.#entropy = config.deterministic ? new SeededEntropy(SEED) : new HostEntropy();
    try {
      this.board = this.#createBoard(config);
    } catch (error) {
      this.release();
      throw error;
    }
    this.#sbi = deps.builtinSbi ? this.#createSbi() : undefined;
  }

  /** Switches the machine on: zeroed RAM, reset devices and harts, images in their places; without a plan, nothing is loaded. */
  boot(plan?: BootPlan): void {
    const { space, board } = this;
    this.late.forget();
    if (this.#booted) {
      space.clearRam();
      space.forgetCode();
    }
    this.#booted = true;
    board.reset();
    if (plan !== undefined) for (const hart of this.#load(plan).harts) this.#bootHart(hart);
    space.codeChanged(this.#deps.core);
    space.clearCounters();
  }

  /** Puts images in their places. A write that finds no frame is told as that, not as an image that is too large. */
  #load(plan: BootPlan): ReturnType<VirtBoard["load"]> {
    const { ram } = this.space;
    try {
      const loaded = this.board.load(plan);
      if (!ram.short) return loaded;
    } catch (error) {
      if (!ram.short) throw error;
    }
    throw outOfMemory();
  }

  /** What it consists of, in the order in which that is restored: devices count their deadlines from the time. */
  get parts(): readonly Part[] {
    const { core } = this.#deps;
    return [
      blockPart(this.space),
      clockPart(this.time.deterministic),
      this.time.saved,
      ...(this.#entropy.saved === undefined ? [] : [this.#entropy.saved]),
      ...this.space.harts.map((hart, index) => hartPart(core, hart, index)),
      ...(this.#sbi === undefined ? [] : [this.#sbi.saved]),
      ...this.board.saved,
    ];
  }

  /** Has `restore`, which `checkState` gave, restore the parts and RAM, and what is derived from them made anew. */
  restore(restore: () => void, keepsCode = false): void {
    this.late.forget();
    this.board.restoring(restore);
    this.#booted = true;
    // What has been decoded and translated is compared with memory before it is used again.
    if (!keepsCode) this.space.forgetCode();
    this.space.codeChanged(this.#deps.core);
    // The lines of Sstc, which nobody else drives.
    const mtime = this.board.mtime();
    for (const { ma } of this.space.harts) this.#deps.core.hart_note_time(ma, mtime);
  }

  /** Whether the host answers SBI calls. */
  get builtinSbi(): boolean {
    return this.#deps.builtinSbi;
  }

  /** Copies of what the flash banks hold; none without them. */
  get flashContents(): readonly Uint8Array[] {
    return this.space.romMa === 0 ? [] : [0, 1].map((unit) => this.#flashBytes(unit).slice());
  }

  /** What a flash bank holds, to be changed before the machine runs. */
  flashBytes = (unit: number): Uint8Array => this.#flashBytes(unit);

  /** Whether SBI HSM (or the board, without it) lets hart `index` run. */
  isStarted(index: number): boolean {
    return this.#sbi === undefined || this.#sbi.hartState(index) !== HartState.STOPPED;
  }

  /** Answers the SBI call that hart `index` has made, as soon as what it names is here. */
  serveSbi(index: number): void {
    const sbi = this.#sbi;
    if (sbi === undefined) return;
    this.late.whenHere(
      (touch) => touchSbi(sbi, index, touch),
      () => handleSbi(sbi, index),
    );
  }

  /** Whether devices may do what they do when something arrives: all that they may use is here. What is not is on its way then. */
  get canArrive(): boolean {
    return this.late.has((touch: Touch) => touchParts(this.board.saved, touch));
  }

  mmioLoad(hart: number, pa: number, size: number): boolean {
    const { bus } = this.board;
    if (!bus.load(pa, size)) return false;
    const region = bus.answered;
    if (region?.keepsTime === true) this.#noteDeadline(region.device);
    const { u32 } = this.space.memory;
    const at = (hart + HartField.mmioData) / 4;
    u32[at] = bus.data.low;
    u32[at + 1] = bus.data.high;
    return true;
  }

  mmioStore(hart: number, pa: number, size: number): boolean {
    const { bus } = this.board;
    const { u32 } = this.space.memory;
    const at = (hart + HartField.mmioData) / 4;
    bus.data.low = u32[at] ?? 0;
    bus.data.high = u32[at + 1] ?? 0;
    if (!bus.store(pa, size)) return false;
    const region = bus.answered;
    if (region === undefined) return true;
    if (region.keepsTime) this.#noteDeadline(region.device);
    if (region.endsSlices) this.#noteStore(region.device, pa - region.pa);
    return true;
  }

  /** The time that the guest sees: the interrupts of all deadlines up to it are pending then. */
  mtime(): bigint {
    const mtime = this.board.mtime();
    this.#deps.onTimeRead(mtime);
    return mtime;
  }

  /** Gives its memory back. What still knows it (devices, callbacks) finds that nothing has an effect any more. */
  release(): void {
    this.#released = true;
    this.space.release();
  }

  #noteDeadline(device: Device): void {
    const mtime = this.board.deadlineOf(device);
    if (mtime !== undefined) this.#deps.onDeadline(mtime);
  }

  #noteStore(device: Device, offset: number): void {
    try {
      if (device.endsSlice?.(offset) === true) this.#deps.endSlice();
    } catch (error) {
      this.board.bus.broken(device, error);
    }
  }

  #setLine(hart: number, irq: Irq, level: boolean): void {
    const view = this.space.harts[hart];
    if (view === undefined || this.#released) return;
    const bit = 1 << irq;
    const lines = this.#lines[hart] ?? 0;
    this.#lines[hart] = level ? lines | bit : lines & ~bit;
    this.#deps.core.hart_set_lines(view.ma, bit, level ? bit : 0);
    this.#deps.onLine();
  }

  #bootHart(start: BootHart): void {
    const { core } = this.#deps;
    const view = this.space.harts[start.hartid];
    if (view === undefined) return;
    core.hart_reset(view.ma);
    view.setU32(HartField.priv, start.priv);
    if (this.#sbi !== undefined) {
      if (start.running) this.#sbi.startHart(start.hartid, start.pc, 0n);
      else this.#sbi.stopHart(start.hartid);
    }
    view.pc = start.pc;
    for (const [register, value] of start.x) view.setX(register, value);
    // Reset has cleared them, but the board drives them on.
    core.hart_set_lines(view.ma, -1, this.#lines[start.hartid] ?? 0);
  }

  #createBoard({ harts, devices, virtioLayout, fwCfg, hasFlash, generation, watchdogTimer }: CheckedConfig): VirtBoard {
    const { console, arrivals, virtio, onPower, onTimeRead } = this.#deps;
    return createVirtBoard(
      {
        harts,
        devices,
        virtioLayout,
        virtio,
        fwCfg,
        generation,
        watchdogTimer,
        ...(hasFlash ? { flash: this.#flashBanks } : {}),
      },
      {
        memory: this.ram,
        flashMemory: (unit) => ({
          bytes: () => this.#flashBytes(unit),
          show: (shown) => this.#released || this.space.showRom(unit * BANK_BYTES, BANK_BYTES, shown),
        }),
        clock: this.time.clock,
        entropy: this.#entropy,
        arrivals,
        late: this.late,
        console,
        setLine: (hart, irq, level) => this.#setLine(hart, irq, level),
        onTimeRead: (mtime) => onTimeRead(mtime),
        onPower: (event) => onPower(event),
        onWatchdog: () => this.#deps.onWatchdog(),
      },
    );
  }

  /** Copies what the images hold, erased where there is none. */
  #fillFlash(): void {
    if (this.space.romMa === 0) return;
    for (const unit of [0, 1]) {
      const bytes = this.#flashBytes(unit);
      const bank = this.#deps.flash[unit];
      if (bank?.contents === undefined) bytes.fill(0xff);
      else bytes.set(bank.contents);
      if (bank !== undefined) bank.contents = undefined;
    }
  }

  get #flashBanks(): readonly FlashBank[] {
    const empty: FlashBank = { backend: undefined, contents: undefined, onError: () => undefined };
    return [0, 1].map((unit) => this.#deps.flash[unit] ?? empty);
  }

  /** Once its memory is gone, a copy of nothing. */
  #flashBytes(unit: number): Uint8Array {
    const { memory, romMa } = this.space;
    if (this.#released) return new Uint8Array(BANK_BYTES);
    return new Uint8Array(memory.memory.buffer, romMa + unit * BANK_BYTES, BANK_BYTES);
  }

  #guestMemory(): GuestMemory {
    const { space } = this;
    return createGuestMemory({
      ramPa: space.ramPa,
      ramSize: space.ramBytes,
      memory: space.memory.memory,
      translate: (pa, write) => (this.#released ? undefined : space.ramAddress(pa, write)),
    });
  }

  #createSbi(): VmSbiHost {
    const { core, console, onPower } = this.#deps;
    const { space, ram, board } = this;
    return new VmSbiHost({
      core,
      views: space.harts,
      memory: ram,
      uart: board.uart,
      putByte: (byte) => console.write(byte),
      onPower,
    });
  }
}
