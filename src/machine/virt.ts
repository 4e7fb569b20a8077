/** The virt board: builds the devices, wires them, and is the one thing a VM's owner talks to. */

import { WasmvisorError } from "../error.ts";
import { Aclint, NEVER } from "../device/aclint.ts";
import { Bus } from "../device/bus.ts";
import type { Device } from "../device/device.ts";
import { FwCfg } from "../device/fw-cfg/fw-cfg.ts";
import { makeItems } from "../device/fw-cfg/items.ts";
import { GoldfishRtc } from "../device/goldfish-rtc.ts";
import { Ns16550a } from "../device/ns16550a.ts";
import { PFlash } from "../device/pflash/pflash.ts";
import { BANK_BYTES } from "../device/pflash/cfi.ts";
import { Plic } from "../device/plic.ts";
import { Rom } from "../device/rom.ts";
import { SifiveTest } from "../device/sifive-test.ts";
import { EmptyVirtioSlot } from "../device/virtio/empty-slot.ts";
import { SunxiWdt } from "../device/sunxi-wdt.ts";
import { VmGenId } from "../device/vmgenid.ts";
import { VirtioMmio } from "../device/virtio/mmio.ts";
import { boot } from "./boot.ts";
import { CLINT_MTIMER, MAX_HARTS, MEMMAP, PLIC_IRQ, PLIC_SOURCES, VIRTIO_COUNT } from "./memmap.ts";
import type { Part } from "../state/saved.ts";
import { devicePart } from "./device-part.ts";
import { checkNames, placeOwnerDevices } from "./owner-devices.ts";
import { Timers } from "./timers.ts";
import { buildVirtFdt } from "./virt-fdt.ts";
import type { Placed } from "./virt-fdt.ts";
import type { BootPlan, Booted, VirtBoard, VirtConfig, VirtDeps } from "./virt-types.ts";

export { NEVER } from "../device/aclint.ts";
export type * from "./virt-types.ts";

/**
 * A board in its power-on state.
 * @throws WasmvisorError `hart-count` unless there are 1 to 8 harts.
 */
export function createVirtBoard(config: VirtConfig, deps: VirtDeps): VirtBoard {
  const { harts } = config;
  if (!Number.isInteger(harts) || harts < 1 || harts > MAX_HARTS) {
    throw new WasmvisorError("hart-count", `A machine has 1 to ${MAX_HARTS} harts; ask for as many (--smp).`, {
      harts,
    });
  }
  return new Board(config, deps);
}

class Board implements VirtBoard {
  readonly config: VirtConfig;
  readonly bus = new Bus();
  readonly devices: ReadonlyMap<string, Device>;
  readonly aclint: Aclint;
  readonly plic: Plic;
  readonly uart: Ns16550a;
  readonly rtc: GoldfishRtc;
  readonly fwCfg: FwCfg;
  readonly vmgenid: VmGenId | undefined;
  private readonly flash: readonly PFlash[];
  private readonly deps: VirtDeps;
  private readonly timers: Timers;
  private readonly rom = new Rom("mrom", MEMMAP.mrom.size);
  /** What has a node of its own below `/soc`, in QEMU's order, or below the root. */
  private readonly placed: readonly Placed[];

  constructor(config: VirtConfig, deps: VirtDeps) {
    this.config = config;
    this.deps = deps;
    const { clock, console } = deps;
    const setLine: VirtDeps["setLine"] = (hart, irq, level) => deps.setLine(hart, irq, level);
    const onTimeRead = (mtime: bigint): void => deps.onTimeRead?.(mtime);
    this.aclint = new Aclint({ harts: config.harts, clock, setLine, onTimeRead });
    this.plic = new Plic({ harts: config.harts, sources: PLIC_SOURCES, setLine });
    this.rtc = new GoldfishRtc(clock, this.plic.line(PLIC_IRQ.rtc));
    this.uart = new Ns16550a({ clock, console, irq: this.plic.line(PLIC_IRQ.uart0) });
    const items = makeItems(config.harts, deps.memory.ramSize, config.fwCfg ?? []);
    this.fwCfg = new FwCfg(items, deps);
    this.flash = this.flashBanks();
    const { generation } = config;
    this.vmgenid = generation && new VmGenId(generation, this.plic.line(PLIC_IRQ.vmgenid));
    this.placed = this.place();
    const hidden = [
      { pa: MEMMAP.mrom.pa, device: this.rom },
      { pa: MEMMAP.clint.pa, device: this.aclint.mswi },
      { pa: MEMMAP.clint.pa + CLINT_MTIMER, device: this.aclint.mtimer },
    ];
    const all: readonly { pa: number; device: Device }[] = [...hidden, ...this.placed];
    checkNames(all);
    for (const { pa, device } of all) this.bus.attach(pa, device);
    this.devices = new Map(all.map(({ device }) => [device.name, device]));
    this.timers = new Timers(this.bus, [...this.devices.values()]);
  }

  mtime(): bigint {
    return this.aclint.mtime();
  }

  timerDeadline(hart: number): bigint {
    return this.aclint.deadline(hart);
  }

  nextDeadline(): bigint {
    return this.onMtimeScale(this.timers.next());
  }

  deadlineOf(device: Device): bigint | undefined {
    const tick = this.timers.deadlineOf(device);
    return tick === undefined ? undefined : this.onMtimeScale(tick);
  }

  update(): void {
    this.timers.update();
  }

  load(plan: BootPlan): Booted {
    const { memory, entropy } = this.deps;
    const { harts } = this.config;
    const { ramPa, ramSize } = memory;
    const makeTree = () => buildVirtFdt({ harts, ramPa, ramSize, devices: this.placed });
    const { fwCfg } = this;
    return boot({ memory, entropy, harts, rom: this.rom.bytes, makeTree, fwCfg }, plan);
  }

  reset(): void {
    for (const device of this.devices.values()) device.reset();
  }

  save(): Record<string, unknown> {
    return Object.fromEntries([...this.devices].map(([name, device]) => [name, device.save?.()]));
  }

  get saved(): readonly Part[] {
    // The PLIC restores what it knows of the others' lines, so it comes last.
    const others = [...this.devices.values()].filter((device) => device !== this.plic);
    return [...others, this.plic].map((device) => devicePart(device));
  }

  restoring(act: () => void): void {
    this.plic.hold(act);
  }

  /** A tick of the clock as mtime shows it, unless mtime would have come round by then; `NEVER` for none. */
  private onMtimeScale(tick: bigint | undefined): bigint {
    if (tick === undefined) return NEVER;
    const now = this.deps.clock.ticks();
    const mtime = this.aclint.mtimeAt(now) + tick - now;
    if (mtime < 0n) return 0n;
    return mtime < NEVER ? mtime : NEVER;
  }

  private placeOwners(): Placed[] {
    const { memory, clock } = this.deps;
    return placeOwnerDevices(this.config.devices ?? [], { memory, clock }, (irq) => this.plic.line(irq));
  }

  async writeFlash(): Promise<void> {
    // All of them take their copies now: the machine may go.
    await Promise.all(this.flash.map((bank) => bank.writeBack()));
  }

  private flashBanks(): PFlash[] {
    const { clock, arrivals, flashMemory } = this.deps;
    const { flash = [] } = this.config;
    if (flashMemory === undefined) return [];
    return flash.map((medium, unit) => new PFlash(unit, { memory: flashMemory(unit), medium, clock, arrivals }));
  }

  private watchdogTimer(): Placed {
    const device = new SunxiWdt(this.deps.clock, () => this.deps.onWatchdog?.());
    return { device, ...MEMMAP.watchdog, irq: 0 };
  }

  private virtioSlot(slot: number): Device {
    const { virtio, virtioLayout = "legacy" } = this.config;
    const model = virtio?.get(slot);
    if (model === undefined) return new EmptyVirtioSlot(slot, virtioLayout);
    const { memory, clock, entropy, arrivals, late } = this.deps;
    return new VirtioMmio(slot, virtioLayout, model, {
      irq: this.plic.line(PLIC_IRQ.virtio + slot),
      memory,
      clock,
      entropy,
      arrivals,
      late,
    });
  }

  /** Virtio slots run from the last to the first, the order in which QEMU's tree lists them. */
  private place(): Placed[] {
    const { test, rtc, uart0, virtio, plic, fwCfg } = MEMMAP;
    const finisher = new SifiveTest((event) => this.deps.onPower(event));
    const slots = Array.from({ length: VIRTIO_COUNT }, (_, index) => VIRTIO_COUNT - 1 - index);
    return [
      { device: this.rtc, ...rtc, irq: PLIC_IRQ.rtc },
      { device: this.uart, ...uart0, irq: PLIC_IRQ.uart0 },
      { device: finisher, ...test, irq: 0 },
      ...(this.vmgenid === undefined ? [] : [{ device: this.vmgenid, ...MEMMAP.vmgenid, irq: PLIC_IRQ.vmgenid }]),
      ...(this.config.watchdogTimer === true ? [this.watchdogTimer()] : []),
      ...slots.map((slot) => ({
        device: this.virtioSlot(slot),
        pa: virtio.pa + slot * virtio.size,
        size: virtio.size,
        irq: PLIC_IRQ.virtio + slot,
      })),
      { device: this.plic, ...plic, irq: 0 },
      ...this.flash.map((device, unit) => ({
        device,
        pa: MEMMAP.flash.pa + unit * BANK_BYTES,
        size: BANK_BYTES,
        irq: 0,
        outsideSoc: true,
      })),
      { device: this.fwCfg, ...fwCfg, irq: 0, outsideSoc: true },
      ...this.placeOwners(),
    ];
  }
}
