import { afterEach, expect, test, vi } from "vitest";
import { requireTools } from "./tools.ts";

afterEach(() => vi.unstubAllEnvs());

test("a missing tool is an error that names the package", () => {
  vi.stubEnv("PATH", "/nowhere");
  expect(() => requireTools("dtc", "qemu-riscv64")).toThrow(
    /dtc and qemu-riscv64: apt-get install device-tree-compiler qemu-user$/,
  );
});
