/** The line between a console in a worker and the one that programs use here. */

import { VmConsole } from "../vmm/console.ts";
import type { Writes } from "./writes.ts";

/** A console that prints what the far one prints, and passes on what is typed. */
export class ConsoleLine {
  readonly console: VmConsole;
  readonly #writes: Writes;
  /** Bytes that have come in from the worker in which it is. */
  #printed = 0;
  #waiting: { readonly printed: number; readonly resolve: () => void }[] = [];
  #ended = false;
  /** Whether bytes are on their way to the far UART, and how many it has taken that the queue does not know of. */
  #sending = false;
  #taken = 0;
  #pumping: Promise<void>;
  #reader!: ReadableStreamDefaultReader<Uint8Array>;

  constructor(writes: Writes, output: ReadableStream<Uint8Array>, onOutput: (bytes: Uint8Array) => void) {
    this.#writes = writes;
    this.console = new VmConsole(onOutput);
    this.console.backend.onInput((bytes) => this.#offer(bytes));
    this.#pumping = this.#pump(output);
  }

  /** Resolves when `printed` bytes have come in, or no more will. */
  reached(printed: number): Promise<void> {
    if (this.#ended || this.#printed >= printed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ printed, resolve }));
  }

  /** The VM is in another worker: `output` is what comes after the rest of the present one; resolves when all of that is here. */
  async follow(output: ReadableStream<Uint8Array>): Promise<void> {
    await this.#pumping;
    [this.#ended, this.#printed] = [false, 0];
    this.#pumping = this.#pump(output);
  }

  /** Nothing more comes of the present output: its worker is gone. */
  abandon(): void {
    this.#reader.cancel().catch(() => undefined);
  }

  /** What could not be sent is sent again. */
  again(): void {
    if (!this.#sending) this.console.backend.ready();
  }

  /** The VM is no more: `waitFor` gives up, `output` ends after what is still to come. */
  close(why: string): void {
    this.console.close(why, this.#ended);
    this.#closed = why;
  }

  #closed: string | undefined;

  /** The line is cut. */
  cut(why: string): void {
    this.#end();
    this.close(why);
  }

  async #pump(output: ReadableStream<Uint8Array>): Promise<void> {
    const reader = output.getReader();
    this.#reader = reader;
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        for (const byte of chunk.value) this.console.backend.write(byte);
        this.console.flush();
        this.#arrived(chunk.value.length);
        if (this.console.congested) await this.console.drained();
      }
    } catch {
      // The worker is gone; whoever ended it says so.
    }
    this.#end();
    if (this.#closed !== undefined) this.console.close(this.#closed, true);
  }

  #arrived(bytes: number): void {
    this.#printed += bytes;
    const ready = this.#waiting.filter(({ printed }) => printed <= this.#printed);
    this.#waiting = this.#waiting.filter(({ printed }) => printed > this.#printed);
    for (const { resolve } of ready) resolve();
  }

  #end(): void {
    this.#ended = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Sends the first bytes of the queue, and takes them from it when the far UART has them. */
  #offer(bytes: Uint8Array): number {
    const taken = this.#taken;
    this.#taken = 0;
    if (taken === 0 && !this.#sending) void this.#send(bytes.slice());
    return taken;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#sending = true;
    const taken = await this.#writes.write(bytes).then(
      () => true,
      () => false,
    );
    this.#sending = false;
    // When nobody there takes them, the guest has ended, and the event that says so will forget them here.
    if (!taken) return;
    this.#taken = bytes.length;
    this.console.backend.ready();
    // Forgotten here meanwhile: those that are typed next are others.
    this.#taken = 0;
  }
}
