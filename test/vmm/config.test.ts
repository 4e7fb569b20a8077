import { describe, expect, test } from "vitest";
import { parseMemorySize, WasmvisorError } from "../../src/index.ts";
import type { VmConfig } from "../../src/index.ts";
import { checkConfig } from "../../src/vmm/config.ts";

const kernel = new Uint8Array(4);

function codeOf(config: unknown): string | undefined {
  try {
    checkConfig(config as VmConfig);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(WasmvisorError);
    return (error as WasmvisorError).code;
  }
}

describe("memory sizes", () => {
  test.each([
    ["256M", 256 * 2 ** 20],
    ["1G", 2 ** 30],
    ["1.5g", 1.5 * 2 ** 30],
    ["2048k", 2 ** 21],
    ["64MiB", 64 * 2 ** 20],
    [2 ** 20, 2 ** 20],
    ["4G", 2 ** 32],
    ["16G", 2 ** 34],
  ])("%s is %i bytes", (size, bytes) => {
    expect(parseMemorySize(size)).toBe(bytes);
  });

  test.each(["", "M", "many", "-1M", "0", "1023K", "17G", "1T", "256 M B", NaN, Infinity, -1, 2 ** 20 + 1])(
    "%s is none",
    (size) => {
      expect(() => parseMemorySize(size)).toThrow(expect.objectContaining({ code: "memory-size" }));
    },
  );
});

describe("a configuration", () => {
  test("has no keys but those there are, and the sentence names them", () => {
    expect(codeOf({ kernel, memroy: "64M" })).toBe("option");
    expect(() => checkConfig({ kernel, memroy: "64M" } as VmConfig)).toThrow(
      /^There is no option createVm\.memroy; did you mean memory\?$/,
    );
    expect(() => checkConfig({ kernel, turbo: true } as VmConfig)).toThrow(
      /^There is no option createVm\.turbo; use memory, memoryLimit, memoryReservation, memoryShares, harts, /,
    );
    expect(codeOf({ kernel, onTrapStorm: "stpo" })).toBe("option");
    // @ts-expect-error -- and the types know it.
    expect(codeOf({ kernel, memroy: "64M" } satisfies VmConfig)).toBe("option");
  });

  test("has usual values for everything but what to run", () => {
    expect(checkConfig({ kernel })).toMatchObject({ ramBytes: 256 * 2 ** 20, harts: 1, deterministic: false });
    expect(codeOf({ kernel: "path" })).toBeUndefined();
    expect(codeOf({ bios: "fw_jump.bin" })).toBeUndefined();
  });

  test.each([
    ["hart-count", { kernel, harts: 0 }],
    ["hart-count", { kernel, harts: 9 }],
    ["hart-count", { kernel, harts: 1.5 }],
    ["engine", { kernel, engine: "magic" }],
    ["engine", { kernel, engine: "toString" }],
    ["memory-model", { kernel, memoryModel: "magic", engine: "interpreter" }],
    ["memory-model", { kernel, memoryModel: "nested" }],
    ["memory-model", { kernel, memoryModel: "tlb", engine: "translator" }],
    ["clock", { kernel, clock: "sundial" }],
    ["memory-size", { kernel, memory: "lots" }],
    ["nothing-to-run", {}],
    ["nothing-to-run", { bios: "builtin" }],
    ["nothing-to-run", { bios: "none" }],
  ])("is refused with %s: %o", (code, config) => {
    expect(codeOf(config)).toBe(code);
  });
});
