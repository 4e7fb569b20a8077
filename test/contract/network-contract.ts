/** What every network backend must keep to; each passes this one suite. (`NetworkBackend` says it in words) */

import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import {
  type FrameInfo,
  type FrameOffers,
  Gso,
  MAX_FRAME,
  type NetworkBackend,
  type NetworkPort,
  Offload,
} from "../../src/backend/network/network.ts";
import { plainInfo, Segmenter } from "../../src/backend/network/segment.ts";
import { isRight, tcp } from "../backend/network/packets.ts";
import { EVERYTHING, NOTHING, type Sent } from "../support/cable.ts";

type Done<T = void> = T | Promise<T>;

/** A backend with somebody at its far end. */
export interface NetworkRig {
  readonly backend: NetworkBackend;
  /** Has the far end send frames to the device: `count` of them, each unlike the others. */
  produce?(count: number): Done;
  /** Has it send one TCP frame of 60 KB, whose checksum and cutting are left to the taker where it may. */
  produceLarge?(): Done;
  /** Frames of the device's that have come to the far end. Without it, the far end is not one of frames. */
  readonly arrived?: () => readonly Sent[];
  /** Has the far end take nothing any more, or again; where a backend can be full. */
  block?(isBlocked: boolean): Done;
  /** What the test leaves behind. */
  cleanUp?(): Done;
}

/** How the suite gets a backend of one kind. The device is plugged in before the far end produces. */
export interface NetworkRigs {
  make(): Done<NetworkRig>;
  /** Once it is plugged in: waits until frames pass. */
  ready?(rig: NetworkRig): Done;
}

/** The device's end. Whether the machine is at rest is known: a backend may call it only then. */
class Device implements NetworkPort {
  offers: FrameOffers = EVERYTHING;
  readonly mac = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
  readonly mtu = 1500;
  readonly backend: NetworkBackend;
  readonly got: Sent[] = [];
  room = Infinity;
  rooms = 0;
  /** Calls that came while a slice ran, or with other than a frame. */
  readonly faults: string[] = [];
  isAtRest = false;
  isClosed = false;
  readonly #acts: (() => void)[] = [];

  constructor(backend: NetworkBackend) {
    this.backend = backend;
    this.rest(() => backend.connect(this, (act) => void this.#acts.push(act)));
    // What is sent while it is plugged in comes before anybody looks.
    expect(this.got).toEqual([]);
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (!this.isAtRest) this.faults.push("a frame came in the middle of a slice");
    if (this.isClosed) this.faults.push("a frame came after the close");
    if (length < 14 || length > MAX_FRAME || at < 0 || at + length > bytes.length) this.faults.push("that is no frame");
    if (info.gso === Gso.NONE && length > 18 + this.mtu) this.faults.push(`${length} bytes are too many for the link`);
    const kind = info.gso & ~Gso.ECN;
    const { offers } = this;
    if ((info.flags & Offload.NEEDS_CHECKSUM) !== 0 && !offers.checksum) this.faults.push("a checksum is not finished");
    if ((kind === Gso.TCP4 && !offers.tcp4) || (kind === Gso.TCP6 && !offers.tcp6))
      this.faults.push("a frame is not cut");
    if (this.room <= 0) return false;
    this.room--;
    this.got.push({ bytes: bytes.slice(at, at + length), info: { ...info } });
    return true;
  }

  onRoom(): void {
    this.rooms++;
  }

  setLink(): void {}

  /** The time between two slices. */
  rest(act: () => void): void {
    this.isAtRest = true;
    try {
      act();
    } finally {
      this.isAtRest = false;
    }
  }

  /** Lets what has come in enter, until `isDone`, or nothing has come for some turns of the event loop. */
  async settle(isDone: () => boolean = () => false, turns = 30): Promise<void> {
    for (let quiet = 0; quiet < turns && !isDone(); quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      if (this.#acts.length > 0) quiet = 0;
      for (const act of this.#acts.splice(0)) this.rest(act);
    }
  }

  /** Sends a frame as the device does: finished as far as the backend wants it. */
  says(bytes: Uint8Array, info: Partial<FrameInfo> = {}): boolean {
    return new Segmenter().send(this.backend, bytes, 0, bytes.length, { ...plainInfo(), ...info });
  }
}

/** A frame that nobody understands, of any length. */
function frame(length: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set([2, 0, 0, 0, 0, 9, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x88, 0xb5].slice(0, length));
  return bytes;
}

/** Numbers that follow from each other. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
}

/** The suite. */
export function networkContract(name: string, rigs: NetworkRigs): void {
  describe(name, () => {
    const made: NetworkRig[] = [];
    afterEach(async () => {
      for (const rig of made.splice(0)) {
        await rig.backend.close();
        await rig.cleanUp?.();
      }
    });

    async function plug(): Promise<{ rig: NetworkRig; device: Device }> {
      const rig = await rigs.make();
      made.push(rig);
      const device = new Device(rig.backend);
      const timer = setInterval(() => void device.settle(undefined, 1), 5);
      await rigs.ready?.(rig);
      clearInterval(timer);
      await device.settle();
      onTestFinished(() => expect(device.faults).toEqual([]));
      return { rig, device };
    }

    test("takes frames of every length, and they come whole to the far end", async () => {
      const { rig, device } = await plug();
      const lengths = [14, 15, 59, 60, 61, 500, 1514, 1518];
      for (const [index, length] of lengths.entries()) expect(device.says(frame(length, index))).toBe(true);
      if (rig.arrived === undefined) {
        await device.settle();
        return;
      }
      await device.settle(() => rig.arrived!().length >= lengths.length);
      expect(rig.arrived().map(({ bytes }) => bytes)).toEqual(lengths.map((length, index) => frame(length, index)));
    });

    test("says what it does with offloads, and does it", async () => {
      const { rig, device } = await plug();
      for (const version of [4, 6] as const) {
        const { bytes, ip, tcp: at, head } = tcp({ version, payload: 60_000 });
        const info = {
          flags: Offload.NEEDS_CHECKSUM,
          segmentBytes: 1400,
          headerBytes: head,
          checksumStart: at,
          checksumOffset: 16,
        };
        expect(device.says(bytes, { ...info, gso: version === 4 ? Gso.TCP4 : Gso.TCP6 })).toBe(true);
        if (rig.arrived === undefined) continue;
        const payload = () => rig.arrived!().reduce((sum, { bytes: { length } }) => sum + length - head, 0);
        await device.settle(() => payload() >= 60_000);
        expect(payload()).toBe(60_000);
        for (const { bytes: part, info: rest } of rig.arrived()) {
          if ((rest.flags & Offload.NEEDS_CHECKSUM) === 0) expect(isRight(part, ip, version, at)).toBe(true);
          else expect(rest).toMatchObject({ checksumStart: at, checksumOffset: 16 });
        }
        (rig.arrived() as Sent[]).length = 0;
      }
      await device.settle();
    });

    test("takes or drops whatever a guest makes up, and throws nothing", async () => {
      const { device } = await plug();
      const next = numbers(7);
      for (let i = 0; i < 3000; i++) {
        const bytes = Uint8Array.from({ length: next() % 120 }, next);
        if (i % 3 === 0) bytes.set([255, 255, 255, 255, 255, 255].slice(0, bytes.length));
        if (i % 2 === 0 && bytes.length > 14)
          bytes.set(
            [
              [8, 0],
              [8, 6],
              [0x86, 0xdd],
              [0x81, 0],
            ][next() % 4]!,
            12,
          );
        const info = {
          flags: next() & 3,
          gso: next() % 6,
          segmentBytes: next() & 0xffff,
          headerBytes: next() & 0xffff,
          checksumStart: next() & 0xff,
          checksumOffset: next() & 0xff,
        };
        device.says(bytes, i % 4 === 0 ? info : {});
        // Not finished by anybody, as if the device had not looked at its offers.
        device.backend.send(bytes, 0, bytes.length, { ...plainInfo(), ...info });
        if (i % 500 === 0) await device.settle(undefined, 1);
      }
      await device.settle();
    });

    test("gives frames only with the machine at rest, in order, and waits while the device has no room", async () => {
      const { rig, device } = await plug();
      if (rig.produce === undefined) return;
      await rig.produce(5);
      await device.settle(() => device.got.length >= 5);
      expect(device.got.length).toBe(5);
      device.room = 2;
      await rig.produce(6);
      await device.settle(() => device.got.length >= 7);
      await device.settle();
      expect(device.got.length).toBe(7);
      device.room = Infinity;
      device.rest(() => device.backend.onRoom());
      await device.settle(() => device.got.length >= 11);
      expect(device.got.length).toBe(11);
      // Each is unlike the others, so none has come twice.
      expect(new Set(device.got.map(({ bytes }) => bytes.join())).size).toBeGreaterThanOrEqual(6);
    });

    test.each([
      ["all", EVERYTHING],
      ["checksums alone", { ...NOTHING, checksum: true }],
      ["nothing", NOTHING],
    ])("gives what the device has said that it takes: %s", async (_, offers) => {
      const { rig, device } = await plug();
      device.offers = offers;
      if (rig.produceLarge === undefined) return;
      await rig.produceLarge();
      const payload = () => device.got.reduce((sum, { bytes: { length } }) => sum + Math.max(0, length - 54), 0);
      await device.settle(() => payload() >= 60_000);
      expect(payload()).toBeGreaterThanOrEqual(60_000);
    });

    test("forgets what waits at a reset, and takes frames again after it", async () => {
      const { rig, device } = await plug();
      device.room = 0;
      await rig.produce?.(3);
      await device.settle();
      device.rest(() => device.backend.reset?.());
      device.room = Infinity;
      device.got.length = 0;
      await rig.produce?.(1);
      await device.settle(() => device.got.length >= 1);
      if (rig.produce !== undefined) expect(device.got.length).toBeGreaterThanOrEqual(1);
      expect(device.says(frame(60, 1))).toBe(true);
    });

    test("has its sender wait while the far end takes nothing, and says when it may go on", async () => {
      const { rig, device } = await plug();
      if (rig.block === undefined || rig.arrived === undefined) return;
      // Switches have to know where it is: what goes everywhere waits for nobody.
      await rig.produce?.(1);
      await device.settle(() => device.got.length > 0);
      await rig.block(true);
      let sent = 0;
      while (sent < 20_000 && device.says(frame(1514, sent & 0xff))) {
        sent++;
        if (sent % 256 === 0) await device.settle(undefined, 1);
      }
      // It is bounded, and says so.
      expect(sent).toBeLessThan(20_000);
      const rooms = device.rooms;
      await rig.block(false);
      await device.settle(() => device.rooms > rooms && rig.arrived!().length >= sent, 200);
      expect(device.rooms).toBeGreaterThan(rooms);
      expect(rig.arrived().length).toBe(sent);
      expect(device.says(frame(1514, 0))).toBe(true);
    });

    test("may be closed in the middle, and twice", async () => {
      const { rig, device } = await plug();
      device.room = 1;
      await rig.produce?.(4);
      device.says(frame(1514, 1));
      const closing = device.backend.close();
      device.isClosed = true;
      device.room = Infinity;
      expect(device.says(frame(60, 2))).toBe(true);
      device.rest(() => device.backend.onRoom());
      device.backend.reset?.();
      await closing;
      await device.backend.close();
      await device.settle();
      await rig.produce?.(2);
      await device.settle();
    });
  });
}
