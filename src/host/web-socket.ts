/** A WebSocket as a connection: the bytes of its binary messages, one behind the other. */

import type { Connect } from "../backend/block/nbd/nbd.ts";
import type { Transport, TransportEvents } from "../backend/block/nbd/transport.ts";

/** What is used of a WebSocket. */
interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly reason: string }) => void) | null;
  send(bytes: Uint8Array): void;
  close(): void;
}

type SocketMaker = new (url: string, protocols: string) => Socket;

/** Whether this platform has WebSockets. */
export const hasWebSocket = "WebSocket" in globalThis;

/** Connects to a server that passes the bytes on, as websockify does. */
export function webSocketTo(url: string): Connect {
  return (events, signal) => connect(url, events, signal);
}

function connect(url: string, events: TransportEvents, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const { WebSocket } = globalThis as unknown as { readonly WebSocket: SocketMaker };
    const socket = new WebSocket(url, "binary");
    socket.binaryType = "arraybuffer";
    const end = (why: Error) => {
      reject(why);
      events.end(why);
    };
    signal.addEventListener("abort", () => {
      socket.close();
      end(signal.reason as Error);
    });
    socket.onopen = () =>
      resolve({
        send: (bytes) => socket.send(bytes),
        end: () => socket.close(),
        destroy: () => socket.close(),
      });
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) events.data(new Uint8Array(data));
      else end(new Error("a message that is not binary has come"));
    };
    socket.onclose = ({ reason }) => end(new Error(reason || "the connection was closed"));
  });
}
