/** A VM whose pages cannot be had at once stands still for each that it uses, and is otherwise the one that was saved. */

import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type EngineName, Host, type Vm, type VmConfig } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { WALKER } from "../support/page-guests.ts";
import { SlowBlob } from "../support/slow-blob.ts";
import { differences } from "../support/state.ts";
import { goOn } from "../support/vm-text.ts";
import { code } from "../support/expected.ts";

const host = await Host.create();

afterEach(() => {
  for (const vm of [...host.vms]) vm.destroy();
});
afterAll(() => host.close());

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];
const LAZY = { lazy: { background: false } } as const;

async function taken(vm: Vm): Promise<Uint8Array<ArrayBuffer>> {
  const stream = vm.snapshot({ compress: false }) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Advances a VM by so many steps, however often it must wait. */
async function goOnLate(vm: Vm, steps: number): Promise<void> {
  for (let left = steps; left > 0 && vm.state !== "exited";) {
    const before = left;
    left = vm.loop.advance(left);
    vm.console.flush();
    // All harts wait for something that does not come by itself.
    if (left === before && !vm.machine.late.isWaiting) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function walker(config: Partial<VmConfig> = {}): Promise<Vm> {
  const vm = await host.createVm({ memory: "8M", kernel: WALKER, bios: "none", clock: "deterministic", ...config });
  goOn(vm, 5000);
  return vm;
}

const sum = (vm: Vm): string => Buffer.from(vm.memory.read(0x8020_0000, 0x20_1000)).toString("base64");

describe("a VM whose pages come late", () => {
  test.each(ENGINES.flatMap((engine) => [1, 4].map((harts) => [engine, harts] as const)))(
    "is the same as one that has all of them, in the %s with %i harts",
    async (engine, harts) => {
      const random = new Random(harts);
      const vm = await walker({ engine, harts });
      const bytes = await taken(vm);
      for (let point = 0; point < 3; point++) {
        const eager = await host.restore(bytes, { engine });
        const late = await host.restore(new SlowBlob(bytes), { engine, ...LAZY });
        expect(late.lazyRestore!.pagesLeft).toBeGreaterThan(400);
        const steps = random.between(1, 40_000);
        goOn(eager, steps);
        await goOnLate(late, steps);
        await late.lazyRestore!.fetchAll();
        expect(differences(late.saveState(), eager.saveState())).toEqual([]);
        for (const one of [eager, late]) one.destroy();
      }
    },
  );

  test.each(ENGINES)("may use its pages in any order, by any access, in the %s", async (engine) => {
    const bytes = await taken(await walker({ engine, harts: 2 }));
    const eager = await host.restore(bytes, { engine });
    const late = await host.restore(new SlowBlob(bytes), { engine, ...LAZY });
    for (const one of [eager, late]) one.start();
    expect(await late.exited).toEqual(await eager.exited);
    expect(await late.exited).toMatchObject({ code: 3 });
    await late.lazyRestore!.fetchAll();
    expect(sum(late)).toBe(sum(eager));
  });

  test("waits without holding up its neighbours, and goes on when the page has come", async () => {
    const bytes = await taken(await walker());
    const blob = new SlowBlob(bytes);
    const late = await host.restore(blob, LAZY);
    const neighbour = await host.restore(bytes);
    blob.close();
    late.start();
    neighbour.start();
    expect(await neighbour.exited).toMatchObject({ code: 3 });
    expect(late.state).toBe("running");
    expect(late.machine.late.isWaiting).toBe(true);
    blob.open();
    expect(await late.exited).toMatchObject({ code: 3 });
  });

  test("has the rest come in the background, each block once, and what it uses before that", async () => {
    const bytes = await taken(await walker());
    const blob = new SlowBlob(bytes);
    const late = await host.restore(blob, { lazy: true });
    late.start();
    await late.lazyRestore!.done;
    expect(await late.exited).toMatchObject({ code: 3 });
    expect(late.memory.statistics()).toMatchObject({ window: true });
    // All of it twice (once from front to back, up to the pages), and the index.
    expect(blob.bytesRead).toBeLessThan(1.3 * bytes.length);
  });

  test("has what was used after an earlier restore first", async () => {
    const bytes = await taken(await walker());
    const first = await host.restore(new SlowBlob(bytes), LAZY);
    await goOnLate(first, 100);
    const workingSet = first.lazyRestore!.workingSet();
    expect(workingSet.length).toBeGreaterThan(24);
    const second = await host.restore(new SlowBlob(bytes), { lazy: { workingSet } });
    await second.lazyRestore!.done;
    goOn(second, 100);
    expect(second.lazyRestore!.workingSet()).toHaveLength(24);
  });

  test("can be paused, reset and destroyed while it waits", async () => {
    const bytes = await taken(await walker());
    const blob = new SlowBlob(bytes);
    const late = await host.restore(blob, { ...LAZY, kernel: WALKER, bios: "none" });
    blob.close();
    late.start();
    await expect.poll(() => late.machine.late.isWaiting).toBe(true);
    late.pause();
    late.resume();
    expect(() => late.snapshot()).toThrow(code("vm-state"));
    await late.reset();
    expect(late.machine.late.isWaiting).toBe(false);
    expect(await late.exited).toMatchObject({ code: 3 });
    await late.lazyRestore!.done;
    const other = await host.restore(new SlowBlob(bytes), LAZY);
    const { allocatedBytes } = host;
    other.start();
    other.destroy();
    await other.lazyRestore!.done;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(host.allocatedBytes).toBeLessThan(allocatedBytes);
  });

  test.each(["stop", "restart"] as const)(
    "ends in one event when a page cannot be had, and then has it %s",
    async (onFailure) => {
      const bytes = await taken(await walker());
      const blob = new SlowBlob(bytes);
      const images = { kernel: WALKER, bios: "none" } as const;
      const late = await host.restore(blob, { ...LAZY, ...images, onFailure });
      const exits: unknown[] = [];
      late.on("exit", (exit) => exits.push(exit));
      blob.break();
      late.start();
      await expect(late.lazyRestore!.done).rejects.toThrow(code("block-io"));
      if (onFailure === "restart") await expect.poll(() => exits.length, { timeout: 5000 }).toBe(2);
      await expect.poll(() => exits.length).toBeGreaterThan(0);
      expect(exits[0]).toMatchObject({ code: 70, reason: "failure", error: { code: "block-io" } });
      if (onFailure === "restart") expect(exits[1]).toMatchObject({ code: 3, reason: "poweroff" });
      else expect(exits).toHaveLength(1);
    },
  );
});
