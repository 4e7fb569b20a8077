/** Writing once what may be done at once or later. */

import type { Done } from "../backend/block/block.ts";

/**
 * A function in steps: a generator that yields each promise it has to wait for, and nothing else. Where all it calls answers at once, it
 * yields nothing and is done at once.
 *
 * ```ts
 * function* copy(from: BlockBackend, to: BlockBackend, bytes: Uint8Array): Steps {
 *   yield* wait(from.read(0, bytes));
 *   yield* wait(to.write(0, bytes));
 * }
 * const done = settle(copy(a, b, bytes));
 * ```
 */
export type Steps<Value = void> = Generator<Promise<unknown>, Value, unknown>;

/** Runs steps to their end: now, or as a promise from the first wait on. */
export function settle<Value>(steps: Steps<Value>): Done<Value> {
  const first = steps.next();
  return first.done ? first.value : settleLater(steps, first.value);
}

async function settleLater<Value>(steps: Steps<Value>, first: Promise<unknown>): Promise<Value> {
  let waited = first;
  for (;;) {
    let value: unknown;
    let failure: { readonly error: unknown } | undefined;
    try {
      value = await waited;
    } catch (error) {
      failure = { error };
    }
    const next = failure === undefined ? steps.next(value) : steps.throw(failure.error);
    if (next.done) return next.value;
    waited = next.value;
  }
}

/** The value of something that may be done already. */
export function* wait<Value>(done: Done<Value>): Steps<Value> {
  return done instanceof Promise ? ((yield done) as Value) : done;
}

/** Lets one at a time through; who comes first goes first. Where nobody waits inside, nobody waits outside. */
export class Gate {
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  /** Runs `steps` when it is alone. */
  *pass<Value>(steps: () => Steps<Value>): Steps<Value> {
    if (this.#busy) yield new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy = true;
    try {
      return yield* steps();
    } finally {
      // The next one takes over, so that nobody gets in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy = false;
      else next();
    }
  }
}
