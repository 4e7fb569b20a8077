import { afterEach, describe, expect, test } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff, PRINT, printText } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });
}

async function run(source: string, config: VmConfig = {}): Promise<Vm> {
  const vm = await vmOf(source, config);
  vm.start();
  await vm.exited;
  return vm;
}

/** Waits for the machine timer `ticks` ahead, and leaves the time that passed in s1. */
const machineTimer = (ticks: number) => `
  csrr s0, time
  li t0, 0x02004000
  li t1, ${ticks}
  add t1, t1, s0
  sd t1, 0(t0)
  li t1, 128
  csrw mie, t1
  wfi
  csrr s1, time
  sub s1, s1, s0
  csrr s2, mip
`;

/** Waits like that with Sstc: menvcfg.STCE, stimecmp, STIE. */
const supervisorTimer = (ticks: number) => `
  li t0, 1
  slli t0, t0, 63
  csrs menvcfg, t0
  csrr s0, time
  li t1, ${ticks}
  add t1, t1, s0
  csrw stimecmp, t1
  li t1, 32
  csrw mie, t1
  wfi
  csrr s1, time
  sub s1, s1, s0
  csrr s2, mip
`;

describe("timers", () => {
  test.each([
    ["mtimecmp", machineTimer, 0x80n],
    ["stimecmp", supervisorTimer, 0x20n],
  ] as const)("%s ends a wait when its time has come, by the host's clock", async (_, wait, pending) => {
    const vm = await run(wait(50_000) + powerOff());
    expect(vm.hart(0).x(9)).toBeGreaterThanOrEqual(50_000n);
    expect(vm.hart(0).x(18) & pending).toBe(pending);
  });

  test.each([
    ["mtimecmp", machineTimer],
    ["stimecmp", supervisorTimer],
  ] as const)("%s ends a wait at its very tick in deterministic time, a day ahead too", async (_, wait) => {
    const day = 24 * 3600 * 10_000_000;
    const vm = await run(wait(day) + powerOff(), { clock: "deterministic" });
    const waited = vm.hart(0).x(9);
    expect(waited).toBeGreaterThanOrEqual(BigInt(day));
    expect(waited).toBeLessThan(BigInt(day + 10));
  });

  test("interrupt a computing guest at the tick they are set for, in deterministic time", async () => {
    const vm = await run(
      `
      la t0, handler
      csrw mtvec, t0
      csrr s0, time
      li t0, 0x02004000
      addi t1, s0, 1000
      sd t1, 0(t0)
      li t1, 128
      csrw mie, t1
      csrsi mstatus, 8
      spin: j spin
      .align 2
      handler:
      csrr s1, time
      sub s1, s1, s0
      ${powerOff()}`,
      { clock: "deterministic" },
    );
    expect(vm.hart(0).x(9)).toBe(1000n);
  });

  test("stand still while the VM is paused", async () => {
    const vm = await vmOf(machineTimer(10_000_000) + powerOff());
    vm.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    vm.pause();
    const before = vm.hart(0).csr("time");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(vm.hart(0).csr("time")).toBe(before);
    expect(vm.hart(0).waiting).toBe(true);
  });
});

describe("a timer that has expired and is masked", () => {
  /** Leaves stimecmp in the past with STIE off. */
  const EXPIRED = "li t0, 1\nslli t0, t0, 63\ncsrs menvcfg, t0\ncsrw stimecmp, zero\n";
  const second = 10_000_000;

  test("is no deadline: deterministic time moves on to the one that ends the wait", async () => {
    const vm = await run(EXPIRED + machineTimer(5 * second) + powerOff(), { clock: "deterministic" });
    const waited = vm.hart(0).x(9);
    expect(waited).toBeGreaterThanOrEqual(BigInt(5 * second));
    expect(waited).toBeLessThan(BigInt(5 * second + 10));
    expect(vm.hart(0).x(18)).toBe(0xa0n);
  });

  test("is none for the others either: a hart that its neighbour wakes", async () => {
    const vm = await run(
      `
      csrr s0, mhartid
      bnez s0, other
      ${EXPIRED}
      li t0, 8
      csrw mie, t0
      wfi
      ${powerOff()}
      other:
      ${machineTimer(second).replace("0x02004000", "0x02004008")}
      li t0, 0x02000000
      li t1, 1
      sw t1, 0(t0)
      park: j park`,
      { clock: "deterministic", harts: 2 },
    );
    expect(vm.hart(0).csr("mip") & 8n).toBe(8n);
  });

  test("costs nothing by the host's clock", async () => {
    const vm = await vmOf(`${EXPIRED}wfi\n${powerOff()}`);
    vm.start();
    while (!vm.hart(0).waiting) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = vm.counters().busyMilliseconds;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(vm.counters().busyMilliseconds).toBe(before);
    expect(vm.hart(0).waiting).toBe(true);
  });
});

describe("WFI", () => {
  test("costs nothing while nothing happens", async () => {
    const vm = await vmOf(`wfi\n${powerOff()}`);
    vm.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = vm.counters().busyMilliseconds;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(vm.counters().busyMilliseconds).toBe(before);
    expect(vm.hart(0).waiting).toBe(true);
  });

  test("goes on when an interrupt is pending that is enabled but cannot be taken", async () => {
    const vm = await run(`li t1, 128\ncsrw mie, t1\nwfi\n${printText("on")}${powerOff()}`);
    expect(vm.console.pending).toBe("on");
  });
});

const COUNT_UP = `
  la t0, counter
  li s0, 10000
  again:
  li t1, 1
  amoadd.d zero, t1, (t0)
  addi s0, s0, -1
  bnez s0, again
  fence rw, rw
  la t2, arrived
  li t1, 1
  amoadd.d zero, t1, (t2)
  csrr t3, mhartid
  bnez t3, park
  wait:
  ld t3, 0(t2)
  addi t3, t3, -4
  bnez t3, wait
  ld s1, 0(t0)
  ${powerOff()}
  park: j park
  .align 3
  counter: .dword 0
  arrived: .dword 0`;

describe("several harts", () => {
  test("take turns: each gets to its end, and atomics add up", async () => {
    const vm = await run(COUNT_UP, { harts: 4 });
    expect(vm.hart(0).x(9)).toBe(40_000n);
  });

  test("find each other by software interrupts", async () => {
    // Every hart waits for its MSIP; hart 0 starts a ring, the last one ends it.
    const vm = await run(
      `
      csrr s0, mhartid
      li t0, 8
      csrw mie, t0
      beqz s0, pass
      wfi
      pass:
      addi a0, s0, 48
      ${PRINT}
      addi s0, s0, 1
      li t0, 8
      beq s0, t0, done
      slli s0, s0, 2
      li t0, 0x02000000
      add t0, t0, s0
      li t1, 1
      sw t1, 0(t0)
      rest: wfi
      j rest
      done: ${powerOff()}`,
      { harts: 8 },
    );
    expect(vm.console.pending).toBe("01234567");
  });

  test("PAUSE hands the turn on", async () => {
    // Hart 1 pauses while it waits; without yielding, each of hart 0's 200 rounds would cost it a whole slice.
    const program = (pause: string) => `
      la t0, turn
      csrr s0, mhartid
      li s1, 200
      again:
      ld t1, 0(t0)
      andi t1, t1, 1
      beq t1, s0, mine
      ${pause}
      j again
      mine:
      ld t1, 0(t0)
      addi t1, t1, 1
      sd t1, 0(t0)
      addi s1, s1, -1
      bnez s1, again
      beqz s0, park
      ${powerOff()}
      park: j park
      .align 3
      turn: .dword 0`;
    const instructions = async (pause: string) =>
      (await run(program(pause), { harts: 2, clock: "deterministic" })).counters().instructions;
    expect(await instructions("pause")).toBeLessThan((await instructions("nop")) / 20);
  });
});

describe("deterministic time", () => {
  /** Prints the low bits of the time in a loop, with waits between them. */
  const program = `
    csrr s5, mhartid
    bnez s5, other
    li s3, 50
    more:
    ${machineTimer(777)}
    csrr a0, time
    andi a0, a0, 15
    addi a0, a0, 65
    ${PRINT}
    addi s3, s3, -1
    bnez s3, more
    ${powerOff()}
    other: addi s4, s4, 1
    j other`;

  async function trace(disturb: boolean, harts: number): Promise<unknown> {
    const vm = await vmOf(program, { clock: "deterministic", harts });
    vm.start();
    const disturbance = disturb ? setInterval(() => (vm.pause(), vm.resume()), 1) : undefined;
    await vm.exited;
    clearInterval(disturbance);
    const { instructions, traps, interrupts, tlbMisses, mmio } = vm.counters();
    const registers = vm.harts.map((hart) => Array.from({ length: 32 }, (_, index) => hart.x(index)));
    return { output: vm.console.pending, instructions, traps, interrupts, tlbMisses, mmio, registers };
  }

  test.each([1, 3])("repeats a run exactly, whatever the host does meanwhile (%i harts)", async (harts) => {
    const first = await trace(false, harts);
    expect(first).toMatchObject({ output: expect.stringMatching(/^[A-P]{50}$/) as string });
    expect(await trace(false, harts)).toEqual(first);
    expect(await trace(true, harts)).toEqual(first);
  });

  test("is the same on every engine", async () => {
    const runs = await Promise.all(
      ENGINE_NAMES.map(async (engine) => {
        const vm = await run(program, { clock: "deterministic", engine });
        return { output: vm.console.pending, instructions: vm.counters().instructions };
      }),
    );
    for (const other of runs) expect(other).toEqual(runs[0]);
  });
});

describe("a bug in the host", () => {
  test("ends the VM with the error, not the process", async () => {
    const vm = await vmOf("spin: j spin");
    vm.machine.board.mtime = () => {
      throw new Error("broken on purpose");
    };
    vm.start();
    expect(await vm.exited).toMatchObject({ code: 70, reason: "failure", error: { message: "broken on purpose" } });
  });
});
