/** Migrations: the VM goes on elsewhere as if nothing had been, and whatever is lost on the way, one of it is left. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Duplex } from "node:stream";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import type { FrameSink, NetworkBackend } from "../../src/backend/network/network.ts";
import {
  type ByteStreams,
  DEMO_GUEST,
  type EngineName,
  Host,
  type MigrateOptions,
  type MigrationProgress,
  type MigrationStatistics,
  type ReceiveOptions,
  type Vm,
  type VmConfig,
} from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { storing } from "../support/page-guests.ts";
import { connection } from "../support/line.ts";
import { runs } from "../support/runs.ts";
import { differences } from "../support/state.ts";
import { printed } from "../support/vm-text.ts";
import { code } from "../support/expected.ts";

const host = await Host.create();
const other = await Host.create();

afterEach(() => {
  for (const one of [host, other]) for (const vm of [...one.vms]) vm.destroy();
});
afterAll(() => {
  host.close();
  other.close();
});

const demo = (config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "16M", kernel: DEMO_GUEST, clock: "deterministic", ...config });

const storer = (pages: number, config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "8M", bios: "none", kernel: storing(pages), clock: "deterministic", ...config });

interface Move {
  readonly vm: Vm;
  readonly statistics: MigrationStatistics;
}

/** Moves a VM to the other host. */
async function move(vm: Vm, options: MigrateOptions = {}, received: ReceiveOptions = {}): Promise<Move> {
  const { source, destination } = connection();
  const [arrived, statistics] = await Promise.all([
    other.receive(destination, received),
    vm.migrateTo(source, options),
  ]);
  return { vm: arrived, statistics };
}

/** How both sides end. */
async function ends(vm: Vm, line: { source: ByteStreams; destination: ByteStreams }, received: ReceiveOptions = {}) {
  const [there, here] = await Promise.allSettled([
    other.receive(line.destination, received),
    vm.migrateTo(line.source),
  ]);
  const codeOf = (end: PromiseSettledResult<unknown>): string =>
    end.status === "fulfilled" ? "done" : String((end.reason as { code?: string }).code ?? end.reason);
  return { here: codeOf(here), there: codeOf(there), reason: here.status === "rejected" ? String(here.reason) : "" };
}

const MOVES: readonly (readonly [EngineName, EngineName])[] = [
  ["interpreter", "tiered"],
  ["tiered", "interpreter"],
  ["translator", "translator"],
];

describe("a VM that is moved", () => {
  test.each(MOVES)("while it stands is the same there, from the %s to the %s", async (engine, there) => {
    const vm = await demo({ engine, harts: 2 });
    vm.loop.advance(300_000);
    const before = vm.saveState();
    const { vm: arrived, statistics } = await move(vm, {}, { engine: there });
    expect(arrived.state).toBe("created");
    expect(differences(arrived.saveState(), before)).toEqual([]);
    expect(vm.state).toBe("exited");
    expect(await vm.exited).toEqual({ code: 0, reason: "migrated" });
    expect(statistics).toMatchObject({ rounds: 2, cap: 1 });
    expect(() => vm.resume()).toThrow(code("vm-state"));
    await expect(vm.reset()).rejects.toThrow(code("vm-state"));
  });

  test.each(MOVES)("while it runs prints what it would have printed, from the %s to the %s", async (engine, there) => {
    const vm = await storer(300, { engine });
    const text = printed(vm);
    vm.start();
    while (text().length < 20) await new Promise((resolve) => setTimeout(resolve, 1));
    const { vm: arrived, statistics } = await move(vm, {}, { engine: there, start: false });
    const rest = printed(arrived);
    arrived.start();
    while (rest().length < 200) await new Promise((resolve) => setTimeout(resolve, 1));
    arrived.pause();
    const whole = text() + rest();
    const alone = await storer(300, { engine: "tiered" });
    const expected = printed(alone);
    alone.start();
    while (expected().length < whole.length) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(whole).toBe(expected().slice(0, whole.length));
    expect(new Set(whole).size).toBeGreaterThan(10);
    expect(statistics.pages).toBeGreaterThan(300);
  });

  test("again and again is still the one that it was", async () => {
    let vm = await storer(100);
    vm.start();
    for (const [from, to] of [
      [host, other],
      [other, host],
      [host, other],
    ] as const) {
      const { source, destination } = connection();
      const [arrived] = await Promise.all([to.receive(destination), vm.migrateTo(source)]);
      expect(vm.state).toBe("exited");
      expect(await runs(arrived)).toBe(true);
      vm.destroy();
      expect(from.vms.size).toBe(0);
      vm = arrived;
    }
  });

  test("over TCP, encrypted, arrives; a listener without its key, or with another one, gets nothing", async () => {
    const streams = (socket: Socket): ByteStreams => Duplex.toWeb(socket);
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const pair = async (): Promise<{ source: ByteStreams; destination: ByteStreams }> => {
      const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
      const own = connect(port, "127.0.0.1");
      return { source: streams(own), destination: streams(await accepted) };
    };
    const key = crypto.getRandomValues(new Uint8Array(32));
    const vm = await storer(50);
    vm.start();
    for (const received of [{}, { key: crypto.getRandomValues(new Uint8Array(32)) }]) {
      const { source, destination } = await pair();
      const [there, here] = await Promise.allSettled([
        other.receive(destination, received),
        vm.migrateTo(source, { key }),
      ]);
      expect(there).toMatchObject({ status: "rejected", reason: { code: "migration-key" } });
      expect(here).toMatchObject({
        status: "rejected",
        reason: { code: expect.stringMatching(/^migration-/) as string },
      });
      expect(await runs(vm)).toBe(true);
    }
    const { source, destination } = await pair();
    const [arrived] = await Promise.all([other.receive(destination, { key }), vm.migrateTo(source, { key })]);
    expect(await runs(arrived)).toBe(true);
  });

  test("tells how far it is, and keeps to a bandwidth", async () => {
    const vm = await storer(50);
    vm.start();
    const seen: MigrationProgress[] = [];
    const { statistics } = await move(vm, { onProgress: (progress) => seen.push(progress), bandwidth: 1e6 });
    const phases = new Set(seen.map(({ phase }) => phase));
    expect([...phases]).toEqual(["pages", "stopped", "handover"]);
    expect(seen.every(({ bytes }, index) => index === 0 || bytes >= seen[index - 1]!.bytes)).toBe(true);
    // Whatever the host's speed is, so many bytes take at least so long.
    expect(statistics.milliseconds).toBeGreaterThan(((statistics.bytes - 65_536) / 1e6) * 1000 - 5);
  });

  test("is slowed down when it stores faster than can be sent, and has all of its thread again where it stays", async () => {
    const vm = await storer(300, { cpu: { reservation: 0.5 } });
    vm.start();
    const caps = new Set<number>();
    const line = connection();
    const giveUp = new AbortController();
    const options: MigrateOptions = {
      ...{ downtime: 0, bandwidth: 4e6, compress: false, rounds: 5 },
      onProgress: ({ cap, phase }) => {
        caps.add(cap);
        if (phase === "handover") giveUp.abort(new Error("enough"));
      },
      signal: giveUp.signal,
    };
    const [there, here] = await Promise.allSettled([
      other.receive(line.destination),
      vm.migrateTo(line.source, options),
    ]);
    expect(here).toMatchObject({ reason: { message: "enough" } });
    expect(there).toMatchObject({ reason: { code: "migration-refused" } });
    expect(Math.min(...caps)).toBeLessThanOrEqual(0.25);
    expect(vm.cpu).toMatchObject({ cap: 1, reservation: 0.5 });
    expect(vm.memory.statistics().window).toBe(true);
    expect(await runs(vm)).toBe(true);
    const { statistics } = await move(vm, {
      ...options,
      signal: undefined,
      onProgress: undefined,
      throttle: false,
    } as never);
    expect(statistics).toMatchObject({ rounds: 6, cap: 1 });
  });

  test("that restarts in the middle arrives as it is then", async () => {
    const vm = await storer(200);
    vm.start();
    let resets = 0;
    const { vm: arrived } = await move(vm, {
      bandwidth: 3e6,
      onProgress: ({ phase, pages }) => {
        if (phase === "pages" && pages > 60 && resets++ === 0) void vm.reset();
      },
    });
    expect(resets).toBeGreaterThan(0);
    expect(await runs(arrived)).toBe(true);
  });

  test("that ends in the middle, or is destroyed, is nowhere", async () => {
    for (const end of ["destroy", "pause"] as const) {
      const vm = await storer(200);
      vm.start();
      const line = connection();
      line.down.change = (chunk) => {
        if (line.down.blocks > 5 && vm.state !== "destroyed") vm[end]();
        return chunk;
      };
      const result = await ends(vm, line);
      expect(result).toMatchObject(end === "destroy" ? { here: "vm-state" } : { here: "done", there: "done" });
      for (const { state } of other.vms) expect(state).toBe(end === "destroy" ? "none" : "created");
      for (const one of [host, other]) for (const left of [...one.vms]) left.destroy();
    }
  });
});

describe("the disks of a VM that is moved", () => {
  const disk = new Uint8Array(2 ** 18).map((_, at) => at >> 9);
  const changed = new Uint8Array(512).fill(1);
  const read = async (vm: Vm, at: number): Promise<number> => {
    const bytes = new Uint8Array(512);
    await vm.drives[0]!.backend!.read(at, bytes);
    return bytes[0]!;
  };
  const folder = (): string => {
    const name = mkdtempSync(path.join(tmpdir(), "wasmvisor-migration-"));
    onTestFinished(() => rmSync(name, { recursive: true }));
    return name;
  };

  test("go along as far as they are in memory", async () => {
    const blob = new Blob([disk]);
    for (const [source, given] of [
      [blob, { source: blob }],
      [disk, undefined],
    ] as const) {
      const vm = await demo({ drives: [{ source, format: "raw" }] });
      await vm.drives[0]!.backend!.write(512 * 9, changed);
      const { vm: arrived } = await move(vm, {}, { drives: [given] });
      expect([await read(arrived, 512 * 9), await read(arrived, 512 * 99)]).toEqual([1, 99]);
    }
  });

  test("that are files are closed here before they are opened there", async () => {
    const source = path.join(folder(), "disk.img");
    writeFileSync(source, disk);
    const vm = await demo({ drives: [{ source, format: "raw" }] });
    vm.start();
    await vm.drives[0]!.backend!.write(512 * 9, changed);
    const { vm: arrived } = await move(vm, {}, { drives: [{ source, format: "raw" }] });
    await arrived.drives[0]!.backend!.write(512 * 10, changed);
    expect([await read(arrived, 512 * 9), await read(arrived, 512 * 99)]).toEqual([1, 99]);
    await arrived.close();
    expect(readFileSync(source)[512 * 10]).toBe(1);
    await vm.close();
  });

  test("that are files are open here again when it does not arrive", async () => {
    const source = path.join(folder(), "disk.img");
    writeFileSync(source, disk);
    const vm = await storer(9, { drives: [{ source, format: "raw" }] });
    vm.start();
    const another = path.join(folder(), "another.img");
    writeFileSync(
      another,
      disk.map((byte) => byte ^ 1),
    );
    const drives = [{ source: another, format: "raw" as const }];
    const wrong = await ends(vm, connection(), { drives });
    expect(wrong).toMatchObject({ here: "migration-refused", there: "migration-drive" });
    expect(wrong.reason).toContain("give the same disk at the destination");
    await vm.drives[0]!.backend!.write(512 * 9, changed);
    expect(await read(vm, 512 * 9)).toBe(1);
    expect(await runs(vm)).toBe(true);
    expect(other.vms.size).toBe(0);
  });

  test("that are missing, or others, are refused before the first page", async () => {
    const vm = await storer(9, {
      drives: [{ source: new MemoryBlock(disk), format: "raw", readonly: true }],
    });
    vm.start();
    for (const drives of [
      [],
      [{ source: new MemoryBlock(disk.map((byte) => byte ^ 1)) }],
      [{ source: new MemoryBlock(512) }],
      [{ source: path.join(folder(), "none.img") }],
      [{ source: disk }, { source: disk }],
    ]) {
      const line = connection();
      const result = await ends(vm, line, { drives });
      expect(result).toMatchObject({ here: "migration-refused", there: /drive|machine/ });
      // The prologue, the description and the offer.
      expect(line.down.blocks).toBe(3);
    }
    expect(await runs(vm)).toBe(true);
  });
});

describe("a machine that the destination cannot be", () => {
  test.each<[ReceiveOptions, string]>([
    [{ networks: [{}] }, "migration-machine"],
    [{ shares: [{ tag: "more", source: new Map() as never }] }, "migration-machine"],
    [{ memoryLimit: "1K" }, "memory-size"],
    [{ engine: "steam" as never }, "engine"],
  ])("is refused before the first page, in a sentence that the source gets too: %j", async (received, why) => {
    const vm = await storer(9);
    vm.start();
    const line = connection();
    const result = await ends(vm, line, received);
    expect(result).toMatchObject({ here: "migration-refused", there: why });
    expect(result.reason).toMatch(/The other side of the migration refuses it: .*[.]$/);
    // The prologue, the description and the offer.
    expect(line.down.blocks).toBe(3);
    expect(other.vms.size).toBe(0);
    expect(await runs(vm)).toBe(true);
  });

  test("is one that its host has no memory for", async () => {
    const small = await Host.create({ maxMemory: 6 * 2 ** 20 });
    onTestFinished(() => small.close());
    const vm = await storer(9);
    const line = connection();
    const [there, here] = await Promise.allSettled([small.receive(line.destination), vm.migrateTo(line.source)]);
    expect([there, here]).toMatchObject([
      { reason: { code: "host-memory" } },
      { reason: { code: "migration-refused", data: { code: "host-memory" } } },
    ]);
    expect(line.down.blocks).toBe(3);
  });
});

describe("the networks of a VM that is moved", () => {
  class Seen implements NetworkBackend {
    readonly info = { description: "seen" };
    readonly offers = { checksum: false, tcp4: false, tcp6: false, udp: false };
    readonly frames: Uint8Array[] = [];
    connect(): void {}
    onRoom(): void {}
    send(...[bytes, at, length]: Parameters<FrameSink["send"]>): boolean {
      this.frames.push(bytes.slice(at, at + length));
      return true;
    }
    close(): Promise<void> {
      return Promise.resolve();
    }
  }

  test("learn where it is", async () => {
    const vm = await demo({ networks: [{ mac: "52:54:00:00:00:09" }] });
    const backend = new Seen();
    const { vm: arrived } = await move(vm, {}, { networks: [{ backend }] });
    // A driver that has begun.
    (arrived.networks[0]!.model as unknown as { begin(...of: unknown[]): void }).begin(undefined, 0n, [undefined]);
    arrived.start();
    while (backend.frames.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const hex = Buffer.from(backend.frames[0]!).toString("hex");
    expect(hex.startsWith("ffffffffffff52540000000980350001080006040003525400000009")).toBe(true);
  });
});

describe("whatever is lost on the way", () => {
  /** Cuts the line, and looks who runs. */
  async function cut(vm: Vm, direction: "down" | "up", blocks: number, bytes: number): Promise<boolean> {
    const line = connection();
    line[direction].cutAt = { blocks, bytes };
    const { here, there } = await ends(vm, line);
    const where = `${direction} ${blocks}+${bytes}: here ${here}, there ${there}`;
    const [arrived] = other.vms;
    const [own, theirs] = [await runs(vm), arrived !== undefined && (await runs(arrived))];
    if (here === "migration-unknown") {
      // The undecidable window: nobody here runs, and the owner is told.
      expect([own, vm.state], where).toEqual([false, "paused"]);
      expect(() => vm.resume(), where).toThrow(code("vm-state"));
      if (!theirs) {
        await vm.reclaim();
        expect(await runs(vm), where).toBe(true);
      }
    } else expect([own, theirs].filter(Boolean), where).toHaveLength(1);
    expect(arrived !== undefined, where).toBe(there === "done");
    return theirs;
  }

  test("at any message, and at any byte, one VM runs; or none, and its owner is told", async () => {
    const random = new Random(7);
    const whole = connection();
    let vm = await storer(40);
    vm.start();
    await ends(vm, whole);
    const counts = { down: whole.down.blocks, up: whole.up.blocks };
    expect(counts.down).toBeGreaterThan(20);
    const outcomes = new Set<string>();
    for (const direction of ["down", "up"] as const) {
      for (let blocks = 0; blocks <= counts[direction]; blocks++) {
        for (const bytes of [0, random.between(1, 60)]) {
          if (vm.state !== "running") {
            for (const one of [host, other]) for (const left of [...one.vms]) left.destroy();
            vm = await storer(40);
            vm.start();
          }
          outcomes.add(`${direction} ${await cut(vm, direction, blocks, bytes)}`);
          for (const left of [...other.vms]) left.destroy();
        }
      }
    }
    expect([...outcomes].sort()).toEqual(["down false", "down true", "up false", "up true"]);
  });

  test("in silence, the other side counts as gone after its patience", async () => {
    const vm = await storer(40);
    vm.start();
    const line = connection();
    const silent = new TransformStream<Uint8Array, Uint8Array>();
    const here = vm.migrateTo({ readable: silent.readable, writable: line.source.writable }, { patience: 200 });
    const there = other.receive(line.destination, { patience: 200 });
    await expect(here).rejects.toThrow(code("migration-lost"));
    await expect(there).rejects.toThrow(/migration/);
    expect(await runs(vm)).toBe(true);
    expect(other.vms.size).toBe(0);
  });

  test("a side that gives up says so, and a host that is closed too", async () => {
    const vm = await storer(40);
    vm.start();
    const third = await Host.create();
    for (const giveUp of ["receive", "close"] as const) {
      const line = connection();
      const controller = new AbortController();
      const there = third.receive(line.destination, { signal: controller.signal });
      const here = vm.migrateTo(line.source, {
        bandwidth: 65_536,
        onProgress: ({ pages }) => {
          if (pages === 0) return;
          if (giveUp === "close") third.close();
          else controller.abort(new Error("no more"));
        },
      });
      await expect(there).rejects.toThrow(giveUp === "close" ? code("host-closed") : "no more");
      await expect(here).rejects.toThrow(code("migration-refused"));
      expect(third.vms.size).toBe(0);
      expect(await runs(vm)).toBe(true);
    }
  });

  test("a VM is moved once at a time, over streams that are free", async () => {
    const vm = await storer(40);
    const line = connection();
    const first = vm.migrateTo(line.source);
    await expect(vm.migrateTo(connection().source)).rejects.toThrow(code("vm-state"));
    await expect(vm.migrateTo({} as never)).rejects.toThrow(code("option"));
    await expect(other.receive(line.source)).rejects.toThrow(code("option"));
    await expect(vm.migrateTo(connection().source, { downtime: -1 })).rejects.toThrow(code("option"));
    await expect(vm.reclaim()).rejects.toThrow(code("vm-state"));
    const [arrived] = await Promise.all([other.receive(line.destination), first]);
    expect(arrived.state).toBe("created");
  });
});
