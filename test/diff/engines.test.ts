import { describe, expect, it } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { randomImage } from "../../src/isa/random/image.ts";
import { Pool } from "../../src/isa/random/pool.ts";
import { tables } from "../../src/isa/tables.ts";
import { RAM_PA } from "../support/core.ts";
import { differences, runHere, runTranslated } from "./compare.ts";

const pool = new Pool(new Set([...tables.map(({ name }) => name), "Zcb", "Zcmop"]));
const image = (first: number, count: number, paged = false) =>
  randomImage(
    Array.from({ length: count }, (_, i) => first + i),
    BigInt(RAM_PA),
    pool,
    paged,
  );

describe("engines", () => {
  it("leave the same after random programs of the whole instruction set", async () => {
    const programs = image(1_000_000, 400);
    const decoded = await runHere(programs, Engine.PREDECODE);
    expect(differences(programs, await runHere(programs, Engine.INTERPRET), decoded)).toEqual([]);
    expect(Buffer.compare(decoded, programs.bytes)).not.toBe(0);
  });

  const batches: [string, number, boolean][] = [
    ["in M mode", 0, false],
    ["in M mode, straddling pages in loops", 300, false],
    ["in U mode on scattered pages", 300, true],
  ];

  it.each(batches)("leave the same where all that is met is translated, %s", async (_, first, paged) => {
    const programs = image(first, 60, paged);
    const expected = await runHere(programs, Engine.PREDECODE);
    const tiered = await runTranslated(programs, 3);
    const all = await runTranslated(programs, 1, Engine.TRANSLATE);
    for (const actual of [...tiered.results, ...all.results]) {
      expect(differences(programs, expected, actual)).toEqual([]);
    }
    expect(tiered.translated).toBeGreaterThan(10_000);
    expect(all.translated).toBeGreaterThan(10_000);
  });
});
