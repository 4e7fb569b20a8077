import { describe, expect, it } from "vitest";
import { Known } from "../../src/study/known.ts";
import type { Job } from "../../src/study/measure.ts";
import { roundScale, scaleFor } from "../../src/study/scale.ts";
import { workloadsNamed } from "../../src/study/workloads.ts";

const { signal } = new AbortController();

function job(scale: number, footprint?: number): Job {
  return { workload: workloadsNamed(["random"])[0]!, scale, signal, ...(footprint === undefined ? {} : { footprint }) };
}

describe("what is known of workloads", () => {
  it("takes the first count, and tells what it was to who counts otherwise", () => {
    const known = new Known();
    expect(known.instructions(job(1), 100)).toBeUndefined();
    expect(known.instructions(job(1), 100)).toBeUndefined();
    expect(known.instructions(job(1), 101)).toBe(100);
    expect(known.instructions(job(1, 64), 101)).toBeUndefined();
  });

  it("does the same for checksums", () => {
    const known = new Known();
    expect(known.checksum(job(1), "aa")).toBeUndefined();
    expect(known.checksum(job(1), "bb")).toBe("aa");
    expect(known.checksum(job(2), "bb")).toBeUndefined();
  });

  it("computes instructions on the line through two counts", () => {
    const known = new Known();
    expect(known.instructionsOf(job(5))).toBeUndefined();
    known.instructions(job(1), 110);
    expect(known.instructionsOf(job(1))).toBe(110);
    expect(known.perUnit(job(1))).toBe(110);
    known.instructions(job(11), 210);
    expect(known.instructionsOf(job(5))).toBe(150);
    expect(known.perUnit(job(1))).toBe(10);
  });
});

describe("scales", () => {
  it("are 1, 2 or 5 times a power of ten", () => {
    expect([0, 1, 1.9, 2, 4.9, 5, 9, 10, 777].map(roundScale)).toEqual([1, 1, 1, 2, 2, 5, 5, 10, 500]);
  });

  it("make a run last as long as wanted", () => {
    expect(scaleFor(100, 1e6, 10)).toBe(10);
    expect(scaleFor(100, 1e9, 10)).toBe(1);
  });
});
