import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A VM whose kernel is assembled from `source`, in M mode unless told otherwise. */
async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel: assemble(source, 0x8000_0000n), ...config });
}

/** Prints the byte in a0. */
const print = `
  li t0, 0x10000000
  sb a0, 0(t0)
`;

const finish = (code: number) => `
  li t0, 0x100000
  li t1, ${code === 0 ? 0x5555 : code * 0x1_0000 + 0x3333}
  sw t1, 0(t0)
spin: j spin
`;

describe("a VM", () => {
  test("prints and switches itself off", async () => {
    const vm = await vmOf(`li a0, 72\n${print}\nli a0, 105\n${print}\n${finish(0)}`);
    vm.start();
    expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
    expect(vm.console.pending).toBe("Hi");
  });
});
