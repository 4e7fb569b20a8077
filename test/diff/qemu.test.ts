import { describe, expect, it } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { compareBatch } from "./compare.ts";

const PROGRAMS = 500;
const BATCHES = 6;

const batches = Array.from({ length: BATCHES }, (_, batch) => batch);
const engines = [Engine.PREDECODE, Engine.INTERPRET];

const seedsOf = (batch: number): number[] => Array.from({ length: PROGRAMS }, (_, i) => batch * PROGRAMS + i);

describe("random programs", () => {
  it.each(batches)("in M mode leave what QEMU leaves, batch %i", async (batch) => {
    expect(await compareBatch(seedsOf(batch), engines, false)).toEqual([]);
  });

  it.each(batches)("in U mode on scattered pages leave what QEMU leaves, batch %i", async (batch) => {
    expect(await compareBatch(seedsOf(BATCHES + batch), engines, true)).toEqual([]);
  });
});
