import { describe, expect, it } from "vitest";
import { type Look, quickened, steadyPart } from "../../src/study/measure-vm.ts";
import { isAtRest, REST_MILLISECONDS, restSentences } from "../../src/study/rest.ts";
import { type Measured, restedScale, type RestedSearch } from "../../src/study/rested-scale.ts";

const PER_UNIT = 1e5;
const SLOW = 8;
const FAST = 0.25;
const SEARCH: RestedSearch = { first: 2, before: 40, perUnit: PER_UNIT, steady: 280, translating: 0 };
const LOOK_MILLISECONDS = 5;

/** A run whose instructions take `SLOW` nanoseconds each until `plateau` milliseconds have gone by, then `FAST`. */
function runWithPlateau(scale: number, plateau: number): Measured {
  const all = scale * PER_UNIT;
  const done = (wall: number) => (Math.min(wall, plateau) / SLOW + Math.max(0, wall - plateau) / FAST) * 1e6;
  const looks: Look[] = [];
  let wall = 0;
  for (; done(wall) < all; wall += LOOK_MILLISECONDS) looks.push(lookAt(wall, done(wall)));
  const last = lookAt(wall, all);
  const steady = steadyPart(looks, last, REST_MILLISECONDS);
  return {
    cpu: wall,
    wall,
    steadyCpu: steady.end.cpu - steady.begin.cpu,
    steadyWall: steady.end.wall - steady.begin.wall,
    steadyInstructions: steady.end.instructions - steady.begin.instructions,
    steadyAfter: steady.begin.wall,
    steadyQuickened: quickened(looks, steady),
    checksum: "0",
    verdict: "ok",
  };
}

function lookAt(wall: number, instructions: number): Look {
  return { cpu: wall, wall, instructions, pageWalks: 0, translating: 0 };
}

const nanosecondsOf = ({ steadyCpu, steadyInstructions }: Measured) => (steadyCpu * 1e6) / steadyInstructions;

describe("the scale of a run that translates", () => {
  for (const plateau of [0, 100, 300, 480, 600]) {
    it(`is one whose steady part is optimized code, though the first ${plateau} ms are not`, async () => {
      const scale = await restedScale(SEARCH, (tried) => Promise.resolve(runWithPlateau(tried, plateau)));
      expect(nanosecondsOf(runWithPlateau(scale, plateau))).toBeCloseTo(FAST, 1);
    });
  }

  it("suffices for a run in which optimized code comes at once", async () => {
    const scale = await restedScale(SEARCH, (tried) => Promise.resolve(runWithPlateau(tried, 400)));
    expect(isAtRest(runWithPlateau(scale, 0))).toBe(true);
  });

  it("is not one at which the engine's threads are at work", async () => {
    const tried: number[] = [];
    await restedScale(SEARCH, (next) => {
      tried.push(next);
      const run = runWithPlateau(next, 0);
      return Promise.resolve(next < 50_000 ? { ...run, steadyCpu: run.steadyWall * 1.5 } : run);
    });
    expect(tried.at(-1)).toBeGreaterThanOrEqual(50_000);
  });

  it("is not sought for ever", async () => {
    let tries = 0;
    await restedScale(SEARCH, (next) => {
      tries++;
      return Promise.resolve({ ...runWithPlateau(next, 0), steadyAfter: 0 });
    });
    expect(tries).toBeLessThan(10);
  });
});

describe("an engine at rest", () => {
  const rested = { ...runWithPlateau(50_000, 0), steadyAfter: 2000, steadyQuickened: 1 };

  it("is told by time, idle threads and an even speed", () => {
    expect(isAtRest(rested)).toBe(true);
    expect(isAtRest({ ...rested, steadyAfter: 400 })).toBe(false);
    expect(isAtRest({ ...rested, steadyCpu: rested.steadyWall * 1.3 })).toBe(false);
    expect(isAtRest({ ...rested, steadyQuickened: 4 })).toBe(false);
  });
});

describe("samples that had not come to rest", () => {
  const sample = { cpu: 2, wall: 2, steadyCpu: 1, steadyWall: 1, steadyInstructions: 1, warmUp: 0 };

  it("are counted", () => {
    expect(restSentences([{ samples: [sample, { ...sample, restless: true }] }])[0]).toMatch(/^In 1 of 2 samples/);
  });

  it("are not mentioned when there are none", () => {
    expect(restSentences([{ samples: [sample] }])).toEqual([]);
  });
});
