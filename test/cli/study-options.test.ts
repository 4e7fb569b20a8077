import { describe, expect, it } from "vitest";
import { parseStudyCommand } from "../../src/cli/study-options.ts";

describe("wasmvisor study", () => {
  it("takes an experiment and what to measure", () => {
    const args = ["hotness", "--quick", "--rungs", "a, b", "--workloads", "mix", "--rounds", "4", "--json", "x.json"];
    expect(parseStudyCommand(args)).toEqual({
      kind: "run",
      options: {
        experiment: "hotness",
        quick: true,
        rungs: ["a", "b"],
        workloads: ["mix"],
        peers: [],
        rounds: 4,
        json: "x.json",
        flags: args,
      },
    });
  });

  it("takes peers as command templates", () => {
    const command = parseStudyCommand(["--peer", "spike=spike --isa=rv64gc {elf}"]);
    expect(command).toMatchObject({ options: { peers: [{ name: "spike", command: "spike --isa=rv64gc {elf}" }] } });
  });

  it("lists, compares, shows and helps", () => {
    expect(parseStudyCommand(["list"])).toEqual({ kind: "list" });
    expect(parseStudyCommand(["compare", "a", "b"])).toEqual({ kind: "compare", files: ["a", "b"] });
    expect(parseStudyCommand(["show", "a", "--svg", "b"])).toEqual({ kind: "show", file: "a", files: { svg: "b" } });
    expect(parseStudyCommand(["--help"])).toEqual({ kind: "help" });
  });

  it.each([
    [["--what"], "There is no option --what"],
    [["a", "b"], '"b" is one experiment too many'],
    [["compare", "a"], "two JSON files"],
    [["show"], "one JSON file"],
    [["show", "a", "b"], "one JSON file"],
    [["--rungs", "a,,b"], "--rungs takes names"],
    [["--peer", "spike"], "--peer takes NAME=COMMAND"],
    [["--peer", "spike=spike"], "--peer takes NAME=COMMAND"],
    [["--rounds", "0"], "--rounds takes a whole number"],
    [["--seconds", "soon"], "--seconds takes a whole number"],
  ])("refuses %j with a sentence", (args, sentence) => {
    expect(() => parseStudyCommand(args)).toThrow(sentence);
  });
});
