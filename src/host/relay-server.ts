/** A server of WebSockets, by the package `ws`, which is installed beside this one by those who want a relay. */

import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import type { FrameSocket } from "../backend/network/web-socket.ts";
import { WasmvisorError } from "../error.ts";

/** Where it listens, and what it does with those that come. */
export interface WebSocketServerOptions {
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** Files with a certificate and its key (PEM). Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Bytes of the largest message. */
  readonly maxMessage: number;
  /** Pages whose programs may connect; default: all. Programs that are no pages always may. */
  readonly origins?: readonly string[];
  readonly accept: (socket: FrameSocket, from: string) => void;
}

/** A server that is there. */
export interface WebSocketServerHandle {
  readonly port: number;
  close(): void;
}

/** Milliseconds in which the other end must have answered a ping. */
const HEARTBEAT = 30_000;
/** Connections at once, also those that have not become WebSockets yet. */
const MOST_CONNECTIONS = 1024;

/**
 * Listens.
 * @throws WasmvisorError `unsupported` without the package `ws`; `network-port` when the port is taken; `file-unreadable`
 */
export async function serveWebSockets(options: WebSocketServerOptions): Promise<WebSocketServerHandle> {
  const { WebSocketServer } = await loadWs();
  const { address, port, tls, origins, maxMessage, accept } = options;
  const server =
    tls === undefined ? createServer() : createTlsServer({ cert: await read(tls.cert), key: await read(tls.key) });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("request", (_request, response) => {
    response
      .writeHead(426, { "content-type": "text/plain" })
      .end("This is a relay for wasmvisor; it speaks WebSocket.\n");
  });
  const webSockets = new WebSocketServer({
    server,
    maxPayload: maxMessage,
    perMessageDeflate: false,
    verifyClient: ({ origin }: { readonly origin?: string }) =>
      origins === undefined || origin === undefined || origins.includes(origin),
  });
  const alive = new WeakSet<object>();
  webSockets.on("connection", (socket, request) => {
    alive.add(socket);
    socket.on("pong", () => alive.add(socket));
    const { remoteAddress = "", remotePort = 0 } = request.socket;
    accept(socket, `${remoteAddress} ${remotePort}`);
  });
  const heartbeat = setInterval(() => {
    for (const socket of webSockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, HEARTBEAT);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      clearInterval(heartbeat);
      const sentence = `The TCP port ${port} of ${address} cannot be had (${cause.code}); choose another with --listen.`;
      reject(new WasmvisorError("network-port", sentence, { address, port }, { cause }));
    });
    server.listen({ host: address, port }, resolve);
  });
  // Such as too many open files: the next one may be accepted.
  server.on("error", () => undefined);
  webSockets.on("error", () => undefined);
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      clearInterval(heartbeat);
      webSockets.close();
      for (const socket of webSockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function loadWs() {
  try {
    return await import("ws");
  } catch (cause) {
    throw new WasmvisorError(
      "unsupported",
      "A relay needs the package ws; npm install ws, and try again.",
      {},
      { cause },
    );
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new WasmvisorError(
      "file-unreadable",
      `${path} cannot be read (${reason}); give a file in PEM.`,
      { path },
      { cause },
    );
  }
}
