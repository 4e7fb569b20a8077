/**
 * What is at the far end of a cable between threads, tabs or hosts, and says what it likes: a few in the tests, any number by
 * `npm run fuzz -- cables`.
 */

import { Random } from "../../../src/isa/random/values.ts";
import { joinByBroadcast } from "../../../src/net/switch/broadcast.ts";
import { joinByMessages } from "../../../src/net/switch/channel.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { BROADCAST, type FakeDevice, frameOf, SwitchRig } from "./rig.ts";

/** Bytes that may be under way to one other, and a frame. */
const UNDER_WAY_MOST = 2 ** 22 + 70_000;

const NUMBERS = [0, 1, -1, 60, 65_535, 1e9, Infinity, NaN, 0.5, 2 ** 53];

/** A cable with the test at its far end. */
class Line {
  said: { readonly kind: string; readonly from?: string; readonly bytes?: unknown }[] = [];
  #listener: (event: object) => void = () => undefined;

  postMessage(message: unknown): void {
    this.said.push(message as Line["said"][number]);
  }
  addEventListener(_type: "message", listener: (event: object) => void): void {
    this.#listener = listener;
  }
  removeEventListener(): void {
    this.#listener = () => undefined;
  }
  hear(data: unknown): void {
    this.#listener({ data });
  }
}

function frame(random: Random): unknown {
  if (random.oneIn(12))
    return random.pick([undefined, null, "x", 5, [], new ArrayBuffer(60), new DataView(new ArrayBuffer(60))]);
  if (random.oneIn(12)) return new Uint8Array(random.pick([0, 13, 65_550, 70_000, 100_000]));
  const to = random.pick([1, 2, BROADCAST, 9]);
  const bytes = frameOf(random.below(8), to, {
    length: random.pick([60, 60, 60, 1514, 30_000]),
    vlan: random.below(3),
  });
  for (let count = random.below(4); count > 0; count--)
    bytes[random.below(Math.min(60, bytes.length))] = random.below(256);
  return random.oneIn(8) ? bytes.subarray(0, random.below(60)) : bytes;
}

function words(random: Random): unknown {
  if (random.oneIn(6))
    return random.pick([undefined, null, "x", {}, [1], Array(7).fill(1), [1, "1", 1000, 54, 34, 16]]);
  const word = (usual: number): number => (random.oneIn(4) ? random.pick(NUMBERS) : usual);
  return [word(1), word(random.pick([0, 1, 4, 5, 0x81])), word(1000), word(54), word(34), word(16)];
}

const NAMES = ["a", "b", "", "__proto__", "x".repeat(33), 5, null];

function message(random: Random, own: string): unknown {
  if (random.oneIn(30)) return random.pick([null, undefined, 5, "frame", [], { kind: "frame" }, Object.create(null)]);
  const kind = random.pick(["frame", "frame", "frame", "taken", "hello", "bye", "x", null]);
  const from = random.oneIn(10) ? random.pick([...NAMES, own]) : `peer${random.below(100)}`;
  const bytes = kind === "taken" ? random.pick([...NUMBERS, 1000, 100_000]) : frame(random);
  return { kind, from, to: random.pick([own, own, undefined, "a"]), bytes, info: words(random) };
}

/** @param got - told of each frame */
function checked(device: FakeDevice, got: () => void): FakeDevice {
  const send = device.send.bind(device);
  device.send = (bytes, at, length, info) => {
    if (length < 14 || at < 0 || at + length > bytes.length) throw new Error("that is no frame");
    if ((info.flags & 1) !== 0 && info.checksumStart + info.checksumOffset + 2 > length)
      throw new Error("a checksum lies outside");
    if (info.gso !== 0 && info.segmentBytes === 0) throw new Error("that is not to be cut");
    device.got.length = Math.min(device.got.length, 4);
    const isTaken = send(bytes, at, length, info);
    if (isTaken) got();
    return isTaken;
  };
  return device;
}

/** Two cables at a switch. It fails by throwing: something was thrown, no frame came out, or more was sent than the other has room for. */
export async function fuzzCables(seed: number): Promise<void> {
  const random = new Random(seed);
  const rig = new SwitchRig();
  const counts = [0, 0];
  const devices = counts.map((_, index) => checked(rig.plug(), () => void counts[index]!++));
  const lines = [new Line(), new Line()] as const;
  const ends = [joinByMessages(rig.network.port(), lines[0]), joinByBroadcast(rig.network.port(), lines[1])];
  const own = lines[1].said[0]!.from!;
  let sent = 0;
  let taken = 0;
  for (let round = 0; round < 80; round++) {
    const device = random.pick(devices);
    device.room = random.pick([Infinity, Infinity, 0, 2]);
    const line = random.pick(lines);
    const said = message(random, own) as { readonly kind?: unknown; readonly bytes?: unknown };
    if (line === lines[0] && said?.kind === "taken" && typeof said.bytes === "number" && said.bytes > 0)
      taken += said.bytes;
    line.hear(said);
    // Now and then more than there is room for.
    for (let count = random.oneIn(40) ? 100 : random.oneIn(3) ? 1 : 0; count > 0; count--) {
      device.says(frameOf(1 + devices.indexOf(device), BROADCAST, { length: random.pick([60, 60_000]) }));
      rig.settle();
      if (count % 8 === 0) await Promise.resolve();
    }
    if (random.oneIn(4)) device.port.onRoom();
    rig.settle();
    await Promise.resolve();
    for (const { kind, bytes } of lines[0].said) if (kind === "frame") sent += (bytes as Uint8Array).length;
    for (const { said } of lines) said.length = 0;
    if (!(sent - taken <= UNDER_WAY_MOST)) throw new Error(`${sent - taken} bytes are under way`);
  }
  // Who takes nothing holds the others up, for a second: that is over.
  lines[0].hear({ kind: "taken", bytes: 2 ** 40 });
  for (const from of [...NAMES, ...Array.from({ length: 100 }, (_, number) => `peer${number}`)])
    lines[1].hear({ kind: "bye", from });
  // Another is still served, by either.
  for (const line of lines) {
    const before = counts[0]!;
    for (let turn = 0; turn < 10 && counts[0] === before; turn++) {
      for (const device of devices) device.room = Infinity;
      for (const device of devices) device.port.onRoom();
      line.hear({ kind: "frame", from: "sound", bytes: frameOf(77 + lines.indexOf(line), BROADCAST) });
      rig.settle();
      await Promise.resolve();
    }
    if (counts[0] === before) throw new Error(`nothing comes by cable ${lines.indexOf(line)} any more`);
  }
  for (const end of ends) await end();
  if (rig.network.ports.size !== devices.length) throw new Error("a cable is still plugged in");
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzCablesMany = fuzzMany(
  "cables",
  fuzzCables,
  "cables: nothing was thrown, and what came out were frames",
);
