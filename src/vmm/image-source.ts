/** Where images come from. */

import { openSource } from "#load";
import { isRequest } from "../host/load.ts";
import { WasmvisorError } from "../error.ts";
import { giveWay } from "./event-loop.ts";
import { Patience, STALL_TIMEOUT } from "./patience.ts";

/** An image: its bytes, something that has them, or where they are (a path in node; in browsers an address). */
export type ImageSource = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array> | URL | Request | string;

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
  /** The limit of what begins like this, when that may be above `limit`. */
  limitFor?(start: Uint8Array): number;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which an address is given up. */
  readonly stallTimeout?: number | undefined;
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
   * @throws WasmvisorError `source-unreadable`, `source-broken`, `source-stalled`, `image-too-large`; the signal's reason
   */
  async read(options: ReadOptions): Promise<Uint8Array> {
    if (this.#kept !== undefined) return this.#kept;
    const source = this.#source;
    const { bytes, repeatable } = isLocation(source)
      ? await readLocation(source, options)
      : { bytes: await readAll(openObject(source), options), repeatable: source instanceof Blob };
    if (!repeatable) this.#kept = bytes;
    return bytes;
  }
}

function isLocation(source: ImageSource): source is string | URL | Request {
  return typeof source === "string" || source instanceof URL || isRequest(source);
}

function openObject(source: ImageSource): Opened {
  if (source instanceof Blob) return { stream: source.stream() as ReadableStream<Uint8Array>, size: source.size };
  if (source instanceof ReadableStream) return { stream: source };
  throw noImage();
}

function noImage(): WasmvisorError {
  return new WasmvisorError(
    "image-source",
    "An image is given as bytes, Blob, ReadableStream of bytes, URL, Request or a string that says where it is.",
  );
}

/**
 * Reads what is at a path or an address.
 * @throws what `Image.read` does
 */
export async function readLocation(
  location: string | URL | Request,
  options: ReadOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; repeatable: boolean }> {
  const { name, signal, stallTimeout = STALL_TIMEOUT } = options;
  const patience = new Patience({ name, signal, stallTimeout });
  try {
    const source = await openSource(location, patience.signal);
    const onProgress = (loaded: number, total: number | undefined) => {
      patience.progress();
      options.onProgress?.(loaded, total);
    };
    const bytes = await readAll(source, { ...options, signal: patience.signal, onProgress });
    return { bytes, repeatable: source.repeatable };
  } finally {
    patience.end();
  }
}

/** Milliseconds for which chunks that are there already may be taken without a pause. */
const PATCH = 10;

/**
 * Reads a stream to its end. Holds no more than twice the limit, and gives way to timers and signals also while chunks come
 * faster than they are asked for.
 * @throws WasmvisorError `source-broken`, `image-too-large`; the signal's reason
 */
async function readAll({ stream, size }: Opened, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = options;
  let { limit } = options;
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", cancel);
  try {
    let bytes = new Uint8Array(Math.min(size ?? 0, limit));
    let loaded = 0;
    for (let since = performance.now(); ;) {
      if (performance.now() - since > PATCH) {
        await giveWay();
        since = performance.now();
      }
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      if (!(value instanceof Uint8Array)) throw noImage();
      const end = loaded + value.byteLength;
      const least = Math.max(end, size ?? 0);
      if (least > limit) limit = options.limitFor?.(loaded > 0 ? bytes.subarray(0, loaded) : value) ?? limit;
      if (least > limit) throw tooLarge(options.name, least, limit);
      if (end > bytes.length) bytes = enlarged(bytes, loaded, Math.min(limit, Math.max(end, size ?? 2 * bytes.length)));
      bytes.set(value, loaded);
      loaded = end;
      options.onProgress?.(loaded, size);
    }
    if (size !== undefined && loaded < size) throw broken(options.name, loaded, size);
    return bytes.length === loaded ? bytes : bytes.slice(0, loaded);
  } catch (error) {
    cancel();
    signal?.throwIfAborted();
    throw error instanceof WasmvisorError ? error : broken(options.name, undefined, size, error);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function broken(name: string, loaded: number | undefined, size: number | undefined, cause?: unknown): WasmvisorError {
  const after = loaded === undefined ? "" : ` after ${loaded} of ${size} bytes`;
  return new WasmvisorError(
    "source-broken",
    `The ${name} broke off${after} while it was read; try again.`,
    { name, loaded, size },
    { cause },
  );
}

function enlarged(bytes: Uint8Array, used: number, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes.subarray(0, used));
  return larger;
}

function tooLarge(name: string, size: number, limit: number): WasmvisorError {
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return new WasmvisorError(
    "image-too-large",
    `The ${name} is at least ${mebibytes(size)} long, which is more than the ${mebibytes(limit)} that can be loaded; use a smaller one or give the VM more memory.`,
    { name, size, limit },
  );
}
