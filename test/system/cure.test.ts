/** Debian that panics or hangs: it is seen, calls end, and the machine comes back. */

import { expect, test } from "vitest";
import type { Vm, VmConfig } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput, PATIENCE_MILLISECONDS } from "./support.ts";

const withAgent = (config: VmConfig): VmConfig => ({
  ...debian("quiet wasmvisor.modules=virtio_mmio"),
  initrd: guestFile("initrd-modules.cpio"),
  agent: true,
  ...config,
});

async function ready(config: VmConfig): Promise<Vm> {
  const vm = await boot(withAgent(config));
  await vm.waitReady({ signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  return vm;
}

test("a kernel panic ends calls and the VM, a hang does too, and a checkpoint brings the guest back", async () => {
  const vm = await ready({ watchdog: { heartbeat: 500, misses: 4 }, onFailure: "restore" });
  const seen: string[] = [];
  vm.on("exit", ({ reason }) => seen.push(reason));
  await vm.exec("echo kept > /tmp/kept");
  await vm.checkpoint();
  await vm.exec("echo lost > /tmp/lost");
  const back = vm.once("restored");
  expect(await failureOf(() => vm.exec("echo c > /proc/sysrq-trigger; sleep 1000"))).toMatchObject({
    code: "agent-lost",
    message: expect.stringContaining("panic") as string,
  });
  await back;
  expect(await vm.exec("cat /tmp/kept; ls /tmp")).toMatchObject({
    stdout: expect.stringMatching(/^kept\n(?!.*lost)/s) as string,
  });
  expect(seen).toEqual(["panic"]);
  // An agent that is stopped is as silent as a guest that hangs.
  const reset = vm.once("reset");
  expect(await failureOf(() => vm.exec("kill -STOP $PPID; sleep 1000"))).toMatchObject({
    code: "agent-lost",
    message: expect.stringContaining("hang") as string,
  });
  // The same checkpoint twice within a minute: the machine is switched off and on.
  await reset;
  await vm.waitReady({ signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  expect(seen).toEqual(["panic", "hang"]);
});

test("a guest that restarts or is paused does neither", async () => {
  const vm = await ready({ watchdog: { heartbeat: 200, misses: 5 }, onFailure: "restart" });
  const seen: string[] = [];
  vm.on("exit", ({ reason }) => seen.push(reason));
  vm.pause();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  vm.resume();
  expect(await vm.exec("echo well")).toMatchObject({ stdout: "well\n" });
  await vm.shutdown({ how: "reboot", force: true });
  await vm.waitReady({ signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  await vm.shutdown({ how: "reboot" });
  await vm.waitReady({ signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  expect(seen).toEqual([]);
});

test("Linux stirs its random numbers in a copy, by the generation ID", async () => {
  const vm = await ready({ generationId: true });
  const stirred =
    "grep -c 'vmgenid' /proc/interrupts; awk '/vmgenid/ { print $2 }' /proc/interrupts; dmesg | grep -c 'virtual machine fork'";
  expect(await vm.exec(stirred)).toMatchObject({ stdout: "1\n0\n0\n" });
  const [clone] = await vm.clone(1);
  clone!.start();
  expect(await clone!.exec(stirred)).toMatchObject({ stdout: "1\n1\n1\n" });
  expect(await vm.exec(stirred)).toMatchObject({ stdout: "1\n0\n0\n" });
});
