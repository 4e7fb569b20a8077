import { afterEach, describe, expect, test } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { TranslatorCounters, Vm, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** An M-mode program in a deterministic VM. */
async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  const kernel = flatGuest(source);
  return host.createVm({ memory: "2M", bios: "none", kernel, clock: "deterministic", ...config });
}

async function run(source: string, config: VmConfig = {}): Promise<Vm> {
  const vm = await vmOf(source, config);
  vm.start();
  await vm.exited;
  return vm;
}

/** Three instructions and two for each turn but the first, which has three. */
const loop = (turns: number) => `li s0, ${turns}\nagain: addi s0, s0, -1\nbnez s0, again\n`;

/** `powerOff` up to its store, which no translated code can do: a device answers. */
const POWER_OFF = 3;

const NO_EXITS = { fuel: 0, interpreter: 0, trap: 0, cold: 0, miss: 0, dispatch: 0, attention: 0 };

const exitsOf = ({ exits }: TranslatorCounters) => Object.values<number>({ ...exits }).reduce((a, b) => a + b);

describe("the translator's counters", () => {
  test("show one entry for a loop that is one region, left for the device access that ends the run", async () => {
    const { instructions, translator } = (await run(loop(1000) + powerOff(), { engine: "translator" })).counters();
    expect(instructions).toBe(1 + 2 * 1000 + POWER_OFF + 1);
    expect(translator).toMatchObject({
      entries: 1,
      exits: { ...NO_EXITS, interpreter: 1 },
      translatedInstructions: instructions - 1,
      interpretedInstructions: 1,
      regions: 1,
      refused: 0,
      evicted: 0,
    });
    expect(translator.codeBytes).toBeGreaterThan(100);
    expect(translator.translateMilliseconds).toBeGreaterThanOrEqual(translator.compileMilliseconds);
    expect(translator.translateMilliseconds).toBe(translator.longestMilliseconds);
  });

  test("show that the tiered engine interprets a loop until it is hot", async () => {
    const config: VmConfig = { engine: "tiered", translator: { hotThreshold: 4096 } };
    const { instructions, translator } = (await run(loop(10_000) + powerOff(), config)).counters();
    // One period of 4096 steps, and on to the next jump backward.
    expect(translator.interpretedInstructions - 1).toBeGreaterThanOrEqual(4096);
    expect(translator.interpretedInstructions - 1).toBeLessThanOrEqual(4096 + 2);
    expect(translator.translatedInstructions + translator.interpretedInstructions).toBe(instructions);
    expect(translator).toMatchObject({ entries: 1, exits: { ...NO_EXITS, interpreter: 1 }, regions: 1 });
    expect(translator.interpretMilliseconds).toBeGreaterThan(0);
  });

  test("are zero with an engine that does not translate", async () => {
    const { instructions, translator } = (await run(loop(1000) + powerOff(), { engine: "interpreter" })).counters();
    expect(translator).toMatchObject({ entries: 0, exits: NO_EXITS, regions: 0, refused: 0, codeBytes: 0 });
    expect(translator.interpretMilliseconds).toBe(0);
    expect(translator.interpretedInstructions).toBe(instructions);
  });

  test("count a trap and its return as exits of different causes", async () => {
    const source = `
      la t0, handler
      csrw mtvec, t0
      li s0, 100
      again: addi s0, s0, -1
      ecall
      bnez s0, again
      ${powerOff()}
      handler: csrr t1, mepc
      addi t1, t1, 4
      csrw mepc, t1
      mret`;
    const { traps, translator } = (await run(source, { engine: "translator" })).counters();
    expect(traps).toBe(100);
    expect(translator.exits.trap).toBe(100);
    expect(exitsOf(translator)).toBe(translator.entries);
  });

  test("count each entry once, whatever the mechanisms", async () => {
    const source = `
      li s1, 600
      outer: call f
      addi s1, s1, -1
      bnez s1, outer
      ${powerOff()}
      f: ${loop(5)} ret`;
    for (const engine of ["tiered", "translator"] as const) {
      for (const name of ["chaining", "regions", "inlining", "returnPrediction", "cache"] as const) {
        const config: VmConfig = { engine, translator: { hotThreshold: 64, [name]: false } };
        const { instructions, translator } = (await run(source, config)).counters();
        expect(instructions).toBe(1 + 600 * (1 + 1 + 2 * 5 + 1 + 2) + POWER_OFF + 1);
        expect(exitsOf(translator), `${engine} without ${name}`).toBe(translator.entries);
        expect(translator.entries).toBeGreaterThan(0);
      }
    }
  });

  test("show that without a cache each region is translated each time it is reached", async () => {
    const config: VmConfig = { engine: "translator", translator: { cache: false, regions: false } };
    const source = `
      li s0, 50
      again: addi s0, s0, -1
      j next
      next: bnez s0, again
      ${powerOff()}`;
    const { translator } = (await run(source, config)).counters();
    // Two blocks a turn, the first of them with what comes before the loop, and one at the end.
    expect(translator.regions).toBe(2 * 50 + 1);
    expect(translator.entries).toBe(translator.regions);
    expect(translator.exits).toEqual({ ...NO_EXITS, cold: 100, interpreter: 1 });
  });

  test("show that an instruction that only the interpreter knows is not tried", async () => {
    const source = `
      la t0, handler
      csrw mtvec, t0
      li s0, 100
      again: ecall
      ecall
      addi s0, s0, -1
      bnez s0, again
      ${powerOff()}
      handler: csrr t1, mepc
      addi t1, t1, 4
      csrw mepc, t1
      mret`;
    const { translator } = (await run(source, { engine: "translator" })).counters();
    // The way in, the loop from behind both calls to the first, and the handler, which mret leaves. The second call is
    // interpreted on the way.
    const exits = { ...NO_EXITS, interpreter: 200 + 1, trap: 100 };
    expect(translator).toMatchObject({ refused: 0, regions: 3, exits });
  });

  test("show an exit for the end of the budget", async () => {
    const vm = await vmOf("again: addi s0, s0, 1\nj again", { engine: "translator" });
    vm.step(0, 1000);
    const { instructions, translator } = vm.counters();
    expect(instructions).toBe(1000);
    expect(translator).toMatchObject({ entries: 1, exits: { ...NO_EXITS, fuel: 1 } });
    expect(translator.interpretedInstructions).toBeLessThan(10);
  });

  test("begin anew at a reset, as all counters do", async () => {
    const vm = await run(loop(1000) + powerOff(), { engine: "translator" });
    const first = vm.counters();
    await vm.reset();
    await vm.exited;
    const again = vm.counters();
    expect(again.instructions).toBe(first.instructions);
    expect(again.mmio).toBe(1);
    expect(again.translator).toMatchObject({ entries: 1, regions: 1, translatedInstructions: first.instructions - 1 });
  });
});

describe("counters of memory", () => {
  test.each(ENGINE_NAMES)("show a page walk for each miss of a translated access, with %s", async (engine) => {
    // A Sv39 table of 1 GiB pages at 0x80100000 that maps RAM on itself; S mode then touches three pages twice.
    const source = `
      li t0, 0x80100000
      li t1, 0x200000cf
      sd t1, 16(t0)
      li t1, 1
      slli t1, t1, 63
      srli t0, t0, 12
      or t0, t0, t1
      csrw satp, t0
      li t1, -1
      csrw pmpaddr0, t1
      li t1, 15
      csrw pmpcfg0, t1
      la t1, end
      csrw mtvec, t1
      la t1, supervisor
      csrw mepc, t1
      li t1, 0x1000
      csrc mstatus, t1
      li t1, 0x800
      csrs mstatus, t1
      mret
      supervisor:
      li s0, 0x80110000
      li s1, 2
      again: ld a0, 0(s0)
      lui t1, 1
      add t1, t1, s0
      ld a0, 0(t1)
      sd a0, 8(t1)
      addi s1, s1, -1
      bnez s1, again
      ecall
      .align 2
      end: ${powerOff()}`;
    const { pageWalks, tlbMisses, traps } = (await run(source, { engine })).counters();
    expect(traps).toBe(1);
    // Code, two pages loaded from, one stored to; in translated code a check for the store serves the load before it.
    expect(pageWalks).toBe(engine === "translator" ? 3 : 4);
    expect(tlbMisses).toBeGreaterThanOrEqual(pageWalks);
  });
});
