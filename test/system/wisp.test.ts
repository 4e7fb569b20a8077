/** Debian's kernel on the networks of `--net user,wisp=…`. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { openNetworks } from "../../src/cli/networks.ts";
import { networkOptions } from "../../src/cli/net-options.ts";
import { serveWisp } from "../net/wisp/server.ts";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

test("busybox fetches a page from a name that the Wisp relay resolves, with the account that was given", async () => {
  const server = createServer((_, response) => response.end("a page by Wisp\n"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const wisp = await serveWisp({ password: "its password", names: { "inside.example": "127.0.0.1" } });
  try {
    const words = networkOptions({ net: [`user,wisp=${wisp.url},account=me:its password`], devices: [] })!;
    const { port } = server.address() as AddressInfo;
    const command = `wget%20-qO-%20http://inside.example:${port}/`;
    const modules = "virtio_mmio,failover,net_failover,virtio_net";
    const vm = await boot({
      ...debian(`wasmvisor.modules=${modules} wasmvisor.dhcp quiet wasmvisor.run=${command}`),
      initrd: guestFile("initrd-root.cpio"),
      networks: await openNetworks(words),
    });
    await expectOutput(vm, /a page by Wisp\r?\nwasmvisor: command exited with 0/);
    expect(wisp.asked).toEqual([`1 inside.example:${port}`]);
    expect(wisp.clients()).toBe(1);
    await vm.close();
    await vi.waitFor(() => expect(wisp.clients()).toBe(0), { timeout: 10_000 });
  } finally {
    wisp.close();
    server.close();
  }
});
