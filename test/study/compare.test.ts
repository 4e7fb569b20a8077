import { describe, expect, it } from "vitest";
import { compareStudies } from "../../src/study/compare.ts";
import { parseResult } from "../../src/study/parse-result.ts";
import { comparisonText } from "../../src/study/report/comparison.ts";
import { ABOUT, cell, experiment, ladder, study } from "./results.ts";

const before = study([ladder()]);

describe("comparing two studies", () => {
  it("finds no change in the same study", () => {
    const comparison = compareStudies(before, before);
    expect(comparison.changes).toHaveLength(6);
    expect(comparison.changes.filter(({ significant }) => significant)).toEqual([]);
    expect(comparisonText(comparison)).toContain("None of 6 figures has changed significantly.");
  });

  it("finds what became slower, and by how much", () => {
    const cells = [cell("mix", "tiered", [8, 8.2, 8.4]), cell("mix", "native", [1, 1, 1])];
    const comparison = compareStudies(before, study([experiment("ladder", cells)]));
    expect(comparison.changes).toMatchObject([
      { workload: "mix", variant: "tiered", before: 4.1, after: 8.2, ratio: { median: 2 }, significant: true },
    ]);
    expect(comparisonText(comparison)).toMatch(/ladder\/mix\/tiered +4.10x +8.20x +100% slower/);
  });

  it("relates each study to its own direct execution", () => {
    const faster = [cell("mix", "tiered", [2, 2.05, 2.1]), cell("mix", "native", [0.5, 0.5, 0.5])];
    const { changes } = compareStudies(before, study([experiment("ladder", faster)]));
    expect(changes).toMatchObject([{ ratio: { median: 1 }, significant: false }]);
  });

  it("doubts studies of different machines, and noisy ones", () => {
    const noise = { ...ABOUT.noise, noisy: true };
    const other = study([ladder()], { about: { ...ABOUT, noise, host: { ...ABOUT.host, cpu: "Other CPU" } } });
    expect(compareStudies(before, other).doubts).toEqual([
      "The machine differs: Some CPU before, Other CPU after.",
      "The machine was noisy in the second study.",
    ]);
  });

  it("says so when nothing is in common", () => {
    expect(comparisonText(compareStudies(before, study([])))).toContain("no figure in common");
  });
});

describe("a study's JSON", () => {
  it("is read as it was written", () => {
    expect(parseResult(JSON.stringify(before))).toEqual(JSON.parse(JSON.stringify(before)));
  });

  it.each([
    ["nothing", "not JSON"],
    ["[]", "no wasmvisor-study-1"],
    ["{}", "no wasmvisor-study-1"],
    [JSON.stringify({ format: "wasmvisor-study-1" }), "parts are missing"],
    [JSON.stringify({ ...before, experiments: [{ name: "x" }] }), "an experiment is malformed"],
    [JSON.stringify(before).replaceAll('"steadyCpu":', '"other":'), "an experiment is malformed"],
  ])("is refused with a sentence when it is %.40s", (text, sentence) => {
    expect(() => parseResult(text)).toThrow(sentence);
  });
});
