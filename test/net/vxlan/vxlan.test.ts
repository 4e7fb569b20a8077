/** VXLAN: the header, and who is sent what. (RFC 7348) */

import { afterEach, describe, expect, test } from "vitest";
import type { DatagramEvents, HostDatagrams, HostNetwork } from "../../../src/backend/network/user/host-network.ts";
import { plainInfo } from "../../../src/backend/network/segment.ts";
import { vniOf, VXLAN_BYTES, writeVxlan } from "../../../src/net/vxlan/header.ts";
import { openTunnel, type VxlanNetwork, type VxlanOptions } from "../../../src/net/vxlan/vxlan.ts";
import { failureOf } from "../../support/failure.ts";
import { FakeNetwork } from "../../support/cable.ts";
import { frameOf, macOf } from "../switch/rig.ts";

const open: VxlanNetwork[] = [];
afterEach(async () => {
  for (const network of open.splice(0)) await network.close();
});

/** A tunnel on sockets of the test's, with the test as its device. */
async function tunnel(options: Partial<VxlanOptions> = {}) {
  const sent: { bytes: Uint8Array; to: string }[] = [];
  let [events, pending, closed]: [DatagramEvents | undefined, number, number] = [undefined, 0, 0];
  const bind = (_family: 4 | 6, told: DatagramEvents, _address?: string, port = 0): Promise<HostDatagrams> => {
    events = told;
    return Promise.resolve({
      port,
      get pending() {
        return pending;
      },
      send: (bytes, address, to) => void sent.push({ bytes, to: `${address} ${to}` }),
      close: () => closed++,
    });
  };
  const peers = [{ address: "192.0.2.1" }, { address: "192.0.2.2", port: 9999 }];
  const network = await openTunnel({ vni: 0x123456, peers, ...options }, { bind } as unknown as HostNetwork);
  open.push(network);
  const got: Uint8Array[] = [];
  const device = { ...new FakeNetwork(), mac: macOf(1), mtu: 1500, setLink: () => undefined, onRoom: () => undefined };
  network.connect({ ...device, send: (bytes, at, length) => got.push(bytes.slice(at, at + length)) > 0 }, (act) =>
    act(),
  );
  return {
    ...{ network, sent, got },
    setPending: (bytes: number) => void (pending = bytes),
    closed: () => closed,
    says: (bytes: Uint8Array) => network.send(bytes, 0, bytes.length, plainInfo()),
    receives: (bytes: Uint8Array, from: string) => events!.data(bytes, from, 50_000),
  };
}

function packet(vni: number, frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(VXLAN_BYTES + frame.length);
  writeVxlan(bytes, 0, vni);
  bytes.set(frame, VXLAN_BYTES);
  return bytes;
}

describe("the header", () => {
  test("has the flag I and the identifier, and zeros where it is reserved", () => {
    const bytes = new Uint8Array(10).fill(0xff);
    writeVxlan(bytes, 1, 0xabcdef);
    expect([...bytes]).toEqual([0xff, 8, 0, 0, 0, 0xab, 0xcd, 0xef, 0, 0xff]);
    expect(vniOf(bytes.subarray(1))).toBe(0xabcdef);
  });

  test("is read whatever the reserved bits are, and not without I, nor when it is cut", () => {
    expect(vniOf(Uint8Array.of(0xff, 9, 9, 9, 0, 1, 2, 9))).toBe(0x102);
    expect(vniOf(Uint8Array.of(0xf7, 0, 0, 0, 0, 1, 2, 0))).toBe(-1);
    expect(vniOf(Uint8Array.of(8, 0, 0, 0, 0, 1, 2))).toBe(-1);
  });
});

describe("a tunnel", () => {
  test("sends what is for all, or for nobody that is known, to every peer, and the rest where it was heard", async () => {
    const { sent, says, receives } = await tunnel();
    const broadcast = frameOf(1, new Uint8Array(6).fill(255));
    says(broadcast);
    expect(sent.splice(0)).toEqual([
      { bytes: packet(0x123456, broadcast), to: "192.0.2.1 4789" },
      { bytes: packet(0x123456, broadcast), to: "192.0.2.2 9999" },
    ]);
    says(frameOf(1, 2));
    expect(sent.splice(0).length).toBe(2);
    receives(packet(0x123456, frameOf(2, 1)), "192.0.2.2");
    says(frameOf(1, 2));
    expect(sent.splice(0).map(({ to }) => to)).toEqual(["192.0.2.2 9999"]);
    // It has moved.
    receives(packet(0x123456, frameOf(2, 1)), "192.0.2.1");
    says(frameOf(1, 2));
    expect(sent.splice(0).map(({ to }) => to)).toEqual(["192.0.2.1 4789"]);
  });

  test("takes packets of its peers with its identifier alone, and sends none of them on", async () => {
    const { network, sent, got, receives } = await tunnel();
    const frame = frameOf(2, new Uint8Array(6).fill(255));
    receives(packet(0x123456, frame), "192.0.2.1");
    expect(got).toEqual([frame]);
    receives(packet(0x123456, frame), "192.0.2.3");
    receives(packet(0x123457, frame), "192.0.2.1");
    receives(packet(0x123456, frame.subarray(0, 13)), "192.0.2.1");
    receives(new Uint8Array(0), "192.0.2.1");
    receives(packet(0x123456, frame), "no address");
    expect(got.length).toBe(1);
    expect(sent).toEqual([]);
    expect(network.statistics()).toEqual({ packetsSent: 0, packetsReceived: 1, ignored: 5, dropped: 0 });
  });

  test("is bounded: sockets that do not send, frames too large, addresses that a peer makes up", async () => {
    const { network, sent, says, setPending, receives, closed } = await tunnel();
    setPending(2 ** 22 + 1);
    expect(says(frameOf(1, 2))).toBe(true);
    setPending(0);
    expect(says(new Uint8Array(65_520))).toBe(true);
    expect([sent.length, network.statistics().dropped]).toEqual([0, 2]);
    for (let number = 0; number < 5000; number++) receives(packet(0x123456, frameOf(number, 1)), "192.0.2.1");
    says(frameOf(1, 10));
    says(frameOf(1, 4999));
    expect(sent.length).toBe(1 + 2);
    await network.close();
    receives(packet(0x123456, frameOf(2, 1)), "192.0.2.1");
    says(frameOf(1, 2));
    expect([sent.length, closed()]).toEqual([3, 1]);
  });

  test.each<[Partial<VxlanOptions>, RegExp]>([
    [{ vni: 2 ** 24 }, /identifier is 0 to 16777215, not 16777216/],
    [{ port: 70_000 }, /UDP port/],
    [{ peers: [{ address: "host.example" }] }, /not "host.example:4789"; write an address/],
    [{ peers: [{ address: "::1", port: 0 }] }, /peer of a VXLAN tunnel/],
    [{ peers: Array.from({ length: 257 }, () => ({ address: "192.0.2.1" })) }, /at most 256/],
    [{ address: "x" }, /no address of this host/],
    [{ address: "::1" }, /of one kind/],
  ])("says what is wrong with %j", async (options, sentence) => {
    expect(await failureOf(() => tunnel(options))).toMatchObject({
      code: "network-option",
      message: expect.stringMatching(sentence) as string,
    });
  });
});
