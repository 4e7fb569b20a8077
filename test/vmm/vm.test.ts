import { afterEach, describe, expect, test } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { Vm, VmConfig, VmState } from "../../src/index.ts";
import { flatGuest, powerOff, PRINT, printText } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(): Promise<Host> {
  const host = await Host.create();
  hosts.push(host);
  return host;
}

/** A VM whose kernel is assembled from `source`, in M mode unless told otherwise. */
async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  return (await newHost()).createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });
}

const SPIN = "again: addi s0, s0, 1\n j again";

/** Lets the guest run for some turns of the event loop. */
const turns = (count: number) =>
  new Promise<void>((resolve) => {
    const turn = (left: number) => (left === 0 ? resolve() : void setImmediate(() => turn(left - 1)));
    turn(count);
  });

describe("a VM's life", () => {
  test("prints, switches itself off, and says with which code", async () => {
    const vm = await vmOf(printText("Hi") + powerOff(3));
    const states: VmState[] = [];
    vm.on("state", ({ to }) => states.push(to));
    const exits: unknown[] = [];
    vm.on("exit", (exit) => exits.push(exit));
    vm.start();
    expect(await vm.exited).toEqual({ code: 3, reason: "poweroff" });
    expect(vm.console.pending).toBe("Hi");
    expect(states).toEqual(["running", "exited"]);
    expect(exits).toEqual([{ code: 3, reason: "poweroff" }]);
  });

  test("start returns before the guest's first instruction, and works once", async () => {
    const vm = await vmOf(SPIN);
    vm.start();
    expect(vm.counters().instructions).toBe(0);
    expect(() => vm.start()).toThrow(code("vm-state"));
  });

  test("pause stops the harts and guest time; resume goes on from there", async () => {
    const vm = await vmOf(SPIN);
    vm.start();
    await turns(3);
    vm.pause();
    const { instructions } = vm.counters();
    expect(instructions).toBeGreaterThan(0);
    const time = vm.hart(0).csr("time");
    await turns(3);
    expect(vm.counters().instructions).toBe(instructions);
    expect(vm.hart(0).csr("time")).toBe(time);
    vm.resume();
    await turns(3);
    expect(vm.counters().instructions).toBeGreaterThan(instructions);
  });

  test("pause and resume within one turn of the event loop leave one loop running", async () => {
    const vm = await vmOf(printText("x") + powerOff());
    vm.start();
    vm.pause();
    vm.resume();
    vm.pause();
    vm.resume();
    await vm.exited;
    expect(vm.console.pending).toBe("x");
  });

  test("pause and resume do nothing the second time; resume needs a start", async () => {
    const vm = await vmOf(SPIN);
    expect(() => vm.resume()).toThrow(code("vm-state"));
    vm.pause();
    expect(vm.state).toBe("created");
    vm.start();
    vm.resume();
    vm.pause();
    vm.pause();
    expect(vm.state).toBe("paused");
  });

  test("reset gives it empty RAM, its image, and reset harts", async () => {
    const vm = await vmOf(`
      la t0, flag
      ld a0, 0(t0)
      addi a0, a0, 65
      li t1, 1
      sd t1, 0(t0)
      ${PRINT}
      ${powerOff()}
      .align 3
      flag: .dword 0`);
    vm.start();
    const first = vm.exited;
    await first;
    vm.memory.write(0x8010_0000, Uint8Array.of(1, 2, 3));
    await vm.reset();
    expect(vm.state).toBe("running");
    expect(vm.exited).not.toBe(first);
    await vm.exited;
    expect(vm.console.pending).toBe("AA");
    expect(vm.memory.read(0x8010_0000, 3)).toEqual(Uint8Array.of(0, 0, 0));
  });

  test("reset of a paused VM leaves it paused at the beginning", async () => {
    const vm = await vmOf(SPIN);
    vm.start();
    await turns(2);
    vm.pause();
    await vm.reset();
    expect(vm.state).toBe("paused");
    expect(vm.hart(0).pc).toBe(0x8000_0000n);
    expect(vm.counters().instructions).toBe(0);
  });

  test("a guest that asks for a reset gets one", async () => {
    const vm = await vmOf(`${printText("boot ")}\nli t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nstay: j stay`);
    let resets = 0;
    const third = new Promise<void>((resolve) => {
      vm.on("reset", ({ by }) => {
        expect(by).toBe("guest");
        if (++resets === 3) resolve();
      });
    });
    vm.start();
    await third;
    vm.pause();
    expect(vm.console.pending).toMatch(/^(boot ){3}/);
  });

  test("destroy ends it, gives its memory back and closes its console", async () => {
    const host = await newHost();
    const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN) });
    const waiting = vm.console.waitFor("never");
    vm.start();
    await turns(2);
    expect(host.allocatedBytes).toBeGreaterThan(2 * 2 ** 20);
    vm.destroy();
    vm.destroy();
    expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
    expect(vm.state).toBe("destroyed");
    expect(host.allocatedBytes).toBe(0);
    expect(host.vms.size).toBe(0);
    await expect(waiting).rejects.toThrow(code("console-closed"));
    await expect(vm.reset()).rejects.toThrow(code("vm-state"));
    await turns(2);
  });

  test("a listener that stops the VM at its exit is obeyed", async () => {
    const vm = await vmOf(powerOff());
    vm.on("exit", () => vm.destroy());
    vm.start();
    await vm.exited;
    expect(vm.state).toBe("destroyed");
  });
});

describe("several VMs in one host", () => {
  test("run side by side and see nothing of each other", async () => {
    const host = await newHost();
    const program = (letter: string, loops: number) =>
      flatGuest(`li s1, ${loops}\nagain: addi s1, s1, -1\nbnez s1, again\n${printText(letter)}${powerOff()}`);
    const config = { memory: "2M", bios: "none" } as const;
    const vms = await Promise.all(
      [3_000_000, 10, 400_000].map((loops, index) =>
        host.createVm({ ...config, kernel: program("abc"[index]!, loops) }),
      ),
    );
    for (const vm of vms) vm.start();
    await Promise.all(vms.map((vm) => vm.exited));
    expect(vms.map((vm) => vm.console.pending)).toEqual(["a", "b", "c"]);
  });

  test("the memory of one that is gone serves the next, empty", async () => {
    const host = await newHost();
    const dirty = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(SPIN) });
    dirty.memory.write(0x8000_0000, new Uint8Array(2 ** 21).fill(0xff));
    dirty.destroy();
    const clean = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest("wfi") });
    const bytes = clean.memory.read(0x8000_1000, 2 ** 20);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe("the event loop", () => {
  test("gets its turn while a guest spins", async () => {
    const vm = await vmOf(SPIN);
    vm.start();
    await new Promise<void>((resolve) => {
      let ticks = 0;
      const interval = setInterval(() => {
        if (++ticks < 5) return;
        clearInterval(interval);
        resolve();
      }, 1);
    });
    expect(vm.state).toBe("running");
    expect(vm.counters().instructions).toBeGreaterThan(0);
  });

  test.each([
    ["a key", "nop"],
    ["14 keys, or for the time in which no more come", "li t1, 0xc1\nsb t1, 2(t0)"],
  ])("wakes a guest that waits for %s", async (_, trigger) => {
    // Enables the UART's receive interrupt (PLIC source 10, context 0) and waits.
    const vm = await vmOf(`
      li t0, 0x10000000
      ${trigger}
      li t1, 1
      sb t1, 1(t0)
      li t0, 0x0c000028
      sw t1, 0(t0)
      li t0, 0x0c002000
      li t1, 1024
      sw t1, 0(t0)
      li t0, 0x0c200000
      sw zero, 0(t0)
      li t1, 2048
      csrw mie, t1
      ${printText(">")}
      wfi
      li t0, 0x10000000
      lbu a0, 0(t0)
      ${PRINT}
      ${powerOff()}`);
    vm.start();
    await vm.console.waitFor(">");
    await turns(3);
    expect(vm.hart(0).waiting).toBe(true);
    await vm.console.write("k");
    await vm.exited;
    expect(vm.console.pending).toBe("k");
  });
});

describe("trap storms", () => {
  const storm = "csrw mtvec, zero\nebreak";

  test("are reported once, and the VM runs on", async () => {
    const vm = await vmOf(storm);
    const storms: unknown[] = [];
    vm.on("trap-storm", (event) => storms.push(event));
    vm.start();
    await vm.once("trap-storm");
    await turns(5);
    expect(vm.state).toBe("running");
    expect(storms).toEqual([{ hart: 0, pc: 0n, cause: 1n }]);
  });

  test("end the VM when it is told so", async () => {
    const vm = await vmOf(storm, { onTrapStorm: "stop" });
    vm.start();
    expect(await vm.exited).toEqual({ code: 1, reason: "trap-storm" });
  });
});

describe("every engine", () => {
  test.each(ENGINE_NAMES)("%s retires the same instructions", async (engine) => {
    const vm = await vmOf(`li s1, 1000\nagain: addi s1, s1, -1\nbnez s1, again\n${powerOff()}`, { engine });
    vm.start();
    await vm.exited;
    expect(vm.hart(0).x(9)).toBe(0n);
    // The store that switches the machine off ends the slice: 1 (li), 2000 (loop), 4 (li t0, li t1: two, sw).
    expect(vm.counters().instructions).toBe(2005);
  });
});
