/** One suite for each backend interface, passed by every implementation. */

import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/backend/clock/clock.ts";
import { DeterministicClock } from "../../src/backend/clock/deterministic-clock.ts";
import { HostClock } from "../../src/backend/clock/host-clock.ts";
import { QueueConsole } from "../../src/backend/console/queue-console.ts";
import type { Entropy } from "../../src/backend/entropy/entropy.ts";
import { HostEntropy } from "../../src/backend/entropy/host-entropy.ts";
import { SeededEntropy } from "../../src/backend/entropy/seeded-entropy.ts";

/** A clock and what makes its time go on by about a microsecond, or back on the host's side. */
interface ClockRig {
  readonly clock: Clock;
  advance(): void;
  setBack(): void;
}

function hostRig(): ClockRig {
  const host = { now: 1234.5, wallNow: 1.7e12 };
  const clock = new HostClock({ monotonic: () => host.now, wall: () => host.wallNow });
  return {
    clock,
    advance: () => ((host.now += 0.001), (host.wallNow += 0.001)),
    setBack: () => (host.wallNow -= 1e6),
  };
}

function deterministicRig(): ClockRig {
  let instructions = 0n;
  const clock = new DeterministicClock({ instructions: () => instructions, instructionsPerTick: 7 });
  return { clock, advance: () => (instructions += 70n), setBack: () => undefined };
}

describe.each([
  ["HostClock", hostRig],
  ["DeterministicClock", deterministicRig],
])("%s as a clock", (_name, makeRig) => {
  test("starts at tick 0 in this century", () => {
    const { clock } = makeRig();
    expect(clock.ticks()).toBe(0n);
    expect(clock.wallNanoseconds()).toBeGreaterThan(1_600_000_000_000_000_000n);
  });

  test("never runs backwards, whatever the host does", () => {
    const { clock, advance, setBack } = makeRig();
    let [ticks, wall] = [clock.ticks(), clock.wallNanoseconds()];
    for (let step = 0; step < 100; step++) {
      if (step === 50) setBack();
      else advance();
      expect(clock.ticks()).toBeGreaterThanOrEqual(ticks);
      expect(clock.wallNanoseconds()).toBeGreaterThanOrEqual(wall);
      [ticks, wall] = [clock.ticks(), clock.wallNanoseconds()];
    }
    expect(ticks).toBeGreaterThan(900n);
  });

  test("reading it does not move it", () => {
    const { clock, advance } = makeRig();
    advance();
    expect(clock.ticks()).toBe(clock.ticks());
    expect(clock.wallNanoseconds()).toBe(clock.wallNanoseconds());
  });
});

describe.each([
  ["HostEntropy", (): Entropy => new HostEntropy()],
  ["SeededEntropy", (): Entropy => new SeededEntropy(1n)],
])("%s as entropy", (_name, make) => {
  test.each([0, 1, 7, 8, 200_000])("fills all of %i bytes", (length) => {
    const bytes = new Uint8Array(length + 2);
    make().fill(bytes.subarray(1, length + 1));
    expect([bytes[0], bytes[length + 1]]).toEqual([0, 0]);
    const zeros = bytes.subarray(1, length + 1).reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
    // A byte is zero one time in 256; a whole run of zeros would be a part left out.
    expect(zeros).toBeLessThan(length / 100 + 3);
  });

  test("gives other bytes each time", () => {
    const entropy = make();
    const [a, b] = [new Uint8Array(32), new Uint8Array(32)];
    entropy.fill(a);
    entropy.fill(b);
    expect(a).not.toEqual(b);
  });
});

describe.each([["QueueConsole", (output: (byte: number) => void) => new QueueConsole(output)]])(
  "%s as a console",
  (_name, make) => {
    test("passes bytes on in order and keeps what there is no room for", () => {
      const output: number[] = [];
      const backend = make((byte) => output.push(byte));
      backend.write(1);
      backend.write(2);
      expect(output).toEqual([1, 2]);
      const received: number[] = [];
      let room = 2;
      backend.type(new Uint8Array([1, 2]));
      backend.onInput((bytes) => {
        const taken = Math.min(room, bytes.length);
        received.push(...bytes.subarray(0, taken));
        room -= taken;
        return taken;
      });
      backend.type(new Uint8Array([3, 4, 5]));
      expect([received, backend.waiting]).toEqual([[1, 2], 3]);
      room = 10;
      backend.ready();
      expect([received, backend.waiting]).toEqual([[1, 2, 3, 4, 5], 0]);
    });
  },
);
