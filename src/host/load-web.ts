/** Reading by URL, as browsers (and node, for everything but files) do it. */

import { WasmvisorError } from "../error.ts";
import { type Compilation, type Location, shown, type Source } from "./load.ts";

/**
 * Opens a URL; a string is relative to the page.
 *
 * @param signal - gives up, also while the stream is read
 * @throws WasmvisorError `source-unreadable`; the signal's reason
 */
export async function openSource(location: Location, signal?: AbortSignal): Promise<Source> {
  const response = await answer(location, signal);
  if (!response.ok || response.body === null) {
    throw new WasmvisorError(
      "source-unreadable",
      `The address ${shown(location)} cannot be fetched (the server answers ${response.status}); check it.`,
      { location: shown(location), status: response.status },
    );
  }
  const length = response.headers.get("content-encoding") === null ? response.headers.get("content-length") : null;
  const stream = response.body as ReadableStream<Uint8Array>;
  return { stream, repeatable: false, ...(length === null ? {} : { size: Number(length) }) };
}

async function answer(location: Location, signal: AbortSignal | undefined): Promise<Response> {
  const own = location instanceof Request ? [location.signal] : [];
  const signals = signal === undefined ? own : [...own, signal];
  try {
    return await fetch(location, { signal: AbortSignal.any(signals) });
  } catch (cause) {
    for (const given of signals) given.throwIfAborted();
    throw new WasmvisorError(
      "source-unreadable",
      `The address ${shown(location)} cannot be fetched; check it, the network, and that its server allows this page to read it.`,
      { location: shown(location) },
      { cause },
    );
  }
}

declare const document: { readonly baseURI: string } | undefined;

/** What suits this thread: pages compile aside, workers do not mind. */
export const usualCompilation: Compilation = typeof document === "undefined" ? "sync" : "async";

/** A string as an address that means the same in a worker. */
export function absoluteLocation(location: string): string {
  return typeof document === "undefined" ? location : new URL(location, document.baseURI).href;
}
