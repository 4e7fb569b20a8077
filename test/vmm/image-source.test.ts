import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { ImageSource } from "../../src/index.ts";
import { elfGuest, flatGuest, powerOff, printText } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const guest = flatGuest(printText("ok") + powerOff());

let server: Server;
let base: string;
let host: Host;
let asked: string[];

/** `/slow` sends half and then nothing; `/cut` hangs up there; `/guest` is all right. */
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers["x-key"])}`);
    if (request.url === "/silent") return;
    response.writeHead(200, { "content-length": guest.length });
    if (request.url === "/guest") return void response.end(guest);
    response.write(guest.subarray(0, guest.length / 2), () => {
      if (request.url === "/cut") response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  host = await Host.create();
});

afterEach(async () => {
  host.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const vmFrom = (kernel: ImageSource, limits: { signal?: AbortSignal; stallTimeout?: number } = {}) =>
  host.createVm({ memory: "2M", bios: "none", kernel, ...limits });

/** A stream that gives a byte and then waits for its end. */
function idle(): { readonly stream: ReadableStream<Uint8Array>; cancelled: boolean } {
  const state = {
    cancelled: false,
    stream: new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
      cancel: () => void (state.cancelled = true),
    }),
  };
  return state;
}

describe("an image", () => {
  test("may be a request, which is made again at a reset or kept", async () => {
    const vm = await vmFrom(new Request(`${base}/guest`, { headers: { "x-key": "7" } }));
    vm.start();
    await vm.exited;
    await vm.reset();
    await vm.exited;
    expect(vm.console.pending).toBe("okok");
    expect(new Set(asked)).toEqual(new Set(["/guest 7"]));
  });

  test("may be a string that is an address", async () => {
    const vm = await vmFrom(`${base}/guest`);
    vm.start();
    await vm.exited;
    expect(vm.console.pending).toBe("ok");
    await expect(vmFrom("file:///nowhere/guest.elf")).rejects.toThrow(/nowhere\/guest.elf.* does not exist/);
  });

  test("that stops coming is given up", async () => {
    for (const file of ["slow", "silent"]) {
      await expect(vmFrom(new URL(`${base}/${file}`), { stallTimeout: 50 })).rejects.toThrow(code("source-stalled"));
    }
  });

  test("that breaks off says so", async () => {
    await expect(vmFrom(new URL(`${base}/cut`))).rejects.toThrow(code("source-broken"));
    const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("gone")) });
    await expect(vmFrom(broken)).rejects.toThrow(code("source-broken"));
  });

  test("that is none is refused", async () => {
    await expect(vmFrom({} as ImageSource)).rejects.toThrow(code("image-source"));
    const texts = new ReadableStream({ start: (controller) => controller.enqueue("text") });
    await expect(vmFrom(texts as ReadableStream<Uint8Array>)).rejects.toThrow(code("image-source"));
  });
});

describe("what is read of an image", () => {
  /** A stream of `chunk`, again and again, without a pause. */
  const endless = (chunk: Uint8Array) => {
    const state = { asked: 0 };
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        state.asked++;
        controller.enqueue(chunk.slice());
      },
    });
    return { state, stream };
  };

  test("is no more than RAM has room for", async () => {
    const { stream, state } = endless(new Uint8Array(2 ** 16));
    await expect(vmFrom(stream)).rejects.toThrow(code("image-too-large"));
    expect(state.asked).toBeLessThan(2 * 2 ** 5 + 5);
    await expect(vmFrom(new Blob([new Uint8Array(2 ** 21 + 1)]))).rejects.toThrow(code("image-too-large"));
    const dtb = endless(new Uint8Array(2 ** 16)).stream;
    await expect(host.createVm({ kernel: guest, dtb })).rejects.toThrow(code("image-too-large"));
  });

  test("may be more where an ELF file has what is not loaded", async () => {
    const file = elfGuest(printText("ok") + powerOff());
    const large = new Uint8Array(2 ** 21 + 2 ** 20);
    large.set(file);
    for (const kernel of [new Blob([large]), new Blob([large]).stream()]) {
      const vm = await vmFrom(kernel);
      vm.start();
      await vm.exited;
      expect(vm.console.pending).toBe("ok");
    }
    await expect(
      host.createVm({ memory: "2M", bios: "none", kernel: guest, initrd: new Blob([large]) }),
    ).rejects.toThrow(code("image-too-large"));
  });

  test("does not keep timers and signals waiting, however fast it comes", async () => {
    for (const chunk of [new Uint8Array(1), new Uint8Array(0)]) {
      const { stream } = endless(chunk);
      const making = vmFrom(stream, { signal: AbortSignal.timeout(50) });
      await expect(making).rejects.toThrow(expect.objectContaining({ name: "TimeoutError" }));
    }
  });
});

describe("a signal", () => {
  test("ends the making of a VM, whatever it waits for, with its reason", async () => {
    const reason = new Error("enough");
    const { stream } = idle();
    for (const kernel of [new URL(`${base}/slow`), new URL(`${base}/silent`), stream]) {
      const controller = new AbortController();
      const making = vmFrom(kernel, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await expect(making).rejects.toBe(reason);
    }
    await expect(vmFrom(guest, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect({ vms: host.vms.size, bytes: host.allocatedBytes }).toEqual({ vms: 0, bytes: 0 });
  });

  test("ends a stream as well", async () => {
    const source = idle();
    const controller = new AbortController();
    const making = vmFrom(source.stream, { signal: controller.signal });
    controller.abort();
    await expect(making).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(source.cancelled).toBe(true);
  });

  test("ends the loading of the core", async () => {
    const wasm = new URL(`${base}/silent`);
    await expect(Host.create({ wasm, signal: AbortSignal.timeout(20) })).rejects.toThrow(
      expect.objectContaining({ name: "TimeoutError" }),
    );
  });

  test("ends a wait for text", async () => {
    const vm = await vmFrom(guest);
    const waiting = vm.console.waitFor("never", { timeoutMs: 60_000, signal: AbortSignal.timeout(20) });
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: "TimeoutError" }));
  });
});

describe("a host that is closed", () => {
  test("gives up VMs that are being made, and makes no more", async () => {
    const making = vmFrom(new URL(`${base}/silent`));
    host.close();
    await expect(making).rejects.toThrow(code("host-closed"));
    await expect(vmFrom(guest)).rejects.toThrow(code("host-closed"));
    expect(host.allocatedBytes).toBe(0);
  });

  test("is closed by `await using`, and so are VMs", async () => {
    const ended = [];
    {
      await using other = await Host.create();
      {
        await using vm = await other.createVm({ memory: "2M", bios: "none", kernel: guest });
        ended.push(vm);
      }
      expect(ended[0]?.state).toBe("destroyed");
      ended.push(await other.createVm({ memory: "2M", bios: "none", kernel: guest }));
    }
    expect(ended.map(({ state }) => state)).toEqual(["destroyed", "destroyed"]);
  });
});
