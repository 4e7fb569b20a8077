/** Disks that are copied while their VM runs: they are there as they were here, whatever is written meanwhile and whatever breaks. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import type { BlockBackend } from "../../src/backend/block/block.ts";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { createDisk, openDisk } from "../../src/disk/index.ts";
import { Host, type MigrateOptions, type ReceiveOptions, type Vm } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { SnapshotReader } from "../../src/snapshot/read.ts";
import { PieceSet } from "../../src/vmm/migrate/piece-set.ts";
import { checkDescription } from "../../src/vmm/snapshot/description.ts";
import { code } from "../support/expected.ts";
import { connection } from "../support/line.ts";
import { runs } from "../support/runs.ts";
import { storing } from "../support/page-guests.ts";

const host = await Host.create();
const other = await Host.create();

afterEach(async () => {
  for (const one of [host, other]) for (const vm of [...one.vms]) await vm.close();
});
afterAll(() => {
  host.close();
  other.close();
});

const BYTES = 2 ** 21;
const MODES = ["pre", "auto", "post"] as const;

const folder = (): string => {
  const name = mkdtempSync(path.join(tmpdir(), "wasmvisor-mirror-"));
  onTestFinished(() => rmSync(name, { recursive: true }));
  return name;
};

/** What a disk holds at first: parts of it nothing. */
const content = new Uint8Array(BYTES).map((_, at) => ((at >> 17) % 3 === 1 ? 0 : (at * 31) >> 7));

/** A VM that stores to memory for ever, with a disk that is a file. */
async function started(source: string, format: "raw" | "qcow2" = "raw"): Promise<Vm> {
  const drives = [{ source, format }];
  const vm = await host.createVm({ memory: "8M", bios: "none", kernel: storing(60), clock: "deterministic", drives });
  vm.start();
  return vm;
}

/** Writes to the disk as its device does, again and again: bytes, zeros, and nothing more of what there was. */
function writer(vm: Vm, seed: number): () => Promise<void> {
  const random = new Random(seed);
  return async () => {
    const backend = vm.drives[0]!.backend!;
    const [at, length] = [512 * random.between(0, BYTES / 512 - 257), 512 * random.between(1, 256)];
    const kind = random.between(0, 9);
    if (kind === 0) await backend.writeZeroes?.(at, length, true);
    else if (kind === 1) await backend.discard?.(at, length);
    else await backend.write(at, new Uint8Array(length).fill(random.between(0, 255)));
  };
}

async function bytesOf(backend: BlockBackend): Promise<Uint8Array> {
  const bytes = new Uint8Array(backend.size);
  await backend.read(0, bytes);
  return bytes;
}

async function move(vm: Vm, options: MigrateOptions, received: ReceiveOptions) {
  const { source, destination } = connection();
  const [arrived, statistics] = await Promise.all([
    other.receive(destination, received),
    vm.migrateTo(source, { disks: "mirror", ...options }),
  ]);
  await arrived.postCopy?.done;
  return { vm: arrived, statistics };
}

describe("a disk that is a file is copied", () => {
  test.each(MODES.flatMap((mode) => [0, 1].map((seed) => [mode, seed] as const)))(
    "while it is written to, by %s (%i)",
    async (mode, seed) => {
      const files = folder();
      const [here, there] = [path.join(files, "here.qcow2"), path.join(files, seed === 0 ? "there.qcow2" : "there")];
      await createDisk(here, { size: BYTES });
      const vm = await started(here, "qcow2");
      const mine = vm.drives[0]!.backend!;
      await mine.write(0, content);
      const write = writer(vm, seed);
      const writes: Promise<void>[] = [];
      const onProgress = ({ phase }: { phase: string }): void =>
        void (["disks", "pages"].includes(phase) && writes.push(write()));
      const { vm: arrived, statistics } = await move(
        vm,
        { mode, rounds: 5, downtime: 0, throttle: false, onProgress },
        { drives: [{ source: there }] },
      );
      await Promise.all(writes);
      expect(writes.length).toBeGreaterThan(20);
      expect(statistics.diskBytes).toBeGreaterThan((BYTES * 2) / 3);
      expect(vm.drives[0]!.backend).toBe(mine);
      const copy = arrived.drives[0]!.backend!;
      expect(Buffer.compare(await bytesOf(mine), await bytesOf(copy))).toBe(0);
      expect(copy.info.description).toMatch(seed === 0 ? /qcow2/ : /raw/);
      expect(await runs(arrived)).toBe(true);
      await copy.write(0, new Uint8Array(512).fill(77));
      await arrived.close();
      const kept = await openDisk(there, { format: seed === 0 ? "qcow2" : "raw", readonly: true });
      expect((await bytesOf(kept))[0]).toBe(77);
      await kept.close();
    },
  );

  test("to a backend of the same size, of which nothing stays", async () => {
    const here = path.join(folder(), "here.img");
    writeFileSync(here, content);
    const vm = await started(here);
    const { vm: arrived } = await move(
      vm,
      {},
      { drives: [{ source: new MemoryBlock(new Uint8Array(BYTES).fill(9)), format: "raw" }] },
    );
    expect(Buffer.compare(content, await bytesOf(arrived.drives[0]!.backend!))).toBe(0);
    expect(existsSync(here)).toBe(true);
  });

  test("and is refused where there is no place for it, before the first byte", async () => {
    const files = folder();
    const here = path.join(files, "here.img");
    writeFileSync(here, content);
    const vm = await started(here);
    const there = path.join(files, "there.img");
    const drives: [NonNullable<ReceiveOptions["drives"]>, RegExp][] = [
      [[], /needs a place: give a file that is not there yet/],
      [[{ source: new Blob([content]) }], /needs a place/],
      [[{ source: there, overlay: path.join(files, "over") }], /needs a place/],
      [[{ source: there, snapshot: true }], /needs a place/],
      [[{ source: "https://example.org/disk" }], /needs a place/],
      [[{ source: here }], /is there already; name another one/],
      [[{ source: new MemoryBlock(512) }], /has 512 bytes, not 2097152/],
      [[{ source: path.join(files, "none", "there.img") }], /does not exist; check the path/],
    ];
    for (const [given, why] of drives) {
      const line = connection();
      const [theirs, mine] = await Promise.allSettled([
        other.receive(line.destination, { drives: given }),
        vm.migrateTo(line.source, { disks: "mirror" }),
      ]);
      expect(String((theirs as PromiseRejectedResult).reason)).toMatch(why);
      expect(mine).toMatchObject({ reason: { code: "migration-refused" } });
      expect(line.down.blocks).toBe(3);
    }
    expect([existsSync(there), readFileSync(here).length]).toEqual([false, BYTES]);
    await expect(vm.migrateTo(connection().source, { disks: "copy" as never })).rejects.toThrow(code("option"));
    expect(await runs(vm)).toBe(true);
  });

  test("and when another disk is put in meanwhile, the VM stays", async () => {
    const files = folder();
    const here = path.join(files, "here.img");
    const there = path.join(files, "there.img");
    writeFileSync(here, content);
    const vm = await started(here);
    const line = connection();
    let inserted: Promise<void> | undefined;
    const onProgress = (): void => void (inserted ??= vm.drives[0]!.insert(new Uint8Array(BYTES)));
    const [theirs, mine] = await Promise.allSettled([
      other.receive(line.destination, { drives: [{ source: there }] }),
      vm.migrateTo(line.source, { disks: "mirror", onProgress }),
    ]);
    expect([theirs, mine]).toMatchObject([
      { reason: { code: "migration-refused" } },
      { reason: { code: "migration-drive" } },
    ]);
    expect([existsSync(there), await runs(vm)]).toEqual([false, true]);
  });
});

describe("whatever breaks while a disk is copied", () => {
  test.each(["pre", "post"] as const)(
    "at any message one VM runs, or none, and its owner is told, by %s",
    async (mode) => {
      const files = folder();
      const [here, there] = [path.join(files, "here.img"), path.join(files, "there.img")];
      writeFileSync(here, content.subarray(0, 2 ** 19));
      const random = new Random(5);
      const ends = async (vm: Vm, line: ReturnType<typeof connection>): Promise<string> => {
        const [, mine] = await Promise.allSettled([
          other.receive(line.destination, { patience: 2000, drives: [{ source: there }] }),
          vm.migrateTo(line.source, { mode, disks: "mirror", compress: false, patience: 2000 }),
        ]);
        return mine.status === "fulfilled" ? "done" : String((mine.reason as { code?: string }).code);
      };
      const clean = async (): Promise<void> => {
        for (const one of [host, other]) for (const left of [...one.vms]) await left.close();
        rmSync(there, { force: true });
      };
      const whole = connection();
      expect(await ends(await started(here), whole)).toBe("done");
      await clean();
      const outcomes = new Set<string>();
      for (const direction of ["down", "up"] as const) {
        for (let blocks = 0; blocks <= whole[direction].blocks; blocks++) {
          const vm = await started(here);
          const line = connection();
          line[direction].cutAt = { blocks, bytes: random.between(0, 60) };
          const mine = await ends(vm, line);
          const where = `${direction} ${blocks}: ${mine}`;
          const [arrived] = other.vms;
          await arrived?.postCopy?.done.catch(() => undefined);
          const theirs = arrived !== undefined && (await runs(arrived));
          if (mine === "migration-unknown") {
            expect(vm.state, where).toBe("paused");
            if (!theirs) {
              await vm.reclaim();
              await vm.drives[0]!.backend!.write(0, new Uint8Array(512));
              expect(await runs(vm), where).toBe(true);
            }
          } else expect([await runs(vm), theirs].filter(Boolean), where).toHaveLength(1);
          // Of a VM that has not come no disk stays.
          if (arrived === undefined) expect(existsSync(there), where).toBe(false);
          outcomes.add(theirs ? "there" : "here");
          await clean();
        }
      }
      expect(outcomes).toEqual(new Set(["here", "there"]));
    },
  );
});

test("no file of a snapshot says that a disk is copied: it would be written to", async () => {
  const vm = await host.createVm({
    memory: "1M",
    bios: "none",
    kernel: storing(1),
    drives: [{ source: new Uint8Array(512) }],
  });
  const reader = await SnapshotReader.open(vm.snapshot());
  const description = JSON.parse(
    JSON.stringify(await reader.description()).replace('"content":"whole"', '"content":"mirror"'),
  ) as unknown;
  await reader.close();
  expect(() => checkDescription(description)).toThrow(code("snapshot-damaged"));
  expect(checkDescription(description, true).machine.drives[0]!.content).toBe("mirror");
});

test("a set of pieces is one, however far apart they are", () => {
  const [set, model, random] = [new PieceSet(), new Set<number>(), new Random(3)];
  for (let step = 0; step < 5000; step++) {
    const first = random.between(0, 40) + random.between(0, 3) * (2 ** 15 - 20) + random.between(0, 1) * 2 ** 37;
    if (random.between(0, 2) === 0) {
      set.delete(first);
      model.delete(first);
    } else {
      set.add(first, first + 2);
      for (let one = first; one <= first + 2; one++) model.add(one);
    }
  }
  expect(set.size).toBe(model.size);
  expect([...set].sort((a, b) => a - b)).toEqual([...model].sort((a, b) => a - b));
});
