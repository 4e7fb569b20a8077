/** What the rest of wasmvisor asks of the system it runs on to read a file or a URL; see `imports` in package.json. */

/** Bytes on their way in. */
export interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** Bytes in all, when known. */
  readonly size?: number;
}

/** How long an error message may quote what could not be read. */
const QUOTED = 200;

/** A location as error messages show it. */
export function shown(location: string | URL): string {
  const text = location instanceof URL && location.protocol === "file:" ? location.pathname : String(location);
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
