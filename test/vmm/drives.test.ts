import { afterEach, describe, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { Host } from "../../src/index.ts";
import type { DriveOptions, Vm } from "../../src/index.ts";
import { VmArrivals } from "../../src/vmm/arrivals.ts";
import { flatGuest } from "../support/guest.ts";

const kernel = flatGuest("stay: j stay");
const BYTES = new Uint8Array(4096);
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmWith(...drives: readonly DriveOptions[]): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "1M", bios: "none", engine: "interpreter", kernel, drives });
}

/** Remembers whether it has been closed, and how that is to end. */
class ClosingBlock extends MemoryBlock {
  closed = 0;
  failure: Error | undefined;

  override close(): Promise<void> {
    this.closed++;
    return this.failure === undefined ? super.close() : Promise.reject(this.failure);
  }
}

describe("the drives of a VM", () => {
  test("take the highest free slots, beside those that are asked for", async () => {
    const vm = await vmWith({ source: BYTES }, { source: BYTES, slot: 6 }, { source: BYTES });
    expect(vm.drives.map(({ slot }) => slot)).toEqual([7, 6, 5]);
  });

  test.each<[Partial<DriveOptions>, string]>([
    [{ serial: "x".repeat(21) }, "drive"],
    [{ queues: 17 }, "drive"],
    [{ blockSize: 513 }, "drive"],
    [{ slot: 8 }, "virtio-slot"],
    [{ limits: { bytes: 0 } }, "drive"],
    [{ limits: { speed: 1 } as never }, "option"],
    [{ colour: 1 } as never, "option"],
    [{ source: 5 as never }, "drive"],
  ])("that cannot be are refused: %j", async (options, code) => {
    await expect(vmWith({ source: BYTES, ...options })).rejects.toMatchObject({ code });
  });

  test("are closed once with it, and close waits for that", async () => {
    const source = new ClosingBlock(4096);
    const vm = await vmWith({ source });
    vm.destroy();
    await vm.close();
    expect(source.closed).toBe(1);
  });

  test("that cannot be closed are told of by close, and end no process without it", async () => {
    const source = new ClosingBlock(4096);
    source.failure = new Error("full");
    const vm = await vmWith({ source });
    vm.destroy();
    // What nobody takes is an unhandled rejection, and fails the test.
    await new Promise((resolve) => setTimeout(resolve, 0));
    await expect(vm.close()).rejects.toThrow("full");
  });

  test("are closed when `await using host` is over, also those of VMs that have been destroyed before", async () => {
    class SlowlyClosing extends ClosingBlock {
      override async close(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return super.close();
      }
    }
    const [one, other] = [new SlowlyClosing(4096), new SlowlyClosing(4096)];
    {
      await using host = await Host.create();
      const config = { memory: "1M", bios: "none", engine: "interpreter", kernel } as const;
      await host.createVm({ ...config, drives: [{ source: one }] });
      const vm = await host.createVm({ ...config, drives: [{ source: other }] });
      vm.destroy();
    }
    expect([one.closed, other.closed]).toEqual([1, 1]);
    const full = new ClosingBlock(4096);
    full.failure = new Error("full");
    const host = await Host.create();
    await host.createVm({ memory: "1M", bios: "none", engine: "interpreter", kernel, drives: [{ source: full }] });
    await expect(host[Symbol.asyncDispose]()).rejects.toThrow("full");
  });

  test("are closed when another one cannot be opened", async () => {
    const source = new ClosingBlock(4096);
    await expect(vmWith({ source }, { source: 5 as never })).rejects.toMatchObject({ code: "drive" });
    expect(source.closed).toBe(1);
  });

  test("that are a Blob are read as they are needed, and take changes without it", async () => {
    const reads: [number, number][] = [];
    class Watched extends Blob {
      override slice(from: number, to: number): Blob {
        reads.push([from, to]);
        return super.slice(from, to);
      }
      override arrayBuffer(): never {
        throw new Error("read as a whole");
      }
    }
    const content = new Uint8Array(2 ** 21).fill(7);
    const vm = await vmWith(
      { source: new Watched([content]) },
      { source: new Watched([content]), readonly: true },
      { source: new Watched([content]), snapshot: false },
    );
    expect(vm.drives.map(({ size, readonly }) => [size, readonly])).toEqual([
      [2 ** 21, false],
      [2 ** 21, true],
      [2 ** 21, true],
    ]);
    // Their first bytes say in which format they are.
    expect(reads).toEqual(Array.from({ length: 3 }, () => [0, 8]));
    const backend = vm.drives[0]!.backend!;
    await backend.write(0, new Uint8Array(512).fill(9));
    const into = new Uint8Array(1024);
    await backend.read(0, into);
    expect([into[0], into[511], into[512], content[0]]).toEqual([9, 9, 7, 7]);
  });

  test("can be taken out and put in", async () => {
    const vm = await vmWith({ source: BYTES });
    const [drive] = vm.drives;
    await drive!.eject();
    expect([drive!.size, drive!.description]).toEqual([0, "nothing"]);
    await drive!.insert(new Uint8Array(8192));
    expect(drive!.size).toBe(8192);
  });
});

describe("what a VM has asked for", () => {
  test("enters in the order in which it came, and when it is let in", async () => {
    const log: unknown[] = [];
    const arrivals = new VmArrivals(() => log.push("change"));
    arrivals.expect(Promise.resolve(), (error) => log.push(error));
    arrivals.expect(Promise.reject(new Error("no")), (error) => log.push((error as Error).message));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect([arrivals.pending, arrivals.hasArrived, log]).toEqual([2, true, Array.from({ length: 4 }, () => "change")]);
    arrivals.enter();
    expect(log.slice(4)).toEqual([undefined, "no"]);
    expect([arrivals.pending, arrivals.hasArrived]).toEqual([0, false]);
  });

  test("finds a closed door afterwards, and is no unhandled rejection", async () => {
    const arrivals = new VmArrivals(() => undefined);
    const never = (): void => expect.unreachable();
    arrivals.expect(Promise.reject(new Error("late")), never);
    arrivals.close();
    arrivals.expect(Promise.reject(new Error("later")), never);
    await new Promise((resolve) => setTimeout(resolve, 0));
    arrivals.enter();
  });
});
