/** Post-copy: a VM runs at its destination before its pages are there, is the one that it was, and lives once at most whatever breaks. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import {
  type ByteStreams,
  type EngineName,
  Host,
  type MigrateOptions,
  type MigrationProgress,
  type ReceiveOptions,
  type Vm,
  type VmConfig,
} from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { BlockKind } from "../../src/snapshot/format.ts";
import { code } from "../support/expected.ts";
import { storing } from "../support/page-guests.ts";
import { connection } from "../support/line.ts";
import { runs } from "../support/runs.ts";
import { printed } from "../support/vm-text.ts";

const host = await Host.create();
const other = await Host.create();

afterEach(() => {
  for (const one of [host, other]) for (const vm of [...one.vms]) vm.destroy();
});
afterAll(() => {
  host.close();
  other.close();
});

const storer = (pages: number, config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "8M", bios: "none", kernel: storing(pages), clock: "deterministic", ...config });

const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1));
};

async function move(vm: Vm, options: MigrateOptions, received: ReceiveOptions = {}) {
  const { source, destination } = connection();
  const sent = vm.migrateTo(source, options);
  sent.catch(() => undefined);
  const arrived = await other.receive(destination, received);
  return { vm: arrived, sent };
}

async function alone(length: number): Promise<string> {
  const vm = await storer(300, { engine: "tiered" });
  const text = printed(vm);
  vm.start();
  await until(() => text().length >= length);
  return text().slice(0, length);
}

describe("a VM that is moved before its pages", () => {
  const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];
  test.each(ENGINES.flatMap((engine) => (["post", "auto"] as const).map((mode) => [engine, mode] as const)))(
    "prints what it would have printed, in the %s, by %s",
    async (engine, mode) => {
      const vm = await storer(300, { engine });
      const text = printed(vm);
      vm.start();
      await until(() => text().length >= 20);
      const options: MigrateOptions = { mode, downtime: 0, rounds: 3, compress: false, bandwidth: 20e6 };
      const { vm: arrived, sent } = await move(vm, options, { engine, start: false });
      const rest = printed(arrived);
      arrived.start();
      const statistics = await sent;
      await arrived.postCopy!.done;
      expect(arrived.postCopy!.pagesLeft).toBe(0);
      await until(() => rest().length >= 200);
      arrived.pause();
      const whole = text() + rest();
      expect(whole).toBe(await alone(whole.length));
      expect(statistics.followed).toBeGreaterThan(mode === "post" ? 300 : 1);
      expect(await vm.exited).toEqual({ code: 0, reason: "migrated" });
      if (mode === "post") expect(statistics).toMatchObject({ rounds: 1, cap: 1 });
    },
  );

  test("sends each page once, where pre-copy sends the same again and again", async () => {
    const sent = new Map<string, number>();
    for (const mode of ["pre", "post"] as const) {
      const vm = await storer(300);
      vm.start();
      await until(() => vm.memory.statistics().touchedBytes > 300 * 4096);
      const { sent: done } = await move(vm, { mode, downtime: 0, rounds: 4, throttle: false, compress: false });
      sent.set(mode, (await done).pages);
    }
    expect(sent.get("post")).toBeLessThan(330);
    expect(sent.get("pre")).toBeGreaterThan(2 * sent.get("post")!);
  });

  test("has the pages that it uses before the others, and its neighbours run meanwhile", async () => {
    const vm = await storer(1000);
    vm.start();
    await until(() => vm.memory.statistics().touchedBytes > 1000 * 4096);
    const seen: MigrationProgress[] = [];
    const neighbour = await other.createVm({ memory: "8M", bios: "none", kernel: storing(300) });
    neighbour.start();
    const { vm: arrived, sent } = await move(vm, {
      ...{ mode: "post", compress: false, bandwidth: 4e6 },
      onProgress: (progress) => seen.push(progress),
    });
    expect(arrived.postCopy!.pagesLeft).toBeGreaterThan(500);
    const { instructions } = neighbour.counters();
    await until(() => neighbour.counters().instructions > instructions);
    expect(arrived.postCopy!.pagesLeft).toBeGreaterThan(0);
    await expect(arrived.migrateTo(connection().source, { mode: "quick" as never })).rejects.toThrow(code("option"));
    expect(() => arrived.snapshot()).toThrow(code("vm-state"));
    await sent;
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(["stopped", "handover", "follow"]));
    expect(await runs(arrived)).toBe(true);
  });

  test("may restart, end or be destroyed there before they have come", async () => {
    for (const end of ["reset", "destroy"] as const) {
      const vm = await storer(300);
      vm.start();
      await until(() => vm.memory.statistics().touchedBytes > 300 * 4096);
      const boot = { kernel: storing(4), bios: "none" } as const;
      const { vm: arrived, sent } = await move(vm, { mode: "post", compress: false, bandwidth: 2e5 }, boot);
      if (end === "reset") await arrived.reset();
      else arrived.destroy();
      await sent;
      expect(await vm.exited).toMatchObject({ reason: "migrated" });
      if (end === "reset") expect(await runs(arrived)).toBe(true);
    }
  });

  test("takes no more memory there than it may have", async () => {
    const vm = await storer(300);
    vm.start();
    await until(() => vm.memory.statistics().touchedBytes > 300 * 4096);
    const { source, destination } = connection();
    const [there, here] = await Promise.allSettled([
      other.receive(destination, { memoryLimit: "1M" }),
      vm.migrateTo(source, { mode: "post" }),
    ]);
    expect(there).toMatchObject({ reason: { code: "host-memory" } });
    expect(here).toMatchObject({ reason: { code: "migration-refused" } });
    expect(await runs(vm)).toBe(true);
  });
});

describe("whatever breaks while pages follow", () => {
  async function started(config: Partial<VmConfig> = {}): Promise<Vm> {
    const vm = await storer(60, config);
    vm.start();
    await until(() => vm.memory.statistics().touchedBytes > 60 * 4096);
    return vm;
  }

  async function ends(vm: Vm, line: { source: ByteStreams; destination: ByteStreams }) {
    const [there, here] = await Promise.allSettled([
      other.receive(line.destination, { patience: 2000 }),
      vm.migrateTo(line.source, { mode: "post", compress: false, patience: 2000 }),
    ]);
    const codeOf = (end: PromiseSettledResult<unknown>): string =>
      end.status === "fulfilled" ? "done" : String((end.reason as { code?: string }).code ?? end.reason);
    return { here: codeOf(here), there: codeOf(there) };
  }

  test("at any message, and at any byte, one VM runs; or none, and its owner is told, once", async () => {
    const random = new Random(11);
    const whole = connection();
    await ends(await started(), whole);
    for (const left of [...other.vms]) left.destroy();
    const counts = { down: whole.down.blocks, up: whole.up.blocks };
    expect(counts.down).toBeGreaterThan(20);
    const outcomes = new Set<string>();
    for (const direction of ["down", "up"] as const) {
      for (let blocks = 0; blocks <= counts[direction]; blocks++) {
        const vm = await started();
        const line = connection();
        line[direction].cutAt = { blocks, bytes: random.between(0, 60) };
        const { here, there } = await ends(vm, line);
        const where = `${direction} ${blocks}: here ${here}, there ${there}`;
        const [arrived] = other.vms;
        if (arrived !== undefined) await arrived.postCopy?.done.catch(() => undefined);
        const [own, theirs] = [await runs(vm), arrived !== undefined && (await runs(arrived))];
        if (here === "migration-unknown") {
          expect([own, vm.state], where).toEqual([false, "paused"]);
          expect(() => vm.resume(), where).toThrow(code("vm-state"));
          if (!theirs) {
            if (arrived !== undefined)
              expect(await arrived.exited, where).toMatchObject({
                reason: "failure",
                error: { code: "migration-lost" },
              });
            await vm.reclaim();
            expect(await runs(vm), where).toBe(true);
          }
          outcomes.add(theirs ? "unknown, there" : "unknown, nowhere");
        } else {
          expect([own, theirs].filter(Boolean), where).toHaveLength(1);
          outcomes.add(own ? "here" : "there");
        }
        for (const one of [host, other]) for (const left of [...one.vms]) left.destroy();
      }
    }
    expect([...outcomes].sort()).toEqual(expect.arrayContaining(["here", "unknown, nowhere"]));
  });

  test("a VM that has written to its disks there is not taken back", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-post-copy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const disk = path.join(folder, "disk.img");
    writeFileSync(disk, new Uint8Array(2 ** 16));
    const vm = await started({ drives: [{ source: disk, format: "raw" }] });
    const line = connection();
    let isFollowing = false;
    const onProgress = ({ phase }: MigrationProgress): void => void (isFollowing ||= phase === "follow");
    const sent = vm.migrateTo(line.source, { mode: "post", compress: false, bandwidth: 2e5, onProgress });
    sent.catch(() => undefined);
    const arrived = await other.receive(line.destination, { drives: [{ source: disk, format: "raw" }] });
    await until(() => isFollowing);
    line.down.cut();
    await expect(sent).rejects.toThrow(code("migration-unknown"));
    expect(await arrived.exited).toMatchObject({ reason: "failure", error: { code: "migration-lost" } });
    await expect(vm.reclaim()).rejects.toThrow(/written to its disks/);
    expect(vm.state).toBe("paused");
  });

  test("a source that is destroyed while pages follow has its VM end there, in a sentence", async () => {
    const vm = await started();
    const { vm: arrived, sent } = await move(vm, { mode: "post", compress: false, bandwidth: 1e5 });
    vm.destroy();
    await expect(sent).rejects.toThrow(code("migration-unknown"));
    expect(await arrived.exited).toMatchObject({ reason: "failure", error: { code: /^migration-/ } });
  });

  test.each([
    ["more pages than it has said", (bytes: Uint8Array) => bytes, 3],
    [
      "a page outside of RAM",
      (bytes: Uint8Array) => (new DataView(bytes.buffer).setUint32(4, 2 ** 30, true), bytes),
      1,
    ],
  ] as const)("a source that sends %s is left", async (_what, change, times) => {
    const { PostCopy } = await import("../../src/vmm/migrate/follow.ts");
    const vm = await host.createVm({ memory: "1M", kernel: storing(1), bios: "none" });
    const owner = { onMissed() {}, onArrived() {}, onComplete() {}, onFailure() {} };
    const copy = new PostCopy(vm.machine.space.ram, [100, 101], owner);
    const bytes = new Uint8Array(12 + 4096);
    new DataView(bytes.buffer).setUint32(0, 1, true);
    new DataView(bytes.buffer).setUint32(4, 100, true);
    new DataView(bytes.buffer).setUint32(8, 1, true);
    const send = async (): Promise<void> => {
      for (let count = 0; count < times; count++)
        await copy.take({ kind: BlockKind.PAGES, bytes: change(bytes.slice()) });
    };
    await expect(send()).rejects.toThrow(code("migration-damaged"));
  });
});
