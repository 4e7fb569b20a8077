/** gzip, by the platform's own decoder, with a bound on what comes out. */

import { WasmvisorError } from "../../error.ts";

/** Whether `bytes` begin like a gzip member. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * What `bytes` unpack to.
 * @param limit the most bytes that may come out; decoding stops there.
 * @throws WasmvisorError `gzip-corrupt`, `image-too-large`.
 */
export async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = decoded(bytes).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new WasmvisorError(
        "gzip-corrupt",
        "The gzip data is damaged or cut short; copy or build it again.",
        {},
        { cause },
      );
    });
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw new WasmvisorError(
        "image-too-large",
        `The gzip data unpacks to more than ${limit} bytes; it is no kernel.`,
        {
          limit,
        },
      );
    }
    chunks.push(value);
  }
  return join(chunks, length);
}

function decoded(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  return source.pipeThrough(new DecompressionStream("gzip"));
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
