import { describe, expect, it } from "vitest";
import { type Look, steadyPart } from "../../src/study/measure-vm.ts";

const look = (instructions: number): Look => ({
  cpu: instructions,
  wall: instructions,
  instructions,
  pageWalks: 0,
  translating: 0,
});
const partOf = (...instructions: number[]): [number, number] => {
  const looks = instructions.map(look);
  const { begin, end } = steadyPart(looks.slice(0, -1), looks.at(-1)!);
  return [begin.instructions, end.instructions];
};

describe("the steady part of a run", () => {
  it("begins at the first look with half of the instructions done", () => {
    expect(partOf(0, 200, 499, 510, 600, 1000)[0]).toBe(510);
  });

  it("ends before the last instructions, which print the result", () => {
    expect(partOf(0, 500, 970, 999, 1000)).toEqual([500, 970]);
  });

  it("goes on to the end where no look lies well behind its beginning", () => {
    expect(partOf(0, 500, 550, 999, 1000)).toEqual([500, 1000]);
  });

  it("is all of a run that was too short to be looked at in the middle", () => {
    expect(partOf(0, 100, 900, 1000)).toEqual([0, 1000]);
  });
});
