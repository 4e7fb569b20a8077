import { afterEach, describe, expect, test, vi } from "vitest";
import { hasTailCalls, missingFeatures } from "../../src/core/features.ts";
import { Host } from "../../src/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("features", () => {
  test("are all there in this engine", () => {
    expect(missingFeatures()).toEqual([]);
    expect(hasTailCalls()).toBe(true);
  });

  test("that an engine lacks are named by the error", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(missingFeatures()).toEqual(["sign extension", "saturating conversions", "bulk memory"]);
    expect(hasTailCalls()).toBe(false);
    await expect(Host.create()).rejects.toThrow(
      expect.objectContaining({ code: "unsupported", message: expect.stringContaining("bulk memory") as string }),
    );
  });

  test("cannot be there without WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(missingFeatures()).toEqual(["WebAssembly"]);
  });

  test("tail calls are asked for by engines that translate only", async () => {
    using host = await Host.create();
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    const config = { memory: "2M", bios: "none", kernel: Uint8Array.of(0x6f, 0, 0, 0) } as const;
    await expect(host.createVm({ ...config, engine: "tiered" })).rejects.toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
    expect((await host.createVm(config)).state).toBe("created");
  });
});
