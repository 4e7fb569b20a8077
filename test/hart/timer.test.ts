/** What a hart waits for, and when its own timer is due: the core's answers, which the run loop goes by. */

import { beforeEach, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Exit, Irq } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";

const MIE = 0x304;
const MIP = 0x344;
const MENVCFG = 0x30a;
const STIMECMP = 0x14d;
const STCE = 1n << 63n;
const STI = 1n << BigInt(Irq.STI);
const NEVER = -1n;

let machine: TestMachine;
let now = 0n;

beforeEach(async () => {
  now = 0n;
  machine = await createTestMachine({ mtime: () => now });
});

const noteTime = (mtime: bigint): bigint => machine.core.hart_note_time(machine.hart().view.ma, mtime);
const waits = (): boolean => machine.core.hart_waits(machine.hart().view.ma) !== 0;

describe("the timer of a hart", () => {
  test("is never due while Sstc is off", () => {
    machine.hart().setCsr(STIMECMP, 5n);
    expect(noteTime(100n)).toBe(NEVER);
    expect(machine.hart().csr(MIP) & STI).toBe(0n);
  });

  test.each([
    ["enabled", STI],
    ["masked", 0n],
  ])("is due at stimecmp, and when that has passed at no time any more, with its interrupt %s", (_, mie) => {
    const hart = machine.hart();
    hart.setCsr(MENVCFG, STCE);
    hart.setCsr(MIE, mie);
    hart.setCsr(STIMECMP, 100n);
    expect(noteTime(99n)).toBe(100n);
    expect(hart.csr(MIP) & STI).toBe(0n);
    expect(noteTime(100n)).toBe(NEVER);
    expect(hart.csr(MIP) & STI).toBe(STI);
    hart.setCsr(STIMECMP, 200n);
    expect(noteTime(100n)).toBe(200n);
    expect(hart.csr(MIP) & STI).toBe(0n);
  });

  test("is raised for who reads the time CSR at stimecmp, and not before", () => {
    const hart = machine.hart();
    machine.load(assemble("csrr a0, time\ncsrr a1, mip\ncsrr a2, time\ncsrr a3, mip", BigInt(RAM_PA)));
    hart.setCsr(MENVCFG, STCE);
    hart.setCsr(STIMECMP, 100n);
    // That asks the host to look at its timers.
    expect(hart.run(1)).toBe(Exit.TIMER);
    now = 99n;
    hart.run(2);
    now = 100n;
    while (hart.instret < 4n) hart.run(1);
    expect([hart.x(10), hart.x(11), hart.x(12), hart.x(13)]).toEqual([99n, 0n, 100n, STI]);
  });

  test("is not raised by a debugger that reads the time", () => {
    const hart = machine.hart();
    hart.setCsr(MENVCFG, STCE);
    hart.setCsr(STIMECMP, 100n);
    now = 100n;
    expect(hart.csr(0xc01)).toBe(100n);
    expect(hart.csr(MIP) & STI).toBe(0n);
  });
});

describe("a hart in WFI", () => {
  beforeEach(() => {
    machine.load(assemble("wfi\nnop\nnop", BigInt(RAM_PA)));
  });

  test("waits until an interrupt is pending that mie enables, whether or not it can be taken", () => {
    const hart = machine.hart();
    hart.setCsr(MIE, 1n << BigInt(Irq.MTI));
    expect(waits()).toBe(false);
    expect(hart.run(10)).toBe(Exit.WFI);
    expect(waits()).toBe(true);
    hart.setLines(1 << Irq.MEI, 1 << Irq.MEI);
    expect(waits()).toBe(true);
    hart.setLines(1 << Irq.MTI, 1 << Irq.MTI);
    expect(waits()).toBe(false);
  });

  test("goes on waiting for STIP as software wrote it, while Sstc shows the timer's alone", () => {
    const hart = machine.hart();
    hart.setCsr(MIE, STI);
    hart.view.setU64(HartField.mip, STI);
    hart.setCsr(MENVCFG, STCE);
    expect(hart.run(10)).toBe(Exit.TIMER);
    expect(hart.run(10)).toBe(Exit.WFI);
    expect(waits()).toBe(true);
    hart.setCsr(MENVCFG, 0n);
    expect(waits()).toBe(false);
  });
});
