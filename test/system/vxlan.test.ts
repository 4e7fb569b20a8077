/** Linux as the other end of a VXLAN tunnel. */

import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { joinBackend, openUserNetwork, openVxlanNetwork, Switch } from "../../src/index.ts";
import { guestFile, requireTools } from "../support/tools.ts";
import { boot, debian, expectOutput, PATIENCE_MILLISECONDS } from "./support.ts";

const COMPILER = "riscv64-linux-gnu-gcc";
const MODULES = ["virtio_mmio", "failover", "net_failover", "virtio_net", "udp_tunnel", "ip6_udp_tunnel", "vxlan"];

/** A program that makes the device, for the guest. */
function compiled(): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-vxlan-"));
  try {
    const [source, program] = [fileURLToPath(new URL("vxlan-link.c", import.meta.url)), path.join(folder, "link")];
    execFileSync(COMPILER, ["-static", "-O1", "-s", "-o", program, source]);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a guest's vxlan device reaches, through the tunnel, a network that a switch of the host's has", async () => {
  requireTools(COMPILER);
  const server = createServer((_, response) => response.end("0123456789abcdef".repeat(10_000)));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port: pagePort } = server.address() as AddressInfo;

  // The guest's packets for the tunnel come by its NAT, those of the tunnel by a forward: 127.0.0.1 both times.
  const outer = await openUserNetwork({ ipv6: false });
  const probe = await openVxlanNetwork({ vni: 42, address: "127.0.0.1", port: 0, peers: [] });
  const { port } = probe;
  await probe.close();
  const { hostPort } = await outer.addForward({ protocol: "udp", hostPort: 0, guestPort: port });
  const tunnel = await openVxlanNetwork({
    ...{ vni: 42, address: "127.0.0.1", port },
    peers: [{ address: "127.0.0.1", port: hostPort }],
  });
  const network = new Switch();
  const inner = await openUserNetwork({ net: "10.9.0.0/24", ipv6: false });
  const ends = [joinBackend(network.port(), tunnel), joinBackend(network.port(), inner, { mtu: 1450 })];
  onTestFinished(async () => void (await Promise.all(ends.map((end) => end()))));

  const vm = await boot({
    ...debian(`wasmvisor.modules=${MODULES.join(",")} wasmvisor.dhcp quiet`),
    initrd: guestFile("initrd-modules.cpio"),
    networks: [{ backend: outer }],
    agent: true,
  });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  await vm.writeFile("/bin/vxlan-link", compiled(), { mode: 0o755 });
  const run = async (line: string) => {
    const { code, stdout, stderr } = await vm.exec(line, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    expect({ line, code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ line, code: 0, stderr: "" });
    return stdout;
  };
  await run(`vxlan-link vx0 42 10.0.2.2 ${port} && ip link set vx0 up && udhcpc -i vx0 -n -q -s /etc/udhcpc.script`);
  expect(await run("ip addr show vx0")).toContain("inet 10.9.0.15/24");
  expect(await run("ping -c 2 10.9.0.2")).toContain("2 packets received");
  expect(await run(`wget -q -O - http://10.9.0.2:${pagePort}/ | wc -c`)).toBe("160000\n");
  const { packetsSent, packetsReceived, ignored } = tunnel.statistics();
  expect(packetsSent).toBeGreaterThan(100);
  expect(packetsReceived).toBeGreaterThan(5);
  expect(ignored).toBe(0);
  expect(network.addresses().length).toBe(2);
});
