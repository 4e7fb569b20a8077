/** A board over stand-ins. */

import { createVirtBoard } from "../../src/machine/virt.ts";
import type { PowerEvent, VirtConfig } from "../../src/machine/virt.ts";
import { FakeClock, FakeConsole, FakeLines } from "../device/fakes.ts";
import { fakeEntropy, fakeMemory, MIB } from "./fakes.ts";

/** A board and everything around it. */
export function fakeBoard({
  harts = 1,
  ramSize = 256 * MIB,
  ...others
}: { harts?: number; ramSize?: number } & Partial<VirtConfig> = {}) {
  const clock = new FakeClock();
  const lines = new FakeLines();
  const console = new FakeConsole();
  const memory = fakeMemory(ramSize);
  const power: PowerEvent[] = [];
  const board = createVirtBoard(
    { harts, ...others },
    {
      memory,
      clock,
      entropy: fakeEntropy,
      console,
      setLine: lines.setLine,
      arrivals: { expect: () => undefined },
      onPower: (event) => power.push(event),
    },
  );
  return { board, clock, lines, console, memory, power };
}
