/** All regions can be printed: those of random programs of the whole instruction set, which nobody would write. */

import { describe, expect, test } from "vitest";
import { Engine, Translate } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { explainRegion, type RegionParts } from "../../src/core/explained.ts";
import { guestText } from "../../src/explain/guest.ts";
import { irText } from "../../src/explain/ir.ts";
import { readModule } from "../../src/explain/wasm-reader.ts";
import { watText } from "../../src/explain/wat.ts";
import { randomImage } from "../../src/isa/random/image.ts";
import { Pool } from "../../src/isa/random/pool.ts";
import { tables } from "../../src/isa/tables.ts";
import { assembledFunction, onlyFunction } from "../dbt/wat-assembler.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";

const pool = new Pool(new Set([...tables.map(({ name }) => name), "Zcb", "Zcmop"]));
const PROGRAMS = 20;
/** Addresses of each program that a region is explained from: not all are where an instruction begins. */
const STARTS = [0, 34, 110];

/** Regions of random programs, in M mode with FS dirty. */
async function regions(mechanisms: number): Promise<RegionParts[]> {
  const seeds = Array.from({ length: PROGRAMS }, (_, seed) => seed + 1);
  const image = randomImage(seeds, BigInt(RAM_PA), pool, false);
  const machine = await createTestMachine({
    ram: 4 << 20,
    engine: Engine.TIERED,
    translator: { mechanisms },
  });
  machine.load(image.bytes);
  machine.hart().setCsr(Csr.MSTATUS, BigInt(Status.FS));
  const starts = image.code.flatMap(({ start }) => STARTS.map((distance) => BigInt(RAM_PA + start + distance)));
  const found = starts.map((pc) => explainRegion(machine.core, machine.space, 0, pc, machine.hart().priv));
  return found.filter((region) => region !== undefined);
}

describe.each([
  ["with the window", Translate.ALL],
  ["with the TLB", Translate.ALL & ~Translate.WINDOW],
  ["without most mechanisms", Translate.CACHE | Translate.REGIONS],
])("regions %s", (_, mechanisms) => {
  test("have text that assembles to the same code", async () => {
    const found = await regions(mechanisms);
    expect(found.length).toBeGreaterThan(PROGRAMS);
    for (const region of found) {
      expect(assembledFunction(watText(region), region.ramMa)).toBe(onlyFunction(region.wasm));
    }
  });

  test("are in modules of one type: engines may keep each type for ever", async () => {
    for (const { wasm } of await regions(mechanisms))
      expect(readModule(wasm).types).toEqual([{ parameters: 3, results: 1 }]);
  });

  test("have nothing in their guest code and IR that has no name", async () => {
    for (const region of await regions(mechanisms)) {
      expect(irText(region)).not.toMatch(/\?(?! 0 : )|undefined|NaN/);
      expect(guestText(region)).not.toMatch(/undefined|NaN/);
    }
  });
});
