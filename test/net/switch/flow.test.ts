import { describe, expect, test } from "vitest";
import { get16, get32 } from "../../../src/backend/network/headers.ts";
import { Offload } from "../../../src/backend/network/network.ts";
import type { Flow, FlowMatch } from "../../../src/net/switch/flow.ts";
import { isRight, tcp } from "../../backend/network/packets.ts";
import { NOTHING } from "../../support/cable.ts";
import { BROADCAST, type FakeDevice, frameOf, macOf, SwitchRig } from "./rig.ts";

const three = (rig: SwitchRig): [FakeDevice, FakeDevice, FakeDevice] => [rig.plug(), rig.plug(), rig.plug()];

/** TCP from 10.0.0.1:1000 at device 1 to 10.0.0.2:2000 at device 2. */
function segment(): Uint8Array {
  const { bytes } = tcp({ payload: 101 });
  bytes.set(macOf(2));
  bytes.set(macOf(1), 6);
  return bytes;
}
const INFO = { flags: Offload.NEEDS_CHECKSUM, checksumStart: 34, checksumOffset: 16 };

describe("a flow matches", () => {
  test.each<[FlowMatch, boolean]>([
    [{}, true],
    [{ inPort: 1 }, true],
    [{ inPort: 2 }, false],
    [{ ethSrc: "02:00:00:00:00:01", ethDst: "02-00-00-00-00-02" }, true],
    [{ ethDst: "02:00:00:00:00:01" }, false],
    [{ ethType: 0x0800 }, true],
    [{ ethType: 0x0806 }, false],
    [{ vlan: 0 }, true],
    [{ vlan: 1 }, false],
    [{ ipSrc: "10.0.0.1" }, true],
    [{ ipSrc: "10.0.0.2" }, false],
    [{ ipDst: "10.0.0.0/30" }, true],
    [{ ipDst: "10.0.0.4/30" }, false],
    [{ ipDst: "0.0.0.0/0" }, true],
    [{ protocol: 6 }, true],
    [{ protocol: 17 }, false],
    [{ srcPort: 1000, dstPort: 2000 }, true],
    [{ dstPort: 1000 }, false],
  ])("%j: %s", (match, matches) => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    const id = rig.network.flows.add({ match, actions: [] });
    expect(rig.reach(a, segment(), b)).toEqual([!matches]);
    expect(rig.network.flows.list()).toMatchObject([
      { id, packets: matches ? 1 : 0, bytes: matches ? segment().length : 0 },
    ]);
  });

  test("ARP by its addresses, and nothing in a frame cut short", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    rig.network.flows.add({ match: { ipSrc: "10.0.0.7", ipDst: "10.0.0.8" }, actions: [] });
    const arp = frameOf(1, BROADCAST, { type: 0x0806 });
    arp.set([0, 1, 8, 0, 6, 4, 0, 1, ...macOf(1), 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 10, 0, 0, 8], 14);
    expect(rig.reach(a, arp, b)).toEqual([false]);
    expect(rig.reach(a, arp.slice(0, 41), b)).toEqual([true]);
  });

  test("in the order of priorities, and of equal ones the first", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    const { flows } = rig.network;
    flows.add({ priority: 1, actions: [{ output: 2 }] });
    const high = flows.add({ priority: 5, actions: [{ output: 3 }] });
    flows.add({ priority: 5, actions: [] });
    expect(rig.reach(a, segment(), b, c)).toEqual([false, true]);
    expect([flows.remove(high), flows.remove(high)]).toEqual([true, false]);
    expect(rig.reach(a, segment(), b, c)).toEqual([false, false]);
  });
});

describe("a flow", () => {
  const run = (flow: Flow, offers = NOTHING) => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    b.offers = c.offers = offers;
    rig.network.flows.add(flow);
    a.says(segment(), INFO);
    rig.settle();
    return { rig, a, b, c };
  };

  test("outputs to ports, to all, as usual, back, and to itself never", () => {
    const reached = (...actions: Flow["actions"]): number[] => {
      const { a, b, c } = run({ actions });
      return [a, b, c].map(({ got }) => got.length);
    };
    expect(reached({ output: 3 })).toEqual([0, 0, 1]);
    expect(reached({ output: 1 }, { output: 9 })).toEqual([0, 0, 0]);
    expect(reached({ output: "in-port" })).toEqual([1, 0, 0]);
    expect(reached({ output: "flood" })).toEqual([0, 1, 1]);
    expect(reached({ output: "normal" }, { output: 3 })).toEqual([0, 1, 2]);
  });

  test.each([
    ["unfinished", { ...NOTHING, checksum: true }],
    ["finished", NOTHING],
  ])("sets fields, with checksums that are right: %s", (_how, offers) => {
    const set = {
      ethDst: "02:00:00:00:00:03",
      ethSrc: "02:00:00:00:00:09",
      ipSrc: "192.168.77.1",
      ipDst: "1.2.3.4",
      srcPort: 7,
      dstPort: 80,
    };
    const { c, b } = run({ actions: [{ output: 2 }, { set }, { output: 3 }] }, offers);
    // What went out before is as it was.
    expect(get32(b.got[0]!.bytes, 26)).toBe(0x0a00_0001);
    const { bytes, info } = c.got[0]!;
    expect([bytes.slice(0, 6), bytes.slice(6, 12)]).toEqual([macOf(3), macOf(9)]);
    expect([get32(bytes, 26), get32(bytes, 30)]).toEqual([0xc0a8_4d01, 0x0102_0304]);
    expect([get16(bytes, 34), get16(bytes, 36)]).toEqual([7, 80]);
    const rig = new SwitchRig();
    const [a, end] = three(rig);
    end.offers = NOTHING;
    a.says(bytes, info);
    rig.settle();
    expect(isRight(end.got[0]!.bytes, 14, 4, 34)).toBe(true);
  });

  test("puts tags in and takes them out, and moves frames to another VLAN", () => {
    const rig = new SwitchRig();
    const a = rig.plug({ vlan: { access: 5 } });
    const [b, trunk] = [rig.plug({ vlan: { access: 6 } }), rig.plug({ vlan: { trunk: "all" } })];
    rig.network.flows.add({
      match: { inPort: 1 },
      actions: [{ set: { vlan: 6 } }, { pushVlan: 9 }, { output: "flood" }],
    });
    rig.network.flows.add({ match: { inPort: 2 }, actions: [{ popVlan: true }, { output: 3 }] });
    a.says(segment(), INFO);
    rig.settle();
    expect([...b.got[0]!.bytes.subarray(12, 18)]).toEqual([0x81, 0, 0, 9, 8, 0]);
    expect(b.got[0]!.info).toMatchObject({ flags: 1, checksumStart: 38 });
    expect([...trunk.got[0]!.bytes.subarray(12, 22)]).toEqual([0x81, 0, 0, 6, 0x81, 0, 0, 9, 8, 0]);
    // An access port takes no tags, so what it sends is popped of nothing.
    b.says(segment(), INFO);
    rig.settle();
    expect([...trunk.got[1]!.bytes.subarray(12, 18)]).toEqual([0x81, 0, 0, 6, 8, 0]);
    const plain = new SwitchRig();
    const [c, d] = three(plain);
    plain.network.flows.add({ actions: [{ popVlan: true }, { output: 2 }] });
    c.says(frameOf(1, 2, { vlan: 7, length: 64 }));
    plain.settle();
    expect(d.got[0]!.bytes).toEqual(frameOf(1, 2));
  });

  test("ends by itself, and the program is told", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    const { flows } = rig.network;
    const idle = flows.add({ priority: 2, idleTimeout: 5, actions: [{ output: 2 }] });
    const hard = flows.add({ priority: 1, hardTimeout: 12, actions: [] });
    for (let i = 0; i < 3; i++) {
      rig.now += 3000;
      expect(rig.reach(a, segment(), b)).toEqual([true]);
    }
    rig.now += 5000;
    expect(rig.reach(a, segment(), b)).toEqual([true]);
    const ends = rig.events.filter((event) => event.type === "flow-end");
    expect(ends.map(({ flow, why }) => [flow.id, why, flow.packets])).toEqual([
      [idle, "idle", 3],
      [hard, "hard", 0],
    ]);
    expect(flows.size).toBe(0);
  });

  test.each<[unknown, string]>([
    [{ actions: [{ output: "everywhere" }] }, "A flow's action is"],
    [{ actions: [{ set: { colour: 1 } }] }, 'cannot set "colour"'],
    [{ actions: [{ set: { ipSrc: "10.0.0.0/8" } }] }, "sets one address"],
    [{ actions: [{ set: { ethSrc: "x" } }] }, "Ethernet address"],
    [{ actions: [{ set: { dstPort: 65_536 } }] }, "A port is"],
    [{ actions: [{ pushVlan: 0 }] }, "A VLAN is"],
    [{ actions: [], priority: -1 }, "priority is 0 to 65535"],
    [{ actions: [], idleTimeout: 0 }, "timeouts are seconds"],
    [{ actions: [], match: { colour: 1 } }, 'cannot match "colour"'],
    [{ actions: [], match: { vlan: "x" } }, "whole number"],
    [{ actions: [], match: { ipSrc: "10.0.0.0/33" } }, "10.0.0.0/8"],
    [{ actions: [], match: { ipSrc: "10.0.0.256" } }, "10.0.0.0/8"],
    [{ actions: [], match: { ethSrc: 5 } }, "Ethernet address"],
    [{ actions: new Array(33).fill({ output: 1 }) }, "at most 32 actions"],
  ])("that makes no sense is refused: %j", (flow, why) => {
    expect(() => new SwitchRig().network.flows.add(flow as Flow)).toThrow(why);
  });
});

describe("a control program", () => {
  test("gets frames after the guest's slice, and sends them on", async () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    const seen: string[] = [];
    rig.network.flows.add({ actions: [{ output: "controller" }] });
    rig.network.onFrame = (frame) => {
      seen.push(`${frame.port} ${frame.vlan} ${frame.bytes.length}`);
      rig.network.flows.add({ priority: 9, match: { inPort: frame.port }, actions: [{ output: 2 }] });
      rig.network.send(frame, 3);
    };
    a.says(segment(), INFO);
    expect(seen).toEqual([]);
    await Promise.resolve();
    rig.settle();
    expect(seen).toEqual([`1 0 ${segment().length}`]);
    expect([b.got.length, c.got[0]]).toEqual([0, { bytes: segment(), info: expect.objectContaining(INFO) as unknown }]);
    expect(rig.reach(a, segment(), b, c)).toEqual([true, false]);
  });

  test("that throws, or does not keep up, harms nobody", async () => {
    const rig = new SwitchRig();
    const [a] = three(rig);
    rig.network.flows.add({ actions: [{ output: "controller" }] });
    let calls = 0;
    rig.network.onFrame = () => {
      calls++;
      throw new Error("no");
    };
    for (let i = 0; i < 1000; i++) a.says(segment(), INFO);
    await Promise.resolve();
    expect([calls, a.port.statistics().dropsIn]).toEqual([256, 744]);
    expect(rig.events.filter(({ type }) => type === "controller-error").length).toBe(256);
    expect(() => rig.network.send({ bytes: new Uint8Array(3) })).toThrow("A frame has 14 to");
  });
});
