/** A `Blob` that takes its time, as a server does. */

export class SlowBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #isBroken = false;
  /** Bytes that have been read by range. */
  bytesRead = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super([bytes]);
    this.#bytes = bytes;
  }

  /** Nothing comes until `open`. */
  close(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  /** Nothing can be read any more. */
  break(): void {
    this.#isBroken = true;
  }

  override slice(start = 0, end = this.size): Blob {
    const arrayBuffer = async (): Promise<ArrayBuffer> => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      await this.#gate;
      if (this.#isBroken) throw new Error("the cable is out");
      this.bytesRead += end - start;
      return this.#bytes.slice(start, end).buffer;
    };
    return { arrayBuffer } as Blob;
  }
}
