import { describe, expect, it } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { compareBatch } from "./compare.ts";
import { hasQemu } from "./qemu.ts";

const PROGRAMS = 500;
const BATCHES = 6;

describe.skipIf(!hasQemu())("random programs", () => {
  it.each(Array.from({ length: BATCHES }, (_, batch) => batch))("leave what QEMU leaves, batch %i", async (batch) => {
    const seeds = Array.from({ length: PROGRAMS }, (_, i) => batch * PROGRAMS + i);
    expect(await compareBatch(seeds, [Engine.PREDECODE, Engine.INTERPRET])).toEqual([]);
  });
});
