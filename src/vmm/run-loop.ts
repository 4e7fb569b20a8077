/**
 * Runs the harts of a VM in turn, in one thread, and gives way to the host's event loop every few milliseconds.
 *
 * The order is a function of the guest's doing alone: each hart in turn runs a slice, which a deadline, a call to the
 * host or a wait may cut short. With deterministic time, so is everything else.
 */

import { HartField } from "../../assembly/state/layout.ts";
import { Exit } from "../../assembly/shared/constants.ts";
import type { CoreExports } from "../core/core.ts";
import type { HartView } from "../core/views.ts";
import type { Part } from "../state/saved.ts";
import { table, u32, u8, type ValuesIn } from "../state/table.ts";
import { Sleep } from "./event-loop.ts";
import type { Sampler } from "./sampler.ts";
import type { VmCpu } from "./scheduler/scheduler.ts";
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
  /** Says when the VM runs. */
  readonly cpu: VmCpu;
  /** Instructions a hart runs before the next one does; see `sliceFor`. */
  readonly slice: number;
  /** Whether hart `index` is started (SBI HSM). */
  isStarted(index: number): boolean;
  /** Hart `index` has made an SBI call; its registers hold it and take the answer. */
  onSbi(index: number): void;
  /** Hart `index` does nothing but trap. */
  onTrapStorm(index: number): void;
  /**
   * Called after each slice, with the machine at rest: power events, HTIF. May call `stop`. True when it took its time,
   * so that the event loop should look at what else is due.
   */
  afterSlice(): boolean;
  /** A hart has found no frame for a page, or not the page itself. True when it may try again. */
  onNoFrame(): boolean;
  /** Lets in what has come from outside, with the machine at rest. */
  letIn(): void;
  /** Whether something has come, and `letIn` has something to do. */
  hasArrived(): boolean;
  /** Whether the machine must stand still until something comes from outside; `wake` is called then. */
  isHeld(): boolean;
  /** Called before giving way: output. A promise is waited for. */
  beforeWaiting(): Promise<void> | undefined;
  /** Called when the machine is at rest after `busy`; may close the loop. */
  atRest(): void;
  /** Something that must not happen has: a bug. */
  onFailure(error: unknown): void;
}

/** The longest that `sliceFor` gives. */
const LONGEST_SLICE = 1_000_000;

/** Below a millisecond a timer is too coarse to sleep by. */
const SHORTEST_SLEEP = 1;

/**
 * Slices for `harts` harts: a millisecond alone; in company short, because they wait for each other. They are broken off, and the rest
 * kept, when the event loop must look at what else is due; with deterministic time they are that long, whatever the host's clock says.
 */
export function sliceFor(harts: number, polled: boolean): number {
  if (polled) return 10_000;
  return harts === 1 ? LONGEST_SLICE : 20_000;
}

/** Exits that say nothing of what the guest has done, perhaps before its first instruction. */
const BROKEN_OFF: ReadonlySet<Exit> = new Set([Exit.PAUSE, Exit.ATTENTION, Exit.MEMORY]);

/** The loop of one VM. */
export class RunLoop {
  readonly #deps: RunLoopDeps;
  readonly #sleep = new Sleep();
  #running = false;
  /** The hart that is being run. */
  #current: HartView | undefined;
  /** When the timer lines of that hart, or the board's, next change. */
  #deadline = NEVER;
  /** How many calls are under way that have the machine in their hands. */
  #busy = 0;
  #closed = false;
  #active = false;
  #mustGiveWay = false;
  /** The hart that runs next, and what is left of its slice when it has been broken off. */
  #next = 0;
  #left = 0;
  /** How many steps are left to `advance`. */
  #ahead = Infinity;
  /** Looks at harts while they run. */
  sampler: Sampler | undefined;
  /** Milliseconds spent inside slices and between them, without sleeping and giving way. */
  busyMilliseconds = 0;

  constructor(deps: RunLoopDeps) {
    this.#deps = deps;
  }

  /** Starts, or goes on after `stop`. */
  start(): void {
    if (this.#closed) return;
    this.#running = true;
    this.#deps.time.resume();
    this.#sleep.wake();
    if (!this.#active) void this.#loop();
  }

  /** No hart runs from now on; when called from within a slice, it ends with the present instruction. */
  stop(): void {
    this.#running = false;
    this.#deps.time.pause();
    this.#sleep.wake();
    this.endSlice();
  }

  /** Never runs again. The machine may be gone from now on. */
  close(): void {
    this.stop();
    this.#closed = true;
    this.#deps.cpu.leave();
  }

  /** The next slice is the first hart's: the machine has been reset. */
  rewind(): void {
    this.#next = 0;
    this.#left = 0;
  }

  /** Whose slice it is, and what is left of it: with what the harts and the clock are, all that decides who runs next. */
  get saved(): Part {
    const TABLE = table(1, { next: u8(this.#deps.harts.length - 1), left: u32(LONGEST_SLICE) });
    return {
      name: "run",
      table: TABLE,
      save: () => ({ next: this.#next, left: this.#left }),
      restore: ({ next, left }: ValuesIn<typeof TABLE>) => {
        this.#next = next;
        this.#left = left;
        this.#deadline = NEVER;
        this.#sleep.wake();
      },
    };
  }

  /** Whether a hart is being run: then this is called from a device or another import of the core. */
  get inSlice(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the loop has the machine in its hands: then this is called from a device, or from somebody that it has told something. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** Has the slice, if there is one, end with the present instruction. The hart goes on with the rest of it. */
  endSlice(): void {
    this.#current?.setU32(HartField.exitReason, Exit.ATTENTION);
    this.#current?.setU32(HartField.attention, 1);
  }

  /** The hart that is being run has read `mtime`: what is due by then is pending before its next instruction. */
  timeRead(mtime: bigint): void {
    if (this.#current !== undefined && mtime >= this.#deadline) this.#deadline = this.#updateTimers(this.#current);
  }

  /** A device's deadline is at `mtime`: a slice that was planned to go on longer ends with the present instruction. */
  deadlineMoved(mtime: bigint): void {
    if (mtime < this.#deadline) this.endSlice();
  }

  /** Something may have ended a wait: an interrupt line, for one. */
  wake(): void {
    this.#sleep.wake();
  }

  /** Runs one slice of one hart, for debuggers and tests. The loop must be stopped. */
  step(index: number, instructions: number): Exit {
    const hart = this.#deps.harts[index];
    if (hart === undefined) throw new RangeError(`no hart ${index}`);
    this.#busy++;
    try {
      this.#deadline = this.#updateTimers(hart);
      const exit = this.execute(index, instructions);
      this.conclude(index, exit);
      return exit;
    } finally {
      this.#leave();
    }
  }

  /**
   * Runs the harts as the loop does, without giving way, until they have done `steps` more (instructions retired and traps taken) or all
   * wait for something that does not come by itself, or `stop`. The loop must be stopped; with deterministic time, a run in pieces is the
   * same as one in one piece. Returns how many steps are missing.
   */
  advance(steps: number): number {
    if (this.#active || this.#closed) throw new RangeError("the loop is running, or closed");
    const { time } = this.#deps;
    this.#ahead = steps;
    this.#running = true;
    this.#busy++;
    time.resume();
    try {
      let idle = false;
      while (this.#running && !idle && this.#ahead > 0 && !this.#isHeld) {
        this.#mustGiveWay = false;
        if (this.#round(Infinity)) idle = this.#running && !this.passIdleTime();
      }
      return this.#ahead;
    } finally {
      this.#ahead = Infinity;
      this.#running = false;
      time.pause();
      this.#leave();
    }
  }

  #leave(): void {
    this.#busy--;
    if (this.#busy === 0) this.#deps.atRest();
  }

  async #loop(): Promise<void> {
    const { cpu } = this.#deps;
    this.#active = true;
    try {
      // Always from a clean stack: `start` returns before the guest's first instruction.
      let milliseconds = await cpu.turn();
      while (this.#running) {
        const idle = this.#busyTask(milliseconds);
        await this.#deps.beforeWaiting();
        // What that called may have stopped the loop, or typed something.
        if (!this.#running) break;
        if (!this.#deps.hasArrived()) {
          if (this.#isHeld) await this.#sleepFor();
          else if (idle) await this.#idle();
        }
        // After a sleep too: many may have woken.
        milliseconds = await cpu.turn();
      }
    } catch (error) {
      this.#running = false;
      this.#deps.time.pause();
      this.#deps.onFailure(error);
    } finally {
      this.#active = false;
    }
  }

  /** Runs rounds for `milliseconds`. True when all harts wait. */
  #busyTask(milliseconds: number): boolean {
    const startedAt = performance.now();
    const timeIsUp = startedAt + milliseconds;
    let idle = false;
    this.#mustGiveWay = false;
    this.#busy++;
    try {
      this.#deps.letIn();
      // However late it is already: every task gets on.
      while (this.#running && !idle && !this.#isHeld) {
        if (this.#round(timeIsUp)) idle = this.#running && !this.#isHeld && !this.passIdleTime();
        // What a slice has asked for and has got at once, such as a network's answers, enters before the next one.
        if (this.#deps.hasArrived()) {
          this.#deps.letIn();
          idle = false;
        }
        if (this.#isTime(timeIsUp)) break;
      }
    } finally {
      const milliseconds = performance.now() - startedAt;
      this.busyMilliseconds += milliseconds;
      this.#deps.cpu.ran(milliseconds);
      this.#leave();
    }
    return idle;
  }

  /** Whether the event loop should look at what else is due. */
  #isTime(timeIsUp: number): boolean {
    return this.#mustGiveWay || performance.now() >= timeIsUp;
  }

  get #isHeld(): boolean {
    return this.#deps.isHeld();
  }

  /** A slice of each hart, from where the last round was broken off. False when this one was broken off. */
  #round(timeIsUp: number): boolean {
    const { harts } = this.#deps;
    while (this.#next < harts.length) {
      if (!this.#running || this.#ahead <= 0 || this.#isHeld) return false;
      this.#left = this.#slice(this.#next, this.#left || this.#deps.slice, timeIsUp);
      if (this.#left > 0) return false;
      this.#next++;
      if (this.#next < harts.length && this.#isTime(timeIsUp)) return false;
    }
    this.#next = 0;
    return true;
  }

  /** Runs hart `index` for `left` instructions. Returns how many of them are still to come when it has been broken off. */
  #slice(index: number, left: number, timeIsUp: number): number {
    const hart = this.#deps.harts[index]!;
    while (left > 0) {
      const { sampler } = this;
      const most = Math.min(left, this.#ahead);
      const budget = this.plan(index, sampler?.begin(index, most) ?? most);
      if (budget === 0) return 0;
      const exit = this.execute(index, budget, timeIsUp);
      const steps = budget - hart.u32(HartField.fuel);
      // A pause is nothing that the guest has done: what it does must not depend on it.
      left -= BROKEN_OFF.has(exit) ? steps : Math.max(1, steps);
      this.#ahead -= steps;
      sampler?.end(index, steps);
      if (exit !== Exit.PAUSE && !this.conclude(index, exit)) return 0;
      if (!this.#running || this.#ahead <= 0 || this.#isTime(timeIsUp) || this.#isHeld) return Math.max(0, left);
    }
    return 0;
  }

  /**
   * How many of `most` instructions hart `index` may run before something is due, with its timer lines brought up to date;
   * 0 when it is stopped or waits. `plan`, `execute` and `conclude` in this order are what the loop itself does.
   */
  plan(index: number, most: number): number {
    if (this.#closed || !this.#deps.isStarted(index)) return 0;
    const hart = this.#deps.harts[index]!;
    this.#deadline = this.#updateTimers(hart);
    if (this.#waits(hart)) return 0;
    // An enabled interrupt ends the wait even when it cannot be taken. (Privileged ISA, "Wait for Interrupt")
    hart.setU32(HartField.wfi, 0);
    // What a write to a CSR from outside has asked for has just been done; it must not cost the guest a step of its slice.
    hart.setU32(HartField.exitReason, Exit.NONE);
    return this.#deps.time.budget(this.#toClock(this.#deadline), most);
  }

  /**
   * Runs hart `index` for the budget that `plan` gave, or less. Comes back with `Exit.PAUSE`, after which there is nothing
   * to conclude, only when the host's clock has passed `timeIsUp` before the budget was used up.
   */
  execute(index: number, budget: number, timeIsUp = Infinity): Exit {
    const { core, harts, time } = this.#deps;
    const hart = harts[index]!;
    this.#busy++;
    this.#current = hart;
    time.begin(hart);
    try {
      let exit = core.hart_run(hart.ma, budget);
      for (;;) {
        if (exit === Exit.SENSITIVE) exit = core.hart_emulate(hart.ma);
        else if (exit !== Exit.PAUSE) return exit;
        else if (hart.u32(HartField.fuel) === 0) return Exit.BUDGET;
        else if (performance.now() >= timeIsUp) return exit;
        else exit = core.hart_run(hart.ma, hart.u32(HartField.fuel));
      }
    } finally {
      time.end();
      this.#current = undefined;
      this.#leave();
    }
  }

  /** Serves the exit of hart `index`. True when the same hart may go on. */
  conclude(index: number, exit: Exit): boolean {
    if (this.#closed) return false;
    this.#busy++;
    try {
      const goOn = this.#handle(index, exit);
      if (this.#deps.afterSlice()) this.#mustGiveWay = true;
      return goOn;
    } finally {
      this.#leave();
    }
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
      case Exit.MEMORY:
        return this.#deps.onNoFrame();
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
    const now = this.#deps.board.mtime();
    const deadline = this.#boardDeadline(now);
    const own = this.#timerDeadline(hart, now);
    return own < deadline ? own : deadline;
  }

  /** Brings the board's timer lines up to date; returns when they next change. A device may leave a deadline in the past: it is none. */
  #boardDeadline(now: bigint): bigint {
    const { board } = this.#deps;
    const deadline = board.nextDeadline();
    if (deadline > now) return deadline;
    board.update();
    const next = board.nextDeadline();
    return next > now ? next : NEVER;
  }

  /** Brings the timer line that Sstc has up to date; returns the mtime at which it next rises by itself, or `NEVER`. */
  #timerDeadline(hart: HartView, now: bigint): bigint {
    return BigInt.asUintN(64, this.#deps.core.hart_note_time(hart.ma, now));
  }

  #waits(hart: HartView): boolean {
    return this.#deps.core.hart_waits(hart.ma) !== 0;
  }

  #allWait(): boolean {
    return this.#deps.harts.every((hart, index) => !this.#deps.isStarted(index) || this.#waits(hart));
  }

  /**
   * The earliest mtime at which anything happens by itself. A timer that has expired is none: its line is up, whoever masks it. Ask
   * whether the harts wait afterwards, not before: one whose timer expires in between has no deadline, and does not wait.
   */
  #nextDeadline(): bigint {
    const { board, harts } = this.#deps;
    const now = board.mtime();
    let next = this.#boardDeadline(now);
    for (const [index, hart] of harts.entries()) {
      const own = this.#deps.isStarted(index) ? this.#timerDeadline(hart, now) : NEVER;
      if (own < next) next = own;
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
    const deadline = this.#nextDeadline();
    if (!this.#allWait()) return true;
    if (!this.#deps.time.deterministic || deadline === NEVER) return false;
    this.#deps.time.idle(this.#toClock(deadline));
    return true;
  }

  /** Sleeps until the next deadline or until woken, unless that is too near to sleep. */
  async #idle(): Promise<void> {
    const deadline = this.#nextDeadline();
    if (!this.#allWait()) return;
    const milliseconds = deadline === NEVER ? Infinity : this.#deps.time.idle(this.#toClock(deadline));
    if (milliseconds >= SHORTEST_SLEEP) await this.#sleepFor(milliseconds);
  }

  async #sleepFor(milliseconds = Infinity): Promise<void> {
    await this.#sleep.for(milliseconds);
    this.#deps.cpu.woke();
  }
}
