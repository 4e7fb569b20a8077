/** gzip, by the platform's own decoder, with a bound on what comes out. */

import { WasmvisorError } from "../../error.ts";

/** What bounds the unpacking. */
export interface UnpackLimits {
  /** The most bytes that may come out; decoding stops there. */
  readonly limit: number;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/** Whether `bytes` begin like a gzip member. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * What `bytes` unpack to. Takes no more memory than twice the limit, whatever the bytes.
 * @throws WasmvisorError `gzip-corrupt`, `image-too-large`; the signal's reason
 */
export async function gunzip(bytes: Uint8Array, { limit, signal }: UnpackLimits): Promise<Uint8Array> {
  let whole = new Uint8Array(Math.min(limit, sizeHint(bytes)));
  let length = 0;
  const reader = decoded(bytes).getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new WasmvisorError(
          "gzip-corrupt",
          "The gzip data is damaged or cut short; copy or build it again.",
          {},
          { cause },
        );
      });
      if (done) break;
      const end = length + value.length;
      if (end > limit) throw tooLarge(limit);
      if (end > whole.length) whole = enlarged(whole, length, Math.min(limit, Math.max(end, 2 * whole.length)));
      whole.set(value, length);
      length = end;
    }
    return whole.subarray(0, length);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** What the file says at its end that it unpacks to, which is right for files of one member. (RFC 1952, "ISIZE") */
function sizeHint(bytes: Uint8Array): number {
  const { length } = bytes;
  return length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + length - 4, 4).getUint32(0, true);
}

function enlarged(bytes: Uint8Array, used: number, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes.subarray(0, used));
  return larger;
}

function tooLarge(limit: number): WasmvisorError {
  return new WasmvisorError(
    "image-too-large",
    `The gzip data unpacks to more than the ${Math.floor(limit / 2 ** 20)} MiB that can be loaded; give the VM more memory, if it is a kernel.`,
    { limit },
  );
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
