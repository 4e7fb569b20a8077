/** Computed jumps whose targets are part of their region. */

import { describe, expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Priv, Translate } from "../../assembly/shared/constants.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { irText } from "../../src/explain/ir.ts";
import { watText } from "../../src/explain/wat.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { Random } from "../../src/isa/random/values.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, RWXAD } from "../support/paging.ts";
import { assembledFunction, onlyFunction } from "./wat-assembler.ts";
import { type HotOptions, type HotRun, runHot } from "./hot-machine.ts";

const TABLE = RAM_PA + 0x4_0000;
const COUNTED = { mechanisms: Translate.ALL | Translate.COUNT, hotThreshold: 32 };

function run(source: string, options: HotOptions = {}): Promise<HotRun> {
  return runHot(source, { translator: COUNTED, ...options });
}

const counted = ({ machine }: HotRun, field: keyof typeof VmField): number => machine.space.vm.count(VmField[field]);

/** Writes the addresses of `names` into the guest's table. */
function fill(machine: TestMachine, label: (name: string) => number, names: readonly string[]): void {
  const bytes = new DataView(new ArrayBuffer(8 * names.length));
  names.forEach((name, i) => bytes.setBigUint64(8 * i, BigInt(label(name)), true));
  machine.load(new Uint8Array(bytes.buffer), TABLE);
}

/** A loop around a jump through the table: s0 turns, s2 the state the choice comes from, s3 the number of choices. */
const SWITCH_HEAD = (turns: number, choices: number) => `
  li s0, ${turns}
  li s1, ${TABLE}
  li s2, 12345
  li s3, ${choices}
  li s4, 1103515245
loop:
  addi s0, s0, -1
  beqz s0, end
  mul s2, s2, s4
  addi s2, s2, 1013
  srli t0, s2, 33
  remu t0, t0, s3
  slli t0, t0, 3
  add t0, t0, s1
  ld t1, 0(t0)
  jr t1
end: j end
`;

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function cases(count: number): string {
  return names("case", count)
    .map((name, i) => `${name}: addi a0, a0, ${i + 1}\n xor a1, a1, a0\n slli a2, a1, ${(i % 5) + 1}\n j loop`)
    .join("\n");
}

describe("a switch in a loop", () => {
  test.each([1, 2, 3, 4, 9, 40])("of %i cases stays in its region", async (count) => {
    const result = await run(`${SWITCH_HEAD(40_000, count)}${cases(count)}`, {
      setUp: (machine, label) => fill(machine, label, names("case", count)),
      slices: 200,
    });
    expect(result.ended).toBe(true);
    expect(counted(result, "countTable")).toBeGreaterThan(20_000);
    expect(counted(result, "countIndirect") + counted(result, "countIndirectMiss")).toBeLessThan(
      counted(result, "countTable") / 10,
    );
  });

  test("leaves the region when that is switched off", async () => {
    const result = await run(`${SWITCH_HEAD(40_000, 9)}${cases(9)}`, {
      setUp: (machine, label) => fill(machine, label, names("case", 9)),
      slices: 200,
      translator: { ...COUNTED, mechanisms: COUNTED.mechanisms & ~Translate.JUMP_TABLES },
    });
    expect(counted(result, "countTable")).toBe(0);
    expect(counted(result, "countIndirect")).toBeGreaterThan(20_000);
  });

  test("goes to targets that were never seen when it became hot", async () => {
    const all = names("case", 12);
    const result = await run(`${SWITCH_HEAD(60_000, 4)}${cases(12)}`, {
      setUp: (machine, label) => fill(machine, label, all),
      between: (machine, slice) => {
        if (slice >= 4) machine.hart().setX(19, BigInt(4 + Math.min(slice, 8)));
      },
      slices: 200,
    });
    expect(result.ended).toBe(true);
  });

  test("goes to an address with its lowest bit set, to the middle of an instruction and to data as the interpreter does", async () => {
    const source = `
      la t0, handler
      csrw mtvec, t0
      ${SWITCH_HEAD(30_000, 6)}
      ${cases(3)}
      middle: .word 0x00150513
      j loop
    .align 2
    handler:
      addi s5, s5, 1
      csrr s6, mcause
      la t0, loop
      csrw mepc, t0
      mret`;
    const result = await run(source, {
      setUp: (machine, label) => {
        const bytes = new DataView(new ArrayBuffer(48));
        const at = [
          label("case0"),
          label("case1") + 1,
          label("case2"),
          label("middle") + 2,
          TABLE + 64,
          0x1234_5678_9abc,
        ];
        at.forEach((value, i) => bytes.setBigUint64(8 * i, BigInt(value), true));
        machine.load(new Uint8Array(bytes.buffer), TABLE);
      },
      slices: 200,
    });
    expect(result.machine.hart().x(21)).toBeGreaterThan(1000n);
    expect(counted(result, "countTable")).toBeGreaterThan(1000);
  });

  test("goes to what a target has become after fence.i", async () => {
    const result = await run(
      `
      li s7, 30
      la s8, patched
      li s9, 0x00150513
      li s10, 0x00350513
    round:
      ${SWITCH_HEAD(2000, 5).replace("end: j end", "").replace("beqz s0, end", "beqz s0, change")}
    ${cases(4)}
    case4:
    patched:
      addi a0, a0, 1
      j loop
    change:
      xor s9, s9, s10
      xor s10, s10, s9
      xor s9, s9, s10
      sw s9, 0(s8)
      fence.i
      addi s7, s7, -1
      bnez s7, round
    end: j end`,
      { setUp: (machine, label) => fill(machine, label, names("case", 5)), slices: 200 },
    );
    expect(result.ended).toBe(true);
    expect(counted(result, "countTable")).toBeGreaterThan(20_000);
  });
});

/** An interpreter: a program of bytes, each the number of a handler; every handler ends in the jump to the next. */
const NEXT = `
  lbu t0, 0(s0)
  addi s0, s0, 1
  addi s5, s5, -1
  slli t0, t0, 3
  add t0, t0, s1
  ld t1, 0(t0)
  jr t1
`;

const PROGRAM = RAM_PA + 0x5_0000;
const DATA = RAM_PA + 0x6_0000;
const PROGRAM_BYTES = 600;

const OPERATIONS = [
  (i: number) => `addi a${i % 6}, a${(i + 1) % 6}, ${i * 3 - 40}`,
  (i: number) => `mul a${i % 6}, a${(i + 2) % 6}, a${(i + 3) % 6}\n xori a${i % 6}, a${i % 6}, ${i}`,
  (i: number) => `sd a${i % 6}, ${8 * (i % 16)}(s2)\n ld a${(i + 3) % 6}, ${8 * ((i * 5) % 16)}(s2)`,
  (i: number) => `addw a${i % 6}, a${(i + 1) % 6}, a${(i + 2) % 6}\n srli a${(i + 4) % 6}, a${i % 6}, 3`,
  (i: number) =>
    `bltz a${i % 6}, 1f\n addi a${(i + 1) % 6}, a${(i + 1) % 6}, 1\n 1:`
      .replaceAll("1f", `skip${i}`)
      .replace("1:", `skip${i}:`),
  (i: number) =>
    `andi t2, a${i % 6}, 15\n again${i}: beqz t2, done${i}\n addi t2, t2, -1\n xor a1, a1, t2\n j again${i}\n done${i}:`,
  (i: number) => `call helper${i % 2}`,
  () => `call large`,
  (i: number) => `j shared${i % 2}`,
  (i: number) => `fcvt.d.l fa${i % 4}, a${i % 6}\n fadd.d fa1, fa${i % 4}, fa2\n fmv.x.d a${(i + 1) % 6}, fa1`,
  () => `lbu t3, 0(s0)\n andi t3, t3, 7\n add s0, s0, t3`,
  (i: number) => `csrrs a${i % 6}, mscratch, a${(i + 1) % 6}`,
];

/** An interpreter with `count` handlers drawn by `random`, which ends when it has executed `steps` of its instructions. */
function interpreter(random: Random, count: number, steps: number): string {
  const handlers = names("handler", count).map((name, i) => {
    const body = OPERATIONS[random.below(OPERATIONS.length)]!(i);
    return `${name}: beqz s5, end\n ${body}\n ${NEXT}`;
  });
  return `
    li s0, ${PROGRAM}
    li s1, ${TABLE}
    li s2, ${DATA}
    li s3, ${PROGRAM}
    li s5, ${steps}
    li t0, 0x6000
    csrs mstatus, t0
    ${NEXT}
    end: j end
    wrap: mv s0, s3
    ${NEXT}
    shared0: addi a3, a3, 5
    shared1: xor a4, a4, a3
    ${NEXT}
    helper0: addi a5, a5, 9
    ret
    helper1: sub a5, a5, a0
    ret
    large: ${Array.from({ length: 160 }, (_, i) => `addi t${2 + (i % 4)}, t${2 + ((i + 1) % 4)}, ${i}`).join("\n")}
    add a0, a0, t3
    ret
    ${handlers.join("\n")}
  `;
}

function load(machine: TestMachine, label: (name: string) => number, count: number, seed: number): void {
  const random = new Random(seed);
  fill(machine, label, [...names("handler", count), "wrap"]);
  const program = Uint8Array.from({ length: PROGRAM_BYTES + 16 }, (_, i) =>
    i < PROGRAM_BYTES ? random.below(count) : count,
  );
  machine.load(program, PROGRAM);
}

describe("an interpreter with a jump at the end of each handler", () => {
  test.each(Array.from({ length: 24 }, (_, i) => i + 1))(
    "does what it does when interpreted, number %i",
    async (seed) => {
      const random = new Random(seed);
      const count = 2 + random.below(30);
      const paged = random.below(2) === 0;
      const result = await run(interpreter(random, count, 30_000), {
        setUp: (machine, label) => load(machine, label, count, seed),
        slices: 900,
        lengths: random.below(2) ? [2500, 12_000] : [1, 9000],
        translator: { ...COUNTED, ...(paged ? { mechanisms: COUNTED.mechanisms & ~Translate.WINDOW } : {}) },
      });
      expect(result.ended).toBe(true);
      expect(counted(result, "countTable")).toBeGreaterThan(5000);
    },
  );

  test("is interrupted between any two instructions", async () => {
    const source = interpreter(new Random(7), 12, 30_000)
      .replace("wrap: mv s0, s3", "wrap: mv s0, s3\n csrsi mie, 8")
      .replace(
        "li s0,",
        `la t0, interrupt
      csrw mtvec, t0
      li t0, 8
      csrs mie, t0
      csrs mstatus, t0
      li s0,`,
      );
    const result = await run(
      `${source}
    .align 2
    interrupt:
      csrrw t5, mscratch, t5
      csrr t5, mepc
      xor s9, s9, t5
      addi s10, s10, 1
      csrci mie, 8
      csrrw t5, mscratch, t5
      mret`,
      {
        setUp: (machine, label) => load(machine, label, 12, 7),
        between: (machine, slice) => machine.hart().setLines(8, slice & 1 ? 8 : 0),
        slices: 300,
        lengths: [2100, 2400],
      },
    );
    expect(counted(result, "countTable")).toBeGreaterThan(5000);
  });

  test("needs no other region for its handlers", async () => {
    const count = 16;
    const result = await run(interpreter(new Random(3), count, 60_000), {
      setUp: (machine, label) => load(machine, label, count, 3),
      slices: 300,
    });
    expect(counted(result, "countTable")).toBeGreaterThan(10 * counted(result, "countIndirect"));
  });
});

test("a target in a page that is mapped elsewhere afterwards is found there", async () => {
  const VA = 0x40_0000n;
  const CASE_VA = 0x41_0000n;
  const code = assemble(
    `
      li s1, ${CASE_VA}
    loop:
      addi s0, s0, 1
      andi t2, s0, 3
      slli t2, t2, 4
      add t2, t2, s1
      jr t2`,
    VA,
  );
  const handlers = (step: number) =>
    assemble(
      Array.from(
        { length: 4 },
        (_, i) => `addi a${i}, a${i}, ${step + i}\n lui t1, 0x400\n addi t1, t1, 4\n jr t1`,
      ).join("\n"),
      CASE_VA,
    );
  const { machine } = await runHot("nop", {
    translator: COUNTED,
    slices: 40,
    setUp: (it) => {
      const tables = new PageTables(it, RAM_PA + 0x8_0000);
      tables.map(VA, RAM_PA + 0x1_0000, RWXAD);
      tables.map(CASE_VA, RAM_PA + 0x1_1000, RWXAD);
      it.load(code, RAM_PA + 0x1_0000);
      it.load(handlers(1), RAM_PA + 0x1_1000);
      it.load(handlers(100), RAM_PA + 0x1_2000);
      const hart = it.hart();
      hart.setCsr(0x3b0, (1n << 54n) - 1n);
      hart.setCsr(0x3a0, 0x1fn);
      hart.setCsr(0x180, tables.satp);
      hart.setCsr(0x300, 1n << 11n);
      hart.setCsr(0x341, VA);
      it.loadWords([0x3020_0073], RAM_PA + 0x7_0000);
      hart.pc = BigInt(RAM_PA + 0x7_0000);
    },
    between: (it, slice) => {
      if (slice !== 20) return;
      const tables = new PageTables(it, RAM_PA + 0x8_0000);
      tables.map(VA, RAM_PA + 0x1_0000, RWXAD);
      tables.map(CASE_VA, RAM_PA + 0x1_2000, RWXAD);
      it.core.hart_flush(it.space.harts[0]!.ma);
    },
  });
  expect(machine.space.vm.count(VmField.countTable)).toBeGreaterThan(5000);
  expect(machine.hart().x(10)).toBeGreaterThan(100_000n);
});

test("an interpreter's region can be looked at, with its table", async () => {
  const { machine, label } = await run(interpreter(new Random(3), 16, 60_000), {
    setUp: (it, labels) => load(it, labels, 16, 3),
    slices: 300,
  });
  const region = explainRegion(machine.core, machine.space, 0, BigInt(label("handler4")), Priv.M)!;
  expect(irText(region)).toMatch(/^b\d+ table {2}loop.*\n.*dispatch %0: .*80[\da-f]+ -> b\d+, .*else leave %0\n/m);
  expect(assembledFunction(watText(region), region.ramMa)).toBe(onlyFunction(region.wasm));
});

test("two functions that want the same place in the jump cache are called without leaving translated code", async () => {
  const long = Array.from({ length: 160 }, (_, i) => `addi a${i % 6}, a${(i + 1) % 6}, ${i}`).join("\n");
  const result = await run(
    `
      li s0, 5000
    loop:
      call first
      call second
      addi s0, s0, -1
      bnez s0, loop
    end: j end
    .align 13
    first: ${long}
      ret
    .align 13
    second: ${long}
      ret`,
    // With heat this low there are soon many regions, and then smaller ones: each function is to have room in one.
    { slices: 300, translator: { ...COUNTED, maxRegionInstructions: 1200 } },
  );
  expect(result.ended).toBe(true);
  expect(counted(result, "countReturn")).toBeGreaterThan(8000);
  expect(counted(result, "countEntry")).toBeLessThan(1000);
});

test("jumps are counted when that is asked for, and cost no code when it is not", async () => {
  const fields = ["countTable", "countChain", "countReturn", "countIndirectMiss"] as const;
  const both = [COUNTED.mechanisms, Translate.ALL].map((mechanisms) =>
    run(interpreter(new Random(9), 20, 60_000), {
      setUp: (it, labels) => load(it, labels, 20, 9),
      slices: 300,
      translator: { ...COUNTED, mechanisms },
    }),
  );
  const [on, off] = await Promise.all(both);
  for (const field of fields) {
    expect(counted(on!, field), field).toBeGreaterThan(0);
    expect(counted(off!, field), field).toBe(0);
  }
  expect(counted(off!, "countRegion")).toBe(counted(on!, "countRegion"));
  expect(counted(off!, "countCodeBytes")).toBeLessThan(counted(on!, "countCodeBytes"));
});
