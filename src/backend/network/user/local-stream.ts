/** Streams whose other end is in this program. */

import { Pause } from "../pause.ts";
import type { HostStream, StreamEvents } from "./host-network.ts";
import { get16, put16 } from "../headers.ts";
import { copyOf } from "./wire.ts";

/** Bytes that wait for a reader before the guest is asked to wait. */
const MUCH = 2 ** 18;

/** A stream as a pair of the platform's own. */
export class ProgramStream implements HostStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #events: StreamEvents;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly #pause = new Pause();
  #isReadable = true;
  #isOver = false;

  constructor(events: StreamEvents) {
    this.#events = events;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => events.drain(),
        cancel: () => this.#break(),
      },
      { highWaterMark: MUCH, size: (bytes) => bytes.length },
    );
    this.writable = new WritableStream<Uint8Array>(
      {
        write: async (bytes) => {
          await this.#pause.over;
          if (!this.#isOver) events.data(copyOf(bytes));
        },
        close: async () => {
          await this.#pause.over;
          if (!this.#isOver) events.end();
        },
        abort: () => this.#break(),
      },
      { highWaterMark: MUCH, size: (bytes) => bytes.length },
    );
  }

  get pending(): number {
    return this.#isReadable ? Math.max(0, MUCH - (this.#controller.desiredSize ?? MUCH)) : 0;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isReadable) this.#controller.enqueue(bytes);
    return this.pending < MUCH;
  }

  end(): void {
    if (this.#isReadable) this.#controller.close();
    this.#isReadable = false;
  }

  reset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isReadable) this.#controller.error(new Error("the guest has broken the connection off"));
    this.#isReadable = false;
    this.resume();
  }

  pause(): void {
    this.#pause.begin();
  }

  resume(): void {
    this.#pause.end();
  }

  /** The program gives up one of its two streams. */
  #break(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isReadable = false;
    this.#events.close("reset");
  }
}

/** Questions of one connection that are answered at once. */
const MOST_QUESTIONS = 16;

/** A DNS server over TCP: messages with their lengths before them. (RFC 1035, "TCP usage") */
export class DnsStream implements HostStream {
  readonly pending = 0;
  readonly #events: StreamEvents;
  readonly #answer: (message: Uint8Array) => Promise<Uint8Array | undefined>;
  #bytes: Uint8Array = new Uint8Array(0);
  #open = 0;
  #isEnded = false;
  #isOver = false;

  constructor(events: StreamEvents, answer: (message: Uint8Array) => Promise<Uint8Array | undefined>) {
    this.#events = events;
    this.#answer = answer;
  }

  write(bytes: Uint8Array): boolean {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    let at = 0;
    while (!this.#isOver && at + 2 <= all.length && at + 2 + get16(all, at) <= all.length) {
      const end = at + 2 + get16(all, at);
      void this.#ask(all.subarray(at + 2, end));
      at = end;
    }
    this.#bytes = copyOf(all, at);
    return true;
  }

  end(): void {
    this.#isEnded = true;
    if (this.#open === 0 && !this.#isOver) this.#events.end();
  }

  reset(): void {
    this.#isOver = true;
  }

  pause(): void {}

  resume(): void {}

  async #ask(message: Uint8Array): Promise<void> {
    if (this.#open >= MOST_QUESTIONS) {
      this.#isOver = true;
      this.#events.close("reset");
      return;
    }
    this.#open++;
    const answer = await this.#answer(message);
    this.#open--;
    if (this.#isOver) return;
    if (answer !== undefined) {
      const bytes = new Uint8Array(2 + answer.length);
      put16(bytes, 0, answer.length);
      bytes.set(answer, 2);
      this.#events.data(bytes);
    }
    if (this.#isEnded && this.#open === 0) this.#events.end();
  }
}
