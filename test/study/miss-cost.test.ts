import { describe, expect, it } from "vitest";
import { missCosts, missSentences } from "../../src/study/miss-cost.ts";
import type { Cell } from "../../src/study/result.ts";
import { cell, experiment } from "./results.ts";

/** A cell that takes `nanoseconds` for each instruction and misses the TLB once in `every`. */
function missing(variant: string, footprint: number, nanoseconds: number, every: number): Cell {
  const plain = cell("random", variant, [nanoseconds], { footprint });
  const samples = plain.samples.map((sample) => ({ ...sample, steadyPageWalks: sample.steadyInstructions / every }));
  return { ...plain, samples };
}

const direct = [cell("random", "native", [1], { footprint: 4 }), cell("random", "native", [3], { footprint: 4096 })];
const costsOf = (cells: readonly Cell[]) => missCosts(experiment("footprint", [...cells, ...direct]).cells, "gcc");

describe("the cost of a TLB miss", () => {
  it("is the time more for each miss more, without what direct execution takes longer", () => {
    const [cost, ...others] = costsOf([missing("tlb", 4, 10, 1e6), missing("tlb", 4096, 22, 10)]);
    expect(others).toEqual([]);
    expect(cost).toMatchObject({ variant: "tlb", from: 4, to: 4096 });
    expect(cost!.misses).toBeCloseTo(0.1, 4);
    expect(cost!.nanoseconds).toBeCloseTo(100, 1);
    expect(missSentences([cost!])).toEqual([
      "random on tlb: a TLB miss with its page walk costs 100 ns (0.100 more of them for each instruction at 4096 KiB than at 4 KiB).",
    ]);
  });

  it("is not told of a variant that misses as often with a small footprint", () => {
    expect(costsOf([missing("nested", 4, 40, 10), missing("nested", 4096, 60, 7)])).toEqual([]);
  });
});
