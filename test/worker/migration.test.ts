/** VMs that are moved from one worker to another. */

import { expect, test } from "vitest";
import type { MigrationProgress } from "../../src/index.ts";
import { workerHost } from "../support/built-worker.ts";
import { flatGuest } from "../support/guest.ts";

/** Prints "a" to "p", again and again, and stores to a page after each. */
const kernel = flatGuest(`
  li s0, 0
  li s1, 0x80100000
  more: andi a0, s0, 15
  addi a0, a0, 97
  li t0, 0x10000000
  sb a0, 0(t0)
  addi s0, s0, 1
  sd s0, 0(s1)
  j more`);

function connection() {
  const [down, up] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  return {
    source: { readable: up.readable, writable: down.writable },
    destination: { readable: down.readable, writable: up.writable },
  };
}

test("a VM goes on in another worker where it was, and is given up where its owner says so", async () => {
  const [here, there] = [await workerHost(), await workerHost()];
  const vm = await here.createVm({ memory: "2M", bios: "none", kernel });
  let before = "";
  vm.on("output", (bytes) => (before += Buffer.from(bytes).toString()));
  await vm.start();
  while (before.length < 100) await new Promise((resolve) => setTimeout(resolve, 1));

  const giveUp = new AbortController();
  const first = connection();
  const refused = there.receive(first.destination);
  const givenUp = vm.migrateTo(first.source, {
    signal: giveUp.signal,
    onProgress: () => giveUp.abort(new Error("stay")),
  });
  await expect(givenUp).rejects.toThrow("stay");
  await expect(refused).rejects.toMatchObject({ code: /^migration-/ });

  const seen: MigrationProgress[] = [];
  let after = "";
  const { source, destination } = connection();
  const [arrived, statistics] = await Promise.all([
    there.receive(destination).then((one) => {
      one.on("output", (bytes) => (after += Buffer.from(bytes).toString()));
      return one;
    }),
    vm.migrateTo(source, { onProgress: (progress) => seen.push(progress) }),
  ]);
  expect(arrived.state).toBe("running");
  expect(await vm.exited).toEqual({ code: 0, reason: "migrated" });
  expect(statistics.rounds).toBeGreaterThan(1);
  expect(seen.at(-1)).toMatchObject({ phase: "handover" });
  while (after.length < 100) await new Promise((resolve) => setTimeout(resolve, 1));
  const text = before + after;
  const letters = "abcdefghijklmnop";
  expect(text).toBe(letters.repeat(text.length / 16 + 1).slice(0, text.length));
  await expect(vm.reclaim()).rejects.toMatchObject({ code: "vm-state" });
});
