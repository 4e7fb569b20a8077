import { expect, test } from "vitest";
import { Boot, linux } from "./debian.ts";

test("Debian's kernel reaches userland on the built-in SBI and powers off with exit code 0", async () => {
  using boot = await Boot.of(linux());
  await boot.expects(/SBI implementation ID=0x/, "wasmvisor: userland up", "Power down");
  expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
});

test("four harts come up under Debian's kernel", async () => {
  using boot = await Boot.of({ harts: 4, ...linux("nproc") });
  await boot.expects("smp: Brought up 1 node, 4 CPUs", "wasmvisor: userland up", /^4\r?\n/m, "exited with 0");
  expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
});

test("a shell answers what is typed", async () => {
  using boot = await Boot.of({ ...linux(), append: "console=ttyS0" });
  await boot.expects("wasmvisor: userland up", "/ # ");
  await boot.type("echo $((6 * 7)) $(uname -m)\r");
  await boot.expects("42 riscv64");
  await boot.type("poweroff -f\r");
  expect(await boot.exited()).toEqual({ code: 0, reason: "poweroff" });
});

test("a deterministic run is the same to the instruction", async () => {
  const instructions = async (): Promise<number> => {
    using boot = await Boot.of({ clock: "deterministic", ...linux() });
    await boot.exited();
    return boot.vm.counters().instructions;
  };
  expect(await instructions()).toBe(await instructions());
});
