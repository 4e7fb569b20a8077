/** Browsers have no sockets for user networks, but WebSockets. */

import type { HostNetwork } from "../backend/network/user/host-network.ts";
import type { FrameSocket } from "../backend/network/web-socket.ts";

export const hostNetwork: HostNetwork | undefined = undefined;

type Constructor = new (url: string, protocols?: string) => FrameSocket;

/** Throws what the constructor throws of an address. */
export function openWebSocket(url: string, protocol?: string): FrameSocket {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket: Constructor };
  return new WebSocket(url, protocol);
}
