import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TableRanges } from "../../src/core/table-ranges.ts";

const newTable = () => new WebAssembly.Table({ element: "anyfunc", initial: 4 });

describe("ranges of a table", () => {
  test("lie behind what the table had, and do not overlap", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }), fc.array(fc.nat()), (counts, order) => {
        const table = newTable();
        const ranges = new TableRanges(table);
        const taken: { first: number; count: number }[] = [];
        counts.forEach((count, i) => {
          taken.push({ first: ranges.take(count), count });
          const victim = order[i];
          if (victim === undefined || victim % 2 === 0) return;
          const [gone] = taken.splice(victim % taken.length, 1);
          ranges.give(gone!.first, gone!.count);
        });
        const indices = taken.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        expect(new Set(indices).size).toBe(indices.length);
        for (const index of indices) expect(index).toBeGreaterThanOrEqual(4);
        for (const index of indices) expect(index).toBeLessThan(table.length);
      }),
    );
  });

  test("are used again when they are given back, whole, in whatever order", () => {
    const table = newTable();
    const ranges = new TableRanges(table);
    const firsts = [ranges.take(4), ranges.take(4), ranges.take(4)];
    const { length } = table;
    for (const at of [0, 2, 1]) ranges.give(firsts[at]!, 4);
    expect(ranges.take(12)).toBe(firsts[0]);
    expect(table.length).toBe(length);
  });
});
