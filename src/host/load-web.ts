/** Reading by URL, as browsers (and node, for everything but files) do it. */

import { WasmvisorError } from "../error.ts";
import { shown, type Source } from "./load.ts";

/**
 * Opens a URL; a string is relative to the page.
 * @throws WasmvisorError `source-unreadable`
 */
export async function openSource(location: string | URL): Promise<Source> {
  let response: Response;
  try {
    response = await fetch(location);
  } catch (cause) {
    throw new WasmvisorError(
      "source-unreadable",
      `The address ${shown(location)} cannot be fetched; check it.`,
      { location },
      { cause },
    );
  }
  if (!response.ok || response.body === null) {
    throw new WasmvisorError(
      "source-unreadable",
      `The address ${shown(location)} cannot be fetched (the server answers ${response.status}); check it.`,
      { location, status: response.status },
    );
  }
  const length = response.headers.get("content-encoding") === null ? response.headers.get("content-length") : null;
  const stream = response.body as ReadableStream<Uint8Array>;
  return { stream, repeatable: false, ...(length === null ? {} : { size: Number(length) }) };
}
