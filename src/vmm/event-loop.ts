/** Giving way to the host's event loop without the delay that timers have. */

type Continue = () => void;

/** The part of a port that node and browsers have in common. */
interface Port {
  onmessage: Continue | null;
  postMessage(message: unknown): void;
}

let far: Port | undefined;
let next: Continue | undefined;

/** Calls `resume` after everything that is due in the event loop has had its turn. One call at a time may be on its way. */
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

/** How long a turn may take, in milliseconds, when nobody else waits for one: how long the event loop may have to wait. */
const TURN_MILLISECONDS = 5;

/** However many wait. */
const SHORTEST_TURN = 1;

/** Those who have given way, in order. */
const waiting: Continue[] = [];

/** The event loop looks at what else is due between any two turns, whoever takes them. */
function takeTurn(): void {
  const resume = waiting.shift();
  if (waiting.length > 0) soon(takeTurn);
  resume?.();
}

/**
 * Comes back after everything that was due in the event loop has had its turn, and everybody else who has given way before. There
 * is one queue for all VMs of the process, so that many hold the event loop no longer than one.
 *
 * @returns how many milliseconds the turn that begins then may take
 */
export async function giveWay(): Promise<number> {
  await new Promise<void>((resume) => {
    waiting.push(resume);
    if (waiting.length === 1) soon(takeTurn);
  });
  return Math.max(SHORTEST_TURN, TURN_MILLISECONDS / (waiting.length + 1));
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
