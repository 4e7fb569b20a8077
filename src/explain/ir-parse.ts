/**
 * Reads the text that ir.ts prints: the intermediate representation of a region, for tests of the translator's passes. What the text does not
 * say is zero: the records of floating-point nodes, the words of instructions that are not done by the core, the module.
 */

import { Ir, Mode, Step, Term } from "../../assembly/shared/ir.ts";
import type { RegionBlock, RegionInsn, RegionNode, RegionParts, RegionTarget, Span } from "../core/explained.ts";
import { PRIV_NAMES } from "../core/regions.ts";
import { assembleWord } from "../isa/assemble.ts";
import { fNames, xNames } from "../isa/names.ts";
import { W } from "../../assembly/dbt/wasm/opcode.ts";
import { operatorNumber } from "./names.ts";

/** First temp, and first f register, among values. */
const TEMP = 64;
const F = 32;
/** Stands for an instruction whose text the IR does not contain. */
const NOP = 0x13;

type Fields = Partial<Omit<RegionNode, "pc" | "check" | "span" | "stored">> & { readonly op: Ir };

const fault = (line: string, what: string): Error => new Error(`${what} in the line "${line}" of the region's text`);

/** The number of a value: a register, `0`, or a temp `%n`. */
function valueOf(name: string): number {
  if (name === "0" || name === "_") return 0;
  if (/^%\d+$/.test(name)) return TEMP + Number(name.slice(1));
  const x = xNames.indexOf(name);
  if (x > 0) return x;
  const f = fNames.indexOf(name);
  if (f >= 0) return F + f;
  throw new Error(`There is no register ${name}`);
}

function operatorOf(name: string): number {
  const number = operatorNumber(name);
  if (number === undefined) throw new Error(`There is no operator ${name}`);
  return number;
}

const constantOf = (text: string): bigint => {
  return BigInt.asIntN(64, text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));
};
const addressOf = (text: string): bigint => BigInt(`0x${text}`);
const between = (value: number, first: W, last: W): boolean => value >= first && value <= last;

/** The node of `dst = operator a, b`: the operator says what it is. */
function binary(w: number, [a, b]: readonly [number, number]): Fields {
  if (between(w, W.I64_EQ, W.I64_GE_U)) return { op: Ir.COMPARE, w, a, b };
  if (between(w, W.I64_ADD, W.I64_ROTR)) return { op: Ir.BINARY, w, a, b };
  const size = between(w, W.F32_EQ, W.F32_LE) || between(w, W.F32_ABS, W.F32_COPYSIGN) ? 4 : 8;
  if (between(w, W.F32_EQ, W.F64_GE)) return { op: Ir.FLOAT_COMPARE, w, a, b, size };
  const select = between(w, W.F32_MIN, W.F32_MAX) || between(w, W.F64_MIN, W.F64_MAX);
  return { op: select ? Ir.FLOAT_SELECT : Ir.FLOAT, w, a, b, size };
}

/** Bytes that a load or store moves. */
export function accessSize(w: number): number {
  if ([W.I64_LOAD8_S, W.I64_LOAD8_U, W.I64_STORE8].includes(w)) return 1;
  if ([W.I64_LOAD16_S, W.I64_LOAD16_U, W.I64_STORE16].includes(w)) return 2;
  return [W.I64_LOAD, W.I64_STORE, W.F64_LOAD, W.F64_STORE].includes(w) ? 8 : 4;
}

const integerType = (text: string): number => Number(text.slice(1)) / 8 + (text.startsWith("s") ? 16 : 0);
const format = (text: string): number => (text === "f32" ? 4 : 8);
const v = "([a-z%]\\w*|0)";
const num = "(-?(?:0x)?[0-9a-f]+)";

/** Forms of the right side of `dst = …`; the first that fits counts. */
const forms: readonly (readonly [RegExp, (...parts: string[]) => Fields])[] = [
  [
    `multiply_high (uu|su|ss) ${v}, ${v}`,
    (sign: string, a: string, b: string) => {
      return { op: Ir.MULTIPLY_HIGH, size: ["uu", "su", "ss"].indexOf(sign), a: valueOf(a), b: valueOf(b) };
    },
  ],
  [
    `divide (\\S+) ${v}, ${v}`,
    (w: string, a: string, b: string) => {
      return { op: Ir.DIVIDE, w: operatorOf(w), size: w.startsWith("i64") ? 8 : 4, a: valueOf(a), b: valueOf(b) };
    },
  ],
  [
    `word (\\S+) ${v}, ([a-z]\\w*)`,
    (w: string, a: string, b: string) => {
      return { op: Ir.WORD, w: operatorOf(w), a: valueOf(a), b: valueOf(b) };
    },
  ],
  [`word (\\S+) ${v}, ${num}`, (w: string, a: string, imm: string) => wordImmediate(operatorOf(w), valueOf(a), imm)],
  [
    `atomic (\\S+) (\\d+) \\[${v}\\], ${v}`,
    (w: string, bits: string, a: string, b: string) => {
      return {
        op: Ir.ATOMIC,
        w: w === "swap" ? 0 : operatorOf(w),
        size: Number(bits) / 8,
        a: valueOf(a),
        b: valueOf(b),
      };
    },
  ],
  [
    `load_reserved (\\d+) \\[${v}\\]`,
    (bits: string, a: string) => {
      return { op: Ir.LOAD_RESERVED, size: Number(bits) / 8, a: valueOf(a) };
    },
  ],
  [
    `store_conditional (\\d+) \\[${v}\\] = ${v}`,
    (bits: string, a: string, b: string) => {
      return { op: Ir.STORE_CONDITIONAL, size: Number(bits) / 8, a: valueOf(a), b: valueOf(b) };
    },
  ],
  [
    `${v} (==|!=) 0 \\? 0 : ${v}`,
    (b: string, test: string, a: string) => {
      return { op: Ir.SELECT_ZERO, imm: test === "==" ? 0n : 1n, a: valueOf(a), b: valueOf(b) };
    },
  ],
  [`(f32|f64)\\.sqrt ${v}`, (f: string, a: string) => ({ op: Ir.FLOAT_ROOT, size: format(f), a: valueOf(a) })],
  [`(f32|f64)\\.class ${v}`, (f: string, a: string) => ({ op: Ir.FLOAT_CLASS, size: format(f), a: valueOf(a) })],
  [`(f32|f64)\\.bits ${v}`, (f: string, a: string) => ({ op: Ir.FLOAT_MOVE, size: format(f), a: valueOf(a) })],
  [
    `(f32|f64)\\.from_f(?:32|64) ${v}`,
    (f: string, a: string) => {
      return { op: Ir.FLOAT_CONVERT, size: format(f), a: valueOf(a) };
    },
  ],
  [
    `(f32|f64)\\.from_([su]\\d+) ${v}`,
    (f: string, type: string, a: string) => {
      return { op: Ir.FLOAT_FROM_INT, size: format(f), c: integerType(type), a: valueOf(a) };
    },
  ],
  [
    `([su]\\d+)\\.from_(f32|f64) (\\S+) ${v}`,
    (type: string, f: string, w: string, a: string) => {
      return {
        op: Ir.FLOAT_TO_INT,
        size: format(f),
        c: integerType(type),
        w: w === "?" ? 0 : operatorOf(w),
        a: valueOf(a),
      };
    },
  ],
  [
    `(f32|f64)\\.fma (-?)${v} \\* ${v} ([-+]) ${v}`,
    (f: string, minus: string, a: string, b: string, sign: string, c: string) => {
      const w = (minus === "-" ? 1 : 0) + (sign === "-" ? 2 : 0);
      return { op: Ir.FLOAT_FMA, size: format(f), w, a: valueOf(a), b: valueOf(b), c: valueOf(c) };
    },
  ],
  [
    `(f32|f64)\\.(sign|sign_inverted|sign_xor) ${v}, ${v}`,
    (f: string, how: string, a: string, b: string) => {
      const w = ["sign", "sign_inverted", "sign_xor"].indexOf(how);
      return { op: Ir.FLOAT_SIGN, size: format(f), w, a: valueOf(a), b: valueOf(b) };
    },
  ],
  [
    `(\\S*\\.load\\S*) \\[${v}([-+]\\d+)?\\]`,
    (w: string, a: string, offset = "+0") => {
      const number = operatorOf(w);
      return { op: Ir.LOAD, w: number, size: accessSize(number), a: valueOf(a), imm: BigInt(offset) };
    },
  ],
  [
    `(\\S+\\.\\S+) ${v}, ([a-z%]\\w*)`,
    (w: string, a: string, b: string) => binary(operatorOf(w), [valueOf(a), valueOf(b)]),
  ],
  [`(i64\\.\\S+) ${v}, ${num}`, (w: string, a: string, imm: string) => immediate(operatorOf(w), valueOf(a), imm)],
  [
    `(\\S+\\.\\S+) ${v}`,
    (w: string, a: string) => {
      return { op: w.startsWith("i32.") ? Ir.UNARY_W : Ir.UNARY, w: operatorOf(w), a: valueOf(a) };
    },
  ],
  [`entry ${num}`, (imm: string) => ({ op: Ir.ENTRY, imm: constantOf(imm) })],
  ["([a-z%]\\w*)", (a: string) => ({ op: Ir.MOVE, a: valueOf(a) })],
  [num, (imm: string) => ({ op: Ir.CONST, imm: constantOf(imm) })],
].map(([pattern, make]) => [new RegExp(`^${pattern as string}$`), make as (...parts: string[]) => Fields] as const);

function wordImmediate(w: number, a: number, imm: string): Fields {
  // A register operand that is x0 prints as a zero as well, and means the same.
  return { op: Ir.WORD_I, w, a, imm: constantOf(imm) };
}

function immediate(w: number, a: number, imm: string): Fields {
  return { op: between(w, W.I64_EQ, W.I64_GE_U) ? Ir.COMPARE_I : Ir.BINARY_I, w, a, imm: constantOf(imm) };
}

const coreOps: Readonly<Record<string, Ir>> = { callout: Ir.CALLOUT, system: Ir.SYSTEM, csr: Ir.CSR };

/** What a node's line says, without what is said of its check; `insn` is the instruction that the core does. */
function operation(text: string): { fields: Fields; insn?: string } {
  const store = new RegExp(`^(\\S*\\.store\\d*) \\[${v}([-+]\\d+)?\\] = ${v}$`).exec(text);
  if (store) {
    const [, w = "", a = "", offset = "+0", b = ""] = store;
    const number = operatorOf(w);
    return {
      fields: { op: Ir.STORE, w: number, size: accessSize(number), a: valueOf(a), b: valueOf(b), imm: BigInt(offset) },
    };
  }
  const [, left = "", right = ""] = /^(\S+) = (.*)$/.exec(text) ?? [];
  if (left === "") throw fault(text, "There is no operation");
  const dst = valueOf(left);
  const [, who = "", insn = ""] = /^(callout|system|csr) (.*)$/.exec(right) ?? [];
  if (who !== "") return { fields: { op: coreOps[who]!, dst }, insn };
  for (const [pattern, make] of forms) {
    const parts = pattern.exec(right);
    if (parts) return { fields: { ...make(...parts.slice(1)), dst } };
  }
  throw fault(text, "There is no operation");
}

const spanPattern = /^(\w+)\[(-?\d+),(-?\d+)\)$/;

function spanOf(text: string): [number, Span] {
  const [, name = "", lo = "", hi = ""] = spanPattern.exec(text) ?? [];
  return [valueOf(name), { lo: Number(lo), hi: Number(hi) }];
}

const NO_CHECK = { check: Step.NOTHING, span: { lo: 0, hi: 0 }, stored: false };

function checkOf(remark: string): Pick<RegionNode, "check" | "span" | "stored"> {
  if (remark === "span carried") return { ...NO_CHECK, check: Step.CARRY };
  if (remark === "span known") return { ...NO_CHECK, check: Step.KNOWN };
  if (remark === "checked alone") return { ...NO_CHECK, check: Step.ALONE };
  const [, how, span, stored] = /^(covered by|checks) (\S+?)( to store)?$/.exec(remark) ?? [];
  if (how === undefined || span === undefined) return NO_CHECK;
  const check = how === "checks" ? Step.CHECK : Step.COVERED;
  return { check, span: spanOf(span)[1], stored: stored !== undefined };
}

/** A block whose successors' addresses are still to be found. */
type Draft = { -readonly [K in keyof RegionBlock]: RegionBlock[K] };

/** `b3`, or `leave 80000000`. */
interface Way {
  readonly block: number | undefined;
  readonly pc: bigint | undefined;
}

function wayOf(text: string): Way {
  const [, index, pc] = /^(?:b(\d+)|leave ([0-9a-f]+))$/.exec(text) ?? [];
  if (index !== undefined) return { block: Number(index), pc: undefined };
  if (pc === undefined) throw fault(text, "There is no way out");
  return { block: undefined, pc: addressOf(pc) };
}

class Parser {
  readonly blocks: Draft[] = [];
  /** What a block's line says of where it goes, when all blocks are known. */
  readonly #later: (() => void)[] = [];
  #at = 0n;

  line(text: string): void {
    if (/^b\d+ /.test(text)) this.#head(text);
    else this.#body(text);
  }

  finish(): void {
    for (const step of this.#later) step();
  }

  #head(text: string): void {
    const [, index = "", where = "", remarks = ""] = /^b(\d+) ([0-9a-f]+|table)(?: {2}(.*))?$/.exec(text) ?? [];
    if (Number(index) !== this.blocks.length) throw fault(text, "There is another block number");
    const said = remarks.split("; ");
    const after = (word: string): string[] => {
      return (
        said
          .find((remark) => remark.startsWith(`${word} `))
          ?.slice(word.length + 1)
          .split(" ") ?? []
      );
    };
    const mask = (names: readonly string[]) => names.reduce((bits, name) => bits | (1n << BigInt(valueOf(name))), 0n);
    const pc = where === "table" ? BigInt.asUintN(64, -1n) : addressOf(where);
    this.#at = pc;
    this.blocks.push({
      ...{ pc, targetPc: 0n, nextPc: 0n, live: mask(after("live")), dirty: mask(after("dirty")), term: Term.NEXT },
      ...{ taken: undefined, next: undefined, targets: [], loop: said.includes("loop") },
      ...{ depth: Number(after("inlined, depth")[0] ?? 0), uncharged: Number(after("uncharged")[0] ?? 0) },
      ...{ spans: new Map(after("checked").map(spanOf)), nodes: [], insns: [] },
    });
  }

  #body(text: string): void {
    const block = this.blocks.at(-1);
    if (block === undefined) throw fault(text, "There is no block yet");
    const [, label = "", rest = ""] = /^ {2}([0-9a-f]*) +(.*)$/.exec(text) ?? [];
    if (label !== "") this.#at = addressOf(label);
    if (this.#terminator(block, rest, label !== "")) return;
    const [said = "", remark = ""] = rest.split(/ +(?=checks |covered by |checked alone|span carried|span known)/);
    const { fields, insn } = operation(said.trim());
    const node = { w: 0, dst: 0, a: 0, b: 0, c: 0, size: 8, imm: 0n, ...fields, pc: this.#at, ...checkOf(remark) };
    block.nodes = [...block.nodes, node];
    if (insn !== undefined) this.#insn(block, assembleWord(insn));
  }

  #insn(block: Draft, word: number): void {
    const insn: RegionInsn = { pc: this.#at, word };
    block.insns = [...block.insns.filter(({ pc }) => pc !== insn.pc), insn];
  }

  /** Where a way leads when all blocks are known; `set` is given its block and address. */
  #way(text: string, set: (block: number | undefined, pc: bigint) => void): void {
    const { block, pc } = wayOf(text);
    this.#later.push(() => set(block, pc ?? this.blocks[block!]?.pc ?? 0n));
  }

  #taken(block: Draft, text: string, field: "targetPc" | "nextPc"): void {
    this.#way(text, (index, pc) => {
      block.taken = index;
      block[field] = pc;
    });
  }

  #next(block: Draft, text: string): void {
    this.#way(text, (index, pc) => {
      block.next = index;
      block.nextPc = pc;
    });
  }

  /** False when the line is a node's. */
  #terminator(block: Draft, text: string, labelled: boolean): boolean {
    const is = (pattern: RegExp): readonly string[] | undefined => pattern.exec(text)?.slice(1);
    const branch = is(/^if (\S+) (\S+) -> (.*) else (.*)$/);
    const call = is(/^call (%0|[0-9a-f]+), then (.*)$/);
    const guess = is(/^call %0: if ([0-9a-f]+) -> (.*) else (.*)$/);
    const back = is(/^return %0: if ([0-9a-f]+) -> (.*) else leave %0$/);
    const jump = is(/^-> (.*)$/);
    const computed = is(/^%0 -> b(\d+)$/);
    const interpreted = is(/^interpret (.*)$/);
    const table = is(/^dispatch %0: (.*)else leave %0$/);
    if (branch) {
      const [name = "", operands = "", taken = "", next = ""] = branch;
      block.term = Term.BRANCH;
      this.#insn(block, assembleWord(`${name} ${operands},0`));
      this.#taken(block, taken, "targetPc");
      this.#next(block, next);
      return true;
    }
    if (interpreted) return this.#interpreted(block, interpreted[0] ?? "");
    if (jump) {
      block.term = labelled ? Term.JUMP : Term.NEXT;
      this.#taken(block, jump[0] ?? "", labelled ? "targetPc" : "nextPc");
    } else if (guess) {
      block.term = Term.GUESS;
      block.targetPc = addressOf(guess[0]!);
      this.#way(guess[1]!, (index) => (block.taken = index));
      this.#next(block, guess[2]!);
    } else if (call) {
      block.term = call[0] === "%0" ? Term.CALL_INDIRECT : Term.CALL;
      if (call[0] !== "%0") block.targetPc = addressOf(call[0]!);
      this.#taken(block, call[1]!, "nextPc");
    } else if (back) {
      block.term = Term.RETURN;
      block.targetPc = addressOf(back[0]!);
      this.#way(back[1]!, (index) => (block.taken = index));
    } else if (table) {
      block.term = Term.DISPATCH;
      block.targets = targetsOf(table[0]!);
      return true;
    } else if (computed ?? text === "leave %0") {
      block.term = Term.INDIRECT;
      block.taken = computed && Number(computed[0]);
    } else if (text === "return %0") block.term = Term.RETURN_UP;
    else return false;
    if (block.term !== Term.NEXT) this.#insn(block, NOP);
    return true;
  }

  #interpreted(block: Draft, text: string): true {
    block.term = Term.INTERPRET;
    block.nextPc = /^[0-9a-f]{8,}$/.test(text) ? addressOf(text) : this.#at;
    if (block.nextPc === this.#at) this.#insn(block, assembleWord(text));
    return true;
  }
}

function targetsOf(text: string): RegionTarget[] {
  return [...text.matchAll(/([0-9a-f]+) -> b(\d+), /g)].map(([, pc = "", block]) => {
    return { pc: addressOf(pc), block: Number(block) };
  });
}

/**
 * Reads a region from its text.
 *
 * @throws Error when a line is none that ir.ts prints
 */
export function parseIr(text: string): RegionParts {
  const [head = "", ...lines] = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [, pc, instructions, mode = "", assumed = ""] =
    /^region ([0-9a-f]+): (\d+) instructions?, \d+ blocks?; (\w) mode(.*)$/.exec(head) ?? [];
  if (pc === undefined) throw fault(head, "There is no region");
  const priv = PRIV_NAMES.indexOf(mode as (typeof PRIV_NAMES)[number]);
  const bits = (assumed.includes("one window") ? Mode.FLAT : 0) | (assumed.includes("FS is dirty") ? Mode.FLOAT : 0);
  const parser = new Parser();
  for (const line of lines) parser.line(line);
  parser.finish();
  return {
    pc: addressOf(pc),
    mode: bits | (priv << Mode.PRIV_SHIFT),
    instructions: Number(instructions),
    blocks: parser.blocks,
    wasm: new Uint8Array(),
    marks: [],
    ramMa: 0,
  };
}
