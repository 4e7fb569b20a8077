/** The text of the intermediate representation: what is printed can be read again, and says the same. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseIr } from "../../src/explain/ir-parse.ts";
import { irFaults } from "../../src/explain/ir-verify.ts";
import { irText } from "../../src/explain/ir.ts";

const folder = new URL("../dbt/golden/", import.meta.url);
const goldens = readdirSync(folder).filter((name) => name.endsWith(".golden"));

/** The part of a golden file that is IR. */
function irOf(name: string): string {
  const text = readFileSync(new URL(name, folder), "utf8");
  return /==== ir\n\n([^]*?)\n==== wasm/.exec(text)![1]!;
}

describe.each(goldens)("%s", (name) => {
  test("reads back as what was printed", () => {
    expect(irText(parseIr(irOf(name)))).toBe(irOf(name));
  });
});

describe("the verifier", () => {
  test.each(goldens)("finds nothing wrong in %s", (name) => {
    expect(irFaults(parseIr(irOf(name)))).toEqual([]);
  });

  const block = (lines: string, head = ""): string =>
    `region 80000000: 1 instruction, 1 block; M mode, RAM is one window\n\nb0 80000000${head}\n${lines}\n`;

  test.each([
    [
      "a temp that nothing has written",
      "  80000000  a0 = i64.add %1, a1\n            -> leave 80000004",
      "%1 is read before",
    ],
    ["a temp that there is no local for", "  80000000  %9 = a1\n            -> leave 80000004", "there is no temp %9"],
    ["an f register among integers", "  80000000  a0 = i64.add fa0, a1\n            -> leave 80000004", "a is fa0"],
    ["an integer among f registers", "  80000000  a0 = f64.add fa0, fa1\n            -> leave 80000004", "dst is a0"],
    [
      "an operator of another operation",
      "  80000000  a0 = word i64.add a1, a2\n            -> leave 80000004",
      "cannot do it",
    ],
    ["a block that there is not", "            -> b7", "there is no block b7"],
    ["a computed jump to nowhere", "  80000000  leave %0", "without a value for %0"],
    [
      "nodes out of order",
      "  80000004  a0 = a1\n  80000000  a1 = a0\n            -> leave 80000008",
      "behind a later one",
    ],
  ])("finds %s", (_, lines, what) => {
    expect(irFaults(parseIr(block(lines))).join("; ")).toContain(what);
  });

  test("finds a block that nothing leads to", () => {
    const text = `${block("            -> leave 80000004")}\nb1 80000008\n            -> leave 8000000c\n`;
    expect(irFaults(parseIr(text))).toEqual(["b1 cannot be reached"]);
  });

  test("finds a dirty register that is not live", () => {
    expect(irFaults(parseIr(block("            -> leave 80000004", "  dirty a0"))).join()).toContain("not live");
  });

  test.each([
    "  80000000  a0 = nonsense a1",
    "  80000000  a0 = i64.add a1, q7",
    "b3 80000000",
    "  80000000  -> nowhere",
  ])("a line that is none is refused: %s", (line) => {
    expect(() => parseIr(block(line))).toThrow();
  });
});
