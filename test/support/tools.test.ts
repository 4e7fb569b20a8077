import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { requireTools } from "./tools.ts";

afterEach(() => vi.unstubAllEnvs());

test("in CI a missing tool is an error that names the package", () => {
  vi.stubEnv("PATH", "/nowhere");
  vi.stubEnv("CI", "true");
  expect(() => requireTools("dtc", "qemu-riscv64")).toThrow(
    /needs dtc and qemu-riscv64: apt-get install device-tree-compiler qemu-user$/,
  );
});

describe("on a machine without QEMU and compilers", () => {
  const root = new URL("../..", import.meta.url);
  const args = ["node_modules/vitest/vitest.mjs", "run", "test/machine/reset-vector.test.ts", "test/fpu/qemu.test.ts"];
  const run = (CI: string) =>
    spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, PATH: "/nowhere", CI }, encoding: "utf8" });

  test("what needs them is skipped, the rest is run, and the last line says so", () => {
    const { status, stdout } = run("");
    expect(stdout.trim().split("\n").at(-1)).toMatch(
      /^1 passed, 0 failed, \d+ skipped: .*1 needs qemu-system-riscv64: apt-get install qemu-system-misc/,
    );
    expect(stdout).toMatch(/\d+ needs riscv64-linux-gnu-gcc and qemu-riscv64: apt-get install gcc-riscv64-linux-gnu/);
    expect(status).toBe(0);
  });

  test("in CI it fails", () => {
    const { status, stdout } = run("true");
    expect(stdout).toMatch(/1 passed, [1-9]\d* failed/);
    expect(status).toBe(1);
  });
});
