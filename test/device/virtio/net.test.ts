import { describe, expect, test } from "vitest";
import { Gso, MAX_FRAME, Offload } from "../../../src/backend/network/network.ts";
import { plainInfo } from "../../../src/backend/network/segment.ts";
import type { VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import { EVERYTHING, NOTHING } from "../../support/cable.ts";
import { F, REG } from "./driver.ts";
import { fuzzNetDevice } from "./net-fuzz.ts";
import { frame, Nic, OTHER, OWN, RX, TX } from "./net-rig.ts";

/** Feature bits. */
const BIT = { CSUM: 0, GUEST_CSUM: 1, TSO4: 7, TSO6: 8, MRG: 15, CTRL_VQ: 17, MQ: 22, CTRL_MAC: 23 } as const;

const FORMS: readonly (readonly [name: string, layout: VirtioLayout, without: readonly number[]])[] = [
  ["legacy", "legacy", []],
  ["legacy without mergeable buffers", "legacy", [BIT.MRG]],
  ["legacy without event indices", "legacy", [F.EVENT_IDX]],
  ["modern split", "modern", [F.PACKED]],
  ["modern split without mergeable buffers", "modern", [F.PACKED, BIT.MRG]],
  ["packed", "modern", []],
  ["packed without mergeable buffers or event indices", "modern", [BIT.MRG, F.EVENT_IDX]],
];

describe.each(FORMS)("a network device on %s queues", (_name, layout, without) => {
  const nic = (): Nic => new Nic({ layout }).begin(without);

  test("passes on what the guest sends, whatever pieces it lies in", () => {
    const rig = nic();
    for (let round = 0; round < 60; round++) {
      const bytes = frame(14 + ((round * 97) % 1501), { seed: round });
      rig.transmit(bytes, { pieces: 1 + (round % 5), table: round % 2 === 1 });
      expect(rig.take(TX)).toMatchObject({ length: 0 });
      expect(rig.network.sent.shift()!.bytes).toEqual(bytes);
    }
    expect(rig.counters).toMatchObject({ framesSent: 60, sendDrops: 0, sendWaits: 0 });
    expect(rig.line.level).toBe(true);
  });

  test("gives the guest what is sent to it, with a header", () => {
    const rig = nic();
    for (let round = 0; round < 60; round++) {
      const bytes = frame(14 + ((round * 89) % 1501), { to: OWN, from: OTHER, seed: round });
      rig.lend(1600, { pieces: 1 + (round % 3), table: round % 2 === 1 });
      expect(rig.deliver(bytes)).toBe(true);
      const got = rig.received()!;
      expect(got.frame).toEqual(bytes);
      expect(got.header.byteLength).toBe(rig.headerBytes);
      const isCounted = rig.headerBytes === 12;
      for (let i = 0; i < rig.headerBytes; i++) expect(got.header.getUint8(i)).toBe(isCounted && i === 10 ? 1 : 0);
    }
    expect(rig.counters).toMatchObject({ framesReceived: 60, receiveDrops: 0 });
  });

  test("says that there is no room, and when there is again", () => {
    const rig = nic();
    const bytes = frame(500, { to: OWN });
    expect(rig.deliver(bytes)).toBe(false);
    expect(rig.network.rooms).toBe(0);
    rig.lend(1600);
    rig.notify(RX);
    expect(rig.network.rooms).toBe(1);
    expect(rig.deliver(bytes)).toBe(true);
    expect(rig.received()!.frame).toEqual(bytes);
    // Nobody waits any more.
    rig.lend(1600);
    rig.notify(RX);
    expect(rig.network.rooms).toBe(1);
  });

  test("asks to be told of the next buffer, also when some are left that are too small", () => {
    const rig = nic();
    if (without.includes(BIT.MRG)) return;
    rig.lend(200);
    rig.lend(200);
    expect(rig.deliver(frame(500, { to: OWN }))).toBe(false);
    expect(rig.isAskedFor(RX)).toBe(true);
    rig.lend(1600);
    rig.notify(RX);
    expect(rig.network.rooms).toBe(1);
  });

  test("stays as it is over a save and a restore", () => {
    const rig = nic();
    rig.command(1, 1, [2, 2, 2, 2, 2, 2]);
    rig.command(0, 0, [0]);
    rig.command(2, 0, [7, 0]);
    rig.lend(1600);
    const saved = rig.slot.save();
    const other = new Nic({ layout }).begin(without);
    other.ram.set(rig.ram);
    other.slot.restore(saved);
    expect(other.slot.save()).toEqual(saved);
    expect(other.deliver(frame(60, { to: Uint8Array.of(2, 2, 2, 2, 2, 3) }))).toBe(true);
    expect(other.counters.filtered).toBe(1);
    expect(other.deliver(frame(60, { to: Uint8Array.of(2, 2, 2, 2, 2, 2) }))).toBe(true);
    expect(other.counters.framesReceived).toBe(1);
  });
});

describe.each([
  ["split", [F.PACKED]],
  ["packed", []],
])("large frames on %s queues", (_name, without) => {
  test("are put into as many buffers as they need, headers apart, also over the end of the ring", () => {
    const rig = new Nic().begin(without);
    for (let round = 0; round < 12; round++) {
      const bytes = frame(14 + 900 * (1 + (round % 9)), { to: OWN, seed: round });
      const info = { gso: Gso.TCP4, segmentBytes: 1448, headerBytes: 54, flags: Offload.NEEDS_CHECKSUM };
      bytes[46] = 0x50;
      const buffers = 1 + Math.ceil((bytes.length - 54) / 1000);
      // One too few: nothing is taken, and nothing is lost.
      for (let i = 1; i < buffers; i++) rig.lend(1000);
      expect(rig.deliver(bytes, { ...info, checksumStart: 34, checksumOffset: 16 })).toBe(false);
      expect(rig.received()).toBeUndefined();
      rig.lend(1000);
      expect(rig.deliver(bytes, { ...info, checksumStart: 34, checksumOffset: 16 })).toBe(true);
      const got = rig.received()!;
      expect([got.buffers, got.frame]).toEqual([buffers, bytes]);
      const { header } = got;
      expect([header.getUint8(0), header.getUint8(1)]).toEqual([1, Gso.TCP4]);
      expect([2, 4, 6, 8, 10].map((at) => header.getUint16(at, true))).toEqual([54, 1448, 34, 16, buffers]);
    }
  });

  test("that no ring of such buffers holds are dropped", () => {
    const rig = new Nic().begin(without);
    for (let i = 0; i < 16; i++) rig.lend(100);
    const large = frame(3000, { to: OWN });
    expect(rig.deliver(large, { gso: Gso.TCP4, segmentBytes: 1000, flags: Offload.NEEDS_CHECKSUM })).toBe(true);
    expect(rig.counters).toMatchObject({ receiveDrops: 1, framesReceived: 0 });
    expect(rig.deliver(frame(1514, { to: OWN }))).toBe(true);
    expect(rig.received()!.buffers).toBe(16);
    // One that fits as long as its headers get no buffer of their own.
    for (let i = 0; i < 16; i++) rig.lend(100);
    const full = frame(1588, { to: OWN });
    full[46] = 0x50;
    const info = {
      gso: Gso.TCP4,
      segmentBytes: 1000,
      flags: Offload.NEEDS_CHECKSUM,
      checksumStart: 34,
      checksumOffset: 16,
    };
    expect(rig.deliver(full, info)).toBe(true);
    expect(rig.received()!.frame).toEqual(full);
  });
});

test("without mergeable buffers, a frame that does not fit the next one is dropped, and the buffer given back", () => {
  const rig = new Nic().begin([BIT.MRG]);
  rig.lend(100);
  rig.lend(1600);
  const bytes = frame(500, { to: OWN });
  expect(rig.deliver(bytes)).toBe(true);
  expect(rig.counters.receiveDrops).toBe(1);
  expect(rig.take(RX)).toMatchObject({ length: 0 });
  expect(rig.deliver(bytes)).toBe(true);
  expect(rig.take(RX)).toMatchObject({ length: 512 });
});

test("a buffer without room for a header is given back empty", () => {
  const rig = new Nic().begin();
  rig.lend(11);
  rig.lend(1600);
  expect(rig.deliver(frame(100, { to: OWN }))).toBe(true);
  expect(rig.take(RX)).toMatchObject({ length: 0 });
  expect(rig.take(RX)).toMatchObject({ length: 112 });
});

describe("what a guest sends that makes no sense is dropped and counted, and the next frame goes on", () => {
  const tso = { flags: 1, gso: 1, segmentBytes: 1000, start: 34, offset: 16 };
  test.each<[string, (rig: Nic) => void]>([
    ["no header", (rig) => rig.sendRaw(new Uint8Array(5))],
    ["a header alone", (rig) => rig.sendRaw(new Uint8Array(12))],
    ["less than an Ethernet header", (rig) => rig.transmit(frame(14).subarray(0, 13))],
    ["more than the MTU", (rig) => rig.transmit(frame(1519))],
    ["a checksum that begins behind the frame", (rig) => rig.transmit(frame(100), { flags: 1, start: 99, offset: 0 })],
    [
      "a checksum that lies behind the frame",
      (rig) => rig.transmit(frame(100), { flags: 1, start: 34, offset: 65_535 }),
    ],
    ["segments of 0 bytes", (rig) => rig.transmit(frame(3000), { ...tso, segmentBytes: 0 })],
    ["segments without a checksum", (rig) => rig.transmit(frame(3000), { ...tso, flags: 0 })],
    ["UDP fragments", (rig) => rig.transmit(frame(3000), { ...tso, gso: 3 })],
    ["an unknown kind of segments", (rig) => rig.transmit(frame(3000), { ...tso, gso: 0x42 })],
  ])("%s", (_what, send) => {
    const rig = new Nic().begin();
    send(rig);
    expect(rig.take(TX)).toMatchObject({ length: 0 });
    expect([rig.network.sent.length, rig.counters.sendDrops]).toEqual([0, 1]);
    expect(rig.status()).toBe(15);
    rig.transmit(frame(1514));
    expect(rig.network.sent.length).toBe(1);
  });

  test("a frame longer than any", () => {
    const rig = new Nic().begin();
    const pa = 0x8006_0000;
    rig.put(
      Array.from({ length: 3 }, () => ({ pa, length: 0x6000 })),
      undefined,
      TX,
    );
    rig.notify(TX);
    expect(3 * 0x6000 - 12).toBeGreaterThan(MAX_FRAME);
    expect([rig.take(TX), rig.counters.sendDrops]).toMatchObject([{ length: 0 }, 1]);
  });
});

test("what the network sends that makes no sense is dropped", () => {
  const rig = new Nic().begin([BIT.GUEST_CSUM, BIT.TSO4, BIT.TSO6]);
  rig.lend(1600);
  expect(rig.deliver(new Uint8Array(13))).toBe(true);
  expect(rig.deliver(frame(1519, { to: OWN }))).toBe(true);
  expect(rig.deliver(frame(100, { to: OWN }), { flags: Offload.NEEDS_CHECKSUM })).toBe(true);
  expect(rig.deliver(frame(100, { to: OWN }), { gso: Gso.TCP4 })).toBe(true);
  expect(rig.model.send(new Uint8Array(50), 40, 60, plainInfo())).toBe(true);
  expect(rig.counters).toMatchObject({ receiveDrops: 5, framesReceived: 0 });
});

describe("a network without room", () => {
  test("has the guest's frames wait, in order, until it has room", async () => {
    const rig = new Nic().begin();
    rig.network.room = 1;
    for (let seed = 1; seed <= 4; seed++) rig.transmit(frame(100 + seed, { seed }));
    expect(rig.network.sent.map(({ bytes }) => bytes.length)).toEqual([101]);
    expect(rig.counters.sendWaits).toBeGreaterThan(0);
    rig.network.room = 2;
    rig.network.port.onRoom();
    rig.network.port.onRoom();
    // It enters only with the machine at rest.
    expect(rig.network.sent.length).toBe(1);
    await rig.arrivals.settle();
    expect(rig.network.sent.map(({ bytes }) => bytes.length)).toEqual([101, 102, 103]);
    rig.network.room = 9;
    rig.network.port.onRoom();
    await rig.arrivals.settle();
    expect(rig.network.sent.map(({ bytes }) => bytes.length)).toEqual([101, 102, 103, 104]);
  });

  test("loses what waits when the guest resets the device", async () => {
    const rig = new Nic().begin();
    rig.network.room = 0;
    rig.transmit(frame(100));
    rig.begin();
    rig.network.room = 9;
    rig.network.port.onRoom();
    await rig.arrivals.settle();
    expect(rig.network.sent).toEqual([]);
    expect(rig.network.resets).toBeGreaterThan(0);
  });
});

test("a network that throws is told of, and loses the frame", () => {
  const rig = new Nic().begin();
  rig.network.send = () => {
    throw new Error("no");
  };
  rig.transmit(frame(100));
  expect([rig.take(TX), rig.errors.length, rig.counters.sendDrops]).toMatchObject([{ length: 0 }, 1, 1]);
});

describe("offloads", () => {
  test.each([
    ["all that the guest takes", [], EVERYTHING],
    ["no segments", [BIT.TSO4, BIT.TSO6], { ...NOTHING, checksum: true }],
    ["no checksums, so no segments", [BIT.GUEST_CSUM], NOTHING],
  ])("are offered to the network: %s", (_what, without, offers) => {
    const rig = new Nic().begin(without);
    expect(rig.model.offers).toEqual({ ...offers, udp: false });
    rig.begin();
    expect(rig.model.offers).toEqual({ ...EVERYTHING, udp: false });
    rig.write(REG.STATUS, 0);
    expect(rig.model.offers).toEqual(NOTHING);
  });

  test("can be switched by the driver, no further than was agreed", () => {
    const rig = new Nic().begin([BIT.TSO6]);
    expect(rig.command(5, 0, [2, 0, 0, 0, 0, 0, 0, 0])).toBe(0);
    expect(rig.model.offers).toEqual({ ...NOTHING, checksum: true });
    expect(rig.command(5, 0, [2, 1, 0, 0, 0, 0, 0, 0])).toBe(1);
    expect(rig.command(5, 0, [0x82, 2, 0, 0, 0, 0, 0, 0])).toBe(0);
    expect(rig.model.offers).toMatchObject({ checksum: true, tcp4: true, tcp6: false });
  });
});

describe("frames for the guest", () => {
  const MULTI = Uint8Array.of(1, 0, 0x5e, 0, 0, 1);
  const MULTI2 = Uint8Array.of(1, 0, 0x5e, 0, 0, 2);
  const BROAD = new Uint8Array(6).fill(0xff);
  const vlan = (id: number): Uint8Array => {
    const bytes = frame(100, { to: OWN, type: 0x8100 });
    [bytes[14], bytes[15]] = [id >> 8, id & 0xff];
    return bytes;
  };
  const hears = (rig: Nic): boolean[] => [OWN, OTHER, MULTI, BROAD].map((to) => rig.hears(frame(60, { to })));

  test("are all of them until the driver says otherwise, then its own and broadcasts", () => {
    const rig = new Nic().begin();
    expect(hears(rig)).toEqual([true, true, true, true]);
    expect(rig.command(0, 0, [0])).toBe(0);
    expect(hears(rig)).toEqual([true, false, false, true]);
  });

  test.each<[string, number, boolean[]]>([
    ["all multicasts", 1, [true, false, true, true]],
    ["all unicasts", 2, [true, true, false, true]],
    ["no multicasts", 3, [true, false, false, true]],
    ["no unicasts", 4, [false, false, false, true]],
    ["no broadcasts", 5, [true, false, false, false]],
  ])("%s", (_what, mode, want) => {
    const rig = new Nic().begin();
    rig.command(0, 0, [0]);
    expect(rig.command(0, mode, [1])).toBe(0);
    expect(hears(rig)).toEqual(want);
  });

  test("by tables, which can be too small", () => {
    const rig = new Nic().begin();
    rig.command(0, 0, [0]);
    expect(rig.command(1, 0, [1, 0, 0, 0, ...OTHER, 1, 0, 0, 0, ...MULTI])).toBe(0);
    expect(hears(rig)).toEqual([true, true, true, true]);
    expect(rig.hears(frame(60, { to: MULTI2 }))).toBe(false);
    const many = Array.from({ length: 65 }, (_, i) => [1, 1, 1, 1, 1, i]).flat();
    expect(rig.command(1, 0, [0, 0, 0, 0, 65, 0, 0, 0, ...many])).toBe(0);
    expect(hears(rig)).toEqual([true, false, true, true]);
    expect(rig.hears(frame(60, { to: MULTI2 }))).toBe(true);
  });

  test.each<[string, readonly number[]]>([
    ["no tables", []],
    ["one table", [0, 0, 0, 0]],
    ["more entries than there are bytes", [2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0]],
    ["very many", [255, 255, 255, 255, 0, 0, 0, 0]],
    ["bytes behind the tables", [0, 0, 0, 0, 0, 0, 0, 0, 9]],
  ])("tables that are none are refused: %s", (_what, data) => {
    const rig = new Nic().begin();
    expect(rig.command(1, 0, data)).toBe(1);
  });

  test("by VLAN, once the driver has agreed on it", () => {
    const rig = new Nic().begin();
    rig.command(0, 0, [0]);
    expect(rig.hears(vlan(5))).toBe(false);
    expect(rig.command(2, 0, [5, 0])).toBe(0);
    expect([rig.hears(vlan(5)), rig.hears(vlan(6)), rig.hears(frame(60, { to: OWN }))]).toEqual([true, false, true]);
    expect(rig.command(2, 1, [5, 0])).toBe(0);
    expect(rig.hears(vlan(5))).toBe(false);
    expect(rig.command(2, 0, [0, 16])).toBe(1);
    rig.begin([19]);
    rig.command(0, 0, [0]);
    expect(rig.hears(vlan(5))).toBe(true);
  });

  test("to an address that the driver has set", () => {
    const rig = new Nic().begin();
    rig.command(0, 0, [0]);
    expect(rig.command(1, 1, [...OTHER])).toBe(0);
    expect(hears(rig)).toEqual([false, true, false, true]);
    expect(Array.from({ length: 6 }, (_, i) => rig.slot.load(0x100 + i, 1))).toEqual([...OTHER]);
    rig.begin();
    expect(Array.from({ length: 6 }, (_, i) => rig.slot.load(0x100 + i, 1))).toEqual([...OWN]);
  });

  test("a legacy driver without that command writes its address", () => {
    const rig = new Nic({ layout: "legacy" }).begin([BIT.CTRL_MAC]);
    rig.command(0, 0, [0]);
    OTHER.forEach((byte, i) => rig.slot.store(0x100 + i, byte, 1));
    expect(hears(rig)).toEqual([false, true, false, true]);
    const modern = new Nic().begin([BIT.CTRL_MAC]);
    modern.slot.store(0x100, 2, 1);
    expect(modern.slot.load(0x100, 1)).toBe(OWN[0]);
  });
});

describe("commands", () => {
  test.each<[string, readonly number[], number, number]>([
    ["an unknown class", [9], 9, 0],
    ["an unknown command", [1], 0, 6],
    ["too few bytes", [], 0, 0],
    ["too many bytes", [1, 1], 0, 0],
    ["pairs of queues that are not there", [2, 0], 4, 0],
  ])("%s is refused", (_what, data, kind, command) => {
    const rig = new Nic().begin();
    expect(rig.command(kind, command, data)).toBe(1);
    expect(rig.status()).toBe(15);
  });

  test("without room for an answer changes nothing and is given back", () => {
    const rig = new Nic().begin();
    rig.put([{ pa: 0x8009_0000, length: 3 }], undefined, 2);
    rig.notify(2);
    expect(rig.take(2)).toMatchObject({ length: 0 });
    expect(rig.hears(frame(60))).toBe(true);
  });
});

describe("several pairs of queues", () => {
  test("have their control queue behind them, or third for a driver that uses one", () => {
    const rig = new Nic({ pairs: 4 }).begin();
    expect(rig.slot.load(0x108, 2)).toBe(4);
    expect(rig.command(4, 0, [4, 0], 8)).toBe(0);
    expect([rig.command(4, 0, [5, 0], 8), rig.command(4, 0, [0, 0], 8)]).toEqual([1, 1]);
    rig.begin([BIT.MQ], 3);
    expect(rig.command(0, 0, [0], 2)).toBe(0);
    expect(rig.hears(frame(60))).toBe(false);
  });

  test("share flows among them, and each flow has one", () => {
    const rig = new Nic({ pairs: 4 }).begin();
    rig.command(4, 0, [4, 0], 8);
    const flow = (port: number): Uint8Array => {
      const bytes = frame(60, { to: OWN, type: 0x0800 });
      bytes.set([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, port >> 8, port & 0xff, 0, 7], 14);
      return bytes;
    };
    const used = (port: number): number => {
      for (let pair = 0; pair < 4; pair++) rig.lend(256, { queue: 2 * pair });
      rig.deliver(flow(port));
      return [0, 1, 2, 3].find((pair) => rig.take(2 * pair) !== undefined)!;
    };
    const first = used(1);
    expect(used(1)).toBe(first);
    expect(new Set([1, 2, 3].map(used)).size).toBeGreaterThan(1);
  });

  test("send on any of them", () => {
    const rig = new Nic({ pairs: 2 }).begin();
    rig.transmit(frame(100), {}, 3);
    expect(rig.network.sent.length).toBe(1);
    expect(rig.take(3)).toMatchObject({ length: 0 });
  });
});

describe("limits", () => {
  test("have the guest's frames wait, and the network's", () => {
    const rig = new Nic({ limits: { packets: 10, packetsBurst: 2 } }).begin();
    for (let i = 0; i < 5; i++) rig.transmit(frame(100));
    expect(rig.network.sent.length).toBe(2);
    rig.clock.now = rig.slot.nextDeadline!()!;
    rig.slot.update!();
    expect(rig.network.sent.length).toBe(3);
    for (let i = 0; i < 4; i++) rig.lend(256);
    const deliveries = [1, 2, 3].map(() => rig.deliver(frame(60, { to: OWN })));
    expect(deliveries).toEqual([true, true, false]);
    rig.clock.now = rig.slot.nextDeadline!()!;
    rig.slot.update!();
    rig.clock.now += 10_000_000n;
    rig.slot.update!();
    expect(rig.network.rooms).toBeGreaterThan(0);
    expect(rig.deliver(frame(60, { to: OWN }))).toBe(true);
  });

  test("count bytes", () => {
    const rig = new Nic({ limits: { bytes: 10_000, bytesBurst: 1000 } }).begin();
    for (let i = 0; i < 5; i++) rig.transmit(frame(800));
    expect(rig.network.sent.length).toBe(2);
  });
});

describe("the link", () => {
  test("goes down and up, and the guest is told", async () => {
    const rig = new Nic().begin();
    expect(rig.slot.load(0x106, 2)).toBe(1);
    rig.model.setLink(false);
    await rig.arrivals.settle();
    expect([rig.slot.load(0x106, 2), rig.read(REG.ISR)]).toEqual([0, 2]);
    rig.transmit(frame(100));
    rig.lend(256);
    expect(rig.deliver(frame(60, { to: OWN }))).toBe(true);
    expect(rig.counters).toMatchObject({ sendDrops: 1, receiveDrops: 1, framesReceived: 0 });
    rig.network.port.setLink(true);
    await rig.arrivals.settle();
    rig.transmit(frame(100));
    expect([rig.network.sent.length, rig.deliver(frame(60, { to: OWN }))]).toEqual([1, true]);
  });

  test("the guest is asked to say where it is, and says that it has", async () => {
    const rig = new Nic().begin();
    rig.model.announce();
    await rig.arrivals.settle();
    expect(rig.slot.load(0x106, 2)).toBe(3);
    expect(rig.command(3, 0, [])).toBe(0);
    expect(rig.slot.load(0x106, 2)).toBe(1);
  });
});

test("a driver that has not begun hears nothing, and nobody waits for it", () => {
  const rig = new Nic();
  expect(rig.deliver(frame(60, { to: OWN }))).toBe(true);
  expect(rig.counters.receiveDrops).toBe(1);
});

test("very many frames at once are taken in parts", () => {
  const rig = new Nic();
  rig.size = 256;
  rig.start({ queues: 2 });
  for (let i = 0; i < 200; i++) rig.put([{ pa: 0x8009_0000, length: 112 }], undefined, TX);
  rig.notify(TX);
  expect(rig.network.sent.length).toBe(128);
  rig.clock.now = rig.slot.nextDeadline!()!;
  rig.slot.update!();
  expect(rig.network.sent.length).toBe(200);
});

test("hostile drivers and networks", async () => {
  for (let seed = 0; seed < 300; seed++) await fuzzNetDevice(seed);
});
