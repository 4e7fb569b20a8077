/** Giving way to the host's event loop without the delay that timers have. */

type Continue = () => void;

/** The part of a port that node and browsers have in common. */
interface Port {
  onmessage: Continue | null;
  postMessage(message: unknown): void;
}

let far: Port | undefined;
let next: Continue | undefined;

/** Calls `resume` in a new task, after those that the event loop has due. One call at a time may be on its way. */
function soon(resume: Continue): void {
  if (typeof setImmediate === "function") return void setImmediate(resume);
  if (far === undefined) {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port };
    port1.onmessage = () => next?.();
    far = port2;
  }
  next = resume;
  far.postMessage(0);
}

/** How long a task may take, in milliseconds, when nobody else waits for one: how long the event loop may have to wait. */
const TASK_MILLISECONDS = 5;

/** How long it may take however many wait, in milliseconds. */
const SHORTEST_TASK = 1;

/** Those who have given way, in order: VMs' hosts, and others one by one. */
const waiting: Continue[] = [];

/** How many VMs of all hosts want to run, beside the one that does. */
export const waitingVms = { count: 0 };

/** Resumes the first who waits. Each of them runs in a task of its own, so that the event loop looks at what else is due between any two. */
function resumeNext(): void {
  const resume = waiting.shift();
  if (waiting.length > 0) soon(resumeNext);
  resume?.();
}

/**
 * Calls `resume` in a new task of the event loop, after what was due there and after everybody else who has asked before. There is one queue
 * for all hosts of the process, so that many hold the event loop no longer than one.
 */
export function inTurn(resume: Continue): void {
  waiting.push(resume);
  if (waiting.length === 1) soon(resumeNext);
}

/** How many milliseconds the present task may take. */
export function taskMilliseconds(): number {
  return Math.max(SHORTEST_TASK, TASK_MILLISECONDS / (waitingVms.count + 1));
}

/** Comes back in a new task of the event loop. */
export function giveWay(): Promise<void> {
  return new Promise(inTurn);
}

/** A pause that ends after some time or when it is woken, whichever comes first. */
export class Sleep {
  #wake: Continue | undefined;

  /** Sleeps for `milliseconds`; without them until woken. Keeps the process alive meanwhile. */
  async for(milliseconds = Infinity): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends the sleep, if there is one. */
  wake(): void {
    this.#wake?.();
  }
}

/** What setTimeout takes. */
const LONGEST_TIMER = 2 ** 31 - 1;
