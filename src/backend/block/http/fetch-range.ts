/** Bytes of a file on a web server, by ranges (RFC 9110, section 14). What a server answers is checked before any of it is used. */

import { WasmvisorError } from "../../../error.ts";
import { silence, StallTimer } from "../../stall.ts";
import { reasonOf } from "../reason.ts";

/** What asks for an address; the platform's own `fetch` unless somebody brings another. */
export type Fetch = (
  url: string,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<Response>;

/** How patient a request is. */
export interface RangePatience {
  /** How often a request is made before it is given up. */
  readonly tries: number;
  /** Milliseconds without a byte after which a try is given up. */
  readonly stallTimeout: number;
  /** Milliseconds before the second try; twice as many before each later one. */
  readonly pause: number;
}

/** What of a file tells whether it is still the one that was opened. */
export interface FileIdentity {
  /** Bytes. */
  readonly size: number;
  /** A strong ETag, or the time of the last change; undefined when the server says neither. */
  readonly version: string | undefined;
}

/** Bytes of a file, and which file they are of. */
export interface RangeAnswer {
  readonly bytes: Uint8Array;
  readonly identity: FileIdentity;
}

/** An answer that asking again would not change. */
class Refusal extends WasmvisorError {}

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A file on a web server. */
export class RangeFetcher {
  /** The address for people: without what may be secret in it. */
  readonly shown: string;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;
  readonly #patience: RangePatience;
  readonly #closing = new AbortController();

  /** @throws WasmvisorError `source-unreadable` when it is no address of HTTP or HTTPS */
  constructor(address: string | URL, headers: Readonly<Record<string, string>>, fetch: Fetch, patience: RangePatience) {
    const url = URL.canParse(String(address)) ? new URL(address) : undefined;
    if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
      throw new WasmvisorError(
        "source-unreadable",
        `"${String(address).slice(0, 200)}" is no address of a disk; give one that begins with http:// or https://.`,
      );
    }
    const { username, password } = url;
    url.username = url.password = url.hash = "";
    this.shown = `${url.origin}${url.pathname}`.slice(0, 200);
    this.#url = url.href;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = username === "" ? {} : { authorization: `Basic ${base64(credentials)}` };
    this.#headers = { ...authorization, ...headers };
    this.#fetch = fetch;
    this.#patience = patience;
  }

  /** Gives up what is on its way. */
  close(): void {
    this.#closing.abort(new Refusal("block-closed", `The disk at ${this.shown} is closed; open it again.`));
  }

  /**
   * The bytes from `at` on, `length` of them or as many as there are.
   * @throws WasmvisorError `block-io` when they cannot be had; `source-unreadable` when the server refuses the file or ranges of it
   */
  async read(at: number, length: number): Promise<RangeAnswer> {
    const { tries, pause } = this.#patience;
    for (let failures = 0; ;) {
      try {
        return await this.#try(at, length);
      } catch (cause) {
        if (cause instanceof WasmvisorError) throw cause;
        if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
        if (++failures >= tries) throw this.#unreachable(cause);
        await new Promise((resolve) => setTimeout(resolve, pause * 2 ** (failures - 1)));
        if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
      }
    }
  }

  async #try(at: number, length: number): Promise<RangeAnswer> {
    const stalled = new AbortController();
    const { stallTimeout } = this.#patience;
    const timer = new StallTimer(stallTimeout, () => stalled.abort(silence(stallTimeout)));
    timer.begin();
    try {
      const signal = AbortSignal.any([this.#closing.signal, stalled.signal]);
      const headers = { ...this.#headers, range: `bytes=${at}-${at + length - 1}` };
      const response = await this.#fetch(this.#url, { headers, signal });
      timer.progress();
      try {
        const { first, last, identity } = this.#extentOf(response, at, length);
        return { bytes: await bodyOf(response, last - first + 1, () => timer.progress()), identity };
      } finally {
        void response.body?.cancel().catch(() => undefined);
      }
    } catch (cause) {
      // Some platforms say only that they were aborted.
      throw stalled.signal.aborted ? stalled.signal.reason : cause;
    } finally {
      timer.end();
    }
  }

  /** What part of the file an answer says it is. */
  #extentOf(response: Response, at: number, length: number): { first: number; last: number; identity: FileIdentity } {
    const { status, headers } = response;
    if (RETRIED.has(status)) throw new Error(`the server answers ${status}`);
    if (status === 200) {
      throw this.#refused("its server sends no ranges of it; download it, and open the file");
    }
    const empty = status === 416 ? /^bytes \*\/0$/.exec(contentRange(headers)) : null;
    if (empty !== null) return { first: 0, last: -1, identity: { size: 0, version: versionOf(headers) } };
    if (status !== 206) throw this.#refused(`its server answers ${status}; check the address`);
    const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(contentRange(headers));
    if (match === null) {
      throw this.#refused(
        "its server does not say how large it is; let it send Content-Range, and to pages of other origins Access-Control-Expose-Headers: Content-Range, ETag",
      );
    }
    const [first, last, size] = match.slice(1).map(Number) as [number, number, number];
    const wanted = Math.min(at + length, size) - 1;
    if (first !== at || last !== wanted || !Number.isSafeInteger(size)) {
      throw this.#refused(`its server sends other bytes (${match[0]}) than were asked for; check the server`);
    }
    return { first, last, identity: { size, version: versionOf(headers) } };
  }

  #refused(why: string): WasmvisorError {
    return new Refusal("source-unreadable", `The disk at ${this.shown} cannot be used: ${why}.`, { url: this.shown });
  }

  #unreachable(cause: unknown): WasmvisorError {
    const reason = reasonOf(cause);
    return new WasmvisorError(
      "block-io",
      `The disk at ${this.shown} cannot be read (${reason}); check the network.`,
      { url: this.shown, reason },
      { cause },
    );
  }
}

const contentRange = (headers: Headers): string => headers.get("content-range") ?? "";

/** A weak ETag may stay while bytes change. */
function versionOf(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : (headers.get("last-modified") ?? undefined);
}

/** The body, which must be of `length` bytes; no more of it is taken. */
async function bodyOf(response: Response, length: number, progress: () => void): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const reader = response.body?.getReader();
  let done = 0;
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      progress();
      const value = part.value as Uint8Array;
      if (done + value.length > length) throw new Error("the server sends more than was asked for");
      bytes.set(value, done);
      done += value.length;
      if (done === length) return bytes;
    }
  } finally {
    reader?.cancel().catch(() => undefined);
  }
  if (done < length) throw new Error(`the connection ended after ${done} of ${length} bytes`);
  return bytes;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
