/** A machine of a project that moves to another process. */

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { COUNTER, TestProject } from "../support/lifecycle.ts";

const COMMAND = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

beforeAll(() => buildDist(), 600_000);

test("a machine counts on where it has been moved to, and is off in its project, whatever onFailure says", async () => {
  const at = new TestProject({ bios: "none", memory: "2M", kernel: "counter.bin", onFailure: "restart" });
  onTestFinished(() => at.end());
  writeFileSync(at.path("counter.bin"), COUNTER);
  const there = spawn(process.execPath, [COMMAND, "run", "--incoming", "tcp:127.0.0.1:0"], { stdio: "pipe" });
  onTestFinished(() => void there.kill("SIGKILL"));
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) there[name].on("data", (bytes) => (texts[name] += String(bytes)));
  const port = (): string | undefined => /tcp:127\.0\.0\.1:(\d+)\n/.exec(texts.stderr)?.[1];
  await expect.poll(port, { timeout: 60_000 }).toBeDefined();

  await at.good("up");
  await at.type("default", "x", "A");
  expect(await at.run("migrate", "-m", "default", "tcp:127.0.0.1:1")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("does not answer") as string,
  });
  await at.type("default", "x", "AB");
  expect(await at.good("migrate", "-m", "default", `tcp:127.0.0.1:${port()}`)).toMatch(/^moved in /);
  await expect.poll(() => at.states(), { timeout: 30_000 }).toEqual({ default: "off" });
  there.stdin.write("x");
  await expect.poll(() => texts.stdout, { timeout: 30_000 }).toContain("C");
  // It may be started anew, as another one.
  await at.good("up");
  await at.type("default", "x", "A");
});
