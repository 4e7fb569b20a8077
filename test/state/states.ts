/** The long form of what state.test.ts does in short; `npm run states`. */

import { readFileSync } from "node:fs";
import { DEMO_GUEST, type EngineName, type VmConfig } from "../../src/index.ts";
import { runOn, STEPS_OF_MOST } from "./run-on.ts";

/** All that the demo can do, and typed ahead while it does something else. */
const DEMO_INPUT = [
  "selfcheck\n",
  "smp\n",
  "bench\nuptime\n",
  "timer 5\n",
  "trap\n",
  "info\nmap\nwalk 0x1000\n",
  "hel",
];

interface Guest {
  readonly config: () => VmConfig;
  /** Instructions that the points of each engine are spread over, about. */
  readonly span: number;
  readonly input?: readonly string[];
}

const GUESTS: Readonly<Record<string, Guest>> = {
  demo: { config: () => ({ memory: "16M", kernel: DEMO_GUEST }), span: 12_000_000, input: DEMO_INPUT },
  debian: {
    config: () => ({
      memory: "128M",
      kernel: readFileSync(".guests/Image"),
      initrd: readFileSync(".guests/initrd.cpio"),
      append: "console=ttyS0 wasmvisor.exit",
    }),
    // To userland, and off again.
    span: 1_000_000_000,
  },
};

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];

/** Runs a guest once with each engine running straight on; 0 when nothing differs. */
export async function states(name: string, points: number, harts: number, seed: number): Promise<number> {
  const guest = GUESTS[name];
  if (guest === undefined || !(points > 0)) {
    console.error(`states: Give demo or debian, and a number of points, such as npm run states -- debian 1000.`);
    return 2;
  }
  let failures = 0;
  for (const [index, engine] of ENGINES.entries()) {
    const share = Math.ceil(points / ENGINES.length);
    const config = { ...guest.config(), harts };
    const input = guest.input;
    const onPoint = (point: number, instructions: number): void => {
      if (point % 20 === 0) console.log(`${name}, ${engine}: point ${point}, ${instructions} instructions`);
    };
    const most = Math.ceil((guest.span * STEPS_OF_MOST) / share);
    const options = { config, engine, others: ENGINES, points: share, most, seed: seed + index, onPoint };
    const found = await runOn(input === undefined ? options : { ...options, input });
    console.log(`${name}, ${harts} harts, ${engine}: ${found.points} points, ${found.instructions} instructions`);
    if (found.difference === undefined) continue;
    failures++;
    console.log(`different: ${found.difference}`);
  }
  return failures > 0 ? 1 : 0;
}
