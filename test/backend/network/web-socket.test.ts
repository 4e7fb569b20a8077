import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { closeSocket } from "../../../src/backend/network/web-socket.ts";

test("a socket of the package ws may be closed before it is open", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  closeSocket(socket, 1000, "");
  await closed;
  expect(socket.readyState).toBe(WebSocket.CLOSED);
  server.close();
});
