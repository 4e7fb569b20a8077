/** Giving way to the host's event loop without the delay that timers have. */

type Continue = () => void;

/** The part of a port that node and browsers have in common. */
interface Port {
  onmessage: Continue | null;
  postMessage(message: unknown): void;
}

let far: Port | undefined;
const waiting: Continue[] = [];

function viaChannel(resume: Continue): void {
  if (far === undefined) {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port };
    port1.onmessage = () => waiting.shift()?.();
    far = port2;
  }
  waiting.push(resume);
  far.postMessage(0);
}

/** Comes back after everything that was due in the event loop has had its turn. */
export function giveWay(): Promise<void> {
  return new Promise((resume) => {
    if (typeof setImmediate === "function") setImmediate(resume);
    else viaChannel(resume);
  });
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
