/** How long a guest may hold the event loop, in counts: the host's clock is a fake that moves on by a step at each look. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { elfGuest, flatGuest, powerOff, PRINT } from "../support/guest.ts";

const hosts: Host[] = [];

/** Milliseconds by which the clock moves on at each look. */
let step = 0;

beforeEach(() => {
  let now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => (now += step));
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(): Promise<Host> {
  const host = await Host.create();
  hosts.push(host);
  return host;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const instructions = (vm: Vm) => vm.counters().instructions;

/** The most instructions that the VM retires between two looks of the event loop at what else is due, of so many. */
async function longestTurn(vm: Vm, turns: number): Promise<number> {
  let longest = 0;
  let before = instructions(vm);
  for (let count = 0; count < turns; count++) {
    await turn();
    const now = instructions(vm);
    longest = Math.max(longest, now - before);
    before = now;
  }
  return longest;
}

const repeated = (instruction: string, setup = "") => `${setup}\nagain:\n${`${instruction}\n`.repeat(16)}j again`;

/** Work of every kind that costs more than a plain instruction does. M mode unless it says otherwise. */
const EXPENSIVE: Readonly<Record<string, { source: string; bios?: "builtin" }>> = {
  "sfence.vma": { source: repeated("sfence.vma") },
  "fence.i": { source: repeated("fence.i") },
  "satp writes": {
    source: repeated("csrw satp, t0\ncsrw satp, zero", "li t0, 1\nslli t0, t0, 63\nli t1, 0x80100\nor t0, t0, t1"),
  },
  "PMP writes": { source: repeated("csrw pmpaddr0, t0\ncsrw pmpcfg0, t0", "li t0, 31") },
  "device stores": { source: repeated("sb t0, 7(t0)", "li t0, 0x10000000") },
  "device loads": { source: repeated("lb t1, 5(t0)", "li t0, 0x10000000") },
  "reading the time": { source: repeated("csrr t1, time") },
  traps: {
    source: `la t0, handler\ncsrw mtvec, t0\n${repeated("ecall")}\n.align 2\nhandler: csrr t0, mepc\naddi t0, t0, 4\ncsrw mepc, t0\nmret`,
  },
  "pages of code": {
    // A jump to the next page in each of 3000 pages, and back from the last: more than there are decoded pages.
    source: `
      li s0, 0x80100000
      li s1, 3000
      li s2, 4096
      li t1, 0x0000106f
      fill: sw t1, 0(s0)
      add s0, s0, s2
      addi s1, s1, -1
      bnez s1, fill
      li t1, 0x000d8067
      sw t1, 0(s0)
      fence.i
      li s11, 0x80100000
      jr s11`,
  },
  "misaligned accesses over pages": { source: repeated("ld t1, 0(t0)\nsd t1, 0(t0)", "li t0, 0x80100ffd") },
  "remote fences": {
    source: repeated("ecall", "li a7, 0x52464e43\nli a6, 0\nli a0, 1\nli a1, 0\nj again"),
    bios: "builtin",
  },
  "SBI output": {
    source: "again: li a7, 0x4442434e\nli a6, 0\nli a0, 65536\nli a1, 1\nslli a1, a1, 31\nli a2, 0\necall\nj again",
    bios: "builtin",
  },
  "pauses of others": { source: repeated("pause") },
};

describe("a guest that does nothing but what is slow", () => {
  test.each(Object.entries(EXPENSIVE))(
    "looks at the clock after some ten thousand instructions: %s",
    async (_, guest) => {
      const { source, bios = "none" } = guest;
      const host = await newHost();
      const kernel = bios === "builtin" ? elfGuest(source) : flatGuest(source);
      step = 1;
      for (const engine of ["tiered", "interpreter", "interpret"] as const) {
        for (const harts of [1, 8]) {
          // Slices that depend on counts alone.
          const vm = await host.createVm({ memory: "16M", bios, engine, harts, kernel, clock: "deterministic" });
          vm.start();
          // Five looks are all of a turn.
          expect(await longestTurn(vm, 15), `${engine}, ${harts} harts`).toBeLessThan(120_000);
          expect(instructions(vm)).toBeGreaterThan(20);
          vm.destroy();
        }
      }
    },
  );
});

describe("many VMs", () => {
  test("hold the event loop no longer than one: it has its turn after each VM's", async () => {
    step = 1;
    const started = await Promise.all(
      [await newHost(), await newHost()].map((host) =>
        Promise.all(
          Array.from({ length: 10 }, async () => {
            const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest("again: j again") });
            vm.start();
            return vm;
          }),
        ),
      ),
    );
    const vms = started.flat();
    await turn();
    let before = vms.map(instructions);
    for (let count = 0; count < 60; count++) {
      await turn();
      const now = vms.map(instructions);
      expect(now.filter((one, index) => one !== before[index]).length).toBeLessThanOrEqual(1);
      before = now;
    }
    expect(Math.min(...before)).toBeGreaterThan(0);
  });
});

describe("where the event loop has its turn", () => {
  /** Harts that compete: each takes numbers, does slow work by them, and prints its own. */
  const COMPETE = `
    csrr s0, mhartid
    addi s1, s0, 97
    li s3, 400
    again:
    la t0, counter
    li t1, 1
    amoadd.d s2, t1, (t0)
    andi t1, s2, 7
    bnez t1, plain
    sfence.vma
    fence.i
    mv a0, s1
    ${PRINT}
    plain:
    andi t1, s2, 63
    work: addi t1, t1, -1
    bgez t1, work
    csrr t2, time
    add s4, s4, t2
    addi s3, s3, -1
    bnez s3, again
    la t0, done
    li t1, 1
    amoadd.d t2, t1, (t0)
    li t1, 3
    beq t2, t1, last
    park: j park
    last: ${powerOff()}
    .align 3
    counter: .dword 0
    done: .dword 0`;

  async function trace(engine: VmConfig["engine"], milliseconds: number): Promise<unknown> {
    step = milliseconds;
    const host = await newHost();
    const config = {
      memory: "2M",
      bios: "none",
      harts: 4,
      clock: "deterministic",
      kernel: flatGuest(COMPETE),
    } as const;
    const vm = await host.createVm({ ...config, engine: engine! });
    vm.start();
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await vm.exited;
    clearInterval(count);
    const registers = vm.harts.map((hart) => Array.from({ length: 32 }, (_, index) => hart.x(index)));
    return { output: vm.console.pending, registers, retired: vm.harts.map((hart) => hart.counters().instructions) };
  }

  test.each(ENGINE_NAMES)("changes nothing that a deterministic guest sees (%s)", async (engine) => {
    const first = await trace(engine, 0);
    expect(await trace(engine, 1)).toEqual(first);
    expect(await trace(engine, 100)).toEqual(first);
  });
});

describe("a guest that prints without end", () => {
  const FLOODS: Readonly<Record<string, { kernel: Uint8Array; bios: "none" | "builtin" }>> = {
    "by the UART": { kernel: flatGuest(repeated("sb t0, 0(t0)", "li t0, 0x10000000")), bios: "none" },
    "by SBI": { kernel: elfGuest(EXPENSIVE["SBI output"]!.source), bios: "builtin" },
    "by HTIF": {
      kernel: elfGuest(`
        la t6, tohost
        la t5, args
        li t3, 64
        again: sd t3, 0(t5)
        sd t5, 0(t6)
        wait: ld t4, 0(t6)
        bnez t4, wait
        j again
        .align 6
        tohost: .dword 0
        .align 6
        args: .dword 64, 1, 0x80000000, 65536, 0, 0, 0, 0`),
      bios: "none",
    },
  };

  test.each(Object.entries(FLOODS))(
    "%s waits for a reader who does not keep up, and can be paused and destroyed then",
    async (_, flood) => {
      step = 0.1;
      const host = await newHost();
      const { kernel, bios } = flood;
      const vm = await host.createVm({ memory: "2M", bios, kernel });
      let printed = 0;
      vm.on("output", ({ length }) => (printed += length));
      const reader = vm.console.output.getReader();
      vm.start();
      let before = -1;
      while (instructions(vm) !== before || before === 0) {
        before = instructions(vm);
        for (let count = 0; count < 20; count++) await turn();
      }
      expect(printed).toBeGreaterThanOrEqual(2 ** 20);
      expect(printed).toBeLessThan(2 ** 20 + 3 * 2 ** 16);
      vm.pause();
      vm.resume();
      for (let read = 0; read < 2 ** 19;) read += (await reader.read()).value!.length;
      while (instructions(vm) === before) await turn();
      expect(instructions(vm)).toBeGreaterThan(before);
      vm.pause();
      vm.destroy();
      expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
      let left = 0;
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) left += chunk.value.length;
      expect(left).toBeLessThan(2 ** 20 + 3 * 2 ** 16);
    },
  );
});
