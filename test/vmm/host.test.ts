import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { ImageSource, LoadProgress, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff, printText } from "../support/guest.ts";
import { makeElf } from "../machine/loader/elf-maker.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-test-"));
  await writeFile(path.join(folder, "guest.bin"), guest);
});

afterAll(() => rm(folder, { recursive: true }));

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(): Promise<Host> {
  const host = await Host.create();
  hosts.push(host);
  return host;
}

const guest = flatGuest(printText("ok") + powerOff());

/** The code of the error with which `createVm` fails; its message is a sentence. */
async function failure(config: VmConfig): Promise<string> {
  const host = await newHost();
  const error = await host.createVm({ memory: "2M", bios: "none", ...config }).then(
    () => undefined,
    (reason: unknown) => reason as Error & { code: string },
  );
  expect(error?.name).toBe("WasmvisorError");
  expect(error?.message).toMatch(/^[A-Z].*[^.]\.$/);
  expect(host.allocatedBytes, "what a failed VM had allocated").toBe(0);
  return error!.code;
}

describe("images come from", () => {
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < guest.length; at += 7) controller.enqueue(guest.slice(at, at + 7));
        controller.close();
      },
    });

  test.each<[string, () => ImageSource]>([
    ["bytes", () => guest],
    ["an ArrayBuffer", () => guest.slice().buffer],
    ["a Blob", () => new Blob([guest.slice()])],
    ["a stream", stream],
    ["a path", () => path.join(folder, "guest.bin")],
    ["a file URL", () => pathToFileURL(path.join(folder, "guest.bin"))],
  ])("%s", async (_, source) => {
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel: source() });
    vm.start();
    await vm.exited;
    expect(vm.console.pending).toBe("ok");
  });

  test("a web server, which may refuse", async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/guest.bin" ? 200 : 404;
      response.end(request.url === "/guest.bin" ? guest : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel: new URL(`${base}/guest.bin`) });
      vm.start();
      await vm.exited;
      expect(vm.console.pending).toBe("ok");
      expect(await failure({ kernel: new URL(`${base}/other`) })).toBe("source-unreadable");
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await failure({ kernel: new URL("http://127.0.0.1:1/guest.bin") })).toBe("source-unreadable");
  });

  test("files, and their progress is told", async () => {
    const file = path.join(folder, "large.bin");
    await writeFile(file, Buffer.concat([guest, Buffer.alloc(1_500_000)]));
    const seen: LoadProgress[] = [];
    await (
      await newHost()
    ).createVm({ memory: "4M", bios: "none", kernel: file, onProgress: (progress) => seen.push(progress) });
    const total = guest.length + 1_500_000;
    expect(seen.at(-2)).toEqual({ image: "kernel", step: "reading", loaded: total, total });
    expect(seen.at(-1)).toEqual({ image: "kernel", step: "unpacking", loaded: total, total });
    expect(seen.length).toBeGreaterThan(2);
  });
});

describe("a reset", () => {
  async function started(kernel: ImageSource) {
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel });
    vm.start();
    await vm.exited;
    return vm;
  }

  test("reads files again", async () => {
    const name = path.join(folder, "changing.bin");
    await writeFile(name, guest);
    const vm = await started(name);
    await writeFile(name, flatGuest(printText("new") + powerOff()));
    await vm.reset();
    await vm.exited;
    expect(vm.console.pending).toBe("oknew");
  });

  test("has streams and bytes at hand", async () => {
    const stream = new Blob([guest.slice()]).stream() as ReadableStream<Uint8Array>;
    for (const kernel of [stream, guest, new Blob([guest.slice()])]) {
      const vm = await started(kernel);
      await vm.reset();
      await vm.exited;
      expect(vm.console.pending).toBe("okok");
    }
  });

  test("fails without its file, and the VM stays as it was", async () => {
    const name = path.join(folder, "vanishing.bin");
    await writeFile(name, flatGuest("again: addi s0, s0, 1\nj again"));
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel: name });
    vm.start();
    await rm(name);
    await expect(vm.reset()).rejects.toThrow(expect.objectContaining({ code: "source-unreadable" }));
    expect(vm.state).toBe("running");
    const before = vm.counters().instructions;
    while (vm.counters().instructions === before) await new Promise((resolve) => setImmediate(resolve));
  });

  test("that the guest asks for ends the VM when its file is gone", async () => {
    const name = path.join(folder, "fleeting.bin");
    await writeFile(name, flatGuest(`li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nstay: j stay`));
    const vm = await (await newHost()).createVm({ memory: "2M", bios: "none", kernel: name });
    await rm(name);
    vm.start();
    expect(await vm.exited).toMatchObject({ reason: "failure", error: { code: "source-unreadable" } });
  });

  test("may be asked for twice, and interrupted by pause, resume and destroy", async () => {
    const vm = await (
      await newHost()
    ).createVm({ memory: "2M", bios: "none", kernel: flatGuest("again: addi s0, s0, 1\nj again") });
    let resets = 0;
    vm.on("reset", () => resets++);
    vm.start();
    await Promise.all([vm.reset(), vm.reset()]);
    expect(resets).toBe(1);
    const reset = vm.reset();
    vm.pause();
    vm.resume();
    vm.pause();
    await reset;
    expect({ resets, state: vm.state, instructions: vm.counters().instructions }).toEqual({
      resets: 2,
      state: "paused",
      instructions: 0,
    });
    const last = vm.reset();
    vm.destroy();
    await last;
    expect(resets).toBe(2);
  });
});

describe("destroying a VM", () => {
  test("leaves nothing of it in memory, translated or not, at rest or running", async () => {
    const host = await newHost();
    const spin = flatGuest("auipc sp, 0x10\nagain: addi s0, s0, 1\nsd s0, 0(sp)\nj again");
    const free = host.memory.byteLength;
    for (const kernel of [guest, spin]) {
      const vm = await host.createVm({ memory: "2M", bios: "none", kernel, translator: { hotThreshold: 100 } });
      vm.start();
      while (vm.state === "running" && vm.counters().instructions < 100_000) await new Promise(setImmediate);
      vm.destroy();
    }
    await new Promise(setImmediate);
    expect(host.memory.byteLength).toBeGreaterThan(free);
    await expect.poll(() => host.memory.u8.subarray(free).findIndex((byte) => byte !== 0)).toBe(-1);
  });

  test("clears much of it piece by piece, and before it is another's", async () => {
    const host = await newHost();
    const { memory } = host;
    const bytes = 2 ** 26;
    const dirty = (ma: number) => memory.u8.subarray(ma, ma + bytes).some((byte) => byte !== 0);
    const fill = (ma: number) => memory.u8.fill(0xa5, ma, ma + bytes);
    const ma = memory.allocate(bytes);
    fill(ma);
    memory.release(ma, bytes);
    // All but its first and last frame.
    const inner = memory.allocate(bytes - 8192);
    expect(inner).toBe(ma);
    expect(memory.u8.subarray(ma, ma + bytes - 8192).some((byte) => byte !== 0)).toBe(false);
    expect(dirty(ma)).toBe(true);
    await expect.poll(() => dirty(ma)).toBe(false);
    fill(ma);
    memory.release(inner, bytes - 8192);
    await expect.poll(() => memory.u8.subarray(ma, ma + bytes - 8192).some((byte) => byte !== 0)).toBe(false);
  });
});

describe("a VM is not made", () => {
  test("from a file that does not exist, or is a folder", async () => {
    expect(await failure({ kernel: path.join(folder, "missing") })).toBe("source-unreadable");
    expect(await failure({ kernel: folder })).toBe("source-unreadable");
    expect(await failure({ kernel: guest, initrd: path.join(folder, "missing") })).toBe("source-unreadable");
    expect(await failure({ kernel: guest, dtb: "\0" })).toBe("source-unreadable");
  });

  test("from an ELF file for another machine", async () => {
    const elf = makeElf({ machine: 62, pieces: [{ paddr: 0x8000_0000n, bytes: guest }] });
    expect(await failure({ kernel: elf })).toBe("elf-machine");
  });

  test("from images that do not fit", async () => {
    expect(await failure({ kernel: new Uint8Array(3 * 2 ** 20).fill(1) })).toBe("image-too-large");
    expect(await failure({ kernel: guest, initrd: new Uint8Array(2 ** 21) })).toBe("initrd-too-large");
    expect(await failure({ kernel: guest, initrd: new Blob([new Uint8Array(2 ** 22)]) })).toBe("image-too-large");
    const outside = makeElf({ pieces: [{ paddr: 0x9000_0000n, bytes: guest }], entry: 0x9000_0000n });
    expect(await failure({ kernel: outside })).toBe("image-too-large");
  });

  test("from a stream that never ends", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16)),
    });
    expect(await failure({ kernel: guest, initrd: endless })).toBe("image-too-large");
  });

  test("from a device tree that is none", async () => {
    expect(await failure({ kernel: guest, dtb: Uint8Array.of(1, 2, 3) })).toMatch(/^fdt-/);
    const cut = new Uint8Array(64);
    new DataView(cut.buffer).setUint32(0, 0xd00dfeed);
    expect(await failure({ kernel: guest, dtb: cut })).toMatch(/^fdt-/);
  });

  test("from nothing", async () => {
    expect(await failure({ kernel: new Uint8Array(0) })).toBe("image-empty");
    expect(await failure({})).toBe("nothing-to-run");
  });

  test("with more memory than the host has", async () => {
    const host = await Host.create({ maxMemory: 64 * 2 ** 20 });
    hosts.push(host);
    const config = { memory: "60M", bios: "none", kernel: guest } as const;
    await expect(host.createVm(config)).rejects.toThrow(expect.objectContaining({ code: "host-memory" }));
    expect(host.allocatedBytes).toBe(0);
    const vm = await host.createVm({ ...config, memory: "16M" });
    vm.start();
    expect((await vm.exited).code).toBe(0);
  });
});

describe("the core", () => {
  test("may be given as bytes or a module", async () => {
    const { readFile } = await import("node:fs/promises");
    const bytes = await readFile(new URL("../../build/core.wasm", import.meta.url));
    for (const wasm of [bytes, await WebAssembly.compile(bytes)]) {
      const host = await Host.create({ wasm });
      hosts.push(host);
      const vm = await host.createVm({ memory: "2M", bios: "none", kernel: guest });
      vm.start();
      expect((await vm.exited).code).toBe(0);
    }
  });

  test("that is none is refused", async () => {
    await expect(Host.create({ wasm: Uint8Array.of(1, 2, 3) })).rejects.toThrow(code("core-invalid"));
    const missing = pathToFileURL(path.join(folder, "missing.wasm"));
    await expect(Host.create({ wasm: missing })).rejects.toThrow(code("core-unreachable"));
  });
});
