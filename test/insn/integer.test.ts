import { beforeAll, describe, expect, test } from "vitest";
import { tables } from "../../src/isa/tables.ts";
import * as ciphers from "./ciphers.ts";
import * as models from "./models.ts";
import { type Model, u64 } from "./models.ts";
import { hard, pairs, Random, singles } from "./operands.ts";
import { dispatchers, Runner } from "./runner.ts";

const hex = (value: bigint) => `0x${u64(value).toString(16)}`;

/** The operand lists for which what the core computes is not what the model says, with both results. */
function mismatches<Operands extends readonly bigint[]>(
  operandLists: Iterable<Operands>,
  computed: (...operands: Operands) => bigint,
  model: (...operands: Operands) => bigint,
): string[] {
  const wrong: string[] = [];
  for (const operands of operandLists) {
    const [got, wanted] = [computed(...operands), u64(model(...operands))];
    if (got !== wanted) wrong.push(`${operands.map(hex).join(", ")}: ${hex(got)}, not ${hex(wanted)}`);
  }
  return wrong;
}

/** Each of `list` with each of `others`. */
const crossed = (list: readonly bigint[], others: readonly bigint[]) =>
  list.flatMap((a) => others.map((b): [bigint, bigint] => [a, b]));

const binary: Record<string, Model> = {
  ...models.rvI,
  ...models.rvM,
  ...models.zba,
  ...models.zbb,
  ...models.zbc,
  ...models.zbs,
  ...models.zbkb,
  ...models.zbkx,
  ...models.zicond,
  ...models.zimop,
  ...ciphers.aesBinary,
};

const unary: Record<string, Model> = {
  ...models.zbbUnary,
  ...models.zbkbUnary,
  ...models.zknh,
  ...models.zksh,
  ...models.zimopUnary,
  ...ciphers.aesUnary,
};

const byteSelected: Record<string, (a: bigint, b: bigint, bs: number) => bigint> = {
  sm4ed: ciphers.sm4ed,
  sm4ks: ciphers.sm4ks,
};

const immediates = [0n, 1n, 2n, 0x7ffn, -1n, -2n, -0x800n, 0x555n, -0x556n];
const counting = (count: number) => Array.from({ length: count }, (_, i) => BigInt(i));

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await Runner.create(dispatcher);
  });

  test.each(Object.entries(binary))("%s computes rd from rs1 and rs2", (name, model) => {
    expect(mismatches(pairs(200, 1n), (a, b) => runner.binary(name, a, b), model)).toEqual([]);
  });

  test.each(Object.entries(unary))("%s computes rd from rs1", (name, model) => {
    const operands = singles(300, 2n).map((a): [bigint] => [a]);
    expect(
      mismatches(
        operands,
        (a) => runner.unary(name, a),
        (a) => model(a, 0n),
      ),
    ).toEqual([]);
  });

  test.each(Object.entries(models.rvImmediate))("%s computes rd from rs1 and a signed immediate", (name, model) => {
    const operands = crossed(singles(30, 3n), immediates);
    expect(mismatches(operands, (a, immediate) => runner.unary(name, a, immediate), model)).toEqual([]);
  });

  const shifts = [
    ...Object.entries(models.shifts).map(([name, model]) => ({ name, model, amounts: 64 })),
    ...Object.entries(models.wordShifts).map(([name, model]) => ({ name, model, amounts: 32 })),
  ];

  test.each(shifts)("$name works for all $amounts amounts", ({ name, model, amounts }) => {
    const operands = crossed(singles(3, 7n), counting(amounts));
    expect(mismatches(operands, (a, amount) => runner.unary(name, a, amount), model)).toEqual([]);
  });

  test.each(Object.entries(byteSelected))("%s works on each of the four bytes", (name, model) => {
    for (const bs of [0, 1, 2, 3]) {
      const computed = (a: bigint, b: bigint) => runner.binary(name, a, b, bs);
      expect(mismatches(pairs(50, 4n), computed, (a, b) => model(a, b, bs))).toEqual([]);
    }
  });

  test("aes64ks1i works for round numbers 0 to 10", () => {
    const operands = crossed(singles(40, 5n), counting(11));
    const computed = (a: bigint, rnum: bigint) => runner.unary("aes64ks1i", a, rnum);
    expect(mismatches(operands, computed, ciphers.aes64ks1i)).toEqual([]);
  });

  test.each(["add", "sh1add", "xperm8", "mulh"])(
    "%s reads both sources before it writes rd, whichever they are",
    (name) => {
      const model = binary[name]!;
      const [a, b] = [0x0123_4567_89ab_cdefn, 0x8070_6050_4030_2010n];
      const result = (text: string, rd: number, registers: Record<number, bigint>) => runner.run(text, registers).x(rd);
      expect(result(`${name} x5, x5, x6`, 5, { 5: a, 6: b })).toBe(u64(model(a, b)));
      expect(result(`${name} x6, x5, x6`, 6, { 5: a, 6: b })).toBe(u64(model(a, b)));
      expect(result(`${name} x5, x5, x5`, 5, { 5: a })).toBe(u64(model(a, a)));
      expect(result(`${name} x31, x1, x30`, 31, { 1: a, 30: b })).toBe(u64(model(a, b)));
      expect(result(`${name} x7, x0, x6`, 7, { 6: b })).toBe(u64(model(0n, b)));
      expect(result(`${name} x7, x5, x0`, 7, { 5: a })).toBe(u64(model(a, 0n)));
    },
  );

  test.each([...Object.keys(binary), ...Object.keys(unary)])("%s to x0 changes no register", (name) => {
    const random = new Random(6n);
    const registers = Object.fromEntries(Array.from({ length: 31 }, (_, i) => [i + 1, random.next()]));
    const hart = runner.run(name in binary ? `${name} x0, x5, x6` : `${name} x0, x5`, registers);
    expect(hart.x(0)).toBe(0n);
    for (const [index, value] of Object.entries(registers)) expect(hart.x(Number(index))).toBe(value);
  });
});

test("hard operands include the ends of every integer type", () => {
  for (const bits of [8n, 16n, 32n, 64n]) expect(hard).toContain((1n << (bits - 1n)) - 1n);
});

test("every computing instruction of the tables has a model here", () => {
  const covered = new Set([
    ...[binary, unary, byteSelected, models.rvImmediate, models.shifts, models.wordShifts].flatMap(Object.keys),
    ...["aes64ks1i", "lui", "auipc"],
  ]);
  const computing = tables
    .flatMap((table) => table.rows)
    .filter((row) => (row.flow ?? "none") === "none" && /^(R|I|U|shift|mop)/.test(row.format))
    .map((row) => row.name.replace(/\bN$/, "0"));
  expect(computing.filter((name) => !covered.has(name))).toEqual([]);
});
