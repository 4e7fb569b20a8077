import { expect, test } from "vitest";
import { Gso, Offload } from "../../../src/backend/network/network.ts";
import { joinByMessages } from "../../../src/net/switch/channel.ts";
import { BROADCAST, frameOf, SwitchRig } from "./rig.ts";

const INFO = { segmentBytes: 1000, headerBytes: 54, checksumStart: 34, checksumOffset: 16 };
const TSO = { flags: Offload.NEEDS_CHECKSUM, gso: Gso.TCP4, ...INFO };

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test("two switches joined by messages are one network", async () => {
  const [left, right] = [new SwitchRig(), new SwitchRig()];
  const [a, b] = [left.plug(), right.plug()];
  const { port1, port2 } = new MessageChannel();
  const ends = [joinByMessages(left.network.port(), port1), joinByMessages(right.network.port(), port2)];
  a.says(frameOf(1, BROADCAST));
  while (b.got.length === 0) {
    await turn();
    right.settle();
  }
  expect(b.got[0]!.bytes).toEqual(frameOf(1, BROADCAST));
  // Whole frames stay whole.
  b.says(frameOf(2, 1, { length: 30_000 }), TSO);
  while (a.got.length === 0) {
    await turn();
    left.settle();
  }
  expect(a.got[0]).toEqual({ bytes: frameOf(2, 1, { length: 30_000 }), info: TSO });
  for (const end of ends) await end();
  expect(left.network.ports.size).toBe(1);
  port1.close();
});

test("what is under way is bounded: who sends waits until the other end has taken some", async () => {
  const rig = new SwitchRig();
  const a = rig.plug();
  let listener: (event: object) => void = () => undefined;
  const said: { readonly bytes: Uint8Array }[] = [];
  joinByMessages(rig.network.port(), {
    postMessage: (message) => said.push(message as (typeof said)[number]),
    addEventListener: (_type, listen) => (listener = listen),
    removeEventListener: () => undefined,
  });
  const hear = (data: unknown): void => listener({ data });
  hear({ kind: "frame", bytes: frameOf(2, BROADCAST) });
  said.length = 0;
  const send = (): void => {
    while (a.says(frameOf(1, 2, { length: 60_000 }))) rig.settle();
  };
  // What waits at the port is sent on in a microtask.
  for (let round = 0; round < 8; round++) {
    send();
    await Promise.resolve();
  }
  const first = said.length;
  expect(first * 60_000).toBeGreaterThan(3 * 2 ** 20);
  expect(first * 60_000).toBeLessThanOrEqual(2 ** 22);
  const before = a.rooms;
  hear({ kind: "taken", bytes: 600_000 });
  expect([said.length, a.rooms > before]).toEqual([first + 10, true]);
});

test("whatever comes over the line is checked", () => {
  const rig = new SwitchRig();
  const a = rig.plug();
  let listener: (event: object) => void = () => undefined;
  const said: unknown[] = [];
  joinByMessages(rig.network.port(), {
    postMessage: (message) => said.push(message),
    addEventListener: (_type, listen) => (listener = listen),
    removeEventListener: () => undefined,
  });
  const frame = frameOf(9, BROADCAST);
  for (const data of [
    null,
    5,
    {},
    { kind: "frame" },
    { kind: "frame", bytes: "x" },
    { kind: "frame", bytes: new Uint8Array(13) },
    { kind: "frame", bytes: new Uint8Array(70_000) },
    { kind: "taken", bytes: -1 },
    { kind: "taken", bytes: "all" },
    { kind: "taken", bytes: NaN },
  ])
    listener({ data });
  rig.settle();
  expect([a.got.length, said.length]).toEqual([0, 0]);
  for (const info of [undefined, [1, 2], [1, 1, 1000, 54, 59, 16], [0, 1, 1000, 54, 34, 16], [1, 77, 5, 5, 34, 16]])
    listener({ data: { kind: "frame", bytes: frame, info } });
  rig.settle();
  expect(a.got.map(({ info }) => [info.flags, info.gso])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
});
