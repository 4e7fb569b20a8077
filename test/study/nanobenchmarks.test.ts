import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { costs, nanobenchmarks, parseNano } from "../../src/study/nanobenchmarks.ts";

const guest = (name: string): Promise<Uint8Array> => readFile(new URL(`../../guests/bin/${name}.elf`, import.meta.url));

describe("a line of the guest's output", () => {
  test("is read, and anything else is not", () => {
    expect(parseNano("boot\r\nnano alu 400 110 70\r\nnano call 8 x 1\nnano csr_read 1000 30 10\n")).toEqual([
      { name: "alu", operations: 400, ticks: 110, plain: 70 },
      { name: "csr_read", operations: 1000, ticks: 30, plain: 10 },
    ]);
  });

  test("gives nanoseconds beyond the plain loop, and the ALU instructions that take as long", () => {
    const lines = parseNano("nano alu 400 110 70\nnano csr_read 1000 30 10\nnano call 10 5 9\n");
    // 100 iterations of 11 instructions in 11,000 ns; 1000 operations in 2000 ns.
    expect(costs(lines)!.get("csr_read")).toEqual({ nanoseconds: 2, instructions: 0.2 });
    expect(costs(lines)!.get("call")).toEqual({ nanoseconds: 0, instructions: 0 });
    expect(costs(lines.slice(1))).toBeUndefined();
  });
});

test("every operation is measured under every handling", async () => {
  const { tables, voided } = await nanobenchmarks.produce({
    quick: true,
    cpuMilliseconds: () => 0,
    guest,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  expect(voided).toEqual([]);
  expect(tables[0]!.rows).toHaveLength(10);
  for (const row of tables[0]!.rows) {
    for (const { key } of tables[0]!.columns) expect(row[key]).not.toBeNull();
  }
}, 240_000);
