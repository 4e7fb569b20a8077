import { describe, expect, test } from "vitest";
import { translatorOptions } from "../../src/cli/dbt-options.ts";
import { HELP } from "../../src/cli/help.ts";
import { parseCommandLine } from "../../src/cli/options.ts";

describe("--dbt", () => {
  test.each(["merged-checks=off", "mergedChecks=off", "MERGED_CHECKS=false"])("%s names mergedChecks", (setting) => {
    expect(translatorOptions([setting])).toEqual({ mergedChecks: false });
  });

  test("is repeatable, and the last one for a key counts", () => {
    expect(translatorOptions(["window=off", "hot-threshold=100", "window=on"])).toEqual({
      window: true,
      hotThreshold: 100,
    });
  });

  test("reaches into the code cache", () => {
    expect(translatorOptions(["code-cache-bytes=1048576", "codeCache.regions=64"])).toEqual({
      codeCache: { bytes: 1_048_576, regions: 64 },
    });
  });

  test("names who executes sensitive instructions", () => {
    expect(translatorOptions(["sensitive=callout"])).toEqual({ sensitive: "callout" });
  });

  test.each([
    ["magic=on", /no translator option "magic".*cache, chaining.*code-cache-bytes/],
    ["=on", /no translator option ""/],
    ["window", /--dbt window takes on or off/],
    ["window=maybe", /takes on or off, not "maybe"/],
    ["window=toString", /takes on or off/],
    ["window=on=off", /takes on or off, not "on=off"/],
    ["sensitive=on", /takes exit, callout, inline, not "on"/],
    ["hot-threshold=many", /takes a whole number, not "many"/],
    ["hot-threshold=-1", /takes a whole number/],
  ])("%s is refused", (setting, sentence) => {
    expect(() => translatorOptions([setting])).toThrow(sentence);
  });

  test("is an option of wasmvisor run", () => {
    expect(parseCommandLine(["run", "--dbt", "cache=off", "--dbt=count=on", "guest.elf"])).toEqual({
      kind: "run",
      options: { vm: { kernel: "guest.elf", translator: { cache: false, count: true } } },
    });
  });

  test("has every key in the help text", () => {
    const names = /use --dbt with one of (.*)\./.exec(messageOf(() => translatorOptions(["?=1"])))![1]!.split(", ");
    expect(names.length).toBeGreaterThan(10);
    const words = new Set(HELP.run.match(/[a-z]+(-[a-z]+)*/g));
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
