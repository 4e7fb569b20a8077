/** The world by `fetch`: a guest's HTTP requests are those of the page it runs in (docs/design/tunnels.md). */

import { Pause } from "../../backend/network/pause.ts";
import { Ip, scopeOf } from "../../backend/network/address.ts";
import type {
  HostDatagrams,
  HostListener,
  HostNetwork,
  HostStream,
  StreamEvents,
} from "../../backend/network/user/host-network.ts";
import { WasmvisorError } from "../../error.ts";
import { NameAddresses } from "../wisp/names.ts";
import { HttpFault, HttpReader, type HttpRequest, MOST_BODY } from "./http.ts";

/** How requests are made. */
export interface FetchOptions {
  /** How a request leaves: `https`, also for those to port 80, or `http`, which pages of `https:` may not use. Default: `https`. */
  readonly scheme?: "http" | "https";
  /** Makes the request. Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Headers that belong to one connection, or that a page cannot set. */
const NOT_PASSED =
  /^(?:host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|expect|accept-encoding|cookie|origin|referer|proxy-.*|sec-.*)$/;
const NOT_ANSWERED =
  /^(?:content-length|content-encoding|transfer-encoding|connection|keep-alive|trailer|upgrade|set-cookie|alt-svc)$/;
/** Names of the host's own, and of networks around it. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|home\.arpa|test|invalid|onion)$/;

/** The sockets of a guest that has nothing but `fetch`. */
export function fetchNetwork(options: FetchOptions = {}): HostNetwork {
  return new Fetcher(options);
}

function refused(sentence: string): Promise<never> {
  return Promise.reject(new WasmvisorError("unsupported", sentence));
}

class Fetcher implements HostNetwork {
  readonly #options: FetchOptions;
  readonly #names = new NameAddresses();

  constructor(options: FetchOptions) {
    this.#options = options;
  }

  connect(address: string, port: number, events: StreamEvents): HostStream {
    const name = this.#names.nameOf(address) ?? address;
    const ip = Ip.parse(name);
    const isPublic = ip === undefined || scopeOf(ip) === "public";
    // TLS of the guest's ends at the site itself, and a page has no sockets for it.
    return new FetchStream(name, port === 80 && isPublic, this.#options, events);
  }

  listen(): Promise<HostListener> {
    return refused("Nobody reaches a guest through fetch; leave hostfwd out.");
  }

  bind(): Promise<HostDatagrams> {
    return refused("A network by fetch has no UDP; use a relay for it.");
  }

  resolve: HostNetwork["resolve"] = (name, type) => {
    const isLocal = !name.includes(".") || LOCAL_NAME.test(name) || Ip.parse(name) !== undefined;
    return Promise.resolve(isLocal ? "no-name" : this.#names.answer(name, type));
  };

  standsForName(address: string): boolean {
    return this.nameOf(address) !== undefined;
  }

  nameOf(address: string): string | undefined {
    return this.#names.nameOf(address);
  }
}

class FetchStream implements HostStream {
  readonly #name: string;
  readonly #options: FetchOptions;
  readonly #events: StreamEvents;
  readonly #reader = new HttpReader();
  readonly #abort = new AbortController();
  #isBusy = false;
  #isEnded = false;
  #isOver = false;
  readonly #pause = new Pause();

  constructor(name: string, isServed: boolean, options: FetchOptions, events: StreamEvents) {
    this.#name = name;
    this.#options = options;
    this.#events = events;
    queueMicrotask(() => {
      if (this.#isOver) return;
      if (isServed) events.connected();
      else {
        this.#isOver = true;
        events.close("refused");
      }
    });
  }

  get pending(): number {
    return this.#reader.pending;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#reader.add(bytes);
    if (this.#reader.pending > 2 * MOST_BODY) this.#finish("reset");
    else void this.#work();
    // Nobody waits: a request is taken whole.
    return true;
  }

  end(): void {
    this.#isEnded = true;
    if (!this.#isBusy) this.#finish();
  }

  reset(): void {
    this.#isOver = true;
    this.#abort.abort();
    this.resume();
  }

  pause(): void {
    this.#pause.begin();
  }

  resume(): void {
    this.#pause.end();
  }

  #finish(why?: "reset"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort.abort();
    if (why === undefined) this.#events.end();
    this.#events.close(why);
  }

  /** Answers what has come, one request after another. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let request = this.#next(); request !== undefined && !this.#isOver; request = this.#next()) {
        await this.#answer(request);
        if (request.keepsAlive) continue;
        this.#finish();
        return;
      }
    } catch (error) {
      if (error instanceof HttpFault) {
        this.#say(error.status, error.message);
        this.#finish();
      } else this.#finish("reset");
      return;
    } finally {
      this.#isBusy = false;
    }
    if (this.#isEnded) this.#finish();
  }

  #next(): HttpRequest | undefined {
    const request = this.#reader.next();
    if (request === undefined && this.#reader.wantsContinue()) this.#text("HTTP/1.1 100 Continue\r\n\r\n");
    return request;
  }

  async #answer(request: HttpRequest): Promise<void> {
    const url = this.#addressOf(request);
    const headers = new Headers();
    for (const [name, value] of request.headers) if (!NOT_PASSED.test(name)) headers.append(name, value);
    const isBare = request.method === "GET" || request.method === "HEAD";
    let response: Response;
    try {
      response = await (this.#options.fetch ?? globalThis.fetch)(url, {
        ...{ method: request.method, headers, signal: this.#abort.signal },
        ...(isBare || request.body.length === 0 ? {} : { body: new Uint8Array(request.body) }),
        ...{ credentials: "omit", referrerPolicy: "no-referrer", redirect: "follow" },
      });
    } catch {
      this.#say(
        502,
        `${url.origin} has not answered, or does not let this page read what it says (CORS); use a relay to reach it.`,
        request,
      );
      return;
    }
    await this.#pass(request, response);
  }

  /** @throws HttpFault when that cannot be fetched */
  #addressOf({ method, target, headers }: HttpRequest): URL {
    if (!/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method))
      throw new HttpFault(501, `A network by fetch has no ${method}; use a relay for it.`);
    const host = headers.find(([name]) => name === "host")?.[1] ?? this.#name;
    const scheme = this.#options.scheme ?? "https";
    const text = target.startsWith("/") ? `${scheme}://${host}${target}` : target.replace(/^http:/i, `${scheme}:`);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // The name that the guest has asked for is the one that the policy has seen.
    if (url === undefined || bare(url.hostname) !== this.#name.toLowerCase() || url.port !== "" || url.username !== "")
      throw new HttpFault(421, `This connection is to ${this.#name}; a request for another host needs its own.`);
    return url;
  }

  async #pass({ method, isOld, keepsAlive }: HttpRequest, response: Response): Promise<void> {
    const lines = [`HTTP/1.1 ${response.status || 502} ${response.statusText.replaceAll(/[^\x20-\x7e]/g, "")}`];
    response.headers.forEach((value, name) => {
      if (!NOT_ANSWERED.test(name)) lines.push(`${name}: ${value.replaceAll(/[\r\n]/g, " ")}`);
    });
    const hasBody = method !== "HEAD" && response.status !== 204 && response.status !== 304;
    if (hasBody && !isOld) lines.push("transfer-encoding: chunked");
    if (!keepsAlive) lines.push("connection: close");
    this.#text(`${lines.join("\r\n")}\r\n\r\n`);
    if (!hasBody) {
      await response.body?.cancel();
      return;
    }
    const reader = response.body?.getReader();
    for (; reader !== undefined;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after another, as the guest takes them
      await this.#pause.over;
      if (this.#isOver) {
        await reader.cancel();
        return;
      }
      const { value } = (await reader.read()) as { readonly value?: Uint8Array };
      if (value === undefined) break;
      if (value.length === 0) continue;
      if (!isOld) this.#text(`${value.length.toString(16)}\r\n`);
      this.#data(new Uint8Array(value));
      if (!isOld) this.#text("\r\n");
    }
    if (!isOld) this.#text("0\r\n\r\n");
  }

  /** An answer of our own. */
  #say(status: number, sentence: string, request?: HttpRequest): void {
    const body = new TextEncoder().encode(`${sentence}\n`);
    const head = `HTTP/1.1 ${status} wasmvisor\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\n`;
    this.#text(`${head}${request?.keepsAlive ? "" : "connection: close\r\n"}\r\n`);
    if (request?.method !== "HEAD") this.#data(body);
  }

  #text(text: string): void {
    this.#data(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  }

  #data(bytes: Uint8Array): void {
    if (!this.#isOver) this.#events.data(bytes);
  }
}

/** A host's name without the brackets of IPv6. */
function bare(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
