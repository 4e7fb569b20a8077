/** Where images come from. */

import { openSource } from "#load";
import { WasmvisorError } from "../error.ts";

/** An image: its bytes, something that has them, or where they are (a path in node; in browsers an address). */
export type ImageSource = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array> | URL | string;

interface Opened {
  readonly stream: ReadableStream<Uint8Array>;
  readonly size?: number;
}

/** How an image is read. */
export interface ReadOptions {
  /** What it is, for messages. */
  readonly name: string;
  /** Bytes beyond which reading stops. */
  readonly limit: number;
  /** Called with the bytes so far, and with how many there are when that is known. */
  onProgress?(loaded: number, total: number | undefined): void;
}

/**
 * An image that can be read once more when the machine is reset. Files and blobs are read anew then, so that nothing
 * holds their bytes meanwhile; of streams and web addresses the bytes are kept.
 */
export class Image {
  readonly #source: ImageSource;
  #kept: Uint8Array | undefined;

  constructor(source: ImageSource) {
    this.#source = source;
    if (source instanceof Uint8Array) this.#kept = source;
    else if (source instanceof ArrayBuffer) this.#kept = new Uint8Array(source);
  }

  /** The buffer it holds on to, or that its caller does; what `read` has returned otherwise may be discarded. */
  get keptBuffer(): ArrayBufferLike | undefined {
    return this.#kept?.buffer;
  }

  /**
   * All of it.
   * @throws WasmvisorError `source-unreadable`, `image-too-large`
   */
  async read(options: ReadOptions): Promise<Uint8Array> {
    if (this.#kept !== undefined) return this.#kept;
    const { stream, size, repeatable } = await this.#open();
    const bytes = await readAll({ stream, ...(size === undefined ? {} : { size }) }, options);
    if (!repeatable) this.#kept = bytes;
    return bytes;
  }

  async #open(): Promise<Opened & { repeatable: boolean }> {
    const source = this.#source;
    if (typeof source === "string" || source instanceof URL) return openSource(source);
    if (source instanceof Blob) {
      return { stream: source.stream() as ReadableStream<Uint8Array>, size: source.size, repeatable: true };
    }
    return { stream: source as ReadableStream<Uint8Array>, repeatable: false };
  }
}

/**
 * Reads a stream to its end.
 * @throws WasmvisorError `image-too-large`
 */
export async function readAll({ stream, size }: Opened, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { limit } = options;
  if (size !== undefined && size > limit) {
    await stream.cancel();
    throw tooLarge(options, size);
  }
  let bytes = new Uint8Array(size ?? 0);
  let loaded = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    const end = loaded + chunk.byteLength;
    if (end > limit) throw tooLarge(options, end);
    if (end > bytes.length) bytes = enlarged(bytes, loaded, Math.min(limit, Math.max(end, 2 * bytes.length)));
    bytes.set(chunk, loaded);
    loaded = end;
    options.onProgress?.(loaded, size);
  }
  return bytes.length === loaded ? bytes : bytes.slice(0, loaded);
}

function enlarged(bytes: Uint8Array, used: number, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes.subarray(0, used));
  return larger;
}

function tooLarge({ name, limit }: ReadOptions, size: number): WasmvisorError {
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return new WasmvisorError(
    "image-too-large",
    `The ${name} is at least ${mebibytes(size)} long, which is more than the ${mebibytes(limit)} that can be loaded; use a smaller one or give the VM more memory.`,
    { name, size, limit },
  );
}
