import { describe, expect, test } from "vitest";
import { Gso, MAX_FRAME, Offload } from "../../../src/backend/network/network.ts";
import { isRight, tcp } from "../../backend/network/packets.ts";
import { NOTHING } from "../../support/cable.ts";
import { fuzzSwitch } from "./fuzz.ts";
import { BROADCAST, FakeDevice, frameOf, macOf, SwitchRig } from "./rig.ts";

const three = (rig: SwitchRig): [FakeDevice, FakeDevice, FakeDevice] => [rig.plug(), rig.plug(), rig.plug()];

describe("a switch", () => {
  test("floods what it does not know, and learns where addresses are", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    const all = [a, b, c];
    expect(rig.reach(a, frameOf(1, 2), ...all)).toEqual([false, true, true]);
    expect(rig.reach(b, frameOf(2, 1), ...all)).toEqual([true, false, false]);
    expect(rig.reach(a, frameOf(1, 2), ...all)).toEqual([false, true, false]);
    expect(rig.reach(a, frameOf(1, BROADCAST), ...all)).toEqual([false, true, true]);
    // To itself: it is there already.
    expect(rig.reach(a, frameOf(1, 1), ...all)).toEqual([false, false, false]);
    expect(rig.network.addresses().map(({ mac, port }) => [mac, port])).toEqual([
      ["02:00:00:00:00:01", 1],
      ["02:00:00:00:00:02", 2],
    ]);
    expect(b.got[0]!.bytes).toEqual(frameOf(1, 2));
    expect(b.port.statistics()).toMatchObject({ framesIn: 1, framesOut: 3, dropsIn: 0, dropsOut: 0 });
  });

  test("forgets addresses with time, and those of a port that is closed", async () => {
    const rig = new SwitchRig({ ageing: 10 });
    const [a, b, c] = three(rig);
    rig.reach(b, frameOf(2, 9));
    rig.now += 10_000;
    expect(rig.reach(a, frameOf(1, 2), c)).toEqual([false]);
    rig.now += 1;
    expect(rig.reach(a, frameOf(1, 2), c)).toEqual([true]);
    rig.reach(b, frameOf(2, 9));
    await b.port.close();
    expect(rig.reach(a, frameOf(1, 2), c)).toEqual([true]);
    expect(rig.network.ports.size).toBe(2);
    expect(b.says(frameOf(2, 1))).toBe(true);
    expect(rig.reach(c, frameOf(3, BROADCAST), a, b)).toEqual([true, false]);
  });

  test("learns so many addresses at a port, and the others' stay", () => {
    const rig = new SwitchRig({ addresses: 20, addressesOfPort: 10 });
    const [a, b, c] = three(rig);
    rig.reach(b, frameOf(2, 9));
    for (let i = 0; i < 1000; i++) rig.reach(a, frameOf(100 + i, 2), c);
    expect(rig.network.addresses().length).toBe(11);
    expect(rig.reach(a, frameOf(1, 2), b, c)).toEqual([true, false]);
  });

  test("tells of an address that moves", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    rig.reach(a, frameOf(1, 9));
    rig.reach(b, frameOf(1, 9));
    expect(rig.events).toEqual([{ type: "moved", mac: "02:00:00:00:00:01", vlan: 0, from: 1, to: 2 }]);
  });

  test("drops what is no frame", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    expect(a.says(new Uint8Array(13))).toBe(true);
    expect(a.says(new Uint8Array(MAX_FRAME + 1))).toBe(true);
    rig.settle();
    expect([b.got.length, a.port.statistics().dropsIn]).toEqual([0, 2]);
  });

  test("a port takes one device", async () => {
    const rig = new SwitchRig();
    const { port } = rig.plug();
    expect(() => new FakeDevice(port, 5, () => undefined)).toThrow("is taken or closed");
    await port.close();
    expect(() => new FakeDevice(port, 5, () => undefined)).toThrow("is taken or closed");
  });
});

describe("large frames", () => {
  const whole = tcp({ payload: 20_000 });
  whole.bytes.set(macOf(2));
  whole.bytes.set(macOf(1), 6);
  const info = {
    flags: Offload.NEEDS_CHECKSUM,
    gso: Gso.TCP4,
    segmentBytes: 1448,
    headerBytes: 54,
    checksumStart: 34,
    checksumOffset: 16,
  };

  test("pass whole to who takes them, and cut to who does not", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    c.offers = NOTHING;
    a.says(whole.bytes, info);
    rig.settle();
    expect(b.got).toEqual([{ bytes: whole.bytes, info }]);
    expect(c.got.length).toBe(Math.ceil(20_000 / 1448));
    for (const { bytes } of c.got) expect(isRight(bytes, 14, 4, 34)).toBe(true);
  });

  test("have their offsets moved by tags", () => {
    const rig = new SwitchRig();
    const a = rig.plug({ vlan: { access: 5 } });
    const b = rig.plug({ vlan: { trunk: [5] } });
    const c = rig.plug({ vlan: { access: 5 } });
    c.offers = NOTHING;
    a.says(whole.bytes, info);
    rig.settle();
    expect(b.got[0]!.info).toMatchObject({ headerBytes: 58, checksumStart: 38, checksumOffset: 16 });
    expect([...b.got[0]!.bytes.subarray(12, 18)]).toEqual([0x81, 0, 0, 5, 8, 0]);
    expect(c.got.length).toBeGreaterThan(10);
    b.says(b.got[0]!.bytes, b.got[0]!.info);
    rig.settle();
    expect(a.got.at(-1)).toEqual({ bytes: whole.bytes, info });
  });
});

describe("a port without room", () => {
  const fill = (rig: SwitchRig, a: FakeDevice): number => {
    let count = 0;
    while (count < 10_000 && a.says(frameOf(1, 2, { length: 9000 }))) count++;
    rig.settle();
    return count;
  };

  test("has its senders wait, in order, and loses nothing", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    rig.reach(b, frameOf(2, 9));
    b.room = 0;
    const count = fill(rig, a);
    expect(count).toBeGreaterThan(100);
    // Others go on.
    expect(rig.reach(a, frameOf(1, BROADCAST), c)).toEqual([true]);
    expect(a.rooms).toBe(0);
    b.room = 50;
    b.port.onRoom();
    expect([a.rooms, b.got.length]).toEqual([1, 50]);
    expect(a.says(frameOf(1, 2, { length: 9000, fill: 7 }))).toBe(true);
    b.room = Infinity;
    b.port.onRoom();
    // With the small one, for which there was room.
    expect(b.got.length).toBe(count + 2);
    expect(b.got.at(-1)!.bytes).toEqual(frameOf(1, 2, { length: 9000, fill: 7 }));
    expect(b.port.statistics().dropsOut).toBe(0);
  });

  test("holds nobody up for long when it takes nothing", async () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    rig.reach(b, frameOf(2, 9));
    b.room = 0;
    fill(rig, a);
    while (a.rooms === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(a.says(frameOf(1, 2, { length: 9000 }))).toBe(true);
    expect(b.port.statistics().dropsOut).toBe(1);
    // It takes something: it is waited for again.
    b.room = 1;
    b.port.onRoom();
    expect(fill(rig, a)).toBeLessThan(3);
  });

  test("that is closed holds nobody up", async () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    rig.reach(b, frameOf(2, 9));
    b.room = 0;
    fill(rig, a);
    await b.port.close();
    expect([a.rooms, a.says(frameOf(1, 2))]).toEqual([1, true]);
  });

  test("loses what waited when its guest resets the device", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    rig.reach(b, frameOf(2, 9));
    b.room = 0;
    fill(rig, a);
    b.port.reset();
    b.room = Infinity;
    b.port.onRoom();
    expect([a.rooms, b.got.length]).toEqual([1, 0]);
  });
});

describe("VLANs", () => {
  test("keep ports apart, with tags on trunks and without on access ports", () => {
    const rig = new SwitchRig();
    const [a10, b10] = [rig.plug({ vlan: { access: 10 } }), rig.plug({ vlan: { access: 10 } })];
    const c20 = rig.plug({ vlan: { access: 20 } });
    const trunk = rig.plug({ vlan: { trunk: [10, 20], native: 30 } });
    const all = rig.plug({ vlan: { trunk: "all" } });
    const none = rig.plug();
    expect(rig.reach(a10, frameOf(1, BROADCAST), b10, c20, trunk, all, none)).toEqual([true, false, true, true, false]);
    expect(trunk.got.at(-1)!.bytes.length).toBe(64);
    expect(all.got.at(-1)!.bytes.subarray(0, 20)).toEqual(
      frameOf(1, BROADCAST, { vlan: 10, length: 64 }).subarray(0, 20),
    );
    // From a trunk, by tag.
    expect(rig.reach(trunk, frameOf(4, BROADCAST, { vlan: 20, length: 64 }), b10, c20, all)).toEqual([
      false,
      true,
      true,
    ]);
    expect(c20.got.at(-1)!.bytes).toEqual(frameOf(4, BROADCAST));
    // Native: without a tag in, with its tag on the other trunk.
    expect(rig.reach(trunk, frameOf(4, BROADCAST), b10, c20, all)).toEqual([false, false, true]);
    expect([...all.got.at(-1)!.bytes.subarray(12, 16)]).toEqual([0x81, 0, 0, 30]);
    expect(rig.reach(all, frameOf(5, BROADCAST, { vlan: 30, length: 64 }), trunk)).toEqual([true]);
    expect(trunk.got.at(-1)!.bytes).toEqual(frameOf(5, BROADCAST));
  });

  test("refuse frames that are in none of the port's", () => {
    const rig = new SwitchRig();
    const access = rig.plug({ vlan: { access: 10 } });
    const trunk = rig.plug({ vlan: { trunk: [10] } });
    const other = rig.plug({ vlan: { trunk: "all" } });
    expect(rig.reach(access, frameOf(1, BROADCAST, { vlan: 10 }), other)).toEqual([false]);
    expect(rig.reach(trunk, frameOf(2, BROADCAST, { vlan: 11 }), other)).toEqual([false]);
    expect(rig.reach(trunk, frameOf(2, BROADCAST), other)).toEqual([false]);
    expect([access, trunk].map(({ port }) => port.statistics().dropsIn)).toEqual([1, 2]);
    expect(() => rig.plug({ vlan: { access: 4095 } })).toThrow("A VLAN is 1 to 4094, not 4095.");
  });

  test("know their addresses by themselves", () => {
    const rig = new SwitchRig();
    const trunk = rig.plug({ vlan: { trunk: "all" } });
    const [a, b] = [rig.plug({ vlan: { access: 1 } }), rig.plug({ vlan: { access: 2 } })];
    rig.reach(a, frameOf(7, 9));
    rig.reach(b, frameOf(7, 9));
    expect(rig.reach(trunk, frameOf(8, 7, { vlan: 1, length: 64 }), a, b)).toEqual([true, false]);
    expect(rig.reach(trunk, frameOf(8, 7, { vlan: 2, length: 64 }), a, b)).toEqual([false, true]);
    expect(rig.events).toEqual([]);
  });

  test("leave tags alone where a port has none", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    expect(rig.reach(a, frameOf(1, 2, { vlan: 9 }), b)).toEqual([true]);
    expect(b.got[0]!.bytes).toEqual(frameOf(1, 2, { vlan: 9 }));
  });
});

test("ports of a group do not reach each other", () => {
  const rig = new SwitchRig();
  const [a, b] = [rig.plug({ group: "far" }), rig.plug({ group: "far" })];
  const c = rig.plug();
  expect(rig.reach(a, frameOf(1, BROADCAST), b, c)).toEqual([false, true]);
  expect(rig.reach(c, frameOf(3, BROADCAST), a, b)).toEqual([true, true]);
});

test("a port's limits drop what is too much", () => {
  const rig = new SwitchRig();
  const a = rig.plug({ limits: { packets: 10, packetsBurst: 2 } });
  const b = rig.plug({ limits: { bytes: 1000, bytesBurst: 500 } });
  const c = rig.plug();
  for (let i = 0; i < 5; i++) rig.reach(a, frameOf(1, 3));
  expect([c.got.length, a.port.statistics().limited]).toEqual([2, 3]);
  rig.now += 100;
  expect(rig.reach(a, frameOf(1, 3), c)).toEqual([true]);
  const heard = [0, 1, 2].map(() => rig.reach(b, frameOf(2, 3, { length: 400 }), c)[0]);
  expect(heard).toEqual([true, true, false]);
});

describe("a mirror", () => {
  test("shows each frame once, and is no part of the network", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    const end = rig.network.mirror(c.port);
    rig.reach(b, frameOf(2, 9));
    c.got.length = 0;
    rig.reach(a, frameOf(1, 2));
    expect(c.got.map(({ bytes }) => bytes)).toEqual([frameOf(1, 2)]);
    expect(rig.reach(c, frameOf(3, BROADCAST), a, b)).toEqual([false, false]);
    end();
    rig.reach(a, frameOf(1, 2));
    expect(c.got.length).toBe(1);
    expect(rig.reach(c, frameOf(3, BROADCAST), a, b)).toEqual([true, true]);
  });

  test("of some ports shows what comes in and goes out there", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    const shown = rig.plug();
    rig.network.mirror(shown.port, [b.port]);
    rig.reach(a, frameOf(1, 3));
    rig.reach(b, frameOf(2, 1));
    rig.reach(c, frameOf(3, 1));
    expect(shown.got.map(({ bytes }) => bytes)).toEqual([frameOf(1, 3), frameOf(2, 1)]);
  });
});

describe("a loop", () => {
  test("is found where an address moves, and one port of it blocked for a while", () => {
    const rig = new SwitchRig();
    const [a, b, c] = three(rig);
    // What comes out of b goes in at c, and the other way, as through a bridge.
    const bridge = (rounds: number): void => {
      for (let i = 0; i < rounds; i++) {
        rig.settle();
        for (const { bytes } of b.got.splice(0)) c.says(bytes);
        for (const { bytes } of c.got.splice(0)) b.says(bytes);
      }
    };
    a.says(frameOf(1, BROADCAST));
    bridge(20);
    const loops = rig.events.filter(({ type }) => type === "loop");
    expect(loops.length).toBeGreaterThan(0);
    expect([b.port.blocked, c.port.blocked, a.port.blocked]).toContain(true);
    // It is over: what is sent comes once.
    bridge(20);
    rig.settle();
    expect(b.got.length + c.got.length).toBe(0);
    a.got.length = 0;
    a.says(frameOf(1, BROADCAST));
    bridge(20);
    expect(a.got.length).toBeLessThan(2);
    rig.now += 31_000;
    expect([b.port.blocked, c.port.blocked]).toEqual([false, false]);
  });

  test("is not made by a guest that sends something like a probe", () => {
    const rig = new SwitchRig();
    const [a, b] = three(rig);
    const probe = frameOf(1, Uint8Array.of(0xcf, 0, 0, 0, 0, 0), { type: 0x9000 });
    expect(rig.reach(a, probe, b)).toEqual([true]);
    rig.network.probe();
    rig.settle();
    const own = b.got.at(-1)!.bytes;
    own[20] = own[20]! ^ 1;
    rig.reach(b, own, a);
    expect([a.port.blocked, b.port.blocked]).toEqual([false, false]);
  });
});

describe("a guard", () => {
  const ip = (from: number, address: readonly number[]): Uint8Array => {
    const bytes = frameOf(from, BROADCAST, { type: 0x0800, length: 60 });
    bytes.set([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, ...address, 10, 0, 0, 9], 14);
    return bytes;
  };
  const arp = (from: number, mac: number, address: readonly number[]): Uint8Array => {
    const bytes = frameOf(from, BROADCAST, { type: 0x0806, length: 60 });
    bytes.set([0, 1, 8, 0, 6, 4, 0, 2, ...macOf(mac), ...address, ...macOf(9), 10, 0, 0, 9], 14);
    return bytes;
  };
  const ip6 = (from: number, tail: number, { target = -1, prefix = 0xfd } = {}): Uint8Array => {
    const bytes = frameOf(from, BROADCAST, { type: 0x86dd, length: 90, fill: 0 });
    bytes.set([0x60, 0, 0, 0, 0, 24, target < 0 ? 17 : 58, 64], 14);
    [bytes[22], bytes[37]] = [prefix, tail];
    if (target >= 0) [bytes[54], bytes[62], bytes[77]] = [136, 0xfd, target];
    return bytes;
  };

  test("keeps a device to its own address", () => {
    const rig = new SwitchRig();
    const a = rig.plug({ guard: true });
    const b = rig.plug();
    expect(rig.reach(a, frameOf(1, 2), b)).toEqual([true]);
    expect(rig.reach(a, frameOf(2, 1), b)).toEqual([false]);
    expect(rig.reach(a, arp(1, 2, [10, 0, 0, 1]), b)).toEqual([false]);
    expect(a.port.statistics().spoofed).toBe(2);
    expect(rig.events).toEqual([{ type: "spoof", port: 1, mac: "02:00:00:00:00:02" }]);
    expect(rig.network.addresses().map(({ mac }) => mac)).toEqual(["02:00:00:00:00:01"]);
  });

  test.each<[string, Uint8Array, boolean]>([
    ["its address", ip(1, [10, 0, 0, 1]), true],
    ["no address yet", ip(1, [0, 0, 0, 0]), true],
    ["another's", ip(1, [10, 0, 0, 2]), false],
    ["ARP of its address", arp(1, 1, [10, 0, 0, 1]), true],
    ["ARP before it has one", arp(1, 1, [0, 0, 0, 0]), true],
    ["ARP of another's", arp(1, 1, [10, 0, 0, 2]), false],
    ["ARP cut short", arp(1, 1, [10, 0, 0, 1]).slice(0, 30), false],
    ["its IPv6 address", ip6(1, 1), true],
    ["another's IPv6 address", ip6(1, 2), false],
    ["a link-local one", ip6(1, 2, { prefix: 0xfe }), false],
    ["an advertisement of its own", ip6(1, 1, { target: 1 }), true],
    ["an advertisement of another's", ip6(1, 1, { target: 2 }), false],
    ["half an IP header", ip(1, [10, 0, 0, 2]).slice(0, 20), false],
    ["something else", frameOf(1, BROADCAST), true],
  ])("keeps a device to IP addresses: %s", (_what, bytes, passes) => {
    const rig = new SwitchRig();
    const a = rig.plug({ guard: { ips: ["10.0.0.1", "fd00::1"] } });
    const b = rig.plug();
    expect(rig.reach(a, bytes, b)).toEqual([passes]);
  });

  test("has addresses that are some", () => {
    const rig = new SwitchRig();
    for (const text of ["10.0.0", "10.0.0.256", "fd00:::1", "fd00::1::2", "1:2:3:4:5:6:7", "g::1"])
      expect(() => rig.plug({ guard: { ips: [text] } }), text).toThrow("is none");
    expect(() => rig.plug({ guard: { macs: ["02"] } })).toThrow("is none");
  });
});

test("hostile devices and control programs", () => {
  for (let seed = 0; seed < 200; seed++) fuzzSwitch(seed);
});
