import { afterEach, describe, expect, test } from "vitest";
import { Host, type SerialOptions, type Vm } from "../../src/index.ts";
import { VmPort } from "../../src/vmm/ports.ts";
import { flatGuest } from "../support/guest.ts";

const kernel = flatGuest("stay: j stay");
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmWith(virtioSerial: SerialOptions): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "1M", bios: "none", engine: "interpreter", kernel, virtioSerial });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A port, and a guest's side of it that has room for `room` bytes. */
function portWith(room: number): { port: VmPort; taken: string[]; guest: { room: number } } {
  const port = new VmPort({ name: "a" });
  const taken: string[] = [];
  const guest = { room };
  port.backend.onInput((some) => {
    const count = Math.min(some.length, guest.room);
    guest.room -= count;
    if (count > 0) taken.push(new TextDecoder().decode(some.subarray(0, count)));
    return count;
  });
  return { port, taken, guest };
}

describe("a named port", () => {
  test("resolves a write when the guest has taken all of it", async () => {
    const { port, taken, guest } = portWith(3);
    let done = false;
    const written = port.write("abcde").then(() => (done = true));
    await Promise.resolve();
    expect([taken, done]).toEqual([["abc"], false]);
    guest.room = 10;
    port.backend.ready();
    await written;
    expect(taken).toEqual(["abc", "de"]);
  });

  test("refuses what a guest that reads nothing would have it keep", async () => {
    const { port } = portWith(0);
    void port.write(new Uint8Array(2 ** 24));
    await expect(port.write("x")).rejects.toMatchObject({ code: "port-full" });
  });

  test("takes 64 KiB for a reader that is not there, and tells when there is room again", async () => {
    const { port } = portWith(0);
    let told = 0;
    port.backend.onChange(() => told++);
    expect(port.backend.write(new Uint8Array(2 ** 15))).toBe(2 ** 15);
    expect(port.backend.write(new Uint8Array(2 ** 17))).toBe(2 ** 15);
    expect(port.backend.write(new Uint8Array(1))).toBe(0);
    const reader = port.output.getReader();
    expect((await reader.read()).value?.length).toBe(2 ** 15);
    expect(told).toBe(1);
    expect(port.backend.write(new Uint8Array(2 ** 17))).toBe(2 ** 15);
  });

  test("hands on its own copy of what the guest sent", async () => {
    const { port } = portWith(0);
    const ram = bytes("ram");
    port.backend.write(ram);
    ram.fill(0);
    const { value } = await port.output.getReader().read();
    expect(value).toEqual(bytes("ram"));
  });

  test("ends its streams with the VM", async () => {
    const { port } = portWith(0);
    const written = port.write("x");
    const read = port.output.getReader().read();
    port.close();
    await expect(written).rejects.toMatchObject({ code: "port-closed" });
    expect((await read).done).toBe(true);
    await expect(port.write("y")).rejects.toMatchObject({ code: "port-closed" });
  });

  test("saves what waits for the guest, and gives up what waited before a restore", async () => {
    const [one, two] = [portWith(1), portWith(0)];
    void one.port.write("abc");
    const lost = two.port.write("lost");
    two.port.saved.restore(one.port.saved.save());
    await expect(lost).rejects.toMatchObject({ code: "port-closed" });
    two.guest.room = 10;
    two.port.backend.ready();
    expect(two.taken).toEqual(["bc"]);
  });
});

describe("the ports of a VM", () => {
  test("are there by name, and parts of its state", async () => {
    const vm = await vmWith({ console: true, ports: [{ name: "a" }, { name: "b", connected: false }] });
    expect(vm.ports.map(({ name, connected, open }) => [name, connected, open])).toEqual([
      ["a", true, false],
      ["b", false, false],
    ]);
    void vm.ports[0]!.write("waits");
    const state = vm.saveState();
    const other = await vmWith({ console: true, ports: [{ name: "a" }, { name: "b" }] });
    other.restoreState(state);
    expect(other.saveState().sections).toEqual(state.sections);
  });

  test.each<[SerialOptions, string]>([
    [{ ports: [{ name: "" }] }, 'not ""'],
    [{ ports: [{ name: "a/b" }] }, "a/b"],
    [{ ports: [{ name: "x".repeat(65) }] }, "64 characters"],
    [{ ports: [{ name: "a" }, { name: "a" }] }, "two ports named a"],
    [{ ports: Array.from({ length: 31 }, (_, i) => ({ name: `p${i}` })) }, "up to 30"],
    [{ colour: 1 } as never, "colour"],
  ])("that cannot be are refused: %j", async (options, words) => {
    await expect(vmWith(options)).rejects.toMatchObject({
      code: "option",
      message: expect.stringContaining(words) as string,
    });
  });
});
