import { describe, expect, it } from "vitest";
import { HartField, StateBytes } from "../../assembly/state/layout.ts";
import { HartBlock } from "../../assembly/shared/constants.ts";
import { blockBytes, piecesOf, placeFields } from "../../src/isa/gen/state.ts";
import { hartState, isSaved, vmState } from "../../src/isa/state.ts";

describe("state layout", () => {
  it.each([
    ["hart", hartState],
    ["VM", vmState],
  ])("%s fields are aligned naturally and do not overlap", (_, rows) => {
    let end = 0;
    for (const { offset, size, count } of placeFields(rows)) {
      expect(offset % size).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + size * count;
    }
    expect(blockBytes(placeFields(rows))).toBeGreaterThanOrEqual(end);
  });

  it("pads a small field before a large one", () => {
    const placed = placeFields([
      ["a", "u8", 3, "arch", ""],
      ["b", "u32", 1, "arch", ""],
      ["c", "u64", 2, "arch", ""],
    ]);
    expect(placed.map(({ offset }) => offset)).toEqual([0, 4, 8]);
    expect(blockBytes(placed)).toBe(24);
  });

  it("puts xsink where the record's encoding of x0 leads: 248 bytes above x1", () => {
    expect(HartField.x).toBe(0);
    expect(HartField.xsink).toBe(HartField.x + 8 + 248);
  });

  it("finds the pieces in which fields of a kind lie together", () => {
    const placed = placeFields([
      ["a", "u32", 2, "arch", ""],
      ["b", "u64", 1, "run", ""],
      ["c", "u8", 1, "counter", ""],
      ["d", "u32", 1, "arch", ""],
    ]);
    expect(piecesOf(placed, isSaved)).toEqual([
      { offset: 0, bytes: 16 },
      { offset: 20, bytes: 4 },
    ]);
  });

  it("ends before the TLB sets of a hart's block", () => {
    expect(StateBytes.HART).toBeLessThanOrEqual(HartBlock.TLB);
  });
});
