/** WebSockets of node's, or of the package `ws` where node has none. */

import type { FrameSocket } from "../backend/network/web-socket.ts";
import { WasmvisorError } from "../error.ts";

type Constructor = new (url: string, protocols?: string) => FrameSocket;

/** @throws WasmvisorError `unsupported` when there are none; what the constructor throws of an address */
export async function openWebSocket(url: string, protocol?: string): Promise<FrameSocket> {
  const own = (globalThis as { readonly WebSocket?: unknown }).WebSocket as Constructor | undefined;
  const Socket = own ?? (await ofPackage());
  return new Socket(url, protocol);
}

async function ofPackage(): Promise<Constructor> {
  try {
    const { WebSocket } = await import("ws");
    return WebSocket;
  } catch (cause) {
    throw new WasmvisorError(
      "unsupported",
      "This node has no WebSockets; install the package ws (npm install ws), or use node 22 or later.",
      {},
      { cause },
    );
  }
}
