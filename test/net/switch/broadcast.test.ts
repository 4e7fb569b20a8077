import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { Gso, Offload } from "../../../src/backend/network/network.ts";
import { joinByBroadcast } from "../../../src/net/switch/broadcast.ts";
import { BROADCAST, type FakeDevice, frameOf, SwitchRig } from "./rig.ts";

afterEach(() => void vi.useRealTimers());

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** A switch with a device, on a channel that all of these have. */
function member(name: string): {
  readonly rig: SwitchRig;
  readonly device: FakeDevice;
  readonly end: () => Promise<void>;
} {
  const rig = new SwitchRig();
  const device = rig.plug();
  const channel = new BroadcastChannel(name);
  onTestFinished(() => channel.close());
  return { rig, device, end: joinByBroadcast(rig.network.port(), channel) };
}

/** Waits until a device has so many frames; what they are. */
async function frames(rig: SwitchRig, device: FakeDevice, count: number): Promise<readonly Uint8Array[]> {
  while (device.got.length < count) {
    await turn();
    rig.settle();
  }
  return device.got.map(({ bytes }) => bytes);
}

test("three switches on a channel are one network, in which frames come whole, and to whom they are for", async () => {
  const members = [1, 2, 3].map(() => member("three"));
  const [a, b, c] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
  a.device.says(frameOf(11, BROADCAST));
  expect(await frames(b.rig, b.device, 1)).toEqual([frameOf(11, BROADCAST)]);
  expect(await frames(c.rig, c.device, 1)).toEqual([frameOf(11, BROADCAST)]);
  const large = {
    flags: Offload.NEEDS_CHECKSUM,
    gso: Gso.TCP4,
    segmentBytes: 1000,
    headerBytes: 54,
    checksumStart: 34,
    checksumOffset: 16,
  };
  b.device.says(frameOf(12, 11, { length: 30_000 }), large);
  await frames(a.rig, a.device, 1);
  expect(a.device.got[0]).toEqual({ bytes: frameOf(12, 11, { length: 30_000 }), info: large });
  // It was for another's device.
  c.device.says(frameOf(13, BROADCAST));
  await frames(b.rig, b.device, 2);
  c.rig.settle();
  expect(c.device.got.length).toBe(1);
  await c.end();
  a.device.says(frameOf(11, BROADCAST));
  await frames(b.rig, b.device, 3);
  expect(c.device.got.length).toBe(1);
  for (const { end } of [a, b]) await end();
});

interface Said {
  readonly kind: string;
  readonly from: string;
  readonly to?: string;
  readonly bytes: Uint8Array & number;
}

/** An end whose channel is the test. */
function lone(): {
  readonly rig: SwitchRig;
  readonly device: FakeDevice;
  readonly said: Said[];
  hear(data: unknown): void;
} {
  const rig = new SwitchRig();
  const device = rig.plug();
  let listener: (event: object) => void = () => undefined;
  const said: Said[] = [];
  joinByBroadcast(rig.network.port(), {
    postMessage: (message) => said.push(message as Said),
    addEventListener: (_type, listen) => (listener = listen),
    removeEventListener: () => undefined,
  });
  return { rig, device, said, hear: (data) => listener({ data }) };
}

/** Sends large frames until no more are taken; bytes that have been sent since the last time. */
async function fill({ rig, device, said }: ReturnType<typeof lone>): Promise<number> {
  // What waits at the port is sent on in a microtask.
  for (let round = 0; round < 20; round++) {
    while (device.says(frameOf(1, 2, { length: 60_000 })) && said.length < 200) rig.settle();
    await Promise.resolve();
  }
  return said.splice(0).reduce((sum, { kind, bytes }) => sum + (kind === "frame" ? bytes.length : 0), 0);
}

test("the slowest of the others is waited for, but no longer than a second", async () => {
  vi.useFakeTimers();
  const one = lone();
  const [own] = one.said.map(({ from }) => from);
  one.hear({ kind: "frame", from: "quick", bytes: frameOf(2, BROADCAST) });
  one.hear({ kind: "hello", from: "slow" });
  expect(one.said.at(-1)).toEqual({ kind: "hello", from: own, to: "slow" });
  const first = await fill(one);
  expect(first).toBeGreaterThan(3 * 2 ** 20);
  expect(first).toBeLessThanOrEqual(2 ** 22);
  one.hear({ kind: "taken", from: "quick", to: own, bytes: first });
  expect(await fill(one)).toBe(0);
  one.hear({ kind: "taken", from: "slow", to: "another", bytes: first });
  expect(await fill(one)).toBe(0);
  one.hear({ kind: "taken", from: "slow", to: own, bytes: 600_000 });
  expect(await fill(one)).toBe(600_000);
  one.hear({ kind: "taken", from: "quick", to: own, bytes: 600_000 });
  await vi.advanceTimersByTimeAsync(1000);
  // The slow one is not waited for any more; the quick one is.
  expect(await fill(one)).toBeGreaterThan(2 ** 21);
  one.hear({ kind: "bye", from: "quick" });
  expect(await fill(one)).toBeGreaterThan(2 ** 22);
});

test("whatever comes over the channel is checked", () => {
  const { rig, device, said, hear } = lone();
  said.length = 0;
  const frame = frameOf(9, BROADCAST);
  for (const data of [
    ...[null, 5, {}, { kind: "hello" }, { kind: "hello", from: 7 }, { kind: "hello", from: "x".repeat(33) }],
    ...[
      { kind: "frame", bytes: frame },
      { kind: "frame", from: "a" },
      { kind: "frame", from: "a", bytes: "x" },
    ],
    ...[13, 70_000].map((length) => ({ kind: "frame", from: "a", bytes: new Uint8Array(length) })),
    ...[-1, NaN, "all", undefined].map((bytes) => ({ kind: "taken", from: "a", to: "b", bytes })),
    { kind: "nonsense", from: "a", bytes: frame },
  ])
    hear(data);
  rig.settle();
  expect([device.got.length, said.length]).toEqual([0, 0]);
  hear({ kind: "frame", from: "a", bytes: frame, info: [1, 77, 5, 5, 34, 16] });
  rig.settle();
  expect(device.got[0]!.info).toMatchObject({ flags: 1, gso: 0 });
});

test("what others have sent waits within bounds, and who sends more than its window loses it", () => {
  const { rig, device, said, hear } = lone();
  const own = said[0]!.from;
  device.says(frameOf(1, BROADCAST));
  device.room = 0;
  said.length = 0;
  const bytes = frameOf(9, 1, { length: 60_000 });
  for (let i = 0; i < 200; i++) hear({ kind: "frame", from: "a", bytes });
  // The port's own queue, and a window; what is dropped counts as taken.
  const told = () => said.reduce((sum, one) => sum + (one.kind === "taken" ? one.bytes : 0), 0);
  expect(said.every(({ kind, from, to }) => kind === "taken" && from === own && to === "a")).toBe(true);
  expect(told()).toBeGreaterThan(4 * 2 ** 20);
  for (let peer = 0; peer < 100; peer++) for (let i = 0; i < 70; i++) hear({ kind: "frame", from: `p${peer}`, bytes });
  device.room = Infinity;
  for (let round = 0; round < 1000; round++) {
    device.port.onRoom();
    rig.settle();
  }
  expect(device.got.length * 60_000).toBeGreaterThan(2 ** 23);
  expect(device.got.length * 60_000).toBeLessThan(20 * 2 ** 20);
});
