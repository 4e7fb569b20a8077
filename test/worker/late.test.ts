/** VMs in workers whose pages come late. */

import { expect, test } from "vitest";
import { workerHost } from "../support/built-worker.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

/** Stores to 200 pages, pass after pass, until its memory says that it is enough. */
const kernel = flatGuest(`
  li s3, 0x80080000
  pass: li s1, 0x80100000
  li s2, 200
  page: sd s2, 0(s1)
  li t3, 4096
  add s1, s1, t3
  addi s2, s2, -1
  bnez s2, page
  ld t0, 0(s3)
  beqz t0, pass
  ${powerOff(5)}`);

const enough = Uint8Array.of(1);

test("tell what is still to come, and have the working set", async () => {
  const host = await workerHost();
  const vm = await host.createVm({ memory: "4M", bios: "none", kernel });
  await vm.start();
  while ((await vm.memory.statistics()).touchedBytes < 200 * 4096);
  await vm.pause();
  const bytes = await new Response(await vm.snapshot()).blob();
  expect(vm.lazyRestore).toBeUndefined();
  const lazy = await host.restore(bytes, { lazy: { background: false } });
  expect(await lazy.lazyRestore!.pagesLeft).toBeGreaterThan(100);
  await lazy.start();
  while ((await lazy.lazyRestore!.pagesLeft) > 64);
  expect((await lazy.lazyRestore!.workingSet()).length).toBeGreaterThan(24);
  await lazy.lazyRestore!.fetchAll();
  await lazy.lazyRestore!.done;
  expect(await lazy.lazyRestore!.pagesLeft).toBe(0);
  await lazy.memory.write(0x8008_0000, enough);
  expect(await lazy.exited).toMatchObject({ code: 5 });
});

test("are moved before their pages", async () => {
  const [here, there] = [await workerHost(), await workerHost()];
  const vm = await here.createVm({ memory: "4M", bios: "none", kernel });
  await vm.start();
  while ((await vm.memory.statistics()).touchedBytes < 200 * 4096);
  const [down, up] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const [arrived, { followed }] = await Promise.all([
    there.receive({ readable: down.readable, writable: up.writable }),
    vm.migrateTo({ readable: up.readable, writable: down.writable }, { mode: "post" }),
  ]);
  expect(followed).toBeGreaterThan(100);
  await arrived.postCopy!.done;
  expect(await arrived.postCopy!.pagesLeft).toBe(0);
  await arrived.memory.write(0x8008_0000, enough);
  expect(await arrived.exited).toMatchObject({ code: 5 });
});
