/** Snapshots that are read from anywhere in them. */

import { absoluteLocation } from "#load";
import { diskHost } from "#disk";
import { BlobBlock } from "../../backend/block/blob.ts";
import { openAddress } from "../../disk/source.ts";
import { type RangeSource } from "../../snapshot/page-file.ts";
import { snapshotError } from "../../snapshot/format.ts";
import type { ImageSource } from "../image-source.ts";

/** Bytes that are read at once from the front. */
const PIECE_BYTES = 2 ** 16;

const ADDRESS = /^https?:/i;

/** @throws WasmvisorError `source-unreadable`, `snapshot-format` when it can only be read from front to back */
export async function openRanges(source: ImageSource): Promise<RangeSource> {
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source));
  if (source instanceof Blob) return new BlobBlock(source);
  const place = source instanceof URL ? placeOf(source) : source;
  if (typeof place === "string") {
    const where = absoluteLocation(place);
    return ADDRESS.test(where) ? openAddress(where) : diskHost.openFile(where, { readonly: true, shared: true });
  }
  const sentence =
    "A snapshot that is restored lazily is given as bytes, Blob, URL, or a string that says where it is.";
  throw snapshotError("snapshot-format", sentence);
}

function placeOf(url: URL): string {
  return url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
}

function bytesSource(bytes: Uint8Array): RangeSource {
  return {
    size: bytes.length,
    read: (at, into) => into.set(bytes.subarray(at, at + into.length)),
    close: () => Promise.resolve(),
  };
}

/** The bytes from the front on. */
export function streamFrom(source: RangeSource): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = new Uint8Array(Math.min(PIECE_BYTES, source.size - at));
        if (bytes.length === 0) return controller.close();
        await source.read(at, bytes);
        at += bytes.length;
        controller.enqueue(bytes);
      },
    },
    { highWaterMark: 0 },
  );
}
