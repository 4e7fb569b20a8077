import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openNetworks } from "../../src/cli/networks.ts";
import { failureOf } from "../support/failure.ts";
import { serveWisp } from "../net/wisp/server.ts";

test("a relay's sockets are closed when the network that goes by them cannot be made", async () => {
  const relay = await serveWisp();
  const taken = createServer();
  onTestFinished(() => {
    relay.close();
    taken.close();
  });
  await new Promise<void>((resolve) => void taken.listen(0, "127.0.0.1", resolve));
  const { port: hostPort } = taken.address() as AddressInfo;
  const words = { device: {}, user: { hostfwd: [{ hostPort, guestPort: 80 }] }, sockets: { wisp: { url: relay.url } } };
  expect(await failureOf(() => openNetworks([words]))).toBeInstanceOf(Error);
  await expect.poll(() => relay.clients()).toBe(0);
});
