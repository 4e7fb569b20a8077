import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { meansOf } from "../../src/study/finish.ts";
import { readText } from "../../src/host/process.ts";
import { parseResult } from "../../src/study/parse-result.ts";
import { markdownReport } from "../../src/study/report/markdown.ts";

const folder = fileURLToPath(new URL("../../docs/study/", import.meta.url));

describe("the report in docs/study", async () => {
  const result = parseResult(await readText(`${folder}report.json.gz`));

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
    expect(readFileSync(`${folder}report.md`, "utf8")).toBe(markdownReport(result));
  });

  it("takes no more than 300 kB with all that is beside it", () => {
    const bytes = readdirSync(folder).map((name) => statSync(folder + name).size);
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(300_000);
  });
});
