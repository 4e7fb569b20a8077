/** Debian's kernel on a user network. */

import { createServer, get, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { openUserNetwork, type UserNetwork, type UserNetworkOptions, type Vm } from "../../src/index.ts";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(address: string, answer: (path: string) => string | Buffer): Promise<number> {
  const server = createServer((request, response) => response.end(answer(request.url!)));
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

/** A guest at its shell, with an address by DHCP. */
async function guest(options: UserNetworkOptions = {}): Promise<{ vm: Vm; network: UserNetwork }> {
  const network = await openUserNetwork(options);
  const vm = await boot({
    ...debian("wasmvisor.modules=virtio_mmio,failover,net_failover,virtio_net wasmvisor.dhcp quiet"),
    initrd: guestFile("initrd-modules.cpio"),
    networks: [{ backend: network }],
  });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  expect(await run(vm, "ip addr show eth0")).toContain("inet 10.0.2.15/24");
  return { vm, network };
}

let commands = 0;

/** Runs a command in the guest; what it prints. */
async function run(vm: Vm, command: string): Promise<string> {
  const number = ++commands;
  await vm.console.write(`${command}; echo done''-${number}.\n`);
  const [output] = await expectOutput(vm, new RegExp(`([^]*)done-${number}\\.`));
  return output!.replaceAll("\r", "");
}

test("busybox gets an address, pings the gateway, and fetches from servers of the host's", async () => {
  const big = Buffer.alloc(3_000_000, "0123456789abcdef\n");
  const sum = createHash("md5").update(big).digest("hex");
  const port = await serve("127.0.0.1", (path) => (path === "/big" ? big : "a small page"));
  const port6 = await serve("::1", () => "a page by IPv6");
  const { vm, network } = await guest();
  expect(await run(vm, "ping -c 2 10.0.2.2")).toContain("2 packets received");
  expect(await run(vm, `wget -q -O - http://10.0.2.2:${port}/`)).toContain("a small page");
  expect(await run(vm, `wget -q -O - http://10.0.2.2:${port}/big | md5sum`)).toContain(sum);
  // Nobody listens there: the guest hears at once.
  expect(await run(vm, "wget -q -O - http://10.0.2.2:1/")).toContain("Connection refused");
  expect(await run(vm, "wget -q -O - http://169.254.169.254/")).toMatch(/No route to host/);
  expect(await run(vm, "for i in $(seq 50); do ip addr | grep -q fec0 && break; sleep 1; done; ip addr")).toContain(
    "fec0::5054:ff:fe12:3456/64",
  );
  expect(await run(vm, "ping -c 2 fec0::2")).toContain("2 packets received");
  expect(await run(vm, `wget -q -O - http://[fec0::2]:${port6}/`)).toContain("a page by IPv6");
  expect(network.stats().ignoredFrames).toBeLessThan(100);
});

test("the host reaches a server of the guest's, and the guest names that it may", async () => {
  const events: string[] = [];
  const { vm, network } = await guest({
    hostfwd: [{ hostPort: 0, guestPort: 80 }],
    hostname: "machine",
    dnssearch: ["example.org"],
    policy: { rules: [{ allow: true, to: "*.example.org" }] },
    onEvent: (event) => events.push(event.type),
  });
  expect(await run(vm, "cat /etc/resolv.conf")).toContain("search example.org");
  await run(vm, "mkdir -p /www; seq 1 200000 >/www/index.html; httpd -h /www");
  const [forward] = network.forwards;
  const page = await new Promise<string>((resolve, reject) => {
    get({ port: forward!.hostPort, host: "127.0.0.1" }, (response) => void text(response).then(resolve, reject)).on(
      "error",
      reject,
    );
  });
  expect(page.length).toBe(1_288_895);
  // Nobody listens in the guest: the host hears at once.
  const other = await network.addForward({ hostPort: 0, guestPort: 81 });
  const end = await new Promise((resolve) => {
    const socket = connect({ port: other.hostPort, host: "127.0.0.1" });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.on("end", () => resolve("end"));
  });
  expect(end).toBe("ECONNRESET");
  expect(await run(vm, "nslookup localhost 10.0.2.3")).toMatch(/NXDOMAIN|can't find/);
  expect(await run(vm, "wget -q -O - http://10.0.2.2:22/")).toMatch(/No route to host/);
  expect(events).toEqual(expect.arrayContaining(["lease", "denied"]));
});
