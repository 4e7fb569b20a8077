/** What comes from a VM, in one stream, whichever worker it is in. */

/** A stream that goes on in the next one where the present one ends. */
export class Followed {
  readonly stream: ReadableStream<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #next: ReadableStream<Uint8Array>[] = [];

  constructor(first: ReadableStream<Uint8Array>) {
    this.#reader = first.getReader();
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: async (reason) => {
          await Promise.all([this.#reader.cancel(reason), ...this.#next.map((stream) => stream.cancel(reason))]);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** What comes after the end of what is being read. */
  follow(next: ReadableStream<Uint8Array>): void {
    this.#next.push(next);
  }

  /** Nothing more comes of the present one: its worker is gone. */
  abandon(): void {
    this.#reader.cancel().catch(() => undefined);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (!done) return controller.enqueue(value);
      const next = this.#next.shift();
      if (next === undefined) return controller.close();
      this.#reader = next.getReader();
    }
  }
}
