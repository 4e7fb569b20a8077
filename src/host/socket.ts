/** Connections of node's: TCP and Unix sockets. */

import { connect as connectSocket, type NetConnectOpts } from "node:net";
import type { Connect } from "../backend/block/nbd/nbd.ts";
import type { Transport, TransportEvents } from "../backend/block/nbd/transport.ts";

/** Connects to what `options` name. */
export function socketTo(options: NetConnectOpts): Connect {
  return (events, signal) => connect(options, events, signal);
}

function connect(options: NetConnectOpts, events: TransportEvents, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(options);
    const abort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => events.data(bytes));
    socket.on("error", (error) => {
      reject(error);
      events.end(error);
    });
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      events.end();
    });
    socket.on("connect", () => {
      resolve({
        send: (bytes) => void socket.write(bytes),
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
      });
    });
  });
}
