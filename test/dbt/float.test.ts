/** Translated floating point against the interpreter, which test/fpu compares with QEMU. */

import { describe, expect, test } from "vitest";
import { Engine, Translate } from "../../assembly/shared/constants.ts";
import { hasFusedMadd } from "../../src/core/features.ts";
import { boxed, isFormat, modes } from "../fpu/formats.ts";
import { operandsFor, type Operands } from "../fpu/operands.ts";
import { type Op, ops } from "../fpu/ops.ts";
import { Random } from "../fpu/random.ts";
import { type Before, FloatMachine } from "./float-machine.ts";

const NX = 1;
/** Rounding modes an instruction may name; the dynamic one first. */
const fields = ["dyn", ...modes];

interface Subject {
  readonly op: Op;
  /** The mnemonic. */
  readonly name: string;
}

/** F and D without loads and stores. */
function subjects(): Subject[] {
  const known = Object.values(ops)
    .filter(({ operands, result, instruction }) => instruction && ![...operands, result].includes("h"))
    .map((op) => ({ op, name: op.instruction! }));
  const like = (name: string, other: string): Subject => ({ op: ops[name]!, name: other });
  const fused = (["s", "d"] as const).flatMap((f) =>
    ["fmsub", "fnmsub", "fnmadd"].map((name) => like(`madd_${f}`, `${name}.${f}`)),
  );
  const plain = { meaning: "convert", core: "", instruction: undefined, rounds: false } as const;
  const moves: Subject[] = [
    { name: "fmv.x.w", op: { ...plain, operands: ["s"], result: "l" } },
    { name: "fmv.x.d", op: { ...plain, operands: ["d"], result: "l" } },
    { name: "fmv.w.x", op: { ...plain, operands: ["l"], result: "s" } },
    { name: "fmv.d.x", op: { ...plain, operands: ["l"], result: "d" } },
  ];
  return [...known, ...fused, ...moves];
}

function line({ op, name }: Subject, field: string): string {
  const destination = isFormat(op.result) ? "f4" : "x10";
  const sources = op.operands.map((kind, index) => (isFormat(kind) ? `f${index + 1}` : "x11"));
  return [`${name} ${destination}`, ...sources, ...(op.rounds ? [field] : [])].join(", ");
}

/** Register contents for an operand; every few a single is not boxed. */
function registers(op: Op, operands: Operands, random: Random): bigint[] {
  return op.operands.map((kind, index) => {
    const register = boxed(kind, operands[index]!);
    return kind === "s" && random.below(20) === 0 ? register ^ (random.u64() & ~0xffff_ffffn) : register;
  });
}

function* starts({ op }: Subject, thin: number, frms: readonly number[]): Generator<Before> {
  const random = new Random(thin);
  for (const operands of operandsFor(op, 400, 7)) {
    if (random.below(thin) !== 0) continue;
    const values = registers(op, operands, random);
    const common = { operands: values, fromX: !isFormat(op.operands[0]!), frm: random.pick(frms) };
    yield { ...common, fflags: 0 };
    yield { ...common, fflags: NX };
    yield { ...common, fflags: random.below(32) };
  }
}

const show = ({ operands, frm, fflags }: Before): string =>
  `${operands.map((value) => value.toString(16)).join(" ")} frm ${frm} fflags ${fflags}`;

const all = subjects();

/** The cases of one instruction, in all its rounding modes, whose outcome is not the interpreter's. */
async function differences(subject: Subject, frmWhenTranslated: number, mechanisms = Translate.ALL): Promise<string[]> {
  const lines = (subject.op.rounds ? fields : ["dyn"]).map((field) => line(subject, field));
  const translated = await FloatMachine.create(lines, Engine.TIERED, mechanisms);
  const interpreted = await FloatMachine.create(lines, Engine.PREDECODE);
  const found: string[] = [];
  for (const [index, text] of lines.entries()) {
    translated.translate(index, frmWhenTranslated);
    const frms = index === 0 ? [0, 0, 0, 0, 1, 2, 3, 4, 5, 7] : [0, 0, 0, 1];
    for (const before of starts(subject, index < 2 ? 1 : 8, frms)) {
      const [got, want] = [translated.run(index, before), interpreted.run(index, before)];
      if (got !== want) found.push(`${text} of ${show(before)}: ${got}, interpreted ${want}`);
    }
  }
  return found.slice(0, 8);
}

describe("translated floating point leaves what the interpreter leaves", () => {
  test.each(all)("$name, translated while frm is RNE", async (subject) => {
    expect(await differences(subject, 0)).toEqual([]);
  });

  test.each(all.filter(({ op }) => op.rounds))("$name, translated while frm is RUP", async (subject) => {
    expect(await differences(subject, 3)).toEqual([]);
  });
});

/** An engine of 2023 or later has it, on a processor that can; test/package/relaxed.test.ts runs this on one. */
describe.runIf(hasFusedMadd())("the engine's own multiply-add leaves what the interpreter leaves", () => {
  const relaxed = Translate.ALL | Translate.RELAXED_MADD;
  test.each(all.filter(({ name }) => /^fn?m(add|sub)/.test(name)))("$name", async (subject) => {
    expect(await differences(subject, 0, relaxed)).toEqual([]);
  });
});

describe("registers of singles keep all their bits", () => {
  const singles = subjects().find(({ name }) => name === "fadd.s")!;
  test.each([
    "fld f1, 0(x12); fsd f1, 8(x12); fadd.s f4, f1, f2; fsd f4, 16(x12); fsw f4, 28(x12)",
    "flw f1, 0(x12); fmul.s f4, f1, f2; fsd f1, 8(x12); fmv.x.w x10, f4; fsgnjn.s f1, f4, f4",
    "fadd.s f4, f1, f2, rup; fmul.s f4, f4, f1; fsd f4, 8(x12); fld f1, 16(x12)",
    "fld f4, 0(x12); fmadd.s f1, f1, f2, f2; fsd f4, 24(x12); fcvt.l.s x10, f1, rtz",
    "fadd.s f4, f1, f2; fcvt.d.s f1, f4; fadd.d f1, f1, f1; fcvt.s.d f1, f1; fsd f1, 0(x12)",
  ])("%s", async (text) => {
    const translated = await FloatMachine.create([text], Engine.TIERED);
    const interpreted = await FloatMachine.create([text], Engine.PREDECODE);
    translated.translate(0, 0);
    const found: string[] = [];
    for (const before of starts(singles, 2, [0, 0, 0, 1])) {
      const [got, want] = [translated.run(0, before), interpreted.run(0, before)];
      if (got !== want) found.push(`${show(before)}: ${got}, interpreted ${want}`);
    }
    expect(found.slice(0, 8)).toEqual([]);
  });
});

/** Registers with ordinary numbers: 2.25, 3.1 and -0.7 in the operands' format; 37 for integers. */
function ordinary(op: Op): bigint[] {
  const view = new DataView(new ArrayBuffer(8));
  return op.operands.map((kind, index) => {
    const value = [2.25, 3.1, -0.7][index]!;
    if (kind === "d") view.setFloat64(0, value);
    else view.setFloat32(0, value);
    if (kind === "s") return boxed(kind, BigInt(view.getUint32(0)));
    return kind === "d" ? view.getBigUint64(0) : 37n;
  });
}

describe("ordinary numbers are handled in line", () => {
  const inlined = all.flatMap((subject) =>
    (subject.op.rounds ? ["dyn", "rne"] : ["dyn"]).map((field) => ({ text: line(subject, field), subject })),
  );
  test.each(inlined)("$text", async ({ text, subject: { op } }) => {
    const translated = await FloatMachine.create([text], Engine.TIERED);
    const interpreted = await FloatMachine.create([text], Engine.PREDECODE);
    const before = { operands: ordinary(op), fromX: !isFormat(op.operands[0]!), frm: 0, fflags: NX };
    translated.translate(0, 0);
    translated.blindInterpreter(0);
    translated.callouts = 0;
    expect(translated.run(0, before)).toBe(interpreted.run(0, before));
    expect(translated.callouts).toBe(0);
  });
});
