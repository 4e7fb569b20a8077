import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { Host, WasmvisorError } from "../../src/index.ts";
import { createDisk } from "../../src/disk/create.ts";
import { FileBlock } from "../../src/host/block-file.ts";
import type {
  DriveOptions,
  LoadProgress,
  VmConfig,
  VmState,
  WorkerDrive,
  WorkerHost,
  WorkerVm,
} from "../../src/index.ts";
import { newWorker, WORKER } from "../support/built-worker.ts";
import { elfGuest, flatGuest, powerOff, PRINT, printText } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: WorkerHost[] = [];

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

async function newHost(): Promise<WorkerHost> {
  const host = await Host.create({ worker: newWorker() });
  hosts.push(host);
  return host;
}

/** A VM whose kernel is assembled from `source`. */
async function vmOf(source: string): Promise<WorkerVm> {
  return (await newHost()).createVm({ memory: "2M", bios: "none", kernel: flatGuest(source) });
}

const SPIN = "again: addi s0, s0, 1\n j again";

/** Prints every byte that is typed, for ever. */
const ECHO = `
  li t0, 0x10000000
  poll: lbu t1, 5(t0)
  andi t1, t1, 1
  beqz t1, poll
  lbu a0, 0(t0)
  ${PRINT}
  j poll`;

test("a network of a VM in a worker is the same by promise", async () => {
  const host = await newHost();
  const kernel = flatGuest(SPIN);
  const vm = await host.createVm({ memory: "2M", bios: "none", kernel, networks: [{ mtu: 1400 }] });
  const [network] = vm.networks;
  expect([network!.slot, network!.mac, network!.mtu]).toEqual([7, "52:54:00:12:34:56", 1400]);
  expect([await network!.description, await network!.link]).toEqual(["none", "up"]);
  await network!.setLink("down");
  await network!.announce();
  expect(await network!.link).toBe("down");
  expect((await network!.statistics()).framesSent).toBe(0);
  const reader = (await network!.tap()).getReader();
  const { value } = await reader.read();
  expect(new DataView(value!.buffer, value!.byteOffset).getUint32(0, true)).toBe(0x0a0d_0d0a);
  const own = { backend: { connect: () => undefined } as never };
  await expect(host.createVm({ memory: "2M", bios: "none", kernel, networks: [own] })).rejects.toEqual(
    code("worker-message"),
  );
});

describe("disks of a VM in a worker", () => {
  const withDrives = async (host: WorkerHost, ...drives: readonly DriveOptions[]) =>
    host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN), drives });

  test("are seen, counted, mapped, taken out and put in from outside", async () => {
    const content = new Uint8Array(2 ** 20);
    content.fill(1, 0, 65_536);
    const vm = await withDrives(await newHost(), { source: content }, { source: new Blob([content]), slot: 2 });
    expect(vm.drives.map(({ slot }) => slot)).toEqual([7, 2]);
    const [first, second] = vm.drives as [WorkerDrive, WorkerDrive];
    expect([await first.size, await first.readonly, await first.description]).toEqual([
      2 ** 20,
      false,
      "raw image in disk in memory",
    ]);
    expect((await first.statistics()).reads).toBe(0);
    expect((await first.map()).bytes).toMatchObject({ data: 2 ** 20 });
    expect((await second.map(16)).bytes).toMatchObject({ below: 2 ** 20, data: 0 });
    await expect(second.map(0)).rejects.toThrow(code("option"));
    await first.flush();
    await first.eject();
    expect([await first.size, (await first.map()).size]).toEqual([0, 0]);
    await first.insert(new Blob([new Uint8Array(8192)]));
    expect(await first.size).toBe(8192);
  });

  test.each<[string, string, number, (source: string) => VmConfig]>([
    ["disks", "disk.qcow2", 2 ** 20, (source) => ({ drives: [{ source }] })],
    ["flash banks", "flash.qcow2", 2 ** 25, (source) => ({ flash: [undefined, { source }] })],
  ])("%s are closed when the host has been", async (_, name, size, config) => {
    const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-worker-"));
    const source = path.join(folder, name);
    try {
      await createDisk(source, { size });
      const host = await newHost();
      const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN), ...config(source) });
      expect(() => FileBlock.open(source)).toThrow(code("image-locked"));
      const closed = host.close();
      expect(vm.state).toBe("destroyed");
      await expect(vm.counters()).rejects.toThrow(code("host-closed"));
      await closed;
      await FileBlock.open(source).close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a VM in a worker", () => {
  test("runs, tells its events in order, and all its output comes before its end", async () => {
    const vm = await vmOf(printText("Hello") + powerOff(3));
    const seen: unknown[] = [];
    vm.on("state", ({ to }) => seen.push(to));
    vm.on("output", (bytes) => seen.push(Buffer.from(bytes).toString()));
    vm.on("exit", (exit) => seen.push(exit));
    await vm.start();
    const end = { code: 3, reason: "poweroff" };
    expect(await vm.exited).toEqual(end);
    expect(seen.filter((one) => typeof one !== "string")).toEqual([end]);
    expect(seen.slice(-1)).toEqual([end]);
    expect(seen.filter((one) => one === "running" || one === "exited")).toEqual(["running", "exited"]);
    expect(vm.console.pending).toBe("Hello");
  });

  test("takes what is typed, in order, and says when the guest has it", async () => {
    const vm = await vmOf(ECHO);
    await vm.start();
    const writer = vm.console.input.getWriter();
    await Promise.all([vm.console.write("a fox "), writer.write("jumps "), vm.console.write("x".repeat(100) + ".")]);
    const { text } = await vm.console.waitFor(/a fox jumps x{100}\./, 30_000);
    expect(text).toHaveLength(113);
  });

  test("gives its output as a stream that can be moved on, and that ends", async () => {
    const vm = await vmOf(printText("stream") + powerOff());
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(vm.console.output, [vm.console.output]);
    const moved = await new Promise<ReadableStream<Uint8Array>>((resolve) =>
      port2.on("message", (stream: ReadableStream<Uint8Array>) => resolve(stream)),
    );
    await vm.start();
    await vm.exited;
    await vm.destroy();
    let text = "";
    for await (const chunk of moved) text += Buffer.from(chunk).toString();
    expect(text).toBe("stream");
    port1.close();
  });

  test("pauses, steps, resumes, resets and is destroyed", async () => {
    const vm = await vmOf(SPIN);
    const states: VmState[] = [];
    vm.on("state", ({ to }) => states.push(to));
    await vm.start();
    await vm.pause();
    const before = await vm.counters();
    await vm.setEngine("tiered");
    expect(await vm.engine).toBe("tiered");
    await vm.step(0, 7);
    expect((await vm.counters()).instructions).toBe(before.instructions + 7);
    await vm.resume();
    await vm.reset();
    await vm.destroy();
    await vm.destroy();
    expect(states).toEqual(["running", "paused", "running", "destroyed"]);
    expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
    expect(hosts[0]?.vms.size).toBe(0);
    expect(await hosts[0]?.allocatedBytes).toBe(0);
  });

  test("runs again after a reset, with a new end", async () => {
    const vm = await vmOf(printText("x") + powerOff());
    await vm.start();
    const first = vm.exited;
    await first;
    let resets = 0;
    vm.on("reset", () => resets++);
    await vm.reset();
    expect(vm.exited).not.toBe(first);
    await vm.exited;
    expect({ resets, text: vm.console.pending }).toEqual({ resets: 1, text: "xx" });
  });

  test("shows registers, CSRs, memory and addresses", async () => {
    const vm = await vmOf(SPIN);
    const hart = vm.hart(0);
    await vm.memory.write(0x8010_0000, Uint8Array.of(1, 2, 3));
    expect(await vm.memory.read(0x8010_0000, 4)).toEqual(Uint8Array.of(1, 2, 3, 0));
    expect({ ...vm.memory }).toMatchObject({ start: 0x8000_0000, size: 2 ** 21 });
    await hart.setX(8, 2n ** 63n);
    await vm.step(0, 3);
    expect(await hart.x(8)).toBe(2n ** 63n + 2n);
    await hart.setPc(0x8000_0000);
    expect(await hart.pc).toBe(0x8000_0000n);
    expect(await vm.memory.read(0x8000_0000n, 2)).toEqual(await hart.read(0x8000_0000, 2));
    await hart.setPc(0x8000_0004n);
    expect([await hart.pc, await hart.mode, await hart.waiting]).toEqual([0x8000_0004n, "M", false]);
    await hart.setCsr("mscratch", 5n);
    expect(await hart.csr("mscratch")).toBe(5n);
    expect(await hart.translate(0x8000_0000n)).toBe(0x8000_0000);
    expect((await hart.read(0x8000_0000n, 2)).length).toBe(2);
    expect((await hart.counters()).instructions).toBe(3);
  });

  test("says what is translated, and into what", async () => {
    const vm = await vmOf(SPIN);
    await vm.step(0, 1_000_000);
    const [region] = await vm.regions();
    const { guest, wasm } = await vm.explainRegion(region!.pc, { mode: region!.mode });
    expect(guest).toMatch(/^80000000 {2}00140413 {2}addi s0,s0,1\n/);
    expect(WebAssembly.validate(wasm)).toBe(true);
    await expect(vm.explainRegion(0x10n)).rejects.toThrow(code("region"));
  });

  test("has a signature", async () => {
    const source = `${powerOff()}\n.align 3\nbegin_signature: .dword 0x1122334455667788\nend_signature:`;
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel: elfGuest(source) });
    expect(await vm.signature()).toBe("55667788\n11223344\n");
  });
});

describe("errors from a worker", () => {
  test("are WasmvisorErrors with code, data and sentence", async () => {
    const vm = await vmOf(SPIN);
    const error = await vm.resume().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WasmvisorError);
    expect(error).toMatchObject({ code: "vm-state", data: { state: "created" } });
    expect((error as Error).message).toBe("You cannot resume a VM that is created.");
    await expect(vm.hart(0).csr("nonsense")).rejects.toThrow(code("csr"));
    await expect(vm.hart(0).read(0n, 1)).rejects.toThrow(code("address"));
    expect(() => vm.hart(1)).toThrow(code("hart"));
    await vm.destroy();
    await expect(vm.counters()).rejects.toThrow(code("vm-state"));
  });

  test("say what is wrong with a configuration or an image", async () => {
    const host = await newHost();
    await expect(host.createVm({ memory: "7", kernel: flatGuest(SPIN) })).rejects.toThrow(code("memory-size"));
    await expect(host.createVm({ kernel: "/nowhere/Image" })).rejects.toThrow(code("source-unreadable"));
    await expect(host.createVm({ kernel: flatGuest(SPIN), ...{ memory: () => 1 } } as never)).rejects.toThrow(
      code("worker-message"),
    );
  });

  test("say that the worker cannot be started", async () => {
    const missing = new URL("missing.js", WORKER);
    await expect(Host.create({ worker: missing })).rejects.toThrow(code("worker"));
  });

  test("say that the worker has died: VMs end, calls fail", async () => {
    const worker = newWorker();
    const host = await Host.create({ worker });
    const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN) });
    await vm.start();
    const waiting = vm.console.waitFor("never");
    await worker.terminate();
    await expect(waiting).rejects.toThrow(code("console-closed"));
    expect(await vm.exited).toMatchObject({ reason: "failure", error: { code: "worker" } });
    expect(vm.state).toBe("exited");
    await expect(vm.counters()).rejects.toThrow(code("worker"));
  });

  test("say that the host has been closed", async () => {
    const host = await newHost();
    const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN) });
    await vm.start();
    const counting = vm.counters();
    await host.close();
    await expect(counting).rejects.toThrow(code("host-closed"));
    expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
    await expect(host.createVm({ kernel: flatGuest(SPIN) })).rejects.toThrow(code("host-closed"));
  });
});

describe("images for a worker", () => {
  const guest = flatGuest(printText("ok") + powerOff());

  async function boots(kernel: NonNullable<Parameters<WorkerHost["createVm"]>[0]["kernel"]>): Promise<void> {
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel });
    await vm.start();
    await vm.exited;
    expect(vm.console.pending).toBe("ok");
  }

  test("may be bytes, blobs and streams; the caller's bytes stay", async () => {
    await boots(guest);
    expect(guest.length).toBeGreaterThan(0);
    await boots(guest.slice().buffer);
    await boots(new Blob([guest.slice()]));
    await boots(new Blob([guest.slice()]).stream() as ReadableStream<Uint8Array>);
  });

  test("may be addresses and requests; progress is told, a signal is obeyed", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/silent") return;
      response.statusCode = request.headers["x-key"] === "7" || request.url === "/open" ? 200 : 403;
      response.setHeader("content-length", guest.length).end(guest);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await boots(new URL(`${base}/open`));
      await boots(new Request(`${base}/key`, { headers: { "x-key": "7" } }));
      const host = await newHost();
      const config = { memory: "2M", bios: "none" } as const;
      const seen: LoadProgress[] = [];
      await host.createVm({ ...config, kernel: new URL(`${base}/open`), onProgress: (one) => seen.push(one) });
      expect(seen.at(-1)).toMatchObject({ image: "kernel", loaded: guest.length, total: guest.length });
      const kernel = new URL(`${base}/silent`);
      await expect(host.createVm({ ...config, kernel, signal: AbortSignal.timeout(30) })).rejects.toThrow(
        expect.objectContaining({ name: "TimeoutError" }),
      );
      expect(await host.allocatedBytes).toBeGreaterThan(0);
      expect(host.vms.size).toBe(1);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

test("several hosts run side by side, on this thread and in workers", async () => {
  const kernel = flatGuest(printText("here") + powerOff());
  const config = { memory: "2M", bios: "none", kernel } as const;
  const texts = await Promise.all(
    [{}, {}, { worker: newWorker() }, { worker: newWorker() }].map(async (options) => {
      const host = await Host.create(options);
      const vm = await host.createVm(config);
      await vm.start();
      await vm.exited;
      await host.close();
      return vm.console.pending;
    }),
  );
  expect(texts).toEqual(["here", "here", "here", "here"]);
});

test("a snapshot of a VM in a worker is restored in another one and here, and the other way round", async () => {
  const [first, second] = [await newHost(), await newHost()];
  const vm = await first.createVm({ memory: "2M", bios: "none", kernel: flatGuest(ECHO) });
  await vm.start();
  await vm.console.write("abc");
  await vm.console.waitFor("abc");
  const restored = await second.restore(await vm.snapshot());
  await restored.start();
  await restored.console.write("def");
  await restored.console.waitFor("def");
  using here = await Host.create();
  const own = await here.restore(await restored.snapshot());
  own.start();
  await own.console.write("ghi");
  await own.console.waitFor("ghi");
  const again = await first.restore(own.snapshot());
  await again.start();
  await again.console.write("jkl");
  await again.console.waitFor("jkl");
  const [clone] = await again.clone();
  await clone!.start();
  await clone!.console.write("mno");
  await clone!.console.waitFor("mno");
  await clone!.destroy();
  expect(first.vms.size).toBe(2);
  await expect(first.restore(new Uint8Array(9))).rejects.toThrow(code("snapshot-format"));
});

test("a VM in a worker goes back to its checkpoint after a failure", async () => {
  const host = await newHost();
  const kernel = flatGuest(
    "la t0, handler\ncsrw mtvec, t0\nli s0, 0x80140000\nagain: ld t0, 0(s0)\nbeqz t0, again\n.align 2\nhandler: .word 0",
  );
  const vm = await host.createVm({ memory: "2M", bios: "none", kernel, onFailure: "restore" });
  await vm.start();
  await vm.checkpoint();
  const restored = vm.once("restored");
  await vm.memory.write(0x8014_0000, Uint8Array.of(1));
  expect((await restored).age).toBeGreaterThan(0);
  expect(vm.state).toBe("exited");
  await vm.once("state");
  expect(vm.state).toBe("running");
  await vm.revert();
  expect([...(await vm.memory.read(0x8014_0000, 1))]).toEqual([0]);
});

test("a guest in a worker that is silent hangs, and one without a watchdog does not", async () => {
  const host = await newHost();
  const config = { memory: "2M", bios: "none", kernel: flatGuest("again: j again"), agent: true } as const;
  const other = await host.createVm(config);
  const vm = await host.createVm({ ...config, watchdog: { heartbeat: 20, boot: 100 } });
  await Promise.all([other.start(), vm.start()]);
  const { reason, error } = await vm.exited;
  expect([reason, (error as { code?: string }).code]).toEqual(["hang", "guest-hang"]);
  expect(other.state).toBe("running");
});
