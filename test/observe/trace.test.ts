import { afterEach, describe, expect, test } from "vitest";
import { Host, trace } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A VM at the first instruction of `source`, past the reset vector. */
async function vmAt(source: string) {
  const host = await Host.create();
  hosts.push(host);
  const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source) });
  while (vm.hart(0).pc < 0x8000_0000n) vm.step();
  return vm;
}

describe("a trace", () => {
  test("tells each instruction and the registers it changed", async () => {
    const vm = await vmAt("li a0, 5\n addi a0, a0, 1\n mv a1, a0\n fmv.d.x fa0, a1");
    vm.hart(0).setCsr("mstatus", 0x6000n);
    const seen = [...trace(vm, { steps: 4 })].map(({ pc, text, changes }) => [pc, text, [...changes]]);
    expect(seen.map(([, , changes]) => changes)).toEqual([[["a0", 5n]], [["a0", 6n]], [["a1", 6n]], [["fa0", 6n]]]);
    expect(seen[0]?.[0]).toBe(0x8000_0000n);
    expect(seen[1]?.[1]).toMatch(/^(c\.)?addi\s+a0,(a0,)?1$/);
  });

  test("shows traps", async () => {
    const vm = await vmAt("la t0, handler\n csrw mtvec, t0\n ecall\n .align 2\n handler: j handler");
    const steps = [...trace(vm, { steps: 5 })];
    const taken = steps.filter(({ trapped }) => trapped);
    expect(taken.map(({ text }) => text)).toEqual(["ecall"]);
    expect(taken[0]?.nextPc).toBe(vm.hart(0).csr("mtvec"));
  });

  test("ends when the guest ends or waits", async () => {
    const ended = await vmAt(powerOff());
    const steps = [...trace(ended)];
    expect(ended.state).toBe("exited");
    expect(steps.length).toBeLessThan(10);
    expect(() => [...trace(ended)]).toThrow(expect.objectContaining({ code: "vm-state" }) as Error);
    const waiting = await vmAt("wfi\n wfi");
    expect([...trace(waiting)].map(({ text }) => text)).toEqual(["wfi"]);
  });
});
