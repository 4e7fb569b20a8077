/** Deadlines of many things with one timer of the host's: a binary heap. */

/** Something that has a deadline. */
export interface Timed {
  /** Milliseconds of the clock's; `Infinity` for none. */
  deadline: number;
  /** Belong to `Timers`: the place in the heap (-1: none) and the time it stands there for, no later than `deadline`. */
  heapIndex: number;
  heapTime: number;
  /** The deadline has come; it may set another. */
  expire(now: number): void;
}

/** A clock that can be told to call back. */
export interface UserClock {
  /** Milliseconds from any origin; never runs backwards. */
  now(): number;
  /** Calls `act` once, after some milliseconds; what it returns takes that back. */
  after(milliseconds: number, act: () => void): () => void;
}

/** The host's clock. Its timers do not keep node running. */
export const hostClock: UserClock = {
  now: () => performance.now(),
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    if (typeof timer === "object") timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Milliseconds that node's timers can wait. */
const LONGEST = 2 ** 31 - 1;

/**
 * Deadlines. One that is put off stays where it is in the heap until its old time comes: connections put theirs off with every packet.
 */
export class Timers {
  readonly #clock: UserClock;
  readonly #wake: () => void;
  readonly #heap: Timed[] = [];
  #cancel: (() => void) | undefined;
  #armedFor = Infinity;

  /** Calls `wake` when it is time to call `run`. */
  constructor(clock: UserClock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Sets a deadline, earlier or later than it was; `Infinity` takes it back. */
  set(timed: Timed, deadline: number): void {
    timed.deadline = deadline;
    if (timed.heapIndex >= 0) {
      if (deadline >= timed.heapTime) return;
      timed.heapTime = deadline;
      this.#up(timed.heapIndex, timed);
    } else {
      if (deadline === Infinity) return;
      timed.heapTime = deadline;
      this.#heap.push(timed);
      this.#up(this.#heap.length - 1, timed);
    }
    this.#arm();
  }

  /** Forgets it: it is not held any more. */
  remove(timed: Timed): void {
    timed.deadline = Infinity;
    const index = timed.heapIndex;
    if (index < 0) return;
    timed.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last === timed) return;
    this.#place(index, last);
  }

  /** Lets everything expire whose time has come. */
  run(): void {
    const now = this.#clock.now();
    // What expires may set a deadline that has come again; that one waits for the next time.
    for (let most = this.#heap.length; most > 0; most--) {
      const first = this.#heap[0];
      if (first === undefined || first.heapTime > now) break;
      if (first.deadline > now) {
        if (first.deadline === Infinity) this.remove(first);
        else {
          first.heapTime = first.deadline;
          this.#down(0, first);
        }
        continue;
      }
      this.remove(first);
      first.expire(now);
    }
    this.#arm();
  }

  /** Takes the host's timer back, for good. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#heap.length = 0;
    this.#armedFor = -Infinity;
  }

  #arm(): void {
    const time = this.#heap[0]?.heapTime ?? Infinity;
    // A timer that is too early finds nothing to do and sets the next one.
    if (time >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = time;
    const wait = Math.min(LONGEST, Math.max(0, Math.ceil(time - this.#clock.now())));
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined;
      this.#armedFor = Infinity;
      this.#wake();
    });
  }

  #place(index: number, timed: Timed): void {
    if (index > 0 && this.#heap[(index - 1) >> 1]!.heapTime > timed.heapTime) this.#up(index, timed);
    else this.#down(index, timed);
  }

  #up(from: number, timed: Timed): void {
    let index = from;
    while (index > 0) {
      const parent = this.#heap[(index - 1) >> 1]!;
      if (parent.heapTime <= timed.heapTime) break;
      this.#put(index, parent);
      index = (index - 1) >> 1;
    }
    this.#put(index, timed);
  }

  #down(from: number, timed: Timed): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.#heap[child + 1]!.heapTime < this.#heap[child]!.heapTime) child++;
      if (this.#heap[child]!.heapTime >= timed.heapTime) break;
      this.#put(index, this.#heap[child]!);
      index = child;
    }
    this.#put(index, timed);
  }

  #put(index: number, timed: Timed): void {
    this.#heap[index] = timed;
    timed.heapIndex = index;
  }
}
