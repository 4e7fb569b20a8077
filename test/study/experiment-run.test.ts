import { describe, expect, it } from "vitest";
import type { Experiment } from "../../src/study/experiment.ts";
import { ExperimentRun } from "../../src/study/experiment-run.ts";
import { Known } from "../../src/study/known.ts";
import type { Job, Outcome, Runner } from "../../src/study/measure.ts";
import type { Draft } from "../../src/study/draft.ts";
import type { Ready } from "../../src/study/runners.ts";
import { Verifier } from "../../src/study/verify.ts";
import { workloadsNamed } from "../../src/study/workloads.ts";

const PER_UNIT = 1e6;
const EXPERIMENT: Experiment = { name: "fake", title: "", question: "", workloads: ["mix"], variants: [], plots: [] };

type Whole = Ready & { kind: "whole" };

function runner(sample: (job: Job) => Partial<Outcome>): Runner {
  const ok = { checksum: "0", verdict: "ok" } as const;
  return {
    first: ({ scale }) => Promise.resolve({ ...ok, cpu: 5, wall: 5, scale, instructions: scale * PER_UNIT }),
    sample: (job) => {
      const times = { cpu: 400, wall: 400, steadyCpu: 200, steadyWall: 200 };
      return Promise.resolve({ ...ok, ...times, instructions: job.scale * PER_UNIT, ...sample(job) });
    },
  };
}

const vm = (sample: (job: Job) => Partial<Outcome>): Whole => ({
  kind: "whole",
  by: "vm",
  variant: { name: "tiered", vm: { engine: "tiered" } },
  runner: runner(sample),
});
const command = (sample: (job: Job) => Partial<Outcome>): Whole => ({
  kind: "whole",
  by: "command",
  variant: { name: "peer", command: "peer {elf}" },
  runner: runner(sample),
});

async function measured(ready: Whole): Promise<Draft> {
  const known = new Known();
  const run = new ExperimentRun(
    {
      known,
      verifier: new Verifier(known, ready.runner),
      signal: new AbortController().signal,
      reference: vm(() => ({})),
      progress: () => {},
    },
    { rounds: 2, sampleMilliseconds: 400, deadline: Infinity },
  );
  await run.run(EXPERIMENT, workloadsNamed(["mix"]), [ready]);
  return run.drafts[0]!;
}

describe("samples of a VM that translates", () => {
  const steadyAfter = (milliseconds: number) =>
    measured(vm(({ scale }) => ({ steadyAfter: milliseconds, steadyInstructions: (scale * PER_UNIT) / 2 })));

  it("say so when the engine had not come to rest", async () => {
    expect((await steadyAfter(100)).samples.map(({ restless }) => restless)).toEqual([true, true]);
  });

  it("say nothing when it had", async () => {
    expect((await steadyAfter(2000)).samples.map(({ restless }) => restless)).toEqual([undefined, undefined]);
  });
});

describe("a command's sample that took no longer than its start-up", () => {
  /** A peer that is so slow that its scale is the lowest, and whose samples are as `sampled` says. */
  const peer = (sampled: readonly number[]) => {
    let runs = 0;
    const tries = 1;
    return measured(
      command(({ scale }) => {
        const steadyCpu = runs++ < tries ? 5000 : (sampled[runs - tries - 1] ?? 200);
        return { cpu: 5000 * scale, steadyCpu, beyondFirst: true };
      }),
    );
  };

  it("is taken again", async () => {
    const draft = await peer([0, 210, 220]);
    expect(draft.samples.map(({ steadyCpu }) => steadyCpu)).toEqual([210, 220]);
  });

  it("voids the figure when it happens again", async () => {
    expect((await peer([0, 0])).voided).toMatch(/took no longer than at scale 1/);
  });
});
