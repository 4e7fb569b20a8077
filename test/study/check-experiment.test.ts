import { describe, expect, it } from "vitest";
import { checkExperiment } from "../../src/study/check-experiment.ts";
import type { WasmvisorError } from "../../src/error.ts";

const good = {
  name: "mine",
  title: "Mine",
  question: "Why?",
  workloads: ["mix"],
  variants: [{ name: "a", vm: {} }],
  plots: [{ title: "Slowdown", kind: "bars", quantity: "slowdown" }],
};

function refusal(change: object): string {
  try {
    checkExperiment({ ...good, ...change }, "mine.ts");
  } catch (error) {
    return (error as WasmvisorError).message;
  }
  throw new Error("it was accepted");
}

describe("a user's experiment", () => {
  it("is taken as it is when it is right", () => {
    expect(checkExperiment(good, "mine.ts")).toBe(good);
  });

  it("has to be an object", () => {
    expect(() => checkExperiment(undefined, "mine.ts")).toThrow("mine.ts: the default export is no experiment");
  });

  it.each([
    [{ name: "two words" }, "name is a word"],
    [{ workloads: [] }, "workloads is a list"],
    [{ workloads: ["nix"] }, 'no workload "nix"; there are mix, sha256'],
    [{ quick: ["nix"] }, 'no workload "nix"'],
    [{ variants: [] }, "variants is a list"],
    [{ variants: [{ name: "a" }] }, "variant 1 needs one of vm"],
    [{ variants: [{ name: "a", vm: {}, run: "wasm" }] }, "variant 1 needs one of vm"],
    [{ variants: [{ vm: {} }] }, "variant 1 needs a name"],
    [{ variants: [good.variants[0], good.variants[0]] }, "same name"],
    [{ footprints: [0] }, "footprints is a list"],
    [{ plots: [{ title: "x", kind: "pie", quantity: "slowdown" }] }, "plots is a list"],
  ])("with %o is refused with a sentence", (change, sentence) => {
    expect(refusal(change)).toContain(sentence);
  });
});
