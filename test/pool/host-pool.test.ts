/** VMs of a pool of workers: made where there is room, moved while they are used. */

import type { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { HostPool, type HostPoolOptions, type WorkerVm } from "../../src/index.ts";
import { newWorker } from "../support/built-worker.ts";
import { code } from "../support/expected.ts";
import { flatGuest, PRINT } from "../support/guest.ts";

/** A pool, and its workers in the order in which they were started. */
async function newPool(options: HostPoolOptions = {}): Promise<{ pool: HostPool; workers: Worker[] }> {
  const workers: Worker[] = [];
  const worker = (): Worker => {
    workers.push(newWorker());
    return workers.at(-1)!;
  };
  const pool = await HostPool.create({ hosts: 2, worker, ...options });
  onTestFinished(() => pool.close());
  return { pool, workers };
}

const bare = { memory: "2M", bios: "none" } as const;
const SPIN = flatGuest("again: addi s0, s0, 1\n j again");

/** Prints every byte that is typed, for ever, and stores to a page after each. */
const ECHO = flatGuest(`
  li t0, 0x10000000
  li s1, 0x80100000
  poll: lbu t1, 5(t0)
  andi t1, t1, 1
  beqz t1, poll
  lbu a0, 0(t0)
  ${PRINT}
  sd a0, 0(s1)
  j poll`);

/** Prints the letters, again and again. */
const LETTERS = flatGuest(`
  li s0, 0
  more: andi a0, s0, 15
  addi a0, a0, 97
  ${PRINT}
  addi s0, s0, 1
  j more`);

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 5));
}

function outputOf(vm: WorkerVm): { text: string } {
  const output = { text: "" };
  vm.on("output", (bytes) => (output.text += Buffer.from(bytes).toString()));
  return output;
}

test("VMs are made where there is least to do, and in the host that is named", async () => {
  const { pool } = await newPool();
  const vms: WorkerVm[] = [];
  for (let made = 0; made < 4; made++) vms.push(await pool.createVm({ ...bare, kernel: SPIN }));
  expect(vms.map((vm) => pool.hostOf(vm)!).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1]);
  const fifth = await pool.createVm({ ...bare, kernel: SPIN }, { host: 1 });
  expect(pool.hostOf(fifth)).toBe(1);
  expect(pool.vms.size).toBe(5);
  await fifth.destroy();
  expect([pool.hostOf(fifth), pool.vms.size]).toEqual([undefined, 4]);
  await expect(pool.createVm({ ...bare, kernel: SPIN }, { host: 2 })).rejects.toThrow(code("option"));
  await expect(pool.move(fifth, 0)).rejects.toThrow(code("option"));
});

test("a VM that is moved stays the same one: nothing that it prints or is sent is lost or doubled", async () => {
  const { pool } = await newPool();
  const vm = await pool.createVm({ ...bare, kernel: LETTERS, append: "x" }, { host: 0 });
  const states: unknown[] = [];
  vm.on("state", ({ to }) => states.push(to));
  vm.on("exit", (exit) => states.push(exit));
  const output = outputOf(vm);
  await vm.start();
  for (const to of [1, 0, 1]) {
    const { length } = output.text;
    await until(() => output.text.length > length + 100);
    const statistics = await pool.move(vm, to);
    expect(statistics!.rounds).toBeGreaterThan(1);
    expect(pool.hostOf(vm)).toBe(to);
    expect(await pool.move(vm, to)).toBeUndefined();
  }
  const { length } = output.text;
  await until(() => output.text.length > length + 100);
  const letters = "abcdefghijklmnop";
  expect(output.text).toBe(letters.repeat(output.text.length / 16 + 1).slice(0, output.text.length));
  expect([states, vm.state]).toEqual([["running"], "running"]);
  expect(await vm.hart(0).x(8)).toBeGreaterThan(0n);
  expect((await pool.statistics()).moves).toBe(3);
  await vm.pause();
  expect(vm.state).toBe("paused");
  await pool.move(vm, 0);
  expect(vm.state).toBe("paused");
  const [clone] = await vm.clone();
  expect(pool.hostOf(clone!)).toBe(0);
  await pool.move(clone!, 1);
  expect(pool.hostOf(clone!)).toBe(1);
  await vm.destroy();
  expect([vm.state, pool.vms.size]).toEqual(["destroyed", 1]);
});

test("what is typed while a VM is moved arrives once and in order", async () => {
  const { pool } = await newPool();
  const vm = await pool.createVm({ ...bare, kernel: ECHO }, { host: 0 });
  await vm.start();
  const words = Array.from({ length: 400 }, (_, index) => `${index} `);
  const typing = (async () => {
    const written: Promise<void>[] = [];
    for (const word of words) {
      written.push(vm.console.write(word));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(written);
  })();
  for (const to of [1, 0, 1, 0]) await pool.move(vm, to);
  await typing;
  const { before } = await vm.console.waitFor("399 ", 60_000);
  expect(`${before}399 `).toBe(words.join(""));
});

test("balance moves VMs from a busy host to one that has time, and leaves them there", async () => {
  const { pool } = await newPool();
  const vms: WorkerVm[] = [];
  for (let made = 0; made < 4; made++) {
    const vm = await pool.createVm({ ...bare, kernel: SPIN }, { host: 0 });
    await vm.start();
    vms.push(vm);
  }
  const moves = await pool.balance();
  expect(moves.map(({ from, to, error }) => [from, to, error])).toEqual([
    [0, 1, undefined],
    [0, 1, undefined],
  ]);
  expect(vms.map((vm) => pool.hostOf(vm)!).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1]);
  expect(await pool.balance()).toEqual([]);
  const { hosts } = await pool.statistics();
  expect(hosts.map(({ vms: there }) => there.length)).toEqual([2, 2]);
  await expect(pool.balance({ most: 0 })).rejects.toThrow(code("option"));
});

test("a worker that dies takes only its VMs with it, and is replaced", async () => {
  const { pool, workers } = await newPool();
  const [lost, other] = [
    await pool.createVm({ ...bare, kernel: SPIN }, { host: 0 }),
    await pool.createVm({ ...bare, kernel: ECHO }, { host: 1 }),
  ];
  await Promise.all([lost.start(), other.start()]);
  await workers[0]!.terminate();
  expect(await lost.exited).toMatchObject({ reason: "failure", error: { code: "worker" } });
  await until(() => pool.hosts[0] !== undefined);
  expect(workers).toHaveLength(3);
  await other.console.write("here");
  await other.console.waitFor("here", 30_000);
  await pool.move(other, 0);
  await other.console.write("there");
  await other.console.waitFor("there", 30_000);
  expect((await pool.statistics()).hosts.map(({ failures }) => failures)).toEqual([1, 0]);
});

test("a VM whose destination dies on the way runs on where it was, and one whose worker dies ends", async () => {
  const { pool, workers } = await newPool();
  const vm = await pool.createVm({ ...bare, kernel: ECHO }, { host: 0 });
  await vm.start();
  const onProgress = (): void => void workers[1]!.terminate();
  await expect(pool.move(vm, 1, { onProgress })).rejects.toThrow(code("worker"));
  await vm.console.write("still here");
  await vm.console.waitFor("still here", 30_000);
  expect([pool.hostOf(vm), vm.state]).toEqual([0, "running"]);
  await until(() => pool.hosts[1] !== undefined);
  const moved = pool.move(vm, 1, { onProgress: () => void workers[0]!.terminate() });
  await expect(moved).rejects.toThrow(code("worker"));
  expect(await vm.exited).toMatchObject({ reason: "failure" });
});

test("a guest that ends on the way has ended, and a VM whose disk is not there stays", async () => {
  const { pool } = await newPool();
  const drives = [{ source: new Uint8Array(2 ** 20) }];
  const vm = await pool.createVm({ ...bare, kernel: SPIN, drives }, { host: 0 });
  await vm.start();
  await pool.move(vm, 1);
  expect(await vm.drives[0]!.size).toBe(2 ** 20);
  const ends: unknown[] = [];
  vm.on("exit", ({ reason }) => ends.push(reason));
  let once = true;
  const onProgress = (): void => {
    // The test device's word for the end.
    if (once) vm.destroy().catch(() => undefined);
    once = false;
  };
  await expect(pool.move(vm, 0, { onProgress })).rejects.toThrow(code("vm-state"));
  expect([vm.state, pool.vms.size]).toEqual(["destroyed", 0]);
  expect((await pool.statistics()).failedMoves).toBe(1);
});

test("a group is one in every host, and a pool that is closed makes nothing more", async () => {
  const { pool } = await newPool();
  await pool.setCpuGroup("tests", { shares: 50 });
  const vm = await pool.createVm({ ...bare, kernel: SPIN, cpu: { group: "tests", shares: 7 } }, { host: 0 });
  await pool.move(vm, 1);
  expect(await vm.cpu).toMatchObject({ group: "tests", shares: 7 });
  await pool.close();
  expect(vm.state).toBe("destroyed");
  await expect(pool.createVm({ ...bare, kernel: SPIN })).rejects.toThrow(code("host-closed"));
  await expect(pool.balance()).rejects.toThrow(code("host-closed"));
});

test.each<[HostPoolOptions, RegExp]>([
  [{ hosts: 0 }, /1 to 64 hosts/],
  [{ hosts: 1.5 }, /1 to 64 hosts/],
  [{ balanceEvery: 10 }, /balanceEvery/],
  [{ worker: {} as never }, /function/],
  [{ size: 3 } as never, /HostPool.create/],
])("options that make no sense are refused: %o", async (options, sentence) => {
  await expect(HostPool.create(options)).rejects.toThrow(sentence);
});
