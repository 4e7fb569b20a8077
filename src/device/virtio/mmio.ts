/**
 * virtio over memory-mapped registers, in both layouts: legacy, as QEMU's virt board answers unless told otherwise, and modern.
 * (Virtual I/O Device Specification, "Virtio Over MMIO"; QEMU `hw/virtio/virtio-mmio.c`)
 */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import type { LateMemory, Touch } from "../../memory/late-pages.ts";
import { array, type Field, flag, type ObjectTable, record, table, u16, u32, u64, u8 } from "../../state/table.ts";
import type { AccessSize, Arrivals, Clock, Entropy, FdtNode, FdtPlace, IrqLine } from "../device.ts";
import { checkedState, type TableDevice } from "../state.ts";
import { FEATURE, type VirtioHost, type VirtioModel } from "./model.ts";
import { PackedQueue, packedFits } from "./packed-queue.ts";
import { isQueueSize, POSITION, type Queue, QUEUE_SIZE_MOST, type QueuePosition, type QueueSetup } from "./queue.ts";
import { splitAreas, SplitQueue, splitFits } from "./split-queue.ts";

export const MAGIC = 0x7472_6976;
export const VENDOR_QEMU = 0x554d_4551;

enum Register {
  MAGIC = 0x000,
  VERSION = 0x004,
  DEVICE_ID = 0x008,
  VENDOR_ID = 0x00c,
  DEVICE_FEATURES = 0x010,
  DEVICE_FEATURES_SEL = 0x014,
  DRIVER_FEATURES = 0x020,
  DRIVER_FEATURES_SEL = 0x024,
  GUEST_PAGE_SIZE = 0x028,
  QUEUE_SEL = 0x030,
  QUEUE_NUM_MAX = 0x034,
  QUEUE_NUM = 0x038,
  QUEUE_ALIGN = 0x03c,
  QUEUE_PFN = 0x040,
  QUEUE_READY = 0x044,
  QUEUE_NOTIFY = 0x050,
  INTERRUPT_STATUS = 0x060,
  INTERRUPT_ACK = 0x064,
  STATUS = 0x070,
  /** Low halves of addresses; the high ones follow at `HIGH`. */
  QUEUE_DESC = 0x080,
  QUEUE_DRIVER = 0x090,
  QUEUE_DEVICE = 0x0a0,
  SHM_LENGTH_LOW = 0x0b0,
  SHM_LENGTH_HIGH = 0x0b4,
  SHM_BASE_LOW = 0x0b8,
  SHM_BASE_HIGH = 0x0bc,
  CONFIG_GENERATION = 0x0fc,
  CONFIG = 0x100,
}

enum Status {
  DRIVER_OK = 4,
  FEATURES_OK = 8,
  NEEDS_RESET = 0x40,
}

enum Interrupt {
  USED_BUFFER = 1,
  CONFIG_CHANGE = 2,
}

/** Which registers a slot has. */
export type VirtioLayout = "legacy" | "modern";

/** What a slot says in its register Version, whether a device is in it or not. */
export const VERSION: Readonly<Record<VirtioLayout, number>> = { legacy: 1, modern: 2 };

/** What a slot stands on. */
export interface VirtioMmioDeps {
  readonly irq: IrqLine;
  readonly memory: GuestMemory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly arrivals: Arrivals;
  /** Tells which pages are not here; without it all are. */
  readonly late?: LateMemory | undefined;
}

/** How the driver has set up one queue. */
interface Areas {
  size: number;
  ready: boolean;
  desc: number;
  driver: number;
  device: number;
  /** Legacy: the page the queue begins at, and the alignment of its used ring. */
  pfn: number;
  align: number;
}

const AREAS: Field<Areas> = record({
  size: u32(),
  ready: flag(),
  desc: bigNumber(),
  driver: bigNumber(),
  device: bigNumber(),
  pfn: u32(),
  align: u32(),
});

/** A 64-bit value that is held as a number: addresses beyond what numbers hold are outside RAM in any case. */
function bigNumber(): Field<number> {
  const field = u64();
  return {
    is: (value): value is number =>
      typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 64,
    write: (to, value) => field.write(to, BigInt(value)),
    read: (from) => Number(field.read(from)),
  };
}

/** Which address of a queue is set at which register. */
const AREA_AT = new Map<number, "desc" | "driver" | "device">([
  [Register.QUEUE_DESC, "desc"],
  [Register.QUEUE_DRIVER, "driver"],
  [Register.QUEUE_DEVICE, "device"],
]);
const HIGH = 4;

const NO_AREAS: Areas = { size: 0, ready: false, desc: 0, driver: 0, device: 0, pfn: 0, align: 0 };
const NO_POSITION: QueuePosition = {
  next: 0,
  nextWrap: true,
  used: 0,
  usedWrap: true,
  told: 0,
  isTold: false,
  inFlight: [],
};

/** What is saved of a slot. */
type MmioState = Readonly<{
  status: number;
  kicked: boolean;
  deviceFeaturesSel: number;
  driverFeaturesSel: number;
  driverFeatures: bigint;
  guestPageSize: number;
  queueSel: number;
  interruptStatus: number;
  generation: number;
  areas: Areas[];
  positions: QueuePosition[];
  /** Which kind of device it is, and its own state. */
  id: number;
  model: unknown;
}>;

/** One slot of the board with a device in it. */
export class VirtioMmio implements TableDevice<MmioState>, VirtioHost {
  readonly name: string;
  readonly size = 0x200;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table: ObjectTable<MmioState>;
  readonly memory: GuestMemory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly arrivals: Arrivals;
  readonly model: VirtioModel;
  /** What drivers have done that the specification forbids, and the latest of it. */
  misdeeds = 0;
  lastMisdeed = "";
  /** As `Device` says; there only when the model has it. */
  readonly nextDeadline?: () => bigint | undefined;
  readonly update?: () => void;
  readonly #irq: IrqLine;
  readonly #late: LateMemory | undefined;
  readonly #modern: boolean;
  readonly #config: DataView;
  readonly #areas: Areas[];
  #queues: (Queue | undefined)[] = [];
  #status = 0;
  /** Legacy: the driver has notified before it said that it has begun, so it has. (QEMU `start_on_kick`) */
  #kicked = false;
  #deviceFeaturesSel = 0;
  #driverFeaturesSel = 0;
  #driverFeatures = 0n;
  #guestPageSize = 0;
  #queueSel = 0;
  #interruptStatus = 0;
  #generation = 0;

  constructor(
    slot: number,
    layout: VirtioLayout,
    model: VirtioModel,
    { irq, memory, clock, entropy, arrivals, late }: VirtioMmioDeps,
  ) {
    this.name = `virtio${slot}`;
    this.model = model;
    this.memory = memory;
    this.clock = clock;
    this.entropy = entropy;
    this.arrivals = arrivals;
    this.#irq = irq;
    this.#late = late;
    this.#modern = layout === "modern";
    this.#config = new DataView(new ArrayBuffer(model.configBytes));
    this.#areas = model.queueSizes.map(() => ({ ...NO_AREAS }));
    if (model.nextDeadline !== undefined) this.nextDeadline = () => model.nextDeadline!();
    if (model.update !== undefined) this.update = () => this.#whenHere(() => model.update!());
    this.#resetAreas();
    const count = model.queueSizes.length;
    this.table = table<MmioState>(1, {
      status: u8(),
      kicked: flag(),
      deviceFeaturesSel: u32(),
      driverFeaturesSel: u32(),
      driverFeatures: u64(),
      guestPageSize: u32(),
      queueSel: u32(),
      interruptStatus: u8(3),
      generation: u32(),
      areas: array(AREAS, count),
      positions: array(POSITION, count),
      id: u16(),
      model: model.table,
    });
  }

  load(offset: number, size: number): number {
    if (offset >= Register.CONFIG) return this.#loadConfig(offset - Register.CONFIG, size);
    return size === 4 ? this.#loadRegister(offset) >>> 0 : 0;
  }

  store(offset: number, value: number, size: number): void {
    if (offset >= Register.CONFIG) this.#storeConfig(offset - Register.CONFIG, value, size);
    else if (size === 4) this.#storeRegister(offset, value);
  }

  reset(): void {
    this.#resetDevice();
    this.#deviceFeaturesSel = 0;
    this.#driverFeaturesSel = 0;
    this.#guestPageSize = 0;
    this.#queueSel = 0;
    this.#generation = 0;
  }

  interrupt(queue: Queue): void {
    if (queue.broken !== undefined) this.needsReset(queue.broken);
    else if (queue.mustInterrupt()) this.#raise(Interrupt.USED_BUFFER);
    queue.askNotification();
  }

  configChanged(): void {
    this.#generation = (this.#generation + 1) >>> 0;
    if ((this.#status & Status.DRIVER_OK) !== 0) this.#raise(Interrupt.CONFIG_CHANGE);
  }

  needsReset(why: string): void {
    this.misdeeds++;
    this.lastMisdeed = why;
    if ((this.#status & Status.NEEDS_RESET) !== 0) return;
    this.#status |= Status.NEEDS_RESET;
    this.#queues = [];
    this.model.reset();
    if ((this.#status & Status.DRIVER_OK) !== 0) this.#raise(Interrupt.CONFIG_CHANGE);
  }

  save(): MmioState {
    return {
      status: this.#status,
      kicked: this.#kicked,
      deviceFeaturesSel: this.#deviceFeaturesSel,
      driverFeaturesSel: this.#driverFeaturesSel,
      driverFeatures: this.#driverFeatures,
      guestPageSize: this.#guestPageSize,
      queueSel: this.#queueSel,
      interruptStatus: this.#interruptStatus,
      generation: this.#generation,
      areas: this.#areas.map((areas) => ({ ...areas })),
      positions: this.#areas.map((_, index) => this.#queues[index]?.position ?? NO_POSITION),
      id: this.model.id,
      model: this.model.save(),
    };
  }

  refuse(state: MmioState): string | undefined {
    const { id, positions } = state;
    if (id !== this.model.id)
      return `The saved state has another device in ${this.name} than this machine; make the VM as the saved one was.`;
    const queues = this.#queuesOf(state);
    const fit = positions.every((position, index) => {
      const queue = queues[index];
      return queue === undefined ? isNowhere(position) : queue !== false && queue.takes(position);
    });
    return fit ? undefined : `The saved state of ${this.name} has queues that cannot be; save the VM again.`;
  }

  restore(state: unknown): void {
    const values = checkedState(this, state);
    const why = this.refuse(values);
    if (why !== undefined) throw new TypeError(why);
    const { areas, positions, status, kicked, driverFeatures: features } = values;
    const runs = hasBegun(status, kicked);
    const queues = this.#queuesOf(values);
    this.#resetDevice();
    this.#status = status;
    this.#kicked = kicked;
    this.#deviceFeaturesSel = values.deviceFeaturesSel;
    this.#driverFeaturesSel = values.driverFeaturesSel;
    this.#driverFeatures = features;
    this.#guestPageSize = values.guestPageSize;
    this.#queueSel = values.queueSel;
    this.#interruptStatus = values.interruptStatus;
    this.#generation = values.generation;
    areas.forEach((one, index) => Object.assign(this.#areas[index]!, one));
    this.#queues = queues as (Queue | undefined)[];
    this.#queues.forEach((queue, index) => {
      if (queue !== undefined) queue.position = positions[index]!;
    });
    if (runs) this.model.begin(this, features & this.#offered, this.#queues);
    this.model.restore(values.model);
    this.#drive();
  }

  touchSaved(state: MmioState, touch: Touch): void {
    for (const [index, queue] of this.#queuesOf(state).entries()) {
      if (queue === undefined || queue === false) continue;
      queue.position = state.positions[index]!;
      queue.touch(touch);
    }
  }

  isLate(act: () => void): boolean {
    return this.#late?.isLate((touch) => this.touchSaved(this.save(), touch), act) ?? false;
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    virtioMmioNode(parent, place);
  }

  get #offered(): bigint {
    const { INDIRECT_DESC, EVENT_IDX, ANY_LAYOUT, VERSION_1, RING_PACKED, ORDER_PLATFORM } = FEATURE;
    const common = INDIRECT_DESC | EVENT_IDX;
    return this.model.features | common | (this.#modern ? VERSION_1 | RING_PACKED | ORDER_PLATFORM : ANY_LAYOUT);
  }

  /** Whether the driver has begun and may go on. */
  get #runs(): boolean {
    return hasBegun(this.#status, this.#kicked);
  }

  #loadRegister(offset: number): number {
    const areas = this.#areas[this.#queueSel];
    switch (offset) {
      case Register.MAGIC:
        return MAGIC;
      case Register.VERSION:
        return VERSION[this.#modern ? "modern" : "legacy"];
      case Register.DEVICE_ID:
        return this.model.id;
      case Register.VENDOR_ID:
        return VENDOR_QEMU;
      case Register.DEVICE_FEATURES:
        return this.#deviceFeatures();
      case Register.QUEUE_NUM_MAX:
        return this.#queueSizeMost(this.#queueSel);
      case Register.INTERRUPT_STATUS:
        return this.#interruptStatus;
      case Register.STATUS:
        return this.#status;
      case Register.QUEUE_PFN:
        return this.#modern ? 0 : (areas?.pfn ?? 0);
      case Register.QUEUE_READY:
        return this.#modern && areas?.ready === true ? 1 : 0;
      case Register.CONFIG_GENERATION:
        return this.#modern ? this.#generation : 0;
      // There is no shared memory.
      case Register.SHM_LENGTH_LOW:
      case Register.SHM_LENGTH_HIGH:
      case Register.SHM_BASE_LOW:
      case Register.SHM_BASE_HIGH:
        return this.#modern ? -1 : 0;
      default:
        return 0;
    }
  }

  #deviceFeatures(): number {
    if (this.#deviceFeaturesSel > 1) return 0;
    const shift = BigInt(32 * this.#deviceFeaturesSel);
    return Number((this.#offered >> shift) & 0xffff_ffffn);
  }

  #queueSizeMost(index: number): number {
    const most = this.model.queueSizes[index] ?? 0;
    return Math.min(most, QUEUE_SIZE_MOST);
  }

  #storeRegister(offset: number, value: number): void {
    switch (offset) {
      case Register.DEVICE_FEATURES_SEL:
        this.#deviceFeaturesSel = value;
        return;
      case Register.DRIVER_FEATURES_SEL:
        this.#driverFeaturesSel = value;
        return;
      case Register.DRIVER_FEATURES:
        return this.#setFeatures(value);
      case Register.QUEUE_SEL:
        this.#queueSel = value;
        return;
      case Register.QUEUE_NOTIFY:
        return this.#whenHere(() => this.#notify(value & 0xffff));
      case Register.INTERRUPT_ACK:
        this.#interruptStatus &= ~value;
        return this.#drive();
      case Register.STATUS:
        return this.#setStatus(value & 0xff);
    }
    if (this.#modern) this.#storeModern(offset, value);
    else this.#storeLegacy(offset, value);
  }

  #storeLegacy(offset: number, value: number): void {
    if (offset === Register.GUEST_PAGE_SIZE) this.#guestPageSize = value;
    // A page of 0 takes the device back to where it was; else the queues of a device that runs stay as they are.
    const areas = this.#areas[this.#queueSel];
    if (areas === undefined) return;
    if (offset === Register.QUEUE_PFN && value === 0) return this.#resetDevice();
    if (this.#runs) return;
    if (offset === Register.QUEUE_NUM) areas.size = value;
    else if (offset === Register.QUEUE_ALIGN) areas.align = value;
    else if (offset === Register.QUEUE_PFN) this.#setPage(areas, value);
  }

  /** Legacy: the three areas of a queue lie one after another. */
  #setPage(areas: Areas, pfn: number): void {
    areas.pfn = pfn;
    areas.desc = pfn * this.#guestPageSize;
    const bytes = splitAreas(areas.size);
    areas.driver = areas.desc + bytes.desc;
    const align = Math.max(1, areas.align);
    areas.device = Math.ceil((areas.driver + bytes.driver) / align) * align;
    areas.ready = true;
  }

  #storeModern(offset: number, value: number): void {
    const areas = this.#areas[this.#queueSel];
    if (areas === undefined) return;
    if (this.#runs) {
      if (offset === Register.QUEUE_READY && (value & 1) === 0) {
        areas.ready = false;
        this.#queues[this.#queueSel] = undefined;
      }
      return;
    }
    switch (offset) {
      case Register.QUEUE_NUM:
        areas.size = value;
        return;
      case Register.QUEUE_READY:
        areas.ready = (value & 1) !== 0;
        return;
    }
    const area = AREA_AT.get(offset & ~HIGH);
    if (area === undefined) return;
    areas[area] = (offset & HIGH) === 0 ? withLow(areas[area], value) : withHigh(areas[area], value);
  }

  #setFeatures(value: number): void {
    if (this.#driverFeaturesSel > 1 || this.#runs || (this.#status & Status.FEATURES_OK) !== 0) return;
    const shift = BigInt(32 * this.#driverFeaturesSel);
    this.#driverFeatures &= ~(0xffff_ffffn << shift);
    this.#driverFeatures |= BigInt(value >>> 0) << shift;
  }

  #setStatus(value: number): void {
    if (value === 0) return this.#resetDevice();
    const begins = (value & ~this.#status & Status.DRIVER_OK) !== 0 && !this.#kicked;
    // Only a reset takes a bit back. ("Device Status Field")
    this.#status |= value & ~Status.NEEDS_RESET;
    if ((value & Status.FEATURES_OK) !== 0 && !this.#featuresFit()) this.#status &= ~Status.FEATURES_OK;
    if (begins && this.#runs) this.#whenHere(() => this.#begin());
  }

  #featuresFit(): boolean {
    const features = this.#driverFeatures;
    return (features & ~this.#offered) === 0n && (!this.#modern || (features & FEATURE.VERSION_1) !== 0n);
  }

  #begin(): void {
    if (this.#modern && (this.#status & Status.FEATURES_OK) === 0) return this.needsReset("it begins without features");
    const queues = this.#areas.map((areas, index) => this.#makeQueue(areas, index, this.#driverFeatures));
    const wrong = queues.indexOf(false);
    if (wrong >= 0) return this.needsReset(`queue ${wrong} cannot lie where it is said to`);
    this.#queues = queues as (Queue | undefined)[];
    this.model.begin(this, this.#driverFeatures & this.#offered, this.#queues);
    for (const queue of this.#queues) queue?.askNotification();
  }

  /** The queues of a state; none before the driver has begun. */
  #queuesOf({ status, kicked, areas, driverFeatures }: MmioState): (Queue | undefined | false)[] {
    return hasBegun(status, kicked) ? areas.map((one, index) => this.#makeQueue(one, index, driverFeatures)) : [];
  }

  /** The queue as it has been set up; false when it cannot be. */
  #makeQueue(areas: Areas, index: number, features: bigint): Queue | undefined | false {
    if (!areas.ready) return undefined;
    const { size, desc, driver, device } = areas;
    const has = (feature: bigint): boolean => (features & this.#offered & feature) !== 0n;
    const [indirect, eventIndex] = [has(FEATURE.INDIRECT_DESC), has(FEATURE.EVENT_IDX)];
    const setup: QueueSetup = { size, desc, driver, device, indirect, eventIndex };
    const isPacked = has(FEATURE.RING_PACKED);
    if (size === 0 || size > this.#queueSizeMost(index)) return false;
    if (isPacked) return packedFits(this.memory, setup) && new PackedQueue(this.memory, setup);
    return isQueueSize(size) && splitFits(this.memory, setup) && new SplitQueue(this.memory, setup);
  }

  #notify(index: number): void {
    if (!this.#runs && !this.#modern && this.#areas[index]?.ready === true) {
      this.#kicked = true;
      if (this.#runs) this.#begin();
    }
    if (this.#queues[index] !== undefined) this.model.notify(index);
  }

  #whenHere(act: () => void): void {
    if (!this.isLate(act)) act();
  }

  #resetDevice(): void {
    this.#status = 0;
    this.#kicked = false;
    this.#driverFeatures = 0n;
    this.#interruptStatus = 0;
    this.#queues = [];
    this.#resetAreas();
    this.model.reset();
    this.#drive();
  }

  #resetAreas(): void {
    this.#areas.forEach((areas, index) => {
      Object.assign(areas, NO_AREAS);
      if (!this.#modern) areas.size = this.#queueSizeMost(index);
    });
  }

  #loadConfig(offset: number, size: number): number {
    if (offset + size > this.#config.byteLength) return 0;
    this.model.readConfig(this.#config);
    if (size === 1) return this.#config.getUint8(offset);
    return size === 2 ? this.#config.getUint16(offset, true) : this.#config.getUint32(offset, true);
  }

  #storeConfig(offset: number, value: number, size: number): void {
    if (this.model.writeConfig === undefined || offset + size > this.#config.byteLength) return;
    this.model.readConfig(this.#config);
    if (size === 1) this.#config.setUint8(offset, value);
    else if (size === 2) this.#config.setUint16(offset, value, true);
    else this.#config.setUint32(offset, value, true);
    this.model.writeConfig(this.#config, offset, size);
  }

  #raise(interrupt: Interrupt): void {
    this.#interruptStatus |= interrupt;
    this.#drive();
  }

  #drive(): void {
    this.#irq.set(this.#interruptStatus !== 0);
  }
}

/** Whether the driver of a device with this status has begun and may go on. */
function hasBegun(status: number, kicked: boolean): boolean {
  return (kicked || (status & Status.DRIVER_OK) !== 0) && (status & Status.NEEDS_RESET) === 0;
}

/** Whether it is the position of a queue that does not run. */
function isNowhere({ inFlight, ...position }: QueuePosition): boolean {
  const { inFlight: _none, ...nowhere } = NO_POSITION;
  return inFlight.length === 0 && JSON.stringify(position) === JSON.stringify(nowhere);
}

/** The last number below 2^64: sums beyond it would be rounded up to that. */
const LAST = 2 ** 64 - 2 ** 11;
const withLow = (address: number, low: number): number => Math.min(LAST, address - (address % 2 ** 32) + low);
const withHigh = (address: number, high: number): number => Math.min(LAST, high * 2 ** 32 + (address % 2 ** 32));

/** The node of a slot, whatever is in it. */
export function virtioMmioNode(parent: FdtNode, place: FdtPlace): void {
  parent
    .node(`virtio_mmio@${place.pa.toString(16)}`)
    .strings("compatible", "virtio,mmio")
    .cells64("reg", place.pa, place.size)
    .cells("interrupt-parent", place.intc)
    .cells("interrupts", place.irq);
}
