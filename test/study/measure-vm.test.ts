import { describe, expect, it } from "vitest";
import { type Look, quickened, steadyPart, timeline } from "../../src/study/measure-vm.ts";

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

  it("begins only when the engine has had its time to come to rest", () => {
    const looks = [0, 500, 600, 700, 970].map(look);
    expect(steadyPart(looks, look(1000), 650).begin.instructions).toBe(700);
  });

  it("does not count the time in which the guest waited for the translator as time to come to rest", () => {
    const looks = [look(0), ...[500, 600, 700, 970].map((at) => ({ ...look(at), translating: 100 }))];
    expect(steadyPart(looks, look(1000), 550).begin.instructions).toBe(700);
  });

  it("is the second half of a run that was over before that time", () => {
    const looks = [0, 500, 600, 970].map(look);
    expect(steadyPart(looks, look(1000), 2000).begin.instructions).toBe(500);
    expect(steadyPart([0, 100, 900].map(look), look(1000), 800).begin.instructions).toBe(0);
  });
});

describe("how a run went", () => {
  const at = (wall: number, instructions: number): Look => ({ ...look(wall), instructions });

  it("has its ends and where the guest gets faster or slower, and nothing in between", () => {
    const steady = Array.from({ length: 40 }, (_, index) => at(30 + index, 100 + 20 * index));
    const points = timeline([at(10, 0), at(20, 10), ...steady, at(80, 880)], 10);
    expect(points.map(({ at: wall }) => wall)).toEqual([0, 10, 20, 59, 70]);
    expect(points.map(({ instructions }) => instructions)).toEqual([0, 10, 100, 880, 880]);
  });

  it("follows a speed that rises slowly", () => {
    const rising = Array.from({ length: 50 }, (_, index) => at(index, index ** 3));
    const points = timeline(rising, 0);
    expect(points.length).toBeGreaterThan(10);
    for (const [index, point] of points.slice(1).entries()) {
      const before = points[index]!;
      const middle = (point.at + before.at) / 2;
      const between = (point.instructions + before.instructions) / 2;
      expect(Math.abs(middle ** 3 - between), `at ${middle}`).toBeLessThan(0.1 * 50 ** 3);
    }
  });
});

describe("whether a run has become faster within its steady part", () => {
  const at = (wall: number, instructions: number): Look => ({ ...look(wall), instructions });

  it("is told by an instruction's time in its two halves", () => {
    const slowThenFast = [at(0, 0), at(100, 10), at(200, 110)];
    expect(quickened(slowThenFast, { begin: slowThenFast[0]!, end: slowThenFast[2]! })).toBeCloseTo(10);
  });

  it("is not told without a look in between", () => {
    const looks = [at(0, 0), at(200, 110)];
    expect(quickened(looks, { begin: looks[0]!, end: looks[1]! })).toBe(1);
  });
});
