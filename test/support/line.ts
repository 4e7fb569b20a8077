/** A connection for migrations whose blocks are counted, and which can be cut or go silent anywhere. */

const PROLOGUE_BYTES = 32;
const HEADER_BYTES = 20;

/** One direction. Block 0 is the prologue. */
export class Wire {
  /** Blocks that have passed. */
  blocks = 0;
  bytes = 0;
  /** Where it ends: so many bytes behind that many blocks. */
  cutAt: { readonly blocks: number; readonly bytes: number } | undefined;
  /** Changes what passes. */
  change: ((chunk: Uint8Array) => Uint8Array) | undefined;
  onCut: () => void = () => undefined;
  readonly #stream: TransformStream<Uint8Array, Uint8Array>;
  #controller!: TransformStreamDefaultController<Uint8Array>;
  #header: number[] = [];
  /** Bytes until the present block, or its header, is over. */
  #left = PROLOGUE_BYTES;
  #behind = 0;
  #isCut = false;

  constructor() {
    this.#stream = new TransformStream<Uint8Array, Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        transform: (chunk) => this.#pass(this.change?.(chunk) ?? chunk),
      },
      { highWaterMark: 4 },
      { highWaterMark: 4 },
    );
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#stream.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#stream.writable;
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#controller.terminate();
    this.onCut();
  }

  #pass(chunk: Uint8Array): void {
    let length = 0;
    while (length < chunk.length && !this.#isOver()) this.#count(chunk[length++]!);
    this.bytes += length;
    if (length > 0) this.#controller.enqueue(chunk.slice(0, length));
    if (this.#isOver()) this.cut();
  }

  #isOver(): boolean {
    return this.cutAt !== undefined && this.blocks >= this.cutAt.blocks && this.#behind >= this.cutAt.bytes;
  }

  #count(byte: number): void {
    if (this.cutAt !== undefined && this.blocks >= this.cutAt.blocks) this.#behind++;
    if (this.blocks > 0 && this.#header.length < HEADER_BYTES) {
      this.#header.push(byte);
      if (this.#header.length < HEADER_BYTES) return;
      this.#left = new DataView(Uint8Array.from(this.#header).buffer).getUint32(4, true);
      if (this.#left > 0) return;
    } else if (--this.#left > 0) return;
    this.blocks++;
    this.#header = [];
  }
}

/** One end of a connection. */
export interface End {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Both ends of a connection, and its two directions. */
export function connection(): { source: End; destination: End; down: Wire; up: Wire } {
  const [down, up] = [new Wire(), new Wire()];
  down.onCut = () => up.cut();
  up.onCut = () => down.cut();
  return {
    source: { readable: up.readable, writable: down.writable },
    destination: { readable: down.readable, writable: up.writable },
    down,
    up,
  };
}
