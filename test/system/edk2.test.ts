/** EDK2 from flash: its shell, a disk with a FAT file system, and a kernel that it boots from there. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { VmConfig } from "../../src/index.ts";
import { fatDisk, type FatFiles } from "../support/fat.ts";
import { guestFile } from "../support/tools.ts";
import { boot, expectOutput } from "./support.ts";

const MIB = 2 ** 20;

/** EDK2 with a disk. */
function edk2(files: FatFiles, more: VmConfig = {}): VmConfig {
  return {
    memory: "512M",
    flash: [
      { source: readFileSync(guestFile("edk2/code.fd")), format: "raw", readonly: true },
      { source: readFileSync(guestFile("edk2/vars.fd")), format: "raw" },
    ],
    drives: [{ source: fatDisk(96 * MIB, files), format: "raw" }],
    clock: "deterministic",
    ...more,
  };
}

describe("EDK2", () => {
  test.each<[string, () => VmConfig]>([
    ["under the built-in SBI, legacy virtio", () => ({})],
    ["under OpenSBI, modern virtio", () => ({ bios: guestFile("opensbi/fw_dynamic.bin"), virtio: "modern" })],
  ])("reaches its shell and reads a disk: %s", async (_, more) => {
    const vm = await boot(edk2({ "HELLO.TXT": "hello from the disk\r\n" }, more()));
    await expectOutput(vm, "Shell>");
    await vm.console.write("map -r\r");
    await expectOutput(vm, /FS0:[^]*Shell>/);
    await vm.console.write("type fs0:\\HELLO.TXT\r");
    await expectOutput(vm, "hello from the disk");
  });

  test("boots Debian's kernel from the disk", async () => {
    const vm = await boot(
      edk2({
        "EFI/BOOT/BOOTRISCV64.EFI": readFileSync(guestFile("Image")),
      }),
    );
    await expectOutput(vm, /EFI stub: Booting Linux Kernel/);
    await expectOutput(vm, /Linux version 6\./);
    await expectOutput(vm, /efi: EFI v2\.\d+ by /);
    expect(vm.counters().translator.entries).toBeGreaterThan(0);
  });
});
