/** Debian's unmodified kernel with busybox as its userland. */

import { describe, expect, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

const USERLAND = "wasmvisor: userland up";
const POWERED_OFF = { code: 0, reason: "poweroff" };

describe("Debian's kernel", () => {
  test("reaches userland's first line and powers off under the built-in SBI", async () => {
    const vm = await boot(debian("wasmvisor.exit"));
    await expectOutput(vm, /Linux version 6\.12\..*riscv64/);
    await expectOutput(vm, USERLAND);
    expect(await vm.exited).toEqual(POWERED_OFF);
  });

  test("reaches userland's first line and powers off under OpenSBI's fw_dynamic", async () => {
    const vm = await boot({ ...debian("wasmvisor.exit"), bios: guestFile("opensbi/fw_dynamic.bin") });
    await expectOutput(vm, /OpenSBI v1\.\d+/);
    await expectOutput(vm, /Platform Name +: riscv-virtio,qemu/);
    await expectOutput(vm, USERLAND);
    expect(await vm.exited).toEqual(POWERED_OFF);
  });

  test("brings up 4 harts under the built-in SBI", async () => {
    const vm = await boot({ ...debian("wasmvisor.run=nproc wasmvisor.exit"), harts: 4 });
    expect(await expectOutput(vm, /userland up\s+(\d+)\s+wasmvisor: command exited with 0/)).toEqual(["4"]);
    expect(await vm.exited).toEqual(POWERED_OFF);
    for (const hart of vm.counters().harts) expect(hart.instructions).toBeGreaterThan(1_000_000);
  });

  test("brings up 4 harts under OpenSBI's fw_jump", async () => {
    const bios = guestFile("opensbi/fw_jump.elf");
    const vm = await boot({ ...debian("wasmvisor.run=nproc wasmvisor.exit"), harts: 4, bios });
    expect(await expectOutput(vm, /Platform HART Count +: (\d+)/)).toEqual(["4"]);
    expect(await expectOutput(vm, /userland up\s+(\d+)\s+wasmvisor: command exited with 0/)).toEqual(["4"]);
    expect(await vm.exited).toEqual(POWERED_OFF);
  });

  test("gives a shell that runs what is typed, with hot code translated", async () => {
    const vm = await boot({ ...debian("wasmvisor.run=true"), engine: "tiered" });
    await expectOutput(vm, USERLAND);
    await expectOutput(vm, "# ");
    await vm.console.write("echo $((6 * 7)) $(uname -m)\n");
    await expectOutput(vm, "42 riscv64");
    await vm.console.write("poweroff\n");
    expect(await vm.exited).toEqual(POWERED_OFF);
  });
});
