import { expect, test } from "vitest";
import type { TestCase, TestResult } from "vitest/node";
import { verdict } from "./skips.ts";

function ended(...results: Partial<TestResult>[]): Pick<TestCase, "result">[] {
  return results.map((result) => ({ result: () => result as TestResult }));
}

test("a run in which nothing was skipped is two numbers", () => {
  expect(verdict(ended({ state: "passed" }, { state: "failed" }, { state: "passed" }))).toBe("2 passed, 1 failed");
});

test("each reason for skipping is told once, with how many tests it kept from running", () => {
  const results = ended(
    { state: "passed" },
    { state: "skipped", note: "needs dtc: apt-get install device-tree-compiler" },
    { state: "skipped", note: "needs chromium: apt-get install chromium" },
    { state: "skipped", note: "needs dtc: apt-get install device-tree-compiler" },
    { state: "skipped", note: undefined },
  );
  expect(verdict(results)).toBe(
    "1 passed, 0 failed, 4 skipped: 2 needs dtc: apt-get install device-tree-compiler; " +
      "1 needs chromium: apt-get install chromium; 1 not selected",
  );
});
