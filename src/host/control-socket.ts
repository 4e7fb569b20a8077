/** Unix sockets for the command: one that is listened at, and connections to it. */

import { chmodSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { WasmvisorError } from "../error.ts";

/** Bytes in both directions. */
export interface Connection {
  /** What comes, piece by piece; ends when the other side has ended. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more. */
  send(bytes: Uint8Array): Promise<void>;
  /** Nothing more is sent, and what still comes is dropped. */
  end(): void;
  /** Drops it. */
  close(): void;
  /** Called once when it is closed, by whomever. */
  onClose(closed: () => void): void;
}

/** What messages call a socket, unless they are told of another kind. */
const CONTROL = "control socket";

/** Milliseconds for the other side to close what has ended. */
const LINGER = 10_000;

/** A socket as a connection; one that both sides end by themselves (`allowHalfOpen`). */
export function connectionOf(socket: Socket): Connection {
  // What goes wrong is seen as its end.
  socket.on("error", () => undefined);
  return {
    incoming: { [Symbol.asyncIterator]: () => socket.iterator({ destroyOnReturn: false }) },
    send: (bytes) =>
      new Promise((resolve) => {
        if (socket.destroyed || socket.write(bytes)) return resolve();
        const go = (): void => {
          socket.off("drain", go);
          socket.off("close", go);
          resolve();
        };
        socket.once("drain", go);
        socket.once("close", go);
      }),
    end: () => {
      socket.end();
      // Its end is seen only where it is read.
      socket.removeAllListeners("readable");
      socket.resume();
      // The other side closes it; one that does not is not waited for.
      socket.setTimeout(LINGER, () => socket.destroy());
    },
    close: () => void socket.destroy(),
    onClose: (closed) => void socket.once("close", closed),
  };
}

function fault(path: string, what: string, cause: unknown, kind = CONTROL): WasmvisorError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new WasmvisorError("control", `The ${kind} ${path} ${what} (${reason}).`, { path, reason }, { cause });
}

/** Connections that a listener serves at once. */
const CONNECTIONS = 256;

/**
 * Listens at a path, for this user alone; what ends that, and removes the socket.
 * @throws WasmvisorError `control`
 */
export async function listen(
  path: string,
  serve: (connection: Connection) => void,
  kind = CONTROL,
): Promise<() => void> {
  const isUsed = await connectTo(path).then(
    (connection) => (connection.close(), true),
    () => false,
  );
  if (isUsed) throw fault(path, "is used by another VM; name another", { code: "EADDRINUSE" }, kind);
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(connectionOf(socket)));
  await listenAt(server, path, kind);
  // It does not keep the process.
  server.unref();
  return () => void server.close();
}

/**
 * Has a server listen at a path, for this user alone, in place of a socket that was left behind.
 * @throws WasmvisorError `control`
 */
export async function listenAt(server: Server, path: string, kind = CONTROL): Promise<void> {
  server.maxConnections = CONNECTIONS;
  try {
    unlinkSync(path);
  } catch {
    // There is none that was left behind; or none that may be removed, which listening will say.
  }
  // A thread cannot set it; the socket's mode is set at once.
  const usual = isMainThread ? process.umask(0o177) : undefined;
  const putBack = (): void => {
    if (usual !== undefined) process.umask(usual);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
      // It has been made by now.
      putBack();
    });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw fault(path, "cannot be made; check the path", cause, kind);
  } finally {
    putBack();
  }
}

/**
 * Connects to a socket.
 * @throws WasmvisorError `control`
 */
export async function connectTo(path: string, kind = CONTROL): Promise<Connection> {
  const advice = kind === CONTROL ? "start a VM with wasmvisor run --agent --control PATH" : "start its program first";
  const socket = connect({ path, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    socket.once("error", (cause) => reject(fault(path, `does not answer; ${advice}`, cause, kind)));
    socket.once("connect", () => resolve(connectionOf(socket)));
  });
}
