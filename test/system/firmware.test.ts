import { describe, expect, test } from "vitest";
import { Boot, linux, prepared } from "./debian.ts";

describe("OpenSBI", () => {
  test.each(["fw_jump.bin", "fw_jump.elf", "fw_dynamic.bin"])(
    "%s prints its banner and boots Debian's kernel",
    async (name) => {
      using boot = await Boot.of({ bios: prepared(`opensbi/${name}`), ...linux() });
      await boot.expects(/OpenSBI v\d/, /Platform Name +: riscv-virtio,qemu/, "wasmvisor: userland up");
      expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
    },
  );

  test("brings four harts to Debian's kernel", async () => {
    using boot = await Boot.of({ harts: 4, bios: prepared("opensbi/fw_dynamic.bin"), ...linux("nproc") });
    await boot.expects(/Platform HART Count +: 4/, "wasmvisor: userland up", /^4\r?\n/m);
    expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
  });
});

describe("U-Boot", () => {
  test.each([
    ["in M mode", { bios: prepared("u-boot/mmode.bin") }],
    ["in S mode on the built-in SBI", { kernel: prepared("u-boot/smode.bin") }],
    ["in S mode on OpenSBI", { bios: prepared("opensbi/fw_jump.bin"), kernel: prepared("u-boot/smode.bin") }],
  ])("%s reaches its prompt and answers", async (_, config) => {
    using boot = await Boot.of(config);
    await boot.expects("U-Boot 20", "Hit any key to stop autoboot");
    await boot.type(" ");
    await boot.expects("=> ");
    await boot.type("setexpr x 6 * 7; printenv x\r");
    await boot.expects("x=2a");
    await boot.type("poweroff\r");
    expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
  });
});
