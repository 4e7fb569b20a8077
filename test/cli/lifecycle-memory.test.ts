/** `wasmvisor memory` of a machine that its supervisor holds. */

import { writeFileSync } from "node:fs";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { COUNTER, TestProject } from "../support/lifecycle.ts";

beforeAll(() => buildDist(), 600_000);

test("a machine's memory is told and asked for at the supervisor's socket, and errors say what to do", async () => {
  const machine = { bios: "none", memory: "8M", kernel: "counter.bin" };
  const at = new TestProject({ machines: { with: { ...machine, balloon: true }, without: machine } });
  onTestFinished(() => at.end());
  writeFileSync(at.path("counter.bin"), COUNTER);
  await at.good("up");
  // The guest has no driver: it keeps all, whatever is asked for.
  const told = (target: number): string => `8 MiB of RAM: it is to work with ${target} MiB, and works with 8 MiB\n`;
  expect(await at.good("memory", "-m", "with")).toBe(told(8));
  expect(await at.good("memory", "-m", "with", "4M")).toBe(told(4));
  expect(await at.good("memory", "-m", "with")).toBe(told(4));
  for (const [args, why] of [
    [["-m", "with", "16M"], "8"],
    [["-m", "without", "4M"], "balloon"],
    [["-m", "nobody"], "nobody"],
    [["-m", "with", "much"], "much"],
  ] as const) {
    const { code, stdout, stderr } = await at.run("memory", ...args);
    expect([code, stdout], args.join(" ")).toEqual([2, ""]);
    expect(stderr).toContain(why);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  }
  // What was asked for stays asked for, and the guest is none the worse.
  expect(await at.good("memory", "-m", "with")).toBe(told(4));
  await at.type("with", "x", "A");
  await at.good("suspend", "with");
  expect(await at.run("memory", "-m", "with")).toMatchObject({ code: 2, stdout: "" });
});
