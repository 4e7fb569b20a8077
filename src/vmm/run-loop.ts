/**
 * Runs the harts of a VM in turn, in one thread, and gives way to the host's event loop every few milliseconds.
 *
 * The order is a function of the guest's doing alone: each hart in turn runs a slice, which a deadline, a call to the
 * host or a wait may cut short. With deterministic time, so is everything else.
 */

import { HartField } from "../../assembly/gen/layout.ts";
import { Exit, Irq } from "../../assembly/shared/constants.ts";
import type { CoreExports } from "../core/core.ts";
import type { HartView } from "../core/views.ts";
import { giveWay, Sleep } from "./event-loop.ts";
import type { Sampler } from "./sampler.ts";
import type { VmTime } from "./time.ts";

/** A tick that never comes. */
export const NEVER = 0xffff_ffff_ffff_ffffn;

/** What the loop needs of the board. */
export interface RunLoopBoard {
  mtime(): bigint;
  nextDeadline(): bigint;
  update(): void;
}

/** What the loop stands on and whom it tells. */
export interface RunLoopDeps {
  readonly core: CoreExports;
  readonly harts: readonly HartView[];
  readonly board: RunLoopBoard;
  readonly time: VmTime;
  /** Instructions a hart runs before the next one's turn; see `sliceFor`. */
  readonly slice: number;
  /** Whether hart `index` is started (SBI HSM). */
  isStarted(index: number): boolean;
  /** Hart `index` has made an SBI call; its registers hold it and take the answer. */
  onSbi(index: number): void;
  /** Hart `index` does nothing but trap. */
  onTrapStorm(index: number): void;
  /**
   * Called after each slice, with the machine at rest: power events, HTIF. May call `stop`. True when it took its time,
   * so that the event loop should have a turn.
   */
  afterSlice(): boolean;
  /** Called before giving way: output. A promise is waited for. */
  beforeWaiting(): Promise<void> | undefined;
  /** Something that must not happen has: a bug. */
  onFailure(error: unknown): void;
}

/** How long the event loop may have to wait. */
const TURN_MILLISECONDS = 8;

/** Below a millisecond a timer is too coarse to sleep by. */
const SHORTEST_SLEEP = 1;

/** menvcfg.STCE is bit 63: the highest bit of the upper word. */
const STCE_HIGH = 0x8000_0000;

const STI = 1 << Irq.STI;

/** Slices for `harts` harts: a millisecond or a few alone; in company short, because they wait for each other. */
export function sliceFor(harts: number, polled: boolean): number {
  if (polled) return 10_000;
  return harts === 1 ? 1_000_000 : 20_000;
}

/** The loop of one VM. */
export class RunLoop {
  readonly #deps: RunLoopDeps;
  readonly #sleep = new Sleep();
  #running = false;
  #inSlice = false;
  #active = false;
  #mustGiveWay = false;
  /** Whose turn it is, and what is left of its slice when it has been broken off. */
  #next = 0;
  #left = 0;
  /** Looks at harts while they run. */
  sampler: Sampler | undefined;
  /** Milliseconds spent inside slices and between them, without sleeping and giving way. */
  busyMilliseconds = 0;

  constructor(deps: RunLoopDeps) {
    this.#deps = deps;
  }

  /** Starts, or goes on after `stop`. */
  start(): void {
    this.#running = true;
    this.#deps.time.resume();
    this.#sleep.wake();
    if (!this.#active) void this.#loop();
  }

  /** No hart runs from now on, or from the end of the present slice when called from within one. */
  stop(): void {
    this.#running = false;
    this.#deps.time.pause();
    this.#sleep.wake();
  }

  /** Whether a hart is being run: then this is called from a device or another import of the core. */
  get inSlice(): boolean {
    return this.#inSlice;
  }

  /** Something may have ended a wait: an interrupt line, for one. */
  wake(): void {
    this.#sleep.wake();
  }

  /** Runs one slice of one hart, for debuggers and tests. The loop must be stopped. */
  step(index: number, instructions: number): Exit {
    const hart = this.#deps.harts[index];
    if (hart === undefined) throw new RangeError(`no hart ${index}`);
    this.#updateTimers(hart);
    const exit = this.execute(index, instructions);
    this.#handle(index, exit);
    this.#deps.afterSlice();
    return exit;
  }

  async #loop(): Promise<void> {
    this.#active = true;
    try {
      // Always from a clean stack: `start` returns before the guest's first instruction.
      await giveWay();
      while (this.#running) {
        const idle = this.#busyTurn();
        await this.#deps.beforeWaiting();
        // What that called may have stopped the loop, or typed something.
        if (this.#running && (!idle || !(await this.#idle()))) await giveWay();
      }
    } catch (error) {
      this.#running = false;
      this.#deps.time.pause();
      this.#deps.onFailure(error);
    } finally {
      this.#active = false;
    }
  }

  /** Runs rounds until it is time to give way. True when all harts wait. */
  #busyTurn(): boolean {
    const startedAt = performance.now();
    let now = startedAt;
    let idle = false;
    this.#mustGiveWay = false;
    while (this.#running && !idle && !this.#mustGiveWay && now - startedAt < TURN_MILLISECONDS) {
      this.#round(startedAt + TURN_MILLISECONDS);
      idle = this.#running && !this.passIdleTime();
      now = performance.now();
    }
    this.busyMilliseconds += now - startedAt;
    return idle;
  }

  /** A slice of each hart, from where the last round was broken off. */
  #round(timeIsUp: number): void {
    const { harts } = this.#deps;
    for (; this.#running && this.#next < harts.length; this.#next++) {
      this.#left = this.#turn(this.#next, this.#left || this.#deps.slice, timeIsUp);
      if (this.#left > 0) return;
    }
    this.#next = 0;
  }

  /**
   * Runs hart `index` for `left` instructions. Returns how many of them are still to come when translating has taken all
   * of the time.
   */
  #turn(index: number, left: number, timeIsUp: number): number {
    const hart = this.#deps.harts[index]!;
    while (left > 0 && this.#running) {
      const { sampler } = this;
      const budget = this.plan(index, sampler?.begin(index, left) ?? left);
      if (budget === 0) return 0;
      const exit = this.execute(index, budget, timeIsUp);
      const steps = budget - hart.u32(HartField.fuel);
      left -= Math.max(1, steps);
      sampler?.end(index, steps);
      if (exit === Exit.PAUSE && left > 0) return left;
      if (!this.conclude(index, exit) || this.#mustGiveWay) return 0;
    }
    return 0;
  }

  /**
   * How many of `most` instructions hart `index` may run before something is due, with its timer lines brought up to date;
   * 0 when it is stopped or waits. `plan`, `execute` and `conclude` in this order are what the loop itself does.
   */
  plan(index: number, most: number): number {
    if (!this.#deps.isStarted(index)) return 0;
    const hart = this.#deps.harts[index]!;
    const deadline = this.#updateTimers(hart);
    if (waits(hart)) return 0;
    // An enabled interrupt ends the wait even when it cannot be taken. (Privileged ISA, "Wait for Interrupt")
    hart.setU32(HartField.wfi, 0);
    return this.#deps.time.budget(this.#toClock(deadline), most);
  }

  /**
   * Runs hart `index` for the budget that `plan` gave, or less. Comes back with `Exit.PAUSE`, after which there is nothing
   * to conclude, only when the host's clock has passed `timeIsUp`.
   */
  execute(index: number, budget: number, timeIsUp = Infinity): Exit {
    const { core, harts, time } = this.#deps;
    const hart = harts[index]!;
    this.#inSlice = true;
    time.begin(hart);
    let exit = core.hart_run(hart.ma, budget);
    while (exit === Exit.SENSITIVE || (exit === Exit.PAUSE && performance.now() < timeIsUp)) {
      exit = exit === Exit.SENSITIVE ? core.hart_emulate(hart.ma) : core.hart_run(hart.ma, hart.u32(HartField.fuel));
    }
    time.end();
    this.#inSlice = false;
    return exit;
  }

  /** Serves the exit of hart `index`. True when the same hart may go on. */
  conclude(index: number, exit: Exit): boolean {
    const goOn = this.#handle(index, exit);
    if (this.#deps.afterSlice()) this.#mustGiveWay = true;
    return goOn;
  }

  /** True when the same hart may use the rest of its slice. */
  #handle(index: number, exit: Exit): boolean {
    switch (exit) {
      case Exit.SBI:
        this.#deps.onSbi(index);
        return true;
      case Exit.TRAP_STORM:
        this.#deps.onTrapStorm(index);
        return false;
      case Exit.WFI:
        return false;
      case Exit.YIELD:
        return this.#deps.harts.length === 1;
      default:
        return true;
    }
  }

  /** Brings the timer lines of `hart` up to date; returns the mtime at which they, or the board's, next change. */
  #updateTimers(hart: HartView): bigint {
    const { board, core } = this.#deps;
    const now = board.mtime();
    let deadline = board.nextDeadline();
    if (deadline <= now) {
      board.update();
      deadline = board.nextDeadline();
    }
    const own = supervisorDeadline(hart);
    const due = own <= now;
    if (due !== ((hart.u32(HartField.lines) & STI) !== 0)) core.hart_set_lines(hart.ma, STI, due ? STI : 0);
    return !due && own < deadline ? own : deadline;
  }

  #allWait(): boolean {
    return this.#deps.harts.every((hart, index) => !this.#deps.isStarted(index) || waits(hart));
  }

  /** The earliest mtime at which anything happens by itself. */
  #nextDeadline(): bigint {
    let next = this.#deps.board.nextDeadline();
    for (const [index, hart] of this.#deps.harts.entries()) {
      const own = supervisorDeadline(hart);
      if (own < next && this.#deps.isStarted(index)) next = own;
    }
    return next;
  }

  /** mtime and the clock's ticks run at the same rate from different origins. */
  #toClock(mtime: bigint): bigint {
    if (mtime === NEVER) return NEVER;
    const { board, time } = this.#deps;
    return mtime - board.mtime() + time.clock.ticks();
  }

  /**
   * With deterministic time, waiting takes no time: when all harts wait, time moves on to the next deadline. False when all
   * harts go on waiting.
   */
  passIdleTime(): boolean {
    if (!this.#allWait()) return true;
    const deadline = this.#nextDeadline();
    if (!this.#deps.time.deterministic || deadline === NEVER) return false;
    this.#deps.time.idle(this.#toClock(deadline));
    return true;
  }

  /** Sleeps until the next deadline or until woken. False when that is too near to sleep. */
  async #idle(): Promise<boolean> {
    if (!this.#allWait()) return false;
    const deadline = this.#nextDeadline();
    const milliseconds = deadline === NEVER ? Infinity : this.#deps.time.idle(this.#toClock(deadline));
    if (milliseconds < SHORTEST_SLEEP) return false;
    await this.#sleep.for(milliseconds);
    return true;
  }
}

/**
 * True when the hart is stalled in WFI and nothing it has enabled is pending. (All such bits are in the low words; with
 * Sstc on, STIP shows the timer line alone.)
 */
function waits(hart: HartView): boolean {
  if (hart.u32(HartField.wfi) === 0) return false;
  const mip = hart.u32(HartField.mip);
  const pending = (sstcOn(hart) ? mip & ~STI : mip) | hart.u32(HartField.lines);
  return (pending & hart.u32(HartField.mie)) === 0;
}

function sstcOn(hart: HartView): boolean {
  return (hart.u32(HartField.menvcfg, 1) & STCE_HIGH) !== 0;
}

/** The hart's stimecmp, or `NEVER` while Sstc is off. */
function supervisorDeadline(hart: HartView): bigint {
  return sstcOn(hart) ? hart.u64(HartField.stimecmp) : NEVER;
}
