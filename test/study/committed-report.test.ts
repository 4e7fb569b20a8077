import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { meansOf } from "../../src/study/finish.ts";
import { parseResult } from "../../src/study/parse-result.ts";
import { markdownReport } from "../../src/study/report/markdown.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/study/${name}`, import.meta.url), "utf8");

describe("the report in docs/study", () => {
  const result = parseResult(read("report.json"));

  it("is a complete study of every rung, with no void figure", () => {
    expect(result.about).toMatchObject({ quick: false, interrupted: false });
    expect(result.summary.voided).toEqual([]);
    expect(result.summary.versusQemu).toBeGreaterThan(0);
    const rungs = ["interpret", "predecode", "translate", "cache", "chain", "indirect", "regions", "tiered", "wasm"];
    expect(Object.keys(result.summary.slowdown)).toEqual(expect.arrayContaining([...rungs, "native"]));
  });

  it("has means that its samples give", () => {
    const ladder = result.experiments.find(({ name }) => name === "ladder")!;
    const means = meansOf(ladder, result.summary.native);
    for (const [rung, slowdown] of Object.entries(result.summary.slowdown)) {
      expect(means.get(rung)!.median / slowdown).toBeCloseTo(1, 3);
    }
  });

  it("is the Markdown beside it", () => {
    expect(read("report.md")).toBe(markdownReport(result));
  });
});
