/**
 * The core-local interruptor: software interrupts (MSWI) and timers (MTIMER), laid out like SiFive's CLINT.
 * (RISC-V ACLINT Specification; QEMU `hw/intc/riscv_aclint.c`)
 *
 * ```
 *  mswi    0x0000  msip[hart], 4 bytes each
 *  mtimer  0x0000  mtimecmp[hart], 8 bytes each     0x7ff8  mtime
 * ```
 */

import { array, flag, table, u64, type ValuesIn } from "../state/table.ts";
import type { AccessSize, Clock, Word64 } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** "No deadline": a tick that never comes. */
export const NEVER = 0xffff_ffff_ffff_ffffn;

/** mip bit positions of the lines driven here. */
export const MSI = 3;
export const MTI = 7;

const MTIME = 0x7ff8;
const LOW = 0xffff_ffffn;

/** What the ACLINT stands on. */
export interface AclintDeps {
  readonly harts: number;
  readonly clock: Clock;
  /** The guest has read mtime: the interrupts of all deadlines up to it must be pending before its next instruction. */
  onTimeRead?(mtime: bigint): void;
  /** Called on changes only, with `MSI` or `MTI`. */
  setLine(hart: number, irq: number, level: boolean): void;
}

/** The two devices and the time they keep. */
export class Aclint {
  readonly mswi: Mswi;
  readonly mtimer: Mtimer;

  constructor(deps: AclintDeps) {
    this.mswi = new Mswi(deps);
    this.mtimer = new Mtimer(deps);
  }

  /** The guest's time in ticks, as the `time` CSR reads it. */
  mtime(): bigint {
    return this.mtimer.mtime();
  }

  /** mtimecmp of a hart. */
  deadline(hart: number): bigint {
    return this.mtimer.mtimecmp[hart] ?? NEVER;
  }

  /** What mtime reads at a tick of the clock. */
  mtimeAt(tick: bigint): bigint {
    return this.mtimer.mtimeAt(tick);
  }

  /** What SBI and stores to `msip` share: sets or clears a hart's machine software interrupt. */
  setMsip(hart: number, level: boolean): void {
    this.mswi.set(hart, level);
  }
}

const mswiTable = (harts: number) => table(1, { msip: array(flag(), harts) });
type MswiState = ValuesIn<ReturnType<typeof mswiTable>>;

/** One bit for each hart. */
class Mswi implements TableDevice<MswiState> {
  readonly name = "mswi";
  readonly size = 0x4000;
  readonly access = { min: 4 as AccessSize, max: 4 as AccessSize };
  readonly table: ReturnType<typeof mswiTable>;
  private readonly deps: AclintDeps;
  private msip: boolean[];

  constructor(deps: AclintDeps) {
    this.deps = deps;
    this.table = mswiTable(deps.harts);
    this.msip = new Array<boolean>(deps.harts).fill(false);
  }

  set(hart: number, level: boolean): void {
    if (hart >= this.msip.length || this.msip[hart] === level) return;
    this.msip[hart] = level;
    this.deps.setLine(hart, MSI, level);
  }

  load(offset: number): number {
    return this.msip[offset >>> 2] === true ? 1 : 0;
  }

  store(offset: number, value: number): void {
    this.set(offset >>> 2, (value & 1) !== 0);
  }

  reset(): void {
    this.msip.forEach((_, hart) => this.set(hart, false));
  }

  save(): MswiState {
    return { msip: [...this.msip] };
  }

  restore(state: unknown): void {
    this.msip = [...checkedState(this, state).msip];
    this.msip.forEach((level, hart) => this.deps.setLine(hart, MSI, level));
  }
}

/** A line is saved as it is driven: it may not be up to date. */
const mtimerTable = (harts: number) =>
  table(1, { mtime: u64(), mtimecmp: array(u64(), harts), mtip: array(flag(), harts) });
type MtimerState = ValuesIn<ReturnType<typeof mtimerTable>>;

/** One comparator for each hart against one counter. */
class Mtimer implements TableDevice<MtimerState> {
  readonly name = "mtimer";
  readonly size = 0x8000;
  readonly access = { min: 4 as AccessSize, max: 8 as AccessSize };
  readonly table: ReturnType<typeof mtimerTable>;
  mtimecmp: bigint[];
  private readonly deps: AclintDeps;
  private mtip: boolean[];
  /** mtime minus the clock's ticks, modulo 2^64. */
  private delta = 0n;

  constructor(deps: AclintDeps) {
    this.deps = deps;
    this.table = mtimerTable(deps.harts);
    this.mtimecmp = new Array<bigint>(deps.harts).fill(0n);
    this.mtip = new Array<boolean>(deps.harts).fill(false);
    this.reset();
  }

  mtime(): bigint {
    return this.mtimeAt(this.deps.clock.ticks());
  }

  mtimeAt(tick: bigint): bigint {
    return BigInt.asUintN(64, tick + this.delta);
  }

  /** When mtime reaches the earliest mtimecmp whose interrupt is not yet raised. */
  nextDeadline(): bigint | undefined {
    let next = NEVER;
    this.mtimecmp.forEach((deadline, hart) => {
      if (this.mtip[hart] === false && deadline < next) next = deadline;
    });
    if (next === NEVER) return undefined;
    const now = this.deps.clock.ticks();
    return now + next - this.mtimeAt(now);
  }

  /** With mtime, the deadlines of the harts' own comparators (Sstc) have moved. */
  endsSlice(offset: number): boolean {
    return (offset & ~7) === MTIME;
  }

  update(): void {
    const now = this.mtime();
    this.mtimecmp.forEach((deadline, hart) => this.setMtip(hart, now >= deadline));
  }

  load(offset: number): number {
    const value = this.read(offset & ~7);
    return Number((offset & 4) === 0 ? value & LOW : value >> 32n);
  }

  store(offset: number, value: number): void {
    const old = this.register(offset & ~7);
    const half = BigInt(value);
    this.write(offset & ~7, (offset & 4) === 0 ? (old & ~LOW) | half : (half << 32n) | (old & LOW));
  }

  load64(offset: number, into: Word64): void {
    const value = this.read(offset);
    into.low = Number(value & LOW);
    into.high = Number(value >> 32n);
  }

  store64(offset: number, low: number, high: number): void {
    this.write(offset, (BigInt(high) << 32n) | BigInt(low));
  }

  /** mtime starts over; mtimecmp is 0 as in QEMU, so that MTIP is pending until software sets a deadline. */
  reset(): void {
    this.delta = -this.deps.clock.ticks();
    this.mtimecmp.fill(0n);
    this.update();
  }

  save(): MtimerState {
    return { mtime: this.mtime(), mtimecmp: [...this.mtimecmp], mtip: [...this.mtip] };
  }

  restore(state: unknown): void {
    const { mtime, mtimecmp, mtip } = checkedState(this, state);
    this.delta = mtime - this.deps.clock.ticks();
    this.mtimecmp = [...mtimecmp];
    this.mtip = [...mtip];
    mtip.forEach((level, hart) => this.deps.setLine(hart, MTI, level));
  }

  /** What the guest loads. */
  private read(offset: number): bigint {
    const value = this.register(offset);
    if (offset === MTIME) this.deps.onTimeRead?.(value);
    return value;
  }

  private register(offset: number): bigint {
    if (offset === MTIME) return this.mtime();
    return this.mtimecmp[offset / 8] ?? 0n;
  }

  private write(offset: number, value: bigint): void {
    if (offset === MTIME) this.delta = value - this.deps.clock.ticks();
    else if (offset / 8 < this.mtimecmp.length) this.mtimecmp[offset / 8] = value;
    else return;
    this.update();
  }

  private setMtip(hart: number, level: boolean): void {
    if (this.mtip[hart] === level) return;
    this.mtip[hart] = level;
    this.deps.setLine(hart, MTI, level);
  }
}
