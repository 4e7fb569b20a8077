/** Flow control by credit: each side says how many bytes of a channel it takes, and says so again as they are used. */

import { Pieces } from "../pieces.ts";

/** Bytes that an agent may send on a channel before somebody has read them. */
export const WINDOW = 2 ** 18;

/** What comes in on a channel, until somebody reads it. */
export class Inflow {
  readonly #giveCredit: (bytes: number) => void;
  readonly #most: number;
  readonly #chunks = new Pieces();
  #bytes = 0;
  #read = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #arrived: (() => void) | undefined;

  /** @param giveCredit - lets the other side send so many bytes more @param most - bytes that may wait here */
  constructor(giveCredit: (bytes: number) => void, most: number) {
    this.#giveCredit = giveCredit;
    this.#most = most;
  }

  /** Takes what has come; false when that is more than was allowed. */
  take(bytes: Uint8Array): boolean {
    if (this.#ended || bytes.length === 0) return true;
    if (this.#bytes + bytes.length > this.#most) return false;
    this.#chunks.push(bytes, true);
    this.#bytes += bytes.length;
    this.#arrived?.();
    return true;
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#arrived?.();
  }

  /** No more will come, and what has come counts for nothing. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure ??= { error };
    this.#chunks.clear();
    this.end();
  }

  /** The next bytes; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.isEmpty) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#arrived = resolve));
      this.#arrived = undefined;
    }
    const chunk = this.#chunks.shift()!;
    this.#bytes -= chunk.length;
    this.#read += chunk.length;
    if (this.#read >= WINDOW / 4 && !this.#ended) {
      this.#giveCredit(this.#read);
      this.#read = 0;
    }
    return chunk;
  }

  /** As a stream. @param cancelled - called when nobody wants the rest */
  stream(cancelled: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = await this.read();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        },
        cancel: cancelled,
      },
      { highWaterMark: 0 },
    );
  }
}

/** What goes out on a channel, as the other side has room for it. */
export class Outflow {
  readonly #send: (bytes: Uint8Array) => void;
  #credit = 0;
  #failure: { readonly error: unknown } | undefined;
  #allowed: (() => void)[] = [];

  /** @param send - sends bytes, at most so many as a frame has */
  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** The other side takes so many bytes more. */
  allow(bytes: number): void {
    this.#credit = Math.min(this.#credit + bytes, 2 ** 32);
    this.#wake();
  }

  /** Nothing will go out any more: who waits is told why. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** Resolves when all of `bytes` is on its way. */
  async write(bytes: Uint8Array, most: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const count = Math.min(this.#credit, most, bytes.length - at);
      if (count === 0) {
        await new Promise<void>((resolve) => this.#allowed.push(resolve));
        continue;
      }
      this.#credit -= count;
      this.#send(bytes.subarray(at, at + count));
      at += count;
    }
  }

  #wake(): void {
    for (const resolve of this.#allowed.splice(0)) resolve();
  }
}
