/** Firmware alone: OpenSBI without a kernel, U-Boot to its prompt in both modes. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { VmConfig } from "../../src/index.ts";
import { fatDisk, partitioned } from "../support/fat.ts";
import { guestFile } from "../support/tools.ts";
import { boot, expectOutput } from "./support.ts";

const uBoots: [string, () => VmConfig][] = [
  [
    "in S mode under OpenSBI",
    () => ({ bios: guestFile("opensbi/fw_jump.bin"), kernel: guestFile("u-boot/smode.bin") }),
  ],
  ["in S mode under the built-in SBI", () => ({ kernel: guestFile("u-boot/smode.bin") })],
  ["in M mode", () => ({ bios: guestFile("u-boot/mmode.bin") })],
];

describe("U-Boot", () => {
  test.each(uBoots)("%s reaches its prompt and obeys", async (_, config) => {
    const vm = await boot(config());
    await expectOutput(vm, /U-Boot \d{4}\.\d{2}/);
    await expectOutput(vm, /DRAM: +256 MiB/);
    await expectOutput(vm, "Hit any key to stop autoboot");
    await vm.console.write(" ");
    await expectOutput(vm, "=> ");
    await vm.console.write("mw.q 81000000 123456789abcdef; md.q 81000000 1\n");
    await expectOutput(vm, "81000000: 0123456789abcdef");
    await vm.console.write("poweroff\n");
    expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
  });
});

/** As a distribution installs itself: what U-Boot looks for by itself on every disk. */
const bootDisk = (): Uint8Array =>
  partitioned(
    fatDisk(96 * 2 ** 20, {
      "EXTLINUX/EXTLINUX.CONF": [
        "default debian",
        "label debian",
        "kernel /IMAGE",
        "initrd /INITRD",
        "append console=ttyS0 wasmvisor.exit",
      ].join("\n"),
      IMAGE: readFileSync(guestFile("Image")),
      INITRD: readFileSync(guestFile("initrd.cpio")),
    }),
  );

describe("U-Boot", () => {
  test.each<[string, () => VmConfig]>([
    ["legacy virtio, in S mode", () => ({ kernel: guestFile("u-boot/smode.bin") })],
    [
      "modern virtio, in S mode under OpenSBI",
      () => ({
        bios: guestFile("opensbi/fw_jump.bin"),
        kernel: guestFile("u-boot/smode.bin"),
        virtio: "modern",
      }),
    ],
  ])("boots Debian from its disk: %s", async (_, config) => {
    const drives = [{ source: bootDisk(), format: "raw" } as const];
    const vm = await boot({ ...config(), drives, clock: "deterministic" });
    const [last] = await expectOutput(vm, /(wasmvisor: userland up|\n=> )/);
    expect(last).toBe("wasmvisor: userland up");
    expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
    expect(vm.drives[0]!.statistics().bytesRead).toBeGreaterThan(30e6);
  });
});

describe("OpenSBI", () => {
  test("shows what it finds of the machine", async () => {
    const vm = await boot({ bios: guestFile("opensbi/fw_jump.elf"), harts: 2, memory: "64M" });
    await expectOutput(vm, /Platform HART Count +: 2/);
    await expectOutput(vm, /Platform IPI Device +: aclint-mswi/);
    await expectOutput(vm, /Platform Timer Device +: aclint-mtimer @ 10000000Hz/);
    await expectOutput(vm, /Boot HART PMP Count +: 16/);
  });
});
