/** Where images come from. */

import { openSource } from "#load";
import { WasmvisorError } from "../error.ts";
import type { LoadProgress } from "./config.ts";

/** An image: its bytes, something that has them, or where they are (a path in node; in browsers an address). */
export type ImageSource = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array> | URL | string;

interface Opened {
  readonly stream: ReadableStream<Uint8Array>;
  readonly size?: number;
}

async function open(source: Exclude<ImageSource, Uint8Array | ArrayBuffer>): Promise<Opened> {
  if (typeof source === "string" || source instanceof URL) return openSource(source);
  if (source instanceof Blob) return { stream: source.stream() as ReadableStream<Uint8Array>, size: source.size };
  return { stream: source };
}

/**
 * Reads all of an image.
 *
 * @param limit - bytes beyond which reading stops
 * @throws WasmvisorError `source-unreadable`, `image-too-large`
 */
export async function readImage(
  source: ImageSource,
  image: LoadProgress["image"],
  limit: number,
  onProgress?: (progress: LoadProgress) => void,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const { stream, size } = await open(source);
  if (size !== undefined && size > limit) {
    await stream.cancel();
    throw tooLarge(image, size, limit);
  }
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    loaded += chunk.byteLength;
    if (loaded > limit) throw tooLarge(image, loaded, limit);
    chunks.push(chunk);
    onProgress?.({ image, step: "reading", loaded, ...(size === undefined ? {} : { total: size }) });
  }
  return joined(chunks, loaded);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(image: string, size: number, limit: number): WasmvisorError {
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return new WasmvisorError(
    "image-too-large",
    `The ${image} is at least ${mebibytes(size)} long, which is more than the ${mebibytes(limit)} that can be loaded; use a smaller one or give the VM more memory.`,
    { image, size, limit },
  );
}
