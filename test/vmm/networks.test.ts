import { afterEach, describe, expect, test } from "vitest";
import { Host, tapNetworks } from "../../src/index.ts";
import type { NetworkOptions, Vm, VmConfig } from "../../src/index.ts";
import { plainInfo } from "../../src/backend/network/segment.ts";
import { FakeNetwork } from "../support/cable.ts";
import { flatGuest } from "../support/guest.ts";

const kernel = flatGuest("stay: j stay");
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmWith(network: NetworkOptions, ...others: readonly NetworkOptions[]): Promise<Vm> {
  return vmOf({ networks: [network, ...others] });
}

async function vmOf(config: VmConfig): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "1M", bios: "none", engine: "interpreter", kernel, ...config });
}

describe("the networks of a VM", () => {
  test("follow its disks in the slots, and have QEMU's addresses", async () => {
    const host = await Host.create();
    hosts.push(host);
    const vm = await host.createVm({
      ...{ memory: "1M", bios: "none", engine: "interpreter", kernel, rng: true },
      drives: [{ source: new Uint8Array(512) }],
      networks: [{}, { mac: "52-54-00-12-34-57" }, {}, { slot: 7, mtu: 9000 }],
    } as const);
    expect(vm.networks.map(({ slot, mac, mtu, link }) => [slot, mac, mtu, link])).toEqual([
      [5, "52:54:00:12:34:56", 1500, "up"],
      [4, "52:54:00:12:34:57", 1500, "up"],
      [3, "52:54:00:12:34:58", 1500, "up"],
      [7, "52:54:00:12:34:59", 9000, "up"],
    ]);
    expect(vm.networks[0]!.description).toBe("none");
    expect(vm.drives[0]!.slot).toBe(6);
  });

  test.each<[unknown, string]>([
    [{ backend: "user" }, "network"],
    [{ backend: {} }, "network"],
    [{ backend: null }, "network"],
    [{ mac: "52:54:00:12:34" }, "network"],
    [{ mac: "01:00:5e:00:00:01" }, "network"],
    [{ mac: 5 }, "network"],
    [{ mtu: 67 }, "network"],
    [{ mtu: 65_536 }, "network"],
    [{ link: "sideways" }, "network"],
    [{ queues: 9 }, "network"],
    [{ limits: { packets: 0 } }, "network"],
    [{ limits: { operations: 5 } }, "option"],
    [{ slot: 8 }, "virtio-slot"],
    [{ colour: 1 }, "option"],
  ])("that cannot be are refused: %j", async (options, code) => {
    await expect(vmWith(options as NetworkOptions)).rejects.toMatchObject({ code });
  });

  test("are connected once, with what the guest will find, and closed once", async () => {
    const backend = new FakeNetwork();
    const vm = await vmWith({ backend, mac: "52:54:00:00:00:09", mtu: 1400 });
    expect([backend.port.mac, backend.port.mtu]).toEqual([Uint8Array.of(0x52, 0x54, 0, 0, 0, 9), 1400]);
    vm.destroy();
    await vm.close();
    expect(backend.closed).toBe(1);
  });

  test.each(["host", "deterministic"] as const)("may act while they are being connected, clock %s", async (clock) => {
    const backend = new FakeNetwork();
    const connect = backend.connect.bind(backend);
    backend.connect = (port, enter) => {
      connect(port, enter);
      port.setLink(false);
      port.onRoom();
      enter(() => void port.send(new Uint8Array(60), 0, 60, plainInfo()));
    };
    const vm = await vmOf({ networks: [{ backend }], clock });
    vm.start();
    while (vm.networks[0]!.statistics().receiveDrops === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });

  test("are closed when the VM cannot be made", async () => {
    const backend = new FakeNetwork();
    await expect(vmWith({ backend }, { mtu: 3 })).rejects.toMatchObject({ code: "network" });
    const host = await Host.create();
    hosts.push(host);
    const config = { memory: "1M", bios: "none", kernel, networks: [{ backend }], flash: [{ source: "no such file" }] };
    await expect(host.createVm(config as never)).rejects.toThrow();
    expect(backend.closed).toBe(1);
  });

  test("drop what comes before the guest listens, and let it in only while the machine runs", async () => {
    const backend = new FakeNetwork();
    const vm = await vmWith({ backend });
    const entered: string[] = [];
    backend.enter(() => entered.push("in"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(entered).toEqual([]);
    vm.start();
    while (entered.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    backend.enter(() => void backend.port.send(new Uint8Array(60), 0, 60, plainInfo()));
    while (vm.networks[0]!.statistics().receiveDrops === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });

  test("have their cables pulled and plugged in", async () => {
    const vm = await vmWith({ link: "down" });
    const [network] = vm.networks;
    expect(network!.link).toBe("down");
    network!.setLink("up");
    expect(network!.link).toBe("up");
    expect(() => network!.setLink("on" as never)).toThrow("A link is up or down");
  });

  test("are tapped until the VM is destroyed", async () => {
    const vm = await vmWith({}, {});
    const streams = [vm.networks[0]!.tap(), tapNetworks(vm.networks)];
    await streams[0]!.getReader().cancel();
    vm.destroy();
    const reader = streams[1]!.getReader();
    let chunks = 0;
    while (!(await reader.read()).done) chunks++;
    expect(chunks).toBe(3);
    const late = vm.networks[0]!.tap().getReader();
    chunks = 0;
    while (!(await late.read()).done) chunks++;
    expect(chunks).toBe(2);
  });
});
