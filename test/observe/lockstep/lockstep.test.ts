import { afterEach, describe, expect, test, vi } from "vitest";
import { lockstep, type LockstepOptions, type LockstepVms, type Vm, type VmConfig } from "../../../src/index.ts";
import { flatGuest, powerOff, printText } from "../../support/guest.ts";

/** Counts in a loop, with a store, for 3 million instructions. */
const LOOP = `
  li s0, 500000
  la s1, cell
loop:
  xor a0, a0, s0
  add a2, a2, a0
  sd a2, 0(s1)
  addi s0, s0, -1
  andi a3, s0, 7
  bnez s0, loop
  ${printText("done\n")}
  ${powerOff()}
.align 3
cell: .dword 0
`;

const machine = (source: string): VmConfig => ({ memory: "2M", bios: "none", kernel: flatGuest(source) });

const short: LockstepOptions = { slices: { least: 20_000, most: 100_000 } };

describe("a guest that behaves the same", () => {
  test("runs to its end, and what ran translated is told", async () => {
    let output = "";
    const onOutput = (bytes: Uint8Array) => (output += new TextDecoder().decode(bytes));
    const result = await lockstep(machine(LOOP), { ...short, onOutput });
    expect(result.difference).toBeUndefined();
    expect(result.exit).toEqual({ code: 0, reason: "poweroff" });
    expect(result.instructions).toBeGreaterThan(3_000_000);
    expect(result.regions).toBeGreaterThan(0);
    expect(output).toBe("done\n");
  });

  test("is stopped after the instructions that were asked for", async () => {
    const { instructions, exit } = await lockstep(machine(LOOP), { ...short, instructions: 1_000_000 });
    expect(instructions).toBeGreaterThanOrEqual(1_000_000);
    expect(instructions).toBeLessThan(1_100_001);
    expect(exit).toBeUndefined();
  });

  test("gets what is typed, on both sides", async () => {
    const echo = `
      li s0, 0x10000000
    wait:
      lbu t0, 5(s0)
      andi t0, t0, 1
      beqz t0, wait
      lbu a0, 0(s0)
      li t0, 0x71
      beq a0, t0, quit
      addi a0, a0, 1
      sb a0, 0(s0)
      j wait
    quit:
      ${powerOff(3)}
    `;
    const typed = ["abc", undefined, "q"];
    let output = "";
    const input = (printed: string) => ((output += printed), typed.shift());
    const result = await lockstep(machine(echo), { ...short, input });
    expect(result.difference).toBeUndefined();
    expect(result.exit).toEqual({ code: 3, reason: "poweroff" });
    expect(output).toBe("bcd");
  });

  test("ends when it waits for what does not come", async () => {
    const result = await lockstep(machine("wfi"), short);
    expect(result).toMatchObject({ difference: undefined, exit: undefined });
  });

  test("goes through a reset", async () => {
    const again = `
      li s0, 20000
    spin:
      addi s0, s0, -1
      bnez s0, spin
      li t0, 0x100000
      li t1, 0x7777
      sw t1, 0(t0)
    stay: j stay
    `;
    let resets = 0;
    let watched: Vm | undefined;
    const afterSlice = ({ translator }: LockstepVms) => {
      if (watched === undefined) translator.on("reset", () => resets++);
      watched = translator;
    };
    const result = await lockstep(machine(again), { ...short, instructions: 1_000_000, afterSlice });
    expect(result.difference).toBeUndefined();
    expect(result.instructions).toBeGreaterThanOrEqual(1_000_000);
    expect(resets).toBeGreaterThan(1);
  });
});

describe("a difference", () => {
  test("in a register is found, and narrowed to where it comes up", async () => {
    let done = false;
    const { difference } = await lockstep(machine(LOOP), {
      ...short,
      afterSlice({ translator, instructions }) {
        if (instructions < 700_000 || instructions > 1_000_000) return;
        translator.hart(0).setX(13, 8n);
        done = true;
      },
    });
    expect(done).toBe(true);
    expect(difference!.registers).toEqual([expect.objectContaining({ hart: 0, name: "a3", translator: 8n })]);
    expect(difference!.instructions).toBeGreaterThanOrEqual(700_000);
    expect(difference!.after).toBeLessThan(difference!.instructions);
    expect(difference!.memoryWords).toBe(0);
    expect(difference!.repeatable).toBe(true);
    expect(difference!.text).toMatch(/a3 .*\n(.*\n)+.*andi a3,s0,7/);
  });

  test("in RAM alone is found", async () => {
    const { difference } = await lockstep(machine(LOOP), {
      ...short,
      afterSlice({ translator, instructions }) {
        if (instructions > 500_000) translator.memory.write(0x8010_0003, Uint8Array.of(0x77));
      },
    });
    expect(difference!.registers).toEqual([]);
    expect(difference!.memory).toEqual([{ pa: 0x8010_0000, interpreter: 0n, translator: 0x7700_0000n }]);
    expect(difference!.text).toContain("0x80100000  0x0000000000000000  0x0000000077000000");
  });

  test("that shows only once is told as such", async () => {
    let done = false;
    const { difference } = await lockstep(machine(LOOP), {
      ...short,
      afterSlice({ translator, instructions }) {
        if (instructions < 500_000 || done) return;
        done = true;
        translator.hart(0).setX(13, 8n);
      },
    });
    expect(difference!.repeatable).toBe(false);
    expect(difference!.registers.map(({ name }) => name)).toEqual(["a3"]);
  });
});

describe("a translator with a bug", () => {
  const Module = WebAssembly.Module;
  const [I64_XOR, I64_OR, LOCAL_SET] = [0x85, 0x84, 0x21];

  afterEach(() => vi.unstubAllGlobals());

  /** An engine that compiles `xor` as `or`. */
  function plantBug(): void {
    class Buggy extends Module {
      constructor(bytes: ArrayBufferView) {
        const code = bytes as Uint8Array;
        super(code.map((byte, at) => (byte === I64_XOR && code[at + 1] === LOCAL_SET ? I64_OR : byte)));
      }
    }
    vi.stubGlobal("WebAssembly", { ...WebAssembly, ...nonEnumerable(), Module: Buggy });
  }

  /** WebAssembly's own properties cannot be spread. */
  function nonEnumerable(): Partial<typeof WebAssembly> {
    const names = Object.getOwnPropertyNames(WebAssembly) as (keyof typeof WebAssembly)[];
    return Object.fromEntries(names.map((name) => [name, WebAssembly[name]]));
  }

  test.each(["tiered", "translator"] as const)("is caught at its instruction (%s)", async (engine) => {
    plantBug();
    const { difference } = await lockstep({ ...machine(LOOP), engine }, short);
    expect(difference!.registers.map(({ name }) => name)).toContain("a0");
    expect(difference!.writers.get("a0")!.text).toBe("xor\ta0,a0,s0");
    expect(difference!.repeatable).toBe(true);
    expect(difference!.steps).toBeLessThan(10_000);
  });
});

test("lock-step is refused for engines that do not translate", async () => {
  await expect(lockstep({ ...machine(LOOP), engine: "interpret" })).rejects.toMatchObject({ code: "lockstep-engine" });
});

test("lock-step can be ended from outside", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const afterSlice = () => abort.abort(reason);
  await expect(lockstep(machine(LOOP), { ...short, afterSlice, signal: abort.signal })).rejects.toBe(reason);
});
