/** HTTP over a Unix socket: both ends. */

import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { WasmvisorError } from "../error.ts";
import { type Connection, connectionOf, listenAt } from "./control-socket.ts";

/** A request, as it comes to a server. */
export interface LocalRequest {
  readonly method: string;
  /** The path, without a query. */
  readonly path: string;
  readonly accept: string;
  /**
   * All that it carries.
   * @throws WasmvisorError `control` when that is too much
   */
  body(): Promise<string>;
}

/** Where the answer goes; whoever does not take it does not hold up anything but itself. */
export interface LocalReply {
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
  /** Answers with a text. */
  send(status: number, type: string, text: string): void;
  /** Answers piece by piece; after `end` there is no more. */
  stream(type: string): { write(text: string): void; end(): void };
}

/** What a server does. */
export interface LocalService {
  handle(request: LocalRequest, reply: LocalReply): Promise<void>;
  /** A connection that is to carry something else from now on; what is sent before `accept` is too early. */
  upgrade(request: LocalRequest, link: LocalUpgrade): void;
}

export interface LocalUpgrade {
  accept(protocol: string): Connection;
  refuse(status: number, text: string): void;
}

export interface LocalServer {
  /** Requests and upgraded connections under way. */
  readonly active: number;
  /** Accepts no more, and resolves when what is under way has been answered, or after a second. */
  close(): Promise<void>;
}

/** What a request may carry. */
const BODY_MOST = 2 ** 20;
const HEADER_MOST = 2 ** 14;
/** Milliseconds for a request to arrive. */
const HEADERS_PATIENCE = 10_000;
const REQUEST_PATIENCE = 30_000;
/** Bytes that wait for a client that does not read. */
const UNREAD_MOST = 2 ** 22;
/** What an address of a Unix socket can have. */
const SOCKET_PATH_MOST = 103;

/**
 * The shorter way to a socket: the system has little room for its name.
 * @throws WasmvisorError `supervisor`
 */
export function socketName(socket: string): string {
  const near = path.relative(process.cwd(), socket);
  const name = near.length < socket.length ? near : socket;
  if (Buffer.byteLength(name) <= SOCKET_PATH_MOST) return name;
  const sentence = `The path ${socket} is too long for a socket; go into that folder first, or use one with a shorter path.`;
  throw new WasmvisorError("supervisor", sentence, { path: socket });
}

/**
 * Serves at a socket, for this user alone.
 * @throws WasmvisorError `control`, `supervisor`
 */
export async function serveLocal(socket: string, service: LocalService): Promise<LocalServer> {
  let active = 0;
  const limits = { maxHeaderSize: HEADER_MOST, headersTimeout: HEADERS_PATIENCE, requestTimeout: REQUEST_PATIENCE };
  const server = createServer({ ...limits, keepAlive: false }, (message, response) => {
    active++;
    response.once("close", () => active--);
    response.setHeader("Connection", "close");
    void service.handle(requestOf(message), replyOf(response));
  });
  server.on("upgrade", (message: IncomingMessage, stream, head: Buffer) => {
    const link = stream as Socket;
    active++;
    link.once("close", () => active--);
    link.on("error", () => undefined);
    if (head.length > 0) link.unshift(head);
    service.upgrade(requestOf(message), upgradeOf(link));
  });
  server.on("clientError", (_error, link) => link.destroy());
  await listenAt(server, socketName(socket), "supervisor's socket");
  return {
    get active() {
      return active;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        setTimeout(() => {
          server.closeAllConnections();
          resolve();
        }, 1000).unref();
      }),
  };
}

function requestOf(message: IncomingMessage): LocalRequest {
  return {
    method: message.method ?? "GET",
    path: (message.url ?? "/").replace(/\?.*$/s, ""),
    accept: message.headers.accept ?? "",
    body: () => bodyOf(message),
  };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MOST)
      throw new WasmvisorError("control", `A request carries ${BODY_MOST} bytes at most; send less.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function replyOf(response: ServerResponse): LocalReply {
  const gone = new AbortController();
  response.on("error", () => undefined);
  response.once("close", () => gone.abort());
  const write = (text: string): void => {
    if (response.destroyed) return;
    // Who does not read loses the rest.
    if (response.writableLength > UNREAD_MOST) response.destroy();
    else response.write(text);
  };
  return {
    gone: gone.signal,
    send: (status, type, text) => {
      if (response.headersSent || response.destroyed) return;
      response.writeHead(status, { "Content-Type": type });
      response.end(text);
    },
    stream: (type) => {
      if (!response.headersSent) response.writeHead(200, { "Content-Type": type });
      return { write, end: () => void response.end() };
    },
  };
}

function upgradeOf(link: Socket): LocalUpgrade {
  return {
    accept: (protocol) => {
      link.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      return connectionOf(link);
    },
    refuse: (status, text) => {
      const length = Buffer.byteLength(text);
      link.write(
        `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}`,
      );
      connectionOf(link).end();
    },
  };
}

/** What a client asks for. */
export interface LocalAsk {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly body?: string;
}

/** The answer. */
export interface LocalAnswer {
  readonly status: number;
  readonly type: string;
  /** As it comes. */
  readonly text: AsyncIterable<string>;
}

/** The error of a server that is not there: nobody listens, or no socket. */
export const isAbsent = (error: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "");

/** Asks a server; fails as sockets do. */
export function askLocal(socket: string, { method, path: target, accept, body }: LocalAsk): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { ...(accept === undefined ? {} : { Accept: accept }), ...bodyHeaders(body) };
    const asked = requestHttp({ socketPath: socketName(socket), method, path: target, headers, agent: false });
    asked.once("error", reject);
    asked.once("response", (response) => {
      response.setEncoding("utf8");
      const type = response.headers["content-type"] ?? "";
      resolve({ status: response.statusCode ?? 0, type, text: response as AsyncIterable<string> });
    });
    asked.end(body);
  });
}

function bodyHeaders(body: string | undefined): Record<string, string | number> {
  if (body === undefined) return {};
  return { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
}

/** Has a connection to a server carry another protocol; or the server's refusal. */
export function upgradeLocal(socket: string, target: string, protocol: string): Promise<Connection | LocalAnswer> {
  return new Promise((resolve, reject) => {
    const asked = requestHttp({
      method: "GET",
      path: target,
      headers: { Connection: "Upgrade", Upgrade: protocol },
      createConnection: () => connect({ path: socketName(socket), allowHalfOpen: true }),
    });
    asked.once("error", reject);
    asked.once("upgrade", (_response, link: Socket, head) => {
      if (head.length > 0) link.unshift(head);
      resolve(connectionOf(link));
    });
    asked.once("response", (response) => {
      response.setEncoding("utf8");
      const type = response.headers["content-type"] ?? "";
      resolve({ status: response.statusCode ?? 0, type, text: response as AsyncIterable<string> });
    });
    asked.end();
  });
}
