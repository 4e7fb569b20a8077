/** The benchmarks' command; the benchmarks themselves are run by people. */

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url);

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/bench.mjs", ...args], { cwd: root, encoding: "utf8" });

test("npm run bench -- --help lists every benchmark with its question, and runs none", () => {
  const { status, stdout, stderr } = bench("--help");
  expect([status, stderr]).toEqual([0, ""]);
  const files = readdirSync(new URL("bench", root)).filter((name) => name.endsWith(".ts"));
  for (const name of files) expect(stdout).toMatch(new RegExp(`^  ${name.slice(0, -3)} +\\S.*\\?$`, "m"));
  for (const option of ["--json", "--quick", "--help"]) expect(stdout).toContain(option);
});

test("an unknown option or benchmark is answered, and nothing is run", () => {
  const option = bench("--fast");
  expect([option.status, option.stdout]).toEqual([2, ""]);
  expect(option.stderr).toBe("Unknown option '--fast'. See npm run bench -- --help.\n");
  const name = bench("nets");
  expect([name.status, name.stdout]).toEqual([2, ""]);
  expect(name.stderr).toContain("There is no benchmark nets. There are: boot,");
});
