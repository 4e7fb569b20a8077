import { describe, expect, it } from "vitest";
import { TRANSLATOR_SWITCHES } from "../../src/index.ts";
import { checkExperiment } from "../../src/study/check-experiment.ts";
import { EXPERIMENTS } from "../../src/study/experiments/index.ts";
import { LADDER } from "../../src/study/ladder.ts";

/** The mechanisms that a rung leaves on. */
function mechanisms(name: string): string[] {
  const rung = LADDER.find((variant) => variant.name === name);
  if (!rung || !("vm" in rung)) throw new Error(`no rung ${name}`);
  const { translator = {} } = rung.vm;
  return TRANSLATOR_SWITCHES.filter((key) => key !== "count" && translator[key] !== false);
}

describe("the ladder", () => {
  it("has the rungs of the textbook, in order", () => {
    const names = ["interpret", "predecode", "translate", "cache", "chain", "indirect", "regions", "tiered"];
    expect(LADDER.map(({ name }) => name)).toEqual([...names, "wasm", "native"]);
  });

  it("switches one mechanism on with each step", () => {
    expect(mechanisms("translate")).not.toContain("cache");
    expect(added("translate", "cache")).toEqual(["cache"]);
    expect(added("cache", "chain")).toEqual(["chaining"]);
    expect(added("chain", "indirect")).toEqual(["indirectCache", "returnPrediction"]);
    expect(added("indirect", "regions")).toEqual(["regions", "inlining", "mergedChecks"]);
    expect(mechanisms("regions")).toEqual(TRANSLATOR_SWITCHES.filter((key) => key !== "count"));
  });
});

function added(before: string, after: string): string[] {
  const had = mechanisms(before);
  return mechanisms(after).filter((name) => !had.includes(name));
}

describe("the bundled experiments", () => {
  it.each(EXPERIMENTS.map((experiment) => [experiment.name, experiment] as const))(
    "%s is well formed",
    (name, experiment) => {
      expect(checkExperiment(experiment, name)).toBe(experiment);
      expect(experiment.quick ?? experiment.workloads.slice(0, 1)).not.toHaveLength(0);
    },
  );
});
