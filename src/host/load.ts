/** What the rest of wasmvisor asks of the system it runs on to read a file or a URL; see `imports` in package.json. */

/** A path (in node) or address, or a request for it. */
export type Location = string | URL | Request;

/** Bytes on their way in. */
export interface Source {
  /** A chunk is good until the next one is asked for. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Bytes in all, when known. */
  readonly size?: number;
  /** Whether it can be opened again later, at no cost, for the same bytes. */
  readonly repeatable: boolean;
}

/**
 * How translated code is compiled:
 *
 * - `"sync"`: the guest waits for it, so that what it does depends on the guest alone;
 * - `"async"`: the engine compiles aside, and the guest is interpreted meanwhile. Browsers refuse large modules anything else on a
 *   page's thread, and the page stays smooth.
 */
export type Compilation = "sync" | "async";

/** How long an error message may quote what could not be read. */
const QUOTED = 200;

/** A location as error messages show it: shortened, and with control characters spelled out. */
export function shown(location: Location): string {
  const text = textOf(location);
  const short = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return /[\x00-\x1f\x7f]/.test(short) ? JSON.stringify(short) : short;
}

/** Whether it is a Request. The global is asked for last: in node its first use loads all of `fetch`, 30 ms. */
export function isRequest(value: unknown): value is Request {
  return Object.prototype.toString.call(value) === "[object Request]" && value instanceof Request;
}

function textOf(location: Location): string {
  if (location instanceof URL && location.protocol === "file:") return location.pathname;
  return isRequest(location) ? location.url : String(location);
}
