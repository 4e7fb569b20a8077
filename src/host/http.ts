/** Downloads over HTTP and HTTPS that go on where they broke off, by way of the proxy that the environment names. */

import { get as getHttp, type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { get as getHttps } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setTimeout as wait } from "node:timers/promises";
import { WasmvisorError } from "../error.ts";

/** How to download. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly stallTimeout?: number;
  /** Milliseconds before the first try after a failure; doubled for each one after it. */
  readonly pause?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const TRIES = 5;
const MAX_REDIRECTS = 5;
const STALL = 30_000;
const PAUSE = 500;

/** An answer of the server's that no further try would change. */
class Refusal extends WasmvisorError {}

/**
 * The bytes at an address. A connection that breaks off or stalls is made again, up to five times in a row, and asked for
 * the rest.
 * @throws WasmvisorError `archive-missing` when the server has no such file, `archive-unreachable`; the signal's reason
 */
export async function* download(url: string, options: DownloadOptions = {}): AsyncGenerator<Uint8Array, void> {
  const { signal, pause = PAUSE } = options;
  let at = 0;
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    let response: IncomingMessage | undefined;
    try {
      response = await answer(url, at, options);
      const { total, skip } = extent(response, at);
      let passed = 0;
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        const fresh = chunk.subarray(Math.min(chunk.length, Math.max(0, skip - passed)));
        passed += chunk.length;
        if (fresh.length === 0) continue;
        at += fresh.length;
        failures = 0;
        yield fresh;
      }
      if (total === undefined || at >= total) return;
      throw new Error(`the connection ended after ${at} of ${total} bytes`);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof WasmvisorError) throw error;
      if (++failures >= TRIES) throw unreachable(url, error);
      await wait(pause * 2 ** (failures - 1), undefined, signal ? { signal } : {}).catch(() => undefined);
    } finally {
      response?.destroy();
    }
  }
}

/** How many bytes there are in all, and how many of those that come are known already. */
function extent({ statusCode, headers }: IncomingMessage, at: number): { total: number | undefined; skip: number } {
  const length = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  if (statusCode === 206) return { total: length === undefined ? undefined : at + length, skip: 0 };
  return { total: length, skip: at };
}

/** The server's answer, after redirections. */
async function answer(start: string, at: number, options: DownloadOptions): Promise<IncomingMessage> {
  let url = new URL(start);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(url, at, options);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200 || statusCode === 206) return response;
    response.destroy();
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      const next = new URL(headers.location, url);
      // What was asked for over TLS is not to come without it.
      if (next.protocol !== "https:" && (next.protocol !== "http:" || url.protocol === "https:")) break;
      url = next;
      continue;
    }
    if (statusCode === 404 || statusCode === 410) {
      throw new Refusal("archive-missing", `There is no ${url.href}; name another mirror (--mirror).`, {
        url: url.href,
      });
    }
    if (statusCode >= 400 && statusCode < 500 && statusCode !== 408 && statusCode !== 429) {
      throw new Refusal(
        "archive-unreachable",
        `${url.href} is refused (${statusCode}); name another mirror (--mirror).`,
      );
    }
    throw new Error(`the server answers ${statusCode}`);
  }
  throw new Refusal("archive-unreachable", `${start} leads elsewhere and elsewhere; name another mirror (--mirror).`);
}

async function send(url: URL, at: number, options: DownloadOptions): Promise<IncomingMessage> {
  const { signal, stallTimeout = STALL, environment = process.env } = options;
  const headers = { "user-agent": "wasmvisor", ...(at > 0 ? { range: `bytes=${at}-` } : {}) };
  const common = { headers, agent: false as const, timeout: stallTimeout, ...(signal ? { signal } : {}) };
  const proxy = proxyFor(url, environment);
  const target: RequestOptions = proxy === undefined || url.protocol === "https:" ? {} : viaProxy(url, proxy, headers);
  const socket = proxy !== undefined && url.protocol === "https:" ? await tunnel(url, proxy, common) : undefined;
  const encrypted = () => connectTls({ socket: socket!, servername: url.hostname });
  // Only without an agent is the connection ours to make.
  const through = socket === undefined ? {} : { agent: undefined, createConnection: encrypted };
  return new Promise((resolve, reject) => {
    const get = url.protocol === "https:" ? getHttps : getHttp;
    const request = get(url, { ...common, ...target, ...through }, resolve);
    request.on("timeout", () => request.destroy(new Error(`nothing has come for ${stallTimeout / 1000} s`)));
    request.on("error", reject);
  });
}

/** The proxy that http_proxy, https_proxy or all_proxy names, unless no_proxy has the host. */
export function proxyFor(url: URL, environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const variable = (name: string) => environment[name] ?? environment[name.toUpperCase()];
  const excluded = (variable("no_proxy") ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
  const { hostname, host } = url;
  const isExcluded = excluded.some((entry) => {
    const name = entry.replace(/^\*?\./, "");
    return entry === "*" || hostname === name || host === name || hostname.endsWith(`.${name}`);
  });
  const named = variable(`${url.protocol.slice(0, -1)}_proxy`) ?? variable("all_proxy");
  if (isExcluded || named === undefined || named === "") return undefined;
  const proxy = [named, `http://${named}`]
    .filter((text) => URL.canParse(text))
    .map((text) => new URL(text))
    .find(({ host: name }) => name !== "");
  if (proxy?.protocol === "http:") return proxy;
  throw new WasmvisorError(
    "archive-unreachable",
    `The proxy "${named}" is not an http:// address; correct ${url.protocol.slice(0, -1)}_proxy.`,
  );
}

function viaProxy(url: URL, proxy: URL, headers: Record<string, string>): RequestOptions {
  return {
    hostname: proxy.hostname,
    port: proxy.port || 80,
    path: url.href,
    headers: { ...headers, host: url.host, ...authorization(proxy) },
  };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function tunnel(url: URL, proxy: URL, common: RequestOptions): Promise<Socket> {
  const path = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      ...common,
      host: proxy.hostname,
      port: proxy.port || 80,
      method: "CONNECT",
      path,
      headers: { host: path, ...authorization(proxy) },
    });
    request.on("connect", (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answers ${response.statusCode}`));
    });
    request.on("timeout", () => request.destroy(new Error("the proxy does not answer")));
    request.on("error", reject);
    request.end();
  });
}

function unreachable(url: string, cause: unknown): WasmvisorError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new WasmvisorError(
    "archive-unreachable",
    `${url} cannot be fetched (${code ?? message}); check the network, or name another mirror (--mirror).`,
    { url },
    { cause },
  );
}
