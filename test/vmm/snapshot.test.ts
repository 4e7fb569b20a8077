/** Snapshots: a VM that is restored is the one that was saved, and a file that is none makes no VM. */

import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { DEMO_GUEST, type EngineName, Host, type SnapshotOptions, type Vm, type VmConfig } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { differences } from "../support/state.ts";
import { goOn, printed } from "../support/vm-text.ts";
import { code } from "../support/expected.ts";

const FIXTURES = path.join(import.meta.dirname, "fixtures");

const host = await Host.create();
const other = await Host.create();

afterEach(() => {
  for (const one of [host, other]) for (const vm of [...one.vms]) vm.destroy();
});
afterAll(() => {
  host.close();
  other.close();
});

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];

const demo = (config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "16M", kernel: DEMO_GUEST, clock: "deterministic", ...config });

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

const taken = (vm: Vm, options?: SnapshotOptions): Promise<Uint8Array> => bytesOf(vm.snapshot(options));

describe("a snapshot", () => {
  test.each(ENGINES.flatMap((engine) => [1, 4].map((harts) => [engine, harts] as const)))(
    "taken at random places with the %s and %i harts goes on as the VM that it was taken of, in every engine",
    async (engine, harts) => {
      const random = new Random(harts);
      const vm = await demo({ engine, harts });
      const text = printed(vm);
      for (let point = 0; point < 9; point++) {
        goOn(vm, random.between(1, 200_000));
        if (point === 1) void vm.console.write("selfcheck\n");
        const bytes = await taken(vm);
        const restored = await other.restore(bytes, { engine: ENGINES[point % 3]! });
        expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
        const [before, own] = [text().length, printed(restored)];
        const steps = random.between(1, 100_000);
        goOn(vm, steps);
        goOn(restored, steps);
        expect(own()).toBe(text().slice(before));
        expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
        restored.destroy();
      }
      expect(text()).toContain("selfcheck");
    },
  );

  test("is what the VM was when it was taken, though it runs on while the stream is read", async () => {
    const vm = await demo();
    goOn(vm, 300_000);
    const before = vm.saveState();
    const stream = vm.snapshot();
    void vm.console.write("selfcheck\n");
    goOn(vm, 500_000);
    const restored = await other.restore(stream);
    expect(differences(restored.saveState(), before)).toEqual([]);
    expect(differences(vm.saveState(), before)).not.toEqual([]);
  });

  test("gives its frames back when it has been read, and when it is given up", async () => {
    const vm = await demo();
    goOn(vm, 300_000);
    await taken(vm);
    const { allocatedBytes } = host;
    expect(vm.memory.statistics()).toMatchObject({ sharedBytes: 0 });
    await vm.snapshot().cancel();
    expect(host.allocatedBytes).toBe(allocatedBytes);
    expect(vm.memory.statistics()).toMatchObject({ sharedBytes: 0 });
  });

  test("outlives its VM", async () => {
    const vm = await demo();
    goOn(vm, 300_000);
    const before = vm.saveState();
    const stream = vm.snapshot();
    vm.destroy();
    const restored = await other.restore(stream);
    expect(differences(restored.saveState(), before)).toEqual([]);
  });

  test("of a program that speaks HTIF, with a file of the firmware configuration device, is restored with both", async () => {
    const vm = await demo({
      fwCfg: [{ name: "opt/a", data: "hello" }],
      rng: true,
      virtioSerial: { ports: [{ name: "p" }] },
    });
    goOn(vm, 200_000);
    const restored = await other.restore(await taken(vm));
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
    expect(differences((await other.restore(await taken(restored))).saveState(), vm.saveState())).toEqual([]);
    await expect(restored.reset()).rejects.toThrow(code("snapshot-images"));
  });

  test("restarts when it is given its images", async () => {
    const vm = await demo();
    goOn(vm, 200_000);
    const restored = await other.restore(await taken(vm), { kernel: DEMO_GUEST });
    const [text, own] = [printed(vm), printed(restored)];
    for (const one of [vm, restored]) {
      await one.reset();
      goOn(one, 1_000_000);
    }
    expect(own()).toBe(text());
    expect(own()).toContain("demo> ");
  });
});

describe("the disks of a snapshot", () => {
  const disk = new Uint8Array(2 ** 20).map((_, at) => at >> 9);
  const changed = new Uint8Array(512).fill(1);
  const read = async (vm: Vm, at: number): Promise<number> => {
    const bytes = new Uint8Array(512);
    await vm.drives[0]!.backend!.read(at, bytes);
    return bytes[0]!;
  };

  test("are in it where the VM has changed them in memory, and else known again by size and sums", async () => {
    const blob = new Blob([disk]);
    const vm = await demo({ drives: [{ source: blob }] });
    await vm.drives[0]!.backend!.write(512 * 9, changed);
    const bytes = await taken(vm);
    const restored = await other.restore(bytes, { drives: [{ source: blob }] });
    expect([await read(restored, 512 * 9), await read(restored, 512 * 99)]).toEqual([1, 99]);
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
    const another = disk.slice();
    another[disk.length - 1]! ^= 1;
    const refused = expect.objectContaining({ code: "snapshot-drive" }) as Error;
    await expect(other.restore(bytes)).rejects.toThrow(refused);
    await expect(other.restore(bytes, { drives: [{ source: new Blob([another]) }] })).rejects.toThrow(refused);
    await expect(other.restore(bytes, { drives: [{ source: new Blob([disk, disk]) }] })).rejects.toThrow(refused);
    expect(other.vms.size).toBe(1);
  });

  test("are in it whole where that is asked for, and read while the VM stands still", async () => {
    const { MemoryBlock } = await import("../../src/backend/block/memory.ts");
    const vm = await demo({ drives: [{ source: new MemoryBlock(disk), format: "raw" }] });
    await vm.drives[0]!.backend!.write(512 * 9, changed);
    vm.start();
    const stream = vm.snapshot({ disks: "include" });
    const { instructions } = vm.counters();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(vm.counters().instructions).toBe(instructions);
    const restored = await other.restore(stream);
    expect([await read(restored, 512 * 9), await read(restored, 512 * 99)]).toEqual([1, 99]);
    await vm.console.waitFor("demo> ");
    const reference = await taken(vm);
    await vm.drives[0]!.backend!.write(0, changed);
    await expect(other.restore(reference, { drives: [{ source: vm.drives[0]!.backend! }] })).rejects.toThrow(
      code("snapshot-drive"),
    );
  });
});

describe("a chain of snapshots", () => {
  test("is the VM at its end; an incremental one has only the pages that were stored to", async () => {
    const vm = await demo();
    goOn(vm, 300_000);
    const files = [await taken(vm, { track: true })];
    for (const input of ["selfcheck\n", "help\n", ""]) {
      void vm.console.write(input);
      goOn(vm, 50_000);
      files.push(await taken(vm, { parent: vm.snapshotId! }));
      expect(files.at(-1)!.length).toBeLessThan(files[0]!.length);
      const restored = await other.restore(files.at(-1)!, { parents: files.slice(0, -1), track: true });
      expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
      // It can be gone on with from a VM that was restored.
      goOn(restored, 10_000);
      const next = await taken(restored, { parent: restored.snapshotId! });
      const again = await other.restore(next, { parents: files });
      expect(differences(again.saveState(), restored.saveState())).toEqual([]);
    }
    await expect(other.restore(files[2]!, { parents: [files[0]!] })).rejects.toThrow(code("snapshot-parent"));
    await expect(other.restore(files[2]!)).rejects.toThrow(code("snapshot-parent"));
    await expect(other.restore(files[0]!, { parents: [files[0]!] })).rejects.toThrow(code("snapshot-parent"));
  });

  test("is refused where nobody has looked at stores", async () => {
    const vm = await demo();
    await taken(vm);
    expect(() => vm.snapshot({ parent: vm.snapshotId! })).toThrow(code("snapshot-parent"));
    await taken(vm, { track: true });
    const parent = vm.snapshotId!;
    vm.memory.stopTracking();
    expect(() => vm.snapshot({ parent })).toThrow(code("memory-tracking"));
    vm.memory.trackStores();
    expect(() => vm.snapshot({ parent })).toThrow(code("memory-tracking"));
  });
});

describe("an encrypted snapshot", () => {
  test("is restored with its key and nothing else", async () => {
    const vm = await demo();
    goOn(vm, 200_000);
    const key = crypto.getRandomValues(new Uint8Array(32));
    const bytes = await taken(vm, { key });
    const restored = await other.restore(bytes, { key });
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
    const wrong = key.slice();
    wrong[0]! ^= 1;
    await expect(other.restore(bytes)).rejects.toThrow(code("snapshot-key"));
    await expect(other.restore(bytes, { key: wrong })).rejects.toThrow(code("snapshot-key"));
    await expect(other.restore(await taken(vm), { key })).rejects.toThrow(code("snapshot-key"));
    await expect(taken(vm, { key: new Uint8Array(3) })).rejects.toThrow(code("snapshot-key"));
    expect(other.vms.size).toBe(1);
  });
});

describe("a file that is no snapshot", () => {
  test("makes no VM, wherever a byte of it is changed, or it ends", async () => {
    const vm = await demo({ memory: "4M" });
    goOn(vm, 20_000);
    const bytes = await taken(vm);
    const random = new Random(1);
    const { allocatedBytes } = other;
    for (let round = 0; round < 300; round++) {
      const changed = bytes.slice();
      const at = random.between(0, bytes.length - 1);
      if (round % 2 === 0) changed[at]! ^= 1 << random.between(0, 7);
      const file = round % 2 === 0 ? changed : changed.subarray(0, at);
      await expect(other.restore(file), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^snapshot-/) as string,
      });
    }
    expect(other.vms.size).toBe(0);
    expect(other.allocatedBytes).toBe(allocatedBytes);
  });
});

describe("a clone", () => {
  test("is the VM that it was made of, in every engine, and both go on alone", async () => {
    for (const engine of ENGINES) {
      const vm = await demo({ engine, rng: true });
      goOn(vm, 900_000);
      const before = vm.saveState();
      const [first, second] = await vm.clone(2);
      expect(differences(first!.saveState(), before)).toEqual([]);
      void first!.console.write("selfcheck\n");
      goOn(first!, 300_000);
      expect(differences(vm.saveState(), before)).toEqual([]);
      expect(differences(second!.saveState(), before)).toEqual([]);
      expect(differences(first!.saveState(), before)).not.toEqual([]);
      const after = first!.saveState();
      vm.destroy();
      expect(differences(first!.saveState(), after)).toEqual([]);
      void second!.console.write("selfcheck\n");
      goOn(second!, 300_000);
      expect(differences(second!.saveState(), after)).toEqual([]);
      first!.destroy();
      const [again] = await second!.clone();
      expect(differences(again!.saveState(), after)).toEqual([]);
      for (const one of [again!, second!]) goOn(one, 100_000);
      expect(differences(again!.saveState(), second!.saveState())).toEqual([]);
      again!.destroy();
      second!.destroy();
    }
  });

  test("takes memory for what it stores to, and gives it back", async () => {
    const vm = await demo();
    goOn(vm, 900_000);
    const { touchedBytes } = vm.memory.statistics();
    const template = await vm.template();
    const clone = await template.clone();
    const { allocatedBytes } = host;
    expect(clone.memory.statistics()).toMatchObject({ touchedBytes, sharedBytes: touchedBytes });
    void clone.console.write("selfcheck\n");
    goOn(clone, 300_000);
    const own = clone.memory.statistics();
    expect(own.touchedBytes - own.sharedBytes).toBeGreaterThan(0);
    expect(own.touchedBytes - own.sharedBytes).toBeLessThan(touchedBytes);
    clone.destroy();
    template.close();
    expect(vm.memory.statistics().sharedBytes).toBe(0);
    expect(host.allocatedBytes).toBeLessThan(allocatedBytes);
    await expect(template.clone()).rejects.toThrow(code("vm-state"));
  });

  test("is reset to its template by what it has stored to, again and again, with code that was translated meanwhile", async () => {
    const vm = await demo({ engine: "translator" });
    goOn(vm, 900_000);
    using template = await vm.template();
    const before = vm.saveState();
    const clone = await template.clone();
    let after: ReturnType<Vm["saveState"]> | undefined;
    for (let round = 0; round < 3; round++) {
      void clone.console.write("selfcheck\n");
      goOn(clone, 300_000);
      after ??= clone.saveState();
      expect(differences(clone.saveState(), after)).toEqual([]);
      await template.reset(clone);
      expect(differences(clone.saveState(), before)).toEqual([]);
      expect(clone.memory.statistics().touchedBytes).toBe(vm.memory.statistics().touchedBytes);
    }
  });

  test("has overlays over disks that forget their changes, and is refused where a disk is written to", async () => {
    const disk = new Uint8Array(2 ** 20).fill(7);
    const vm = await demo({ drives: [{ source: disk, format: "raw" }, { source: new Blob([disk]) }] });
    for (const drive of vm.drives) await drive.backend!.write(0, new Uint8Array(512).fill(1));
    const [first, second] = await vm.clone(2);
    const at0 = async (one: Vm, index: number): Promise<number> => {
      const bytes = new Uint8Array(512);
      await one.drives[index]!.backend!.read(0, bytes);
      return bytes[0]!;
    };
    for (const index of [0, 1]) {
      await first!.drives[index]!.backend!.write(0, new Uint8Array(512).fill(2));
      await vm.drives[index]!.backend!.write(0, new Uint8Array(512).fill(3));
      expect([await at0(vm, index), await at0(first!, index), await at0(second!, index)]).toEqual([3, 2, 1]);
    }
    const restored = await other.restore(await taken(first!));
    expect([await at0(restored, 0), await at0(restored, 1)]).toEqual([2, 2]);
    expect(restored.drives.map(({ size }) => size)).toEqual([disk.length, disk.length]);
  });
});

describe("a snapshot of an earlier version", () => {
  // One file for each version of the format or of a state's table that has been released; they are never made anew.
  test.each(readdirSync(FIXTURES))("%s is restored and goes on", async (name) => {
    const vm = await host.restore(path.join(FIXTURES, name));
    vm.start();
    await vm.console.write("selfcheck\n");
    const { before } = await vm.console.waitFor("demo> ");
    expect(before).toContain("ok");
  });
});
