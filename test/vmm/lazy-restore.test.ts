/** A VM that is restored lazily is the one that was saved, whatever it uses first, and ends in a sentence when its file fails. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { DEMO_GUEST, type EngineName, Host, type SnapshotOptions, type Vm, type VmConfig } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { crc32, crc32Before } from "../../src/machine/loader/crc32.ts";
import { decodeHeader, readRuns, writeRuns } from "../../src/snapshot/bytes.ts";
import { BlockKind, HEADER_BYTES, PROLOGUE_BYTES, type Run } from "../../src/snapshot/format.ts";
import { Reader, Writer } from "../../src/state/table.ts";
import { storedBlock } from "../support/blocks.ts";
import { WALKER } from "../support/page-guests.ts";
import { differences } from "../support/state.ts";
import { goOn, printed } from "../support/vm-text.ts";
import { code } from "../support/expected.ts";

const host = await Host.create();
const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-lazy-"));

afterEach(() => {
  for (const vm of [...host.vms]) vm.destroy();
});
afterAll(async () => {
  host.close();
  await rm(folder, { recursive: true });
});

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];

/** Pages come only when they are used. */
const LAZY = { lazy: { background: false } } as const;

async function taken(vm: Vm, options?: SnapshotOptions): Promise<Uint8Array<ArrayBuffer>> {
  const stream = vm.snapshot(options) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const demo = (config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "16M", kernel: DEMO_GUEST, clock: "deterministic", ...config });

/** A sum of what RAM holds. */
const held = (vm: Vm, pa: number, bytes: number): number => crc32(vm.memory.read(pa, bytes));

async function walker(config: Partial<VmConfig> = {}): Promise<Vm> {
  const vm = await host.createVm({ memory: "8M", kernel: WALKER, bios: "none", clock: "deterministic", ...config });
  goOn(vm, 5000);
  return vm;
}

describe("a VM that is restored lazily", () => {
  test.each(ENGINES.flatMap((engine) => [1, 4].map((harts) => [engine, harts] as const)))(
    "goes on as one that has all its pages, in the %s with %i harts",
    async (engine, harts) => {
      const random = new Random(harts);
      const vm = await demo({ engine, harts });
      for (let point = 0; point < 4; point++) {
        goOn(vm, random.between(1, 200_000));
        if (point === 1) void vm.console.write("selfcheck\n");
        const bytes = await taken(vm);
        const [eager, lazy] = [await host.restore(bytes, { engine }), await host.restore(bytes, { engine, ...LAZY })];
        const [wanted, got] = [printed(eager), printed(lazy)];
        const steps = random.between(1, 200_000);
        for (const one of [eager, lazy]) goOn(one, steps);
        expect(got()).toBe(wanted());
        expect(differences(lazy.saveState(), eager.saveState())).toEqual([]);
        for (const one of [eager, lazy]) one.destroy();
      }
    },
  );

  test.each(ENGINES)("may use its pages in any order, by any access, in the %s", async (engine) => {
    const bytes = await taken(await walker({ engine, harts: 2 }));
    const [eager, lazy] = [await host.restore(bytes, { engine }), await host.restore(bytes, { engine, ...LAZY })];
    for (const steps of [1, 10, 100, 1000, 10_000, 1_000_000]) {
      for (const one of [eager, lazy]) goOn(one, steps);
      expect(lazy.hart(0).pc).toBe(eager.hart(0).pc);
    }
    expect(await lazy.exited).toEqual(await eager.exited);
    expect(await lazy.exited).toMatchObject({ code: 3 });
    expect(held(lazy, 0x8040_0000, 8)).toBe(held(eager, 0x8040_0000, 8));
    expect(held(lazy, 0x8020_0000, 2 ** 21)).toBe(held(eager, 0x8020_0000, 2 ** 21));
  });

  test("has all its pages after a while, and its RAM is one range again", async () => {
    const vm = await walker();
    const file = path.join(folder, "vm.snap");
    await writeFile(file, await taken(vm));
    const restored = await host.restore(file, { lazy: true });
    expect(restored.memory.statistics()).toMatchObject({ window: false });
    restored.start();
    await restored.lazyRestore!.done;
    await restored.exited;
    expect(restored.lazyRestore).toMatchObject({ pagesLeft: 0 });
    expect(restored.memory.statistics()).toMatchObject({ window: true });
    expect(await restored.exited).toMatchObject({ code: 3 });
  });

  test("is read by its owner, before it has run", async () => {
    const vm = await walker();
    const restored = await host.restore(await taken(vm), LAZY);
    const { pagesLeft } = restored.lazyRestore!;
    expect(held(restored, 0x8030_0000, 2 ** 20)).toBe(held(vm, 0x8030_0000, 2 ** 20));
    expect(restored.lazyRestore!.pagesLeft).toBeLessThan(pagesLeft);
  });

  test.each([{ key: new Uint8Array(16).fill(5) }, { compress: false }])("may be one of a file with %o", async (how) => {
    const vm = await walker();
    const bytes = await taken(vm, how);
    const { key } = how as { key?: Uint8Array };
    const restored = await host.restore(bytes, { ...LAZY, ...(key === undefined ? {} : { key }) });
    expect(restored.lazyRestore!.pagesLeft).toBeGreaterThan(64);
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
    if (key === undefined) return;
    const other = { ...LAZY, key: new Uint8Array(16) };
    await expect(host.restore(bytes, other)).rejects.toThrow(code("snapshot-key"));
  });

  test("of a Blob has its pages come as they are used", async () => {
    const vm = await walker();
    const restored = await host.restore(new Blob([await taken(vm)]), LAZY);
    expect(restored.lazyRestore!.pagesLeft).toBeGreaterThan(0);
    await restored.lazyRestore!.fetchAll();
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
  });

  test("takes no more memory than it may have", async () => {
    const bytes = await taken(await walker());
    await expect(host.restore(bytes, { ...LAZY, memoryLimit: 400 * 4096 })).rejects.toThrow(code("host-memory"));
    const restored = await host.restore(bytes, { ...LAZY, memoryLimit: 600 * 4096 });
    restored.start();
    expect(await restored.exited).toMatchObject({ code: 3 });
  });

  test("has a chain's pages from the newest snapshot that has them, zeros among them", async () => {
    const vm = await walker();
    const files = [await taken(vm, { track: true })];
    vm.memory.write(0x8030_0000, new Uint8Array(4096));
    vm.memory.write(0x8031_0000, new Uint8Array(4096).fill(7));
    files.push(await taken(vm, { parent: vm.snapshotId! }));
    goOn(vm, 2000);
    files.push(await taken(vm, { parent: vm.snapshotId! }));
    const restored = await host.restore(files[2]!, { ...LAZY, parents: files.slice(0, 2), track: true });
    expect(held(restored, 0x8030_0000, 0x1_2000)).toBe(held(vm, 0x8030_0000, 0x1_2000));
    // Pages that have not come have not been stored to.
    const more = await taken(restored, { parent: restored.snapshotId! });
    expect(restored.lazyRestore!.pagesLeft).toBeGreaterThan(0);
    expect(more.length).toBeLessThan(files[1]!.length);
    expect(differences(restored.saveState(), vm.saveState())).toEqual([]);
    const again = await host.restore(more, { parents: files });
    expect(differences(again.saveState(), vm.saveState())).toEqual([]);
  });

  test("can be kept, cloned and reset before its pages are here", async () => {
    const vm = await walker();
    const bytes = await taken(vm);
    const kept = await host.restore(await taken(await host.restore(bytes, LAZY)));
    expect(differences(kept.saveState(), vm.saveState())).toEqual([]);
    const [clone] = await (await host.restore(bytes, LAZY)).clone();
    expect(differences(clone!.saveState(), vm.saveState())).toEqual([]);
    const restarted = await host.restore(bytes, { ...LAZY, kernel: WALKER, bios: "none" });
    await restarted.reset();
    goOn(restarted, 5000);
    expect(restarted.lazyRestore).toMatchObject({ pagesLeft: 0 });
    expect(held(restarted, 0x8000_0000, 0x60_0000)).toBe(held(vm, 0x8000_0000, 0x60_0000));
  });

  test("gives its memory back when it goes before its pages are here", async () => {
    const bytes = await taken(await walker());
    const { allocatedBytes } = host;
    const restored = await host.restore(bytes, { lazy: true });
    restored.start();
    const { done } = restored.lazyRestore!;
    restored.destroy();
    await done;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(host.allocatedBytes).toBe(allocatedBytes);
  });
});

describe("a working set", () => {
  test("names the pages that were used, which come first another time", async () => {
    const bytes = await taken(await walker());
    const first = await host.restore(bytes, LAZY);
    goOn(first, 100);
    const [set, left] = [first.lazyRestore!.workingSet(), first.lazyRestore!.pagesLeft];
    expect(left).toBeGreaterThan(0);
    const second = await host.restore(bytes, { lazy: { workingSet: set } });
    await expect.poll(() => second.lazyRestore!.pagesLeft).toBeLessThanOrEqual(left);
    goOn(second, 100);
    expect(second.lazyRestore!.workingSet().length).toBeLessThan(set.length + 1);
  });

  test("of another snapshot, or none, is refused", async () => {
    const vm = await walker();
    const [one, other] = [await taken(vm), await taken(vm)];
    const set = (await host.restore(one, LAZY)).lazyRestore!.workingSet();
    for (const workingSet of [set, new Uint8Array(8), new Uint8Array(100)])
      await expect(host.restore(other, { lazy: { workingSet } })).rejects.toThrow(code("option"));
    const wild = new Uint8Array([...set, ...new Uint8Array(4003).fill(0xff)]);
    expect((await host.restore(one, { lazy: { workingSet: wild, background: false } })).state).toBe("created");
    await expect(host.restore(one, { lazy: { fast: true } as object })).rejects.toThrow(code("option"));
  });
});

describe("a lazy restore of a file that fails", () => {
  /** Byte of the file in the middle of the block that has most pages. */
  const damagedAt = (bytes: Uint8Array, part: number): Uint8Array => {
    const copy = bytes.slice();
    copy[Math.floor(copy.length * part)]! ^= 0x10;
    return copy;
  };

  test("ends with a sentence when a page of it is used, and its neighbours go on", async () => {
    const vm = await walker();
    const bytes = damagedAt(await taken(vm, { compress: false }), 0.75);
    const neighbour = await host.restore(await taken(vm));
    const restored = await host.restore(bytes, LAZY);
    for (const one of [restored, neighbour]) one.start();
    const { code: exit, reason, error } = await restored.exited;
    expect({ exit, reason }).toEqual({ exit: 70, reason: "failure" });
    expect((error as Error).message).toContain("The snapshot is damaged (block");
    await expect(restored.lazyRestore!.done).rejects.toThrow(code("snapshot-damaged"));
    expect(await neighbour.exited).toMatchObject({ code: 3 });
  });

  test("ends so when the file becomes shorter, or a page of it is fetched that nobody has used", async () => {
    const vm = await walker();
    const file = path.join(folder, "short.snap");
    const bytes = await taken(vm, { compress: false });
    await writeFile(file, bytes);
    const restored = await host.restore(file, LAZY);
    await writeFile(file, bytes.subarray(0, 100_000));
    restored.start();
    expect(await restored.exited).toMatchObject({ reason: "failure", error: { code: "block-io" } });
    const other = await host.restore(damagedAt(bytes, 0.9), { lazy: true });
    other.start();
    expect(await other.exited).toMatchObject({ reason: "failure", error: { code: "snapshot-damaged" } });
  });

  test("makes no VM when its end or its index is damaged, or it can be read only once", async () => {
    const vm = await walker();
    const bytes = await taken(vm, { compress: false });
    const before = host.vms.size;
    for (let back = 1; back < 160; back += 3) {
      const copy = bytes.slice();
      copy[copy.length - back]! ^= 1;
      const made = host.restore(copy, LAZY).then(({ state }) => state);
      await expect(made, `${back} from the end`).rejects.toThrow(code("snapshot-damaged"));
    }
    for (const length of [40, bytes.length - 1, bytes.length - 36])
      await expect(host.restore(bytes.subarray(0, length), LAZY)).rejects.toThrow(code("snapshot-damaged"));
    await expect(host.restore(new Uint8Array([...bytes, 0]), LAZY)).rejects.toThrow(code("snapshot-damaged"));
    await expect(host.restore(vm.snapshot(), LAZY)).rejects.toThrow(code("snapshot-format"));
    expect(host.vms.size).toBe(before);
  });
});

describe("an index that is written so as to do harm", () => {
  /** The file with another index, of these entries, and with sums and an end that fit. */
  function withIndex(bytes: Uint8Array, change: (entries: { offset: number; number: number; runs: Run[] }[]) => void) {
    const blocks: { kind: BlockKind; at: number; stored: number }[] = [];
    for (let at = PROLOGUE_BYTES; at < bytes.length;) {
      const { kind, stored } = decodeHeader(bytes.subarray(at, at + HEADER_BYTES), blocks.length);
      blocks.push({ kind, at, stored });
      at += HEADER_BYTES + stored;
    }
    const number = blocks.findIndex(({ kind }) => kind === BlockKind.INDEX);
    const { at, stored } = blocks[number]!;
    const from = new Reader(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + stored));
    const entries: { offset: number; number: number; runs: Run[] }[] = [];
    while (from.left > 0) entries.push({ offset: Number(from.u64()), number: from.u32(), runs: readRuns(from) });
    change(entries);
    const to = new Writer();
    for (const entry of entries) {
      to.u64(BigInt(entry.offset));
      to.u32(entry.number);
      writeRuns(to, entry.runs);
    }
    const end = new Writer();
    end.u64(BigInt(at));
    end.u32(number);
    end.u32(number + 2);
    const after = [
      storedBlock({ kind: BlockKind.INDEX, bytes: to.finish() }, number),
      storedBlock({ kind: BlockKind.END, bytes: end.finish() }, number + 1),
    ];
    return Buffer.concat([bytes.subarray(0, at), ...after]);
  }

  test.each([
    ["has a page twice", (entries) => entries[1]!.runs.push(entries[0]!.runs[0]!)],
    ["has pages outside of RAM", (entries) => entries[1]!.runs.push({ first: 2 ** 31, count: 2 ** 31 })],
    ["leaves a block out", (entries) => entries.splice(1, 1)],
    ["has a block twice", (entries) => entries.splice(1, 0, entries[1]!)],
    ["leads to the beginning", (entries) => (entries[0]!.offset = 0)],
    ["leads behind the file", (entries) => (entries.at(-1)!.offset = 2 ** 52)],
    ["has blocks without pages", (entries) => (entries[1]!.runs = [])],
  ] as [string, (entries: { offset: number; number: number; runs: Run[] }[]) => void][])(
    "makes no VM when it %s",
    async (_what, change) => {
      const bytes = await taken(await walker(), { compress: false });
      const unchanged = await host.restore(
        withIndex(bytes, () => undefined),
        LAZY,
      );
      await unchanged.lazyRestore!.fetchAll();
      const made = host.restore(withIndex(bytes, change), LAZY).then(({ state }) => state);
      await expect(made).rejects.toThrow(code("snapshot-damaged"));
    },
  );

  test.each([
    ["other pages than a block has", (entries) => (entries[3]!.runs[0] = { first: 1900, count: 1 })],
    ["a place that is none of a block", (entries) => entries[3]!.offset++],
  ] as [string, (entries: { offset: number; number: number; runs: Run[] }[]) => void][])(
    "ends the VM when it names %s",
    async (_what, change) => {
      const restored = await host.restore(withIndex(await taken(await walker(), { compress: false }), change), LAZY);
      await expect(restored.lazyRestore!.fetchAll()).rejects.toThrow(code("snapshot-damaged"));
      expect(await restored.exited).toMatchObject({ reason: "failure" });
    },
  );
});

test("what a sum was begun with is known from the sum", () => {
  const random = new Random(1);
  for (let round = 0; round < 1000; round++) {
    const bytes = Uint8Array.from({ length: random.between(0, 20) }, () => random.between(0, 255));
    const before = random.between(0, 2 ** 32 - 1);
    expect(crc32Before(bytes, crc32(bytes, before))).toBe(before);
  }
});
