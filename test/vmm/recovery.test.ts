/** VMs that fail: what becomes of them, and of their neighbours. */

import { afterEach, expect, test, vi } from "vitest";
import { Host, type Vm, type VmConfig, type VmExit } from "../../src/index.ts";
import { Recovery } from "../../src/vmm/recovery.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(options = {}): Promise<Host> {
  const host = await Host.create(options);
  hosts.push(host);
  return host;
}

const vmOf = (host: Host, source: string, config: VmConfig = {}): Promise<Vm> =>
  host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });

const STORM = "la t0, handler\ncsrw mtvec, t0\n.align 2\nhandler: .word 0";
/** Stores to one page after the other. */
const HUNGRY = "li s0, 0x80010000\nli s2, 4096\nfill: sd s0, 0(s0)\nadd s0, s0, s2\nj fill";
const COUNT = "li s0, 0x80140000\nagain: ld t0, 0(s0)\naddi t0, t0, 1\nsd t0, 0(s0)\nj again";

test.each([
  ["trap-storm", STORM, {}],
  ["out-of-memory", HUNGRY, { memory: "64M", memoryLimit: "1M" }],
] as const)(
  "a VM that ends by %s is restarted, again and again; its neighbours run on, untouched",
  async (reason, source, config) => {
    const host = await newHost();
    const neighbour = await vmOf(host, COUNT);
    const pattern = Uint8Array.from({ length: 2 ** 18 }, (_, index) => (index * 2_654_435_761) >>> 13);
    neighbour.memory.write(0x8010_0000, pattern);
    const failing = await vmOf(host, source, { ...config, onFailure: "restart" });
    let [ends, resets] = [0, 0];
    failing.on("exit", (exit) => {
      expect(exit.reason).toBe(reason);
      ends++;
    });
    failing.on("reset", () => resets++);
    neighbour.start();
    failing.start();
    while (ends < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(resets).toBe(2);
    neighbour.pause();
    expect(neighbour.memory.read(0x8010_0000, pattern.length)).toEqual(pattern);
    const count = new DataView(neighbour.memory.read(0x8014_0000, 8).buffer).getUint32(0, true);
    expect(Math.abs(count - neighbour.counters().instructions / 4)).toBeLessThan(2);
    failing.destroy();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([ends, resets]).toEqual([3, 2]);
  },
);

test("a guest that switches itself off, or a VM that is to stop, is not restarted", async () => {
  const host = await newHost();
  const off = await vmOf(host, powerOff(1), { onFailure: "restart" });
  const stops = await vmOf(host, STORM, { onTrapStorm: "stop" });
  for (const vm of [off, stops]) vm.start();
  await Promise.all([off.exited, stops.exited]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([off.state, stops.state]).toEqual(["exited", "exited"]);
});

test("each restart is later than the one before, up to 30 seconds, until the VM has run for a minute", async () => {
  vi.useFakeTimers();
  let restarts = 0;
  const recovery = new Recovery(() => Promise.resolve(void restarts++));
  const failure: VmExit = { code: 70, reason: "failure" };
  const delays = Array.from({ length: 11 }, () => recovery.ended(failure, 1000));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(restarts).toBe(1);
  recovery.started(50_000);
  expect(recovery.ended(failure, 110_000)).toBe(100);
  recovery.cancel();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restarts).toBe(1);
  expect(recovery.ended({ code: 0, reason: "destroyed" }, 0)).toBeUndefined();
});

test("a restart that fails is tried again", async () => {
  vi.useFakeTimers();
  let tries = 0;
  const recovery = new Recovery(() => (++tries < 3 ? Promise.reject(new Error("no")) : Promise.resolve()));
  recovery.ended({ code: 1, reason: "failure" }, 0);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(tries).toBe(3);
});

test("there is no other action", async () => {
  const host = await newHost();
  await expect(vmOf(host, COUNT, { onFailure: "explode" as never })).rejects.toMatchObject({ code: "option" });
});

test("a guest that never answers hangs, once it has had its time; a VM that is paused does not", async () => {
  const host = await newHost();
  const config: VmConfig = { agent: true, watchdog: { heartbeat: 20, boot: 100 } };
  const vm = await vmOf(host, COUNT, { ...config, onFailure: "restart" });
  const paused = await vmOf(host, COUNT, config);
  const exits: string[] = [];
  vm.on("exit", ({ reason }) => exits.push(reason));
  for (const each of [vm, paused]) each.start();
  paused.pause();
  const called = vm.exec("true").catch((error: unknown) => (error as Error).message);
  await vm.once("reset");
  expect(exits).toEqual(["hang"]);
  expect(await called).toMatch(/the guest has ended \(hang\)/);
  expect([vm.state, paused.state]).toEqual(["running", "paused"]);
});
