/**
 * What devices look like to the bus, and what they may ask of the world.
 *
 * A device sees offsets, never addresses; it drives its interrupt through an `IrqLine`; its state is one plain object.
 * Everything a guest can write is hostile: a device answers as its specification says and never throws.
 */

export type { Clock } from "../backend/clock/clock.ts";
export type { ConsoleBackend } from "../backend/console/console.ts";
export type { Entropy } from "../backend/entropy/entropy.ts";

/** Bytes in one access. */
export type AccessSize = 1 | 2 | 4 | 8;

/** A 64-bit value as two unsigned halves: no bigint on the hot path. */
export interface Word64 {
  low: number;
  high: number;
}

/**
 * An interrupt line. Each `set(true)` makes its interrupt pending, also when the line is high already; when the guest completes an
 * interrupt, a line that is still high does not, so a device that has more to say says so again. (QEMU `qemu_set_irq`, `hw/intc/sifive_plic.c`)
 */
export interface IrqLine {
  set(level: boolean): void;
}

/**
 * Where what comes from outside enters a machine: between two slices, with the machine at rest, so at a known count of instructions.
 * A machine with a deterministic clock stands still until all that it has asked for has come.
 */
export interface Arrivals {
  /** Calls `done` when `promise` has been settled, with what it was rejected with, if it was. Never after the machine has gone. */
  expect(promise: Promise<unknown>, done: (error: unknown) => void): void;
}

/** A plain object: what `save` makes and `restore` checks. */
export type DeviceState = Readonly<Record<string, unknown>>;

/** Something that answers loads and stores in one region of the physical address space. */
export interface Device {
  /** Unique on its bus; the key of its state in a snapshot. */
  readonly name: string;
  /** Bytes of the region it answers in. */
  readonly size: number;
  /** Access sizes it takes; anything else, and anything misaligned, is an access fault. */
  readonly access: { readonly min: AccessSize; readonly max: AccessSize };
  /** Reads 1, 2 or 4 bytes at `offset`, as an unsigned number. */
  load(offset: number, size: number): number;
  /** Writes 1, 2 or 4 bytes at `offset`; `value` is unsigned and fits `size`. */
  store(offset: number, value: number, size: number): void;
  /** Reads 8 bytes at once; without it the bus makes two loads of 4 bytes, low half first. */
  load64?(offset: number, into: Word64): void;
  /** Writes 8 bytes at once; without it the bus makes two stores of 4 bytes, low half first. */
  store64?(offset: number, low: number, high: number): void;
  /** Back to the state at power-on; lowers its interrupt line. */
  reset(): void;
  /**
   * The state as a plain object of numbers, strings, booleans, arrays and objects (64-bit values as decimal strings). Without `save` and
   * `restore`, a VM that has the device cannot be saved.
   */
  save?(): DeviceState;
  /**
   * Takes a state that `save` made. The clock has the state's time already, RAM not yet. The level of its interrupt line is saved elsewhere:
   * what it drives meanwhile counts for nothing.
   * It throws anything when `state` is not such an object, and is then unchanged.
   */
  restore?(state: unknown): void;
  /**
   * The tick of the machine's clock (10 MHz, `Clock.ticks`) at which `update` next has something to do; undefined for none. Asked before
   * each run of a hart, and after each access to the device. With a deterministic clock `update` is called at exactly that tick.
   */
  nextDeadline?(): bigint | undefined;
  /**
   * The tick that `nextDeadline` named has come, or another device's: drive the interrupt line accordingly. Harmless at any time. Only
   * devices with `nextDeadline` are called; a deadline that `update` leaves in the past counts as none.
   */
  update?(): void;
  /**
   * Whether the machine must look at what a store at `offset` has just done before the hart's next instruction, as with a power switch.
   * Without it, a store costs the same as in any other device. A deadline that comes nearer needs no `true`: it is seen anyway.
   */
  endsSlice?(offset: number): boolean;
  /** Adds the device's own node below `parent`. */
  fdt?(parent: FdtNode, place: FdtPlace): void;
}

/** Where the board has put a device. */
export interface FdtPlace {
  readonly pa: number;
  readonly size: number;
  /** Interrupt number at `intc`, 0 for none. */
  readonly irq: number;
  /** phandle of the interrupt controller. */
  readonly intc: number;
  /** phandle the node itself is to have, 0 for none. */
  readonly phandle: number;
}

/** One node of a device tree under construction. Names and values as in the Devicetree Specification. */
export interface FdtNode {
  /** Adds and returns a child. */
  node(name: string): FdtNode;
  /** A property of 32-bit cells. */
  cells(name: string, ...values: number[]): this;
  /** A property of 64-bit values, two cells each. */
  cells64(name: string, ...values: (number | bigint)[]): this;
  /** A property of one or more NUL-terminated strings. */
  strings(name: string, ...values: string[]): this;
  /** A property without a value. */
  flag(name: string): this;
  /** A property of raw bytes. */
  bytes(name: string, value: Uint8Array): this;
}
