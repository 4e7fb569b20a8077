/** Debian's driver of the network device. */

import { afterEach, expect, test } from "vitest";
import { Host, type NetworkBackend, Switch, type Vm } from "../../src/index.ts";
import { guestFile } from "../support/tools.ts";
import { debian, expectOutput } from "./support.ts";

const MODULES = "wasmvisor.modules=virtio_mmio,failover,net_failover,virtio_net";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function guest(host: Host, backend: NetworkBackend, number: number): Promise<Vm> {
  const vm = await host.createVm({
    ...debian(`${MODULES} quiet`),
    initrd: guestFile("initrd-modules.cpio"),
    networks: [{ backend, mac: `52:54:00:00:00:0${number}` }],
  });
  vm.start();
  await expectOutput(vm, "Type 'poweroff' to leave.");
  await vm.console.write(`ip addr add 10.0.0.${number}/24 dev eth0; ip link set eth0 up; echo "up $?"\n`);
  await expectOutput(vm, /\nup 0\s/);
  return vm;
}

test("two VMs of one host ping each other, send each other a stream, and see a cable pulled, through a switch", async () => {
  const host = await Host.create();
  hosts.push(host);
  const network = new Switch();
  const one = await guest(host, network.port({ guard: true }), 1);
  const two = await guest(host, network.port({ guard: true }), 2);
  await one.console.write("ping -c 3 10.0.0.2\n");
  await expectOutput(one, /3 packets transmitted, 3 packets received/);
  let largest = 0;
  one.networks[0]!.watch(
    (isSent, _nanoseconds, _bytes, _at, length) => (largest = isSent ? Math.max(largest, length) : largest),
    () => undefined,
  );
  await two.console.write("nc -l -p 7 | md5sum\n");
  await one.console.write(
    "seq 1 50000 >/tmp/s; for i in $(seq 8); do cat /tmp/s; done >/tmp/seq; md5sum /tmp/seq; nc 10.0.0.2 7 </tmp/seq\n",
  );
  const [sum] = await expectOutput(one, /([0-9a-f]{32})\s+\/tmp\/seq/);
  await expectOutput(two, new RegExp(`${sum}  -`));
  // Frames that nobody has cut yet. How many there are depends on what the guest has time to put together.
  expect(largest).toBeGreaterThan(3000);
  expect(one.networks[0]!.statistics().sendDrops).toBe(0);
  expect(two.networks[0]!.statistics().receiveDrops).toBeLessThan(20);
  expect(network.addresses().map(({ mac }) => mac)).toEqual(["52:54:00:00:00:01", "52:54:00:00:00:02"]);
  for (const port of network.ports.values()) expect(port.statistics()).toMatchObject({ spoofed: 0, limited: 0 });
  one.networks[0]!.setLink("down");
  await one.console.write("sleep 1; cat /sys/class/net/eth0/operstate /sys/class/net/eth0/mtu\n");
  await expectOutput(one, /\ndown\s+1500\s/);
});
