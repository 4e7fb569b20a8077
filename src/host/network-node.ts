/** Sockets and names of node's, for user networks. */

import { execFile } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { lookup, Resolver } from "node:dns";
import { connect, createServer, type Socket } from "node:net";
import type {
  AcceptedStream,
  DatagramEvents,
  DnsRecord,
  DnsResult,
  HostDatagrams,
  HostListener,
  HostNetwork,
  HostStream,
  DnsRecordType,
  StreamEvents,
  StreamFailure,
} from "../backend/network/user/host-network.ts";
import { WasmvisorError } from "../error.ts";

export { openWebSocket } from "./sockets-ws.ts";

/** Milliseconds after which a connection that nobody answers is given up. */
const CONNECT_TIMEOUT = 75_000;

/** The sockets of the process. */
export const hostNetwork: HostNetwork = {
  connect(address, port, events) {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => socket.destroy(codedError("ETIMEDOUT")), CONNECT_TIMEOUT);
    socket.once("connect", () => {
      clearTimeout(timer);
      events.connected();
    });
    socket.once("close", () => clearTimeout(timer));
    return new NodeStream(socket, events);
  },
  listen,
  bind,
  resolve,
  ...(process.platform === "win32" ? {} : { ping }),
};

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const FAILURES: ReadonlyMap<string, StreamFailure> = new Map([
  ["ECONNREFUSED", "refused"],
  ["ENETUNREACH", "unreachable"],
  ["EHOSTUNREACH", "unreachable"],
  ["EADDRNOTAVAIL", "unreachable"],
  ["EAFNOSUPPORT", "unreachable"],
  ["EINVAL", "unreachable"],
  ["EACCES", "unreachable"],
  ["EPERM", "unreachable"],
  ["EMFILE", "unreachable"],
  ["ENFILE", "unreachable"],
  ["ETIMEDOUT", "timeout"],
]);

class NodeStream implements HostStream {
  readonly #socket: Socket;
  readonly #events: StreamEvents;
  #failure: StreamFailure | undefined;

  constructor(socket: Socket, events: StreamEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("data", (bytes: Uint8Array) => events.data(bytes));
    socket.on("end", () => events.end());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure = FAILURES.get(error.code ?? "") ?? "reset";
    });
    socket.on("close", () => events.close(this.#failure));
  }

  get pending(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.writable ? this.#socket.write(bytes, this.#written) : true;
  }

  readonly #written = (): void => {
    if (this.#socket.writableLength === 0) this.#events.drain();
  };

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

function portTaken(kind: string, address: string, port: number, cause: unknown): WasmvisorError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new WasmvisorError(
    "network-port",
    `The ${kind} port ${port} of ${address} cannot be had (${reason}); choose another, or 0 for any that is free.`,
    { address, port, reason },
    { cause },
  );
}

function listen(address: string, port: number, accept: (connection: AcceptedStream) => void): Promise<HostListener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      const { remoteAddress, remotePort } = socket;
      if (remoteAddress === undefined || remotePort === undefined) socket.destroy();
      else {
        accept({
          address: bare(remoteAddress),
          port: remotePort,
          take: (events) => new NodeStream(socket, events),
        });
      }
    });
    const fail = (error: Error) => reject(portTaken("TCP", address, port, error));
    server.once("error", fail);
    server.listen({ host: address, port }, () => {
      server.off("error", fail);
      // Such as too many open files: the next one may be accepted.
      server.on("error", () => undefined);
      const taken = server.address() as { readonly port: number };
      resolve({ port: taken.port, close: () => void server.close() });
    });
  });
}

/** Without a zone, and IPv4 addresses as such. */
function bare(address: string): string {
  return address.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, "");
}

class NodeDatagrams implements HostDatagrams {
  readonly #socket: UdpSocket;
  pending = 0;
  readonly port: number;

  constructor(socket: UdpSocket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    this.pending += bytes.length;
    this.#socket.send(bytes, port, address, () => (this.pending -= bytes.length));
  }

  close(): void {
    // A socket that has closed by itself says so by throwing.
    try {
      this.#socket.close();
    } catch {
      return;
    }
  }
}

function bind(family: 4 | 6, events: DatagramEvents, address?: string, port = 0): Promise<HostDatagrams> {
  return new Promise((resolve, reject) => {
    const any = family === 4 ? "0.0.0.0" : "::";
    // Who names addresses gets no names looked up: what is not an address fails.
    const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ipv6Only: family === 6, lookup: noLookup });
    let isBound = false;
    socket.on("error", (error) => {
      if (!isBound) reject(portTaken("UDP", address ?? any, port, error));
      socket.close();
    });
    socket.on("message", (bytes, from) => events.data(bytes, bare(from.address), from.port));
    socket.on("close", () => events.close());
    socket.bind({ address: address ?? any, port }, () => {
      isBound = true;
      resolve(new NodeDatagrams(socket));
    });
  });
}

function noLookup(
  address: string,
  options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  queueMicrotask(() => callback(null, address, address.includes(":") ? 6 : 4));
}

const NO_NAME = new Set(["ENOTFOUND", "EAI_NONAME"]);
const NO_DATA = new Set(["ENODATA", "EAI_NODATA"]);

/** Addresses come by the system's resolver, which knows the hosts file; the rest from the DNS itself. */
async function resolve(name: string, type: DnsRecordType): Promise<DnsResult> {
  try {
    if (type === "A" || type === "AAAA") return await lookUp(name, type);
    return await ask(name, type);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (NO_NAME.has(code)) return "no-name";
    return NO_DATA.has(code) ? [] : "failed";
  }
}

function lookUp(name: string, type: "A" | "AAAA"): Promise<DnsRecord[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, family: 0, verbatim: true }, (error, found) => {
      if (error) reject(error);
      else {
        const family = type === "A" ? 4 : 6;
        resolve(
          found.filter((item) => item.family === family).map(({ address }) => ({ type, address: bare(address) })),
        );
      }
    });
  });
}

const resolver = new Resolver({ timeout: 3000, tries: 2 });

function ask(name: string, type: Exclude<DnsRecordType, "A" | "AAAA">): Promise<DnsRecord[]> {
  return new Promise((done, reject) => {
    const take =
      <Found>(convert: (found: Found) => DnsRecord[]) =>
      (error: Error | null, found: Found): void => {
        if (error) reject(error);
        else done(convert(found));
      };
    const names = take<string[]>((found) =>
      found.map((target) => ({ type: type as "CNAME" | "NS" | "PTR", name: target })),
    );
    switch (type) {
      case "CNAME":
        resolver.resolveCname(name, names);
        break;
      case "NS":
        resolver.resolveNs(name, names);
        break;
      case "PTR":
        resolver.resolvePtr(name, names);
        break;
      case "MX":
        resolver.resolveMx(
          name,
          take((found) =>
            found.map(({ priority, exchange }) => ({ type: "MX", preference: priority, name: exchange })),
          ),
        );
        break;
      case "TXT":
        resolver.resolveTxt(
          name,
          take((found) => found.map((texts) => ({ type: "TXT", texts }))),
        );
        break;
      case "SRV":
        resolver.resolveSrv(
          name,
          take((found) => found.map((record) => ({ ...record, type: "SRV" }))),
        );
        break;
      case "SOA":
        resolver.resolveSoa(
          name,
          take(({ nsname, hostmaster, minttl, ...numbers }) => [
            { ...numbers, type: "SOA", primary: nsname, admin: hostmaster, minimum: minttl },
          ]),
        );
        break;
    }
  });
}

/** By the system's program, which may do what a process of node's may not. */
function ping(address: string): Promise<boolean> {
  const wait = process.platform === "darwin" ? [] : ["-W", "5"];
  return new Promise((done) => {
    execFile("ping", ["-n", "-c", "1", ...wait, address], { timeout: 8000 }, (error) => done(error === null));
  });
}
