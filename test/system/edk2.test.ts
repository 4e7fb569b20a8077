/** EDK2 from flash: its shell, a disk with a FAT file system, and a kernel that it boots from there. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
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

/** A vendor of variables that nobody else is: those of EDK2's own have names that it knows. */
const GUID = "9f0c3a52-6a1e-4d7b-8c25-0d5f3e7b1a46";

/** The shell finds the variable that was set, and says its bytes. */
async function expectKept(vm: Vm): Promise<void> {
  await vm.console.write(`setvar Kept -guid ${GUID}\r`);
  await expectOutput(vm, /Kept[^\r\n]* Bytes[^]*Shell>/);
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

  test("keeps its variables in the file of its flash, for the next machine, and in a snapshot", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-edk2-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "vars.fd");
    copyFileSync(guestFile("edk2/vars.fd"), file);
    await using host = await Host.create();
    const start = async (): Promise<Vm> => {
      const { flash, ...others } = edk2({}, { drives: [] });
      const vm = await host.createVm({ ...others, flash: [flash![0], { source: file, format: "raw" }] });
      vm.start();
      await expectOutput(vm, "Shell>");
      return vm;
    };

    const first = await start();
    await first.console.write(`setvar Kept -guid ${GUID} -nv -bs =L"of the first machine"\r`);
    await expectOutput(first, "Shell>");
    await first.console.write("reset -s\r");
    expect(await first.exited).toMatchObject({ reason: "poweroff" });
    await first.close();

    const second = await start();
    await expectKept(second);
    const stream = second.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>;
    const snapshot = new Uint8Array(await new Response(stream).arrayBuffer());
    await second.close();

    const third = await host.restore(snapshot);
    third.start();
    await expectKept(third);
  });
});
