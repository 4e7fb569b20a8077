/** The scheduler with VMs: what they get is counted in instructions and tasks, never timed. */

import { describe, expect, test } from "vitest";
import type { VmConfig } from "../../../src/index.ts";
import { flatGuest } from "../../support/guest.ts";
import { closeHosts, newHost } from "../../support/hosts.ts";

closeHosts();

const task = () => new Promise((resolve) => setImmediate(resolve));

const SPIN = "again: addi t0, t0, 1\nj again";
/** Does nothing but trap. */
const STORM = "la t0, handler\ncsrw mtvec, t0\n.align 2\nhandler: .word 0";
/** Sleeps until something comes, and nothing does. */
const SLEEP = "again: wfi\nj again";

const spinning = (source = SPIN): VmConfig => ({ memory: "2M", bios: "none", kernel: flatGuest(source) });

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await task();
}

describe("VMs of a host", () => {
  test("a VM beside one that does nothing but trap gets half of the thread", async () => {
    const host = await newHost();
    const [quiet, storm] = [await host.createVm(spinning()), await host.createVm(spinning(STORM))];
    for (const vm of [quiet, storm]) vm.start();
    await until(() => quiet.accounting().cpu.milliseconds + storm.accounting().cpu.milliseconds > 300);
    const [one, other] = [quiet.accounting().cpu.milliseconds, storm.accounting().cpu.milliseconds];
    expect(one / (one + other)).toBeGreaterThan(0.4);
    expect(one / (one + other)).toBeLessThan(0.6);
  });

  test("shares changed while running change what VMs get", async () => {
    const host = await newHost();
    const [first, second] = [await host.createVm(spinning()), await host.createVm(spinning())];
    for (const vm of [first, second]) vm.start();
    await until(() => first.accounting().cpu.milliseconds > 50);
    first.setCpu({ shares: 700 });
    const before = [first, second].map((vm) => vm.accounting().cpu.milliseconds);
    await until(() => first.accounting().cpu.milliseconds - before[0]! > 400);
    const [one, other] = [first, second].map((vm, index) => vm.accounting().cpu.milliseconds - before[index]!);
    expect(one! / (one! + other!)).toBeGreaterThan(0.8);
    expect(first.cpu).toEqual({ shares: 700, reservation: 0, cap: 1, group: null });
  });

  test("a capped VM is destroyed at once, however long its cap would have it wait", async () => {
    const host = await newHost();
    const vm = await host.createVm({ ...spinning(), cpu: { cap: 0.01 } });
    vm.start();
    await until(() => vm.accounting().cpu.tasks > 2);
    const { tasks } = vm.accounting().cpu;
    for (let count = 0; count < 20; count++) await task();
    expect(vm.accounting().cpu.tasks).toBeLessThanOrEqual(tasks + 1);
    vm.destroy();
    expect((await vm.exited).reason).toBe("destroyed");
    expect(host.memory.allocatedBytes).toBe(0);
  });

  test("who sleeps takes nothing, and its waking is counted", async () => {
    const host = await newHost();
    const [sleeper, busy] = [await host.createVm(spinning(SLEEP)), await host.createVm(spinning())];
    for (const vm of [sleeper, busy]) vm.start();
    await until(() => busy.accounting().cpu.tasks > 50);
    const before = sleeper.accounting().cpu;
    expect(before.tasks).toBeLessThan(10);
    await sleeper.console.write("x");
    sleeper.pause();
    sleeper.resume();
    await until(() => sleeper.accounting().cpu.wakeUps > before.wakeUps);
  });

  test("a VM that steps is not asked to wait", async () => {
    const host = await newHost();
    const vm = await host.createVm({ ...spinning(), cpu: { cap: 0.01 } });
    vm.step(0, 1000);
    expect(vm.accounting().instructions).toBe(1000);
  });
});

describe("what can be asked for", () => {
  test("no more can be reserved than there is, in a host and in a group", async () => {
    const host = await newHost();
    host.setCpuGroup("web", { reservation: 0.5 });
    const vm = await host.createVm({ ...spinning(), cpu: { group: "web", reservation: 0.3 } });
    await expect(host.createVm({ ...spinning(), cpu: { group: "web", reservation: 0.3 } })).rejects.toMatchObject({
      code: "cpu",
    });
    await expect(host.createVm({ ...spinning(), cpu: { reservation: 0.5 } })).rejects.toMatchObject({ code: "cpu" });
    expect(() => host.setCpuGroup("web", { reservation: 0.2 })).toThrow(/have reserved 0.3/);
    expect(() => host.deleteCpuGroup("web")).toThrow(/has VMs/);
    vm.setCpu({ group: null, reservation: 0 });
    host.deleteCpuGroup("web");
    expect(host.cpuGroups.size).toBe(0);
    expect(host.vms.size).toBe(1);
  });

  test.each([
    [{ shares: 0 }, "cpu"],
    [{ shares: NaN }, "cpu"],
    [{ cap: 0 }, "cpu"],
    [{ cap: 1.5 }, "cpu"],
    [{ reservation: -1 }, "cpu"],
    [{ reservation: 0.5, cap: 0.2 }, "cpu"],
    [{ group: "none" }, "cpu"],
    [{ group: 3 as never }, "option"],
    [{ share: 3 } as never, "option"],
  ])("%j is refused", async (cpu, code) => {
    const host = await newHost();
    await expect(host.createVm({ ...spinning(), cpu })).rejects.toMatchObject({ code });
    const vm = await host.createVm(spinning());
    expect(() => vm.setCpu(cpu)).toThrow(expect.objectContaining({ code }));
    expect(vm.cpu).toEqual({ shares: 100, reservation: 0, cap: 1, group: null });
  });
});

test("accounts say what each VM has used, in the order of making", async () => {
  const host = await newHost();
  const vms = [await host.createVm(spinning()), await host.createVm(spinning())];
  vms[1]!.start();
  await until(() => vms[1]!.accounting().cpu.milliseconds > 5);
  const { vms: accounts, milliseconds, allocatedBytes } = host.accounting();
  expect(accounts.map(({ number, state }) => [number, state])).toEqual([
    [1, "created"],
    [2, "running"],
  ]);
  expect(accounts[0]!.cpu.tasks).toBe(0);
  expect(accounts[1]!.instructions).toBeGreaterThan(0);
  expect(accounts[1]!.cpu.milliseconds).toBeLessThanOrEqual(milliseconds);
  expect(accounts[1]!.memory).toMatchObject({ ramBytes: 2 ** 21 });
  expect(allocatedBytes).toBe(host.allocatedBytes);
});
