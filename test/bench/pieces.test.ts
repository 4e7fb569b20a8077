import { beforeAll, describe, expect, it } from "vitest";
import { makePieces, type Piece } from "../../bench/support/pieces.ts";

describe("the pieces that are benchmarked", () => {
  let pieces: readonly Piece[];
  beforeAll(async () => {
    pieces = await makePieces();
  });

  it("do what they say, again and again", () => {
    for (const piece of pieces) {
      for (let turn = 0; turn < 3; turn++) expect(piece.run.bind(piece), piece.name).not.toThrow();
    }
  });

  it("have names of their own", () => {
    expect(new Set(pieces.map(({ name }) => name)).size).toBe(pieces.length);
    expect(pieces.length).toBeGreaterThanOrEqual(10);
  });
});
