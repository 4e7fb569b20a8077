/** `npm run fuzz [first seed] [programs]`: random programs against QEMU, in M mode and paged by turns, until one differs. */

import { Engine } from "../../assembly/shared/constants.ts";
import { compareBatch, listing, qemuImage } from "./compare.ts";

const BATCH = 1000;

/** Compares `count` programs from seed `first` on; returns false, with a report on stdout, at the first difference. */
export async function fuzz(first: number, count: number): Promise<boolean> {
  for (let done = 0; done < count; done += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, count - done) }, (_, i) => first + done + i);
    const paged = (done / BATCH) % 2 === 1;
    const lines = await compareBatch(seeds, [Engine.PREDECODE, Engine.INTERPRET, Engine.TRANSLATE], paged);
    const seed = Number(/seed (\d+)/.exec(lines[0] ?? "")?.[1] ?? NaN);
    if (lines.length > 0) {
      console.log(lines.slice(0, 20).join("\n"), `\n\n${listing(qemuImage([seed], paged), 0)}`);
      return false;
    }
    console.log(`seeds ${seeds[0]} to ${seeds[seeds.length - 1]}: the same as QEMU`);
  }
  return true;
}
