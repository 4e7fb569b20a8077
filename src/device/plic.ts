/**
 * The platform-level interrupt controller: which hart hears of which device.
 * (RISC-V Platform-Level Interrupt Controller Specification; QEMU `hw/intc/sifive_plic.c`)
 *
 * ```
 *  0x000000  priority[source], 3 bits
 *  0x001000  pending, one bit for each source
 *  0x002000  enable[context], 0x80 apart, one bit for each source
 *  0x200000  context registers, 0x1000 apart: +0 threshold, +4 claim (load) and complete (store)
 * ```
 *
 * Contexts are hart 0 M, hart 0 S, hart 1 M, and so on.
 *
 * A source becomes pending when its device drives its line high, each time that it does, whether or not the line was high before or the
 * source is in service; and by nothing else. So a line that is still high at completion interrupts again only when its device says so
 * again. The specification leaves that to the gateway ("Interrupt Gateways"); this is QEMU's, and guests depend on it.
 */

import { array, table, u32, u8, type ValuesIn, where } from "../state/table.ts";
import type { AccessSize, FdtNode, FdtPlace, IrqLine } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** mip bit positions of the lines driven here. */
export const SEI = 9;
export const MEI = 11;

const PENDING = 0x1000;
const ENABLE = 0x2000;
const ENABLE_STRIDE = 0x80;
const CONTEXT = 0x20_0000;
const CONTEXT_STRIDE = 0x1000;
const PRIORITY_MASK = 7;

/** What the PLIC stands on. */
export interface PlicDeps {
  readonly harts: number;
  /** Interrupt numbers, counting number 0, which is none. */
  readonly sources: number;
  /** Called on changes only, with `SEI` or `MEI`. */
  setLine(hart: number, irq: number, level: boolean): void;
}

/** The sources that exist in a word of bits: not 0, and none above the last. */
function wordMask(sources: number, word: number): number {
  const count = Math.min(32, sources - word * 32);
  const mask = count === 32 ? 0xffff_ffff : 2 ** count - 1;
  return word === 0 ? (mask & ~1) >>> 0 : mask;
}

/** What the devices drive is saved, too: a line that is high already when it is driven counts. */
const plicTable = (sources: number, words: number, contexts: number) => {
  const bits = (count: number) =>
    where(array(u32(), count), (values) =>
      values.every((value, index) => (value & ~wordMask(sources, index % words)) === 0),
    );
  return table(1, {
    priority: where(array(u8(PRIORITY_MASK), sources), ([none]) => none === 0),
    level: bits(words),
    pending: bits(words),
    claimed: bits(words),
    enable: bits(contexts * words),
    threshold: array(u8(PRIORITY_MASK), contexts),
  });
};
type PlicState = ValuesIn<ReturnType<typeof plicTable>>;

/** A PLIC with QEMU's gateways. */
export class Plic implements TableDevice<PlicState> {
  readonly name = "plic";
  readonly size = 0x60_0000;
  readonly access = { min: 4 as AccessSize, max: 4 as AccessSize };
  readonly table: ReturnType<typeof plicTable>;
  private readonly deps: PlicDeps;
  private readonly words: number;
  private readonly contexts: number;
  private readonly priority: Uint8Array;
  /** What the devices drive. */
  private readonly level: Uint32Array;
  /** Requests; they stay until claimed, even when the line falls. */
  private readonly pending: Uint32Array;
  /** Sources claimed and not completed; their requests wait. */
  private readonly claimed: Uint32Array;
  private readonly enable: Uint32Array;
  private readonly threshold: Uint8Array;
  private readonly raised: boolean[];
  private held = false;

  constructor(deps: PlicDeps) {
    this.deps = deps;
    this.words = Math.ceil(deps.sources / 32);
    this.contexts = deps.harts * 2;
    this.table = plicTable(deps.sources, this.words, this.contexts);
    this.priority = new Uint8Array(deps.sources);
    this.level = new Uint32Array(this.words);
    this.pending = new Uint32Array(this.words);
    this.claimed = new Uint32Array(this.words);
    this.enable = new Uint32Array(this.contexts * this.words);
    this.threshold = new Uint8Array(this.contexts);
    this.raised = new Array<boolean>(this.contexts).fill(false);
  }

  /** The line of source `irq`; a number the PLIC does not have gives a line that leads nowhere. */
  line(irq: number): IrqLine {
    return { set: (level) => this.drive(irq, level) };
  }

  /** Does something during which what devices drive counts for nothing, because its own state is to be restored. */
  hold(act: () => void): void {
    this.held = true;
    try {
      act();
    } finally {
      this.held = false;
    }
  }

  load(offset: number): number {
    if (offset < PENDING) return this.priority[offset >>> 2] ?? 0;
    if (offset < ENABLE) return this.pending[(offset - PENDING) >>> 2] ?? 0;
    if (offset < CONTEXT) {
      const index = this.enableIndex(offset);
      return index < 0 ? 0 : this.enable[index]!;
    }
    const context = Math.floor((offset - CONTEXT) / CONTEXT_STRIDE);
    if (context >= this.contexts) return 0;
    const register = offset % CONTEXT_STRIDE;
    if (register === 0) return this.threshold[context]!;
    return register === 4 ? this.claim(context) : 0;
  }

  store(offset: number, value: number): void {
    if (offset < PENDING) {
      const irq = offset >>> 2;
      if (irq > 0 && irq < this.deps.sources) this.priority[irq] = value & PRIORITY_MASK;
    } else if (offset < ENABLE) {
      return;
    } else if (offset < CONTEXT) {
      const index = this.enableIndex(offset);
      if (index >= 0) this.enable[index] = value & wordMask(this.deps.sources, index % this.words);
    } else {
      this.storeContext(Math.floor((offset - CONTEXT) / CONTEXT_STRIDE), offset % CONTEXT_STRIDE, value);
    }
    this.raise();
  }

  /** Devices keep driving their lines through a reset; they lower them in their own. */
  reset(): void {
    this.priority.fill(0);
    this.pending.set(this.level);
    this.claimed.fill(0);
    this.enable.fill(0);
    this.threshold.fill(0);
    this.raise();
  }

  save(): PlicState {
    const { priority, level, pending, claimed, enable, threshold } = this;
    return {
      priority: [...priority],
      level: [...level],
      pending: [...pending],
      claimed: [...claimed],
      enable: [...enable],
      threshold: [...threshold],
    };
  }

  restore(state: unknown): void {
    const { priority, level, pending, claimed, enable, threshold } = checkedState(this, state);
    this.priority.set(priority);
    this.level.set(level);
    this.pending.set(pending);
    this.claimed.set(claimed);
    this.enable.set(enable);
    this.threshold.set(threshold);
    this.driveLines();
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`plic@${place.pa.toString(16)}`)
      .strings("compatible", "sifive,plic-1.0.0", "riscv,plic0")
      .cells64("reg", place.pa, place.size)
      .cells("#address-cells", 0)
      .cells("#interrupt-cells", 1)
      .flag("interrupt-controller")
      .cells("riscv,ndev", this.deps.sources - 1)
      .cells("phandle", place.phandle);
  }

  private drive(irq: number, level: boolean): void {
    if (irq <= 0 || irq >= this.deps.sources || this.held) return;
    const word = irq >>> 5;
    const bit = 1 << (irq & 31);
    if (!level) {
      this.level[word]! &= ~bit;
      return;
    }
    this.level[word]! |= bit;
    if ((this.pending[word]! & bit) !== 0) return;
    this.pending[word]! |= bit;
    this.raise();
  }

  /** The pending source, not in service, with the highest priority above the threshold, the lowest number first; 0 for none. */
  private best(context: number): number {
    let best = 0;
    let bestPriority = this.threshold[context]!;
    for (let word = 0; word < this.words; word++) {
      let bits = this.pending[word]! & ~this.claimed[word]! & this.enable[context * this.words + word]!;
      while (bits !== 0) {
        const irq = (word << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (this.priority[irq]! <= bestPriority) continue;
        best = irq;
        bestPriority = this.priority[irq]!;
      }
    }
    return best;
  }

  private claim(context: number): number {
    const irq = this.best(context);
    if (irq !== 0) {
      const bit = 1 << (irq & 31);
      this.pending[irq >>> 5]! &= ~bit;
      this.claimed[irq >>> 5]! |= bit;
      this.raise();
    }
    return irq;
  }

  private storeContext(context: number, register: number, value: number): void {
    if (context >= this.contexts) return;
    if (register === 0) this.threshold[context] = value & PRIORITY_MASK;
    else if (register === 4 && value < this.deps.sources) this.complete(value);
  }

  /** As in QEMU, completion does not ask whether the source is enabled for the context. */
  private complete(irq: number): void {
    this.claimed[irq >>> 5]! &= ~(1 << (irq & 31));
  }

  /** Index into `enable`, or -1. */
  private enableIndex(offset: number): number {
    const context = Math.floor((offset - ENABLE) / ENABLE_STRIDE);
    const word = (offset % ENABLE_STRIDE) >>> 2;
    return context < this.contexts && word < this.words ? context * this.words + word : -1;
  }

  private raise(): void {
    for (let context = 0; context < this.contexts; context++) {
      const level = this.best(context) !== 0;
      if (level !== this.raised[context]) this.driveLine(context, level);
    }
  }

  private driveLines(): void {
    for (let context = 0; context < this.contexts; context++) this.driveLine(context, this.best(context) !== 0);
  }

  private driveLine(context: number, level: boolean): void {
    this.raised[context] = level;
    this.deps.setLine(context >>> 1, (context & 1) === 0 ? MEI : SEI, level);
  }
}
