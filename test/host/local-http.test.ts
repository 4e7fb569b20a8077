import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { askLocal, type LocalUpgrade, serveLocal } from "../../src/host/local-http.ts";

/** Sends bytes and an end, as a client that waits for the other's; what is answered. */
function sent(socket: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const client = connect({ path: socket, allowHalfOpen: true });
    let answer = "";
    client.on("data", (bytes) => (answer += bytes.toString()));
    client.on("end", () => client.destroy());
    client.on("error", () => undefined);
    client.on("close", () => resolve(answer));
    client.end(text);
  });
}

test.each<readonly [string, (link: LocalUpgrade) => void]>([
  ["refused", (link) => link.refuse(404, "no")],
  [
    "served, and not listened to",
    (link) => {
      const connection = link.accept("x");
      void connection.send(new TextEncoder().encode("no")).then(() => connection.end());
    },
  ],
])("clients whose upgrade is %s leave their place to others", async (_what, upgrade) => {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-http-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const socket = path.join(folder, "s");
  const handle = (_request: unknown, reply: { send(status: number, type: string, text: string): void }) => {
    reply.send(200, "text/plain", "yes");
    return Promise.resolve();
  };
  const server = await serveLocal(socket, { handle, upgrade: (_request, link) => upgrade(link) });
  onTestFinished(() => server.close());
  // More than there may be at once.
  for (let count = 0; count < 300; count++)
    expect(await sent(socket, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nmore")).toMatch(
      /no$/,
    );
  expect((await askLocal(socket, { method: "GET", path: "/" })).status).toBe(200);
});
