import { describe, expect, it } from "vitest";
import { Known } from "../../src/study/known.ts";
import type { Job, Runner } from "../../src/study/measure.ts";
import { Verifier } from "../../src/study/verify.ts";
import { workloadsNamed } from "../../src/study/workloads.ts";

const job: Job = { workload: workloadsNamed(["mix"])[0]!, scale: 7, signal: new AbortController().signal };

/** A Wasm build that finds `checksum`. */
function verifier(checksum: string): Verifier {
  const outcome = { cpu: 1, wall: 1, steadyCpu: 1, steadyWall: 1, checksum, verdict: "unlisted" as const };
  const runner: Runner = {
    first: () => Promise.reject(new Error("not asked for")),
    sample: () => Promise.resolve(outcome),
  };
  return new Verifier(new Known(), runner);
}

describe("verification", () => {
  it("refuses a failed self-check", async () => {
    await expect(verifier("aa").check(job, { verdict: "bad", checksum: "aa" })).rejects.toThrow("self-check failed");
  });

  it("asks the Wasm build about a scale that is not on record", async () => {
    await verifier("aa").check(job, { verdict: "unlisted", checksum: "aa" });
    await expect(verifier("aa").check(job, { verdict: "unlisted", checksum: "bb" })).rejects.toThrow("aa was found");
  });

  it("takes a checksum on record without asking", async () => {
    await verifier("other").check(job, { verdict: "ok", checksum: "aa" });
  });

  it("refuses another number of instructions at the same scale", async () => {
    const same = verifier("aa");
    await same.check(job, { verdict: "ok", checksum: "aa", instructions: 1000 });
    await same.check(job, { verdict: "ok", checksum: "aa", instructions: 1000 });
    const claim = { verdict: "ok" as const, checksum: "aa", instructions: 1001 };
    await expect(same.check(job, claim)).rejects.toThrow("it retired 1001 instructions at scale 7, others 1000");
  });
});
