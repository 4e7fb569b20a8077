/** Checkpoints that outlive the process that holds the machine. */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { COUNTER, TestProject } from "../support/lifecycle.ts";

beforeAll(() => buildDist(), 600_000);

const BARE = { bios: "none", memory: "2M", kernel: "counter.bin" };

function project(machine: object): { at: TestProject; kept: string; resume: () => unknown } {
  const at = new TestProject({ ...BARE, ...machine });
  onTestFinished(() => at.end());
  writeFileSync(at.path("counter.bin"), COUNTER);
  const record = at.state("machines", "default", "machine.json");
  return {
    at,
    kept: at.state("machines", "default", "suspended.snap"),
    resume: () => (JSON.parse(readFileSync(record, "utf8")) as { resume: unknown }).resume,
  };
}

/** Waits until one is written that was begun after now. */
async function another(kept: string): Promise<void> {
  for (let count = 0; count < 2; count++) {
    const before = existsSync(kept) ? statSync(kept).mtimeMs : 0;
    await expect.poll(() => existsSync(kept) && statSync(kept).mtimeMs !== before, { timeout: 60_000 }).toBe(true);
  }
}

test("a machine whose process is killed goes on from its last checkpoint, again and again, until it is switched off", async () => {
  const { at, kept, resume } = project({ checkpoints: { every: 1500, file: true } });
  await at.good("up");
  for (const [text, answer] of [
    ["xx", "AB"],
    ["x", "C"],
  ] as const) {
    await at.type("default", text, answer);
    await another(kept);
    await expect.poll(resume).toBe(true);
    await at.kill();
    expect(await at.states()).toEqual({ default: "suspended" });
    await at.good("up");
    expect(await at.states()).toEqual({ default: "running" });
  }
  // Killed at once: there is still the checkpoint before.
  await at.kill();
  await at.good("up");
  await at.type("default", "x", "D");
  await at.good("down", "--force");
  expect([await at.states(), existsSync(kept)]).toEqual([{ default: "off" }, false]);
  await at.good("up");
  await at.type("default", "x", "A");
  await at.good("suspend");
  expect(existsSync(kept)).toBe(true);
  await at.good("up");
  await at.type("default", "x", "B");
}, 180_000);

test("without that nothing is kept in a file, and a disk that is written to its file is refused", async () => {
  const { at, kept } = project({ checkpoints: { every: 100 } });
  await at.good("up");
  await at.type("default", "x", "A");
  await at.kill();
  expect([await at.states(), existsSync(kept)]).toEqual([{ default: "off" }, false]);
  at.describe({ ...BARE, checkpoints: { every: 100, file: true }, drives: [{ file: "disk.img" }] });
  const { code, stderr } = await at.run("up");
  expect([code, stderr]).toEqual([2, expect.stringContaining("is written to its file, which cannot go back")]);
});
