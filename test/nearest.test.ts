import { expect, test } from "vitest";
import { nearest } from "../src/nearest.ts";

const names = ["kernel", "initrd", "memory", "smp", "timeout"];

test.each([
  ["a letter too many", "kernell", "kernel"],
  ["a letter too few", "inird", "initrd"],
  ["another letter", "timeaut", "timeout"],
  ["two letters swapped", "memroy", "memory"],
  ["the name itself", "smp", "smp"],
])("the nearest name: %s", (_, word, name) => {
  expect(nearest(word, names)).toBe(name);
});

test.each([["kernels of truth"], ["xyz"], [""], ["sxq"]])("no name is near %j", (word) => {
  expect(nearest(word, names)).toBeUndefined();
});
