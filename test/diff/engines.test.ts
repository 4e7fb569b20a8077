import { describe, expect, it } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { randomImage } from "../../src/isa/random/image.ts";
import { Pool } from "../../src/isa/random/pool.ts";
import { tables } from "../../src/isa/tables.ts";
import { RAM_PA } from "../support/core.ts";
import { differences, runHere } from "./compare.ts";

describe("engines", () => {
  it("leave the same after random programs of the whole instruction set", async () => {
    const pool = new Pool(new Set([...tables.map(({ name }) => name), "Zcb", "Zcmop"]));
    const seeds = Array.from({ length: 400 }, (_, i) => 1_000_000 + i);
    const image = randomImage(seeds, BigInt(RAM_PA), pool);
    const decoded = await runHere(image, Engine.PREDECODE);
    expect(differences(image, await runHere(image, Engine.INTERPRET), decoded)).toEqual([]);
    expect(Buffer.compare(decoded, image.bytes)).not.toBe(0);
  });
});
