/** A console backend between a UART and a program: output to a callback, input from a queue. */

import type { ConsoleBackend } from "./console.ts";

/** Typed bytes wait here until the UART has room for them. */
export class QueueConsole implements ConsoleBackend {
  private readonly output: (byte: number) => void;
  private receive: ((bytes: Uint8Array) => number) | undefined;
  private queue: Uint8Array[] = [];

  /** @param output takes each byte the guest sends. */
  constructor(output: (byte: number) => void) {
    this.output = output;
  }

  /** Bytes typed and not yet taken by the guest. */
  get waiting(): number {
    return this.queue.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** What is waiting, in one piece. */
  peek(): Uint8Array {
    const all = new Uint8Array(this.waiting);
    this.queue.reduce((at, bytes) => (all.set(bytes, at), at + bytes.length), 0);
    return all;
  }

  /** Has `bytes` wait in place of what is waiting, until the UART says that it has room. */
  replace(bytes: Uint8Array): void {
    this.queue = bytes.length > 0 ? [bytes.slice()] : [];
  }

  /** Types `bytes`. */
  type(bytes: Uint8Array): void {
    if (bytes.length > 0) this.queue.push(bytes.slice());
    this.ready();
  }

  /** Forgets what nobody will take any more. */
  clear(): void {
    this.queue = [];
  }

  write(byte: number): void {
    this.output(byte);
  }

  onInput(receive: (bytes: Uint8Array) => number): void {
    this.receive = receive;
    this.ready();
  }

  ready(): void {
    while (this.receive !== undefined) {
      const first = this.queue[0];
      if (first === undefined) return;
      const taken = this.receive(first);
      if (taken < first.length) {
        this.queue[0] = first.subarray(taken);
        return;
      }
      this.queue.shift();
    }
  }
}
