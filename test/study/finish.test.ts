import { describe, expect, it } from "vitest";
import { finishCells, meansOf, summaryOf, versusQemu, voidedCells } from "../../src/study/finish.ts";
import { cell, experiment, ladder } from "./results.ts";

describe("figures", () => {
  it("relate each cell to the native cell of the same workload", () => {
    const [slow] = finishCells([cell("mix", "predecode", [30, 31, 32]), cell("mix", "native", [2, 2, 2])], "gcc");
    expect(slow).toMatchObject({ nanoseconds: { median: 31 }, slowdown: { median: 15.5 } });
  });

  it("relate to Wasm where there is no compiler", () => {
    const cells = [cell("mix", "predecode", [30]), cell("mix", "wasm", [3])];
    expect(finishCells(cells, "wasm")[0]).toMatchObject({ slowdown: { median: 10 } });
    expect(finishCells(cells, "gcc")[0]).not.toHaveProperty("slowdown");
  });

  it("keep footprints apart", () => {
    const cells = [4, 64].flatMap((footprint) => [
      cell("random", "tiered", [footprint], { footprint }),
      cell("random", "native", [footprint / 2], { footprint }),
    ]);
    expect(finishCells(cells, "gcc").map(({ slowdown }) => slowdown?.median)).toEqual([2, 1, 2, 1]);
  });

  it("are missing from a void cell, which counts in no mean", () => {
    const result = experiment("ladder", [
      cell("mix", "tiered", [4]),
      cell("mix", "native", [1]),
      cell("fib", "tiered", [100], { voided: "its self-check failed" }),
      cell("fib", "native", [1]),
    ]);
    expect(meansOf(result, "gcc").get("tiered")?.median).toBe(4);
    expect(voidedCells([result])).toEqual(["ladder/fib/tiered: its self-check failed"]);
  });

  it("leave a cell out of the means when its baseline is void", () => {
    const result = experiment("ladder", [
      cell("mix", "tiered", [4]),
      cell("mix", "native", [1], { voided: "missing" }),
    ]);
    expect(meansOf(result, "gcc").has("tiered")).toBe(false);
  });
});

describe("the summary", () => {
  it("has the geometric mean of each rung, and QEMU's time over ours", () => {
    const { native, slowdown, versusQemu: qemu, voided } = summaryOf([ladder()], "gcc", []);
    expect(native).toBe("gcc");
    expect(slowdown).toEqual({ predecode: 31, tiered: 5.798, native: 1, "qemu-system-riscv64": 11.6 });
    expect(qemu).toBe(2);
    expect(voided).toEqual([]);
  });

  it("has null for QEMU where it was not measured, and no slowdowns without a ladder", () => {
    const without = experiment("ladder", [cell("mix", "tiered", [4]), cell("mix", "native", [1])]);
    expect(summaryOf([without], "gcc", []).versusQemu).toBeNull();
    expect(summaryOf([], "wasm", [])).toEqual({ native: "wasm", slowdown: {}, versusQemu: null, voided: [] });
  });

  it("compares QEMU with the best rung that was measured", () => {
    const cells = [cell("mix", "regions", [5]), cell("mix", "qemu-system-riscv64", [10]), cell("mix", "native", [1])];
    expect(versusQemu(experiment("ladder", cells))?.median).toBe(2);
  });
});
