/** Connections for migrations, in node: TCP and Unix sockets as web streams. */

import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { WasmvisorError } from "../error.ts";

/** Where the other side is, or is waited for. */
export type MigrationPlace =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Bytes in both directions. */
export interface SocketStreams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** As it is written on a command line. */
export function placeText(place: MigrationPlace): string {
  if (place.kind === "unix") return `unix:${place.path}`;
  return `tcp:${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`;
}

function streamsOf(socket: Socket): SocketStreams {
  socket.setNoDelay();
  return Duplex.toWeb(socket);
}

function fault(place: MigrationPlace, what: string, cause: unknown): WasmvisorError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const sentence = `${placeText(place)} ${what} (${reason}).`;
  return new WasmvisorError("migration-lost", sentence, { place: placeText(place), reason }, { cause });
}

/**
 * Connects to a destination.
 * @throws WasmvisorError `migration-lost` when nobody waits there
 */
export async function connectMigration(place: MigrationPlace): Promise<SocketStreams> {
  const socket = connect(addressOf(place));
  return new Promise((resolve, reject) => {
    socket.once("error", (cause) =>
      reject(fault(place, "does not answer; start wasmvisor run --incoming there first", cause)),
    );
    socket.once("connect", () => resolve(streamsOf(socket)));
  });
}

/**
 * Waits for one source.
 * @param onListening - told where that is: a port of 0 has become another one
 * @throws WasmvisorError `migration-lost` when it cannot be waited there; the signal's reason
 */
export async function acceptMigration(
  place: MigrationPlace,
  signal: AbortSignal,
  onListening: (place: MigrationPlace) => void,
): Promise<SocketStreams> {
  const server = createServer();
  const giveUp = (): void => void server.close();
  try {
    return await new Promise<SocketStreams>((resolve, reject) => {
      server.once("error", (cause) => reject(fault(place, "cannot be listened at; choose another address", cause)));
      server.once("connection", (socket) => resolve(streamsOf(socket)));
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      server.listen(addressOf(place), () => onListening(openedAt(server, place)));
    });
  } finally {
    signal.removeEventListener("abort", giveUp);
    giveUp();
  }
}

function openedAt(server: Server, place: MigrationPlace): MigrationPlace {
  // Others on this computer may not send a VM.
  if (place.kind === "unix") chmodSync(place.path, 0o600);
  const address = server.address();
  return place.kind === "tcp" && typeof address === "object" && address !== null
    ? { ...place, port: address.port }
    : place;
}

function addressOf(place: MigrationPlace): { host: string; port: number } | { path: string } {
  return place.kind === "unix" ? { path: place.path } : { host: place.host, port: place.port };
}
