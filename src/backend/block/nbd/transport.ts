/** What carries the bytes of a connection: TCP, a Unix socket, a WebSocket. */

/** What the other end sends, as it comes. */
export interface TransportEvents {
  data(bytes: Uint8Array): void;
  /** There will be no more; `why` when the connection broke off. */
  end(why?: Error): void;
}

/** A connection. */
export interface Transport {
  send(bytes: Uint8Array): void;
  /** Sends what is left, and closes. */
  end(): void;
  /** Gives the connection up. */
  destroy(): void;
  /** Stops and resumes taking bytes, where that can be had. */
  pause?(): void;
  resume?(): void;
}

/** Bytes above which a connection is asked to wait. */
const MUCH = 2 ** 22;

/** Bytes that have come, for one reader. */
export class Incoming implements TransportEvents {
  readonly #chunks: Uint8Array[] = [];
  readonly #onProgress: () => void;
  #transport: Transport | undefined;
  #length = 0;
  #at = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** Calls `onProgress` whenever bytes come. */
  constructor(onProgress: () => void) {
    this.#onProgress = onProgress;
  }

  /** What is asked to wait when more comes than is read. */
  set transport(transport: Transport) {
    this.#transport = transport;
  }

  data(bytes: Uint8Array): void {
    if (this.#failure !== undefined || bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length > MUCH) this.#transport?.pause?.();
    this.#onProgress();
    this.#wake?.();
  }

  end(why: Error = new Error("the connection was closed")): void {
    this.#failure ??= why;
    this.#wake?.();
  }

  /** Fills `into`; rejects with the reason when the connection has ended before. */
  async fill(into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      const part = chunk.subarray(this.#at, this.#at + into.length - done);
      into.set(part, done);
      done += part.length;
      this.#at += part.length;
      this.#length -= part.length;
      if (this.#at === chunk.length) {
        this.#chunks.shift();
        this.#at = 0;
      }
      if (this.#length <= MUCH) this.#transport?.resume?.();
    }
  }

  /** The next `length` bytes. */
  async take(length: number): Promise<DataView> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes);
    return new DataView(bytes.buffer);
  }

  /** Takes `length` bytes that nobody wants. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; left -= 4096) await this.take(Math.min(left, 4096));
  }
}
