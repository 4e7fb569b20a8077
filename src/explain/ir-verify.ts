/** What must hold of a region's intermediate representation, whichever pass has made it. */

import { W } from "../../assembly/dbt/wasm/opcode.ts";
import { Local } from "../../assembly/shared/emitted.ts";
import { Ir, Term } from "../../assembly/shared/ir.ts";
import type { RegionBlock, RegionNode, RegionParts } from "../core/explained.ts";
import { accessSize } from "./ir-parse.ts";
import { operatorName, valueName } from "./names.ts";

const TEMP = 64;
const TEMPS = Local.A64 - Local.TEMPS;

/** x0 to x31 and temps are integers, f registers are their raw bits. */
type Kind = "x" | "f" | "any";

/** What a node reads and writes: `b` and `c` are not looked at where an operation has no such operand. */
interface Shape {
  readonly dst?: Kind;
  readonly a?: Kind;
  readonly b?: Kind;
  readonly c?: Kind;
  readonly sizes?: readonly number[];
  /** Names of the operators that may do the work, and no others. */
  readonly w?: RegExp;
}

const arithmetic = (bits: string): RegExp => new RegExp(`^${bits}\\.(add|sub|mul|and|or|xor|shl|shr_[su]|rot[lr])$`);
const comparison = /^i64\.(eq|ne|[lg][te]_[su])$/;
const x2 = { dst: "x", a: "x", b: "x" } as const;
const f2 = { dst: "f", a: "f", b: "f" } as const;
const float = [2, 4, 8];

const shapes: Readonly<Record<Ir, Shape>> = {
  [Ir.CONST]: { dst: "x" },
  [Ir.ENTRY]: { dst: "x" },
  [Ir.MOVE]: { dst: "x", a: "x" },
  [Ir.BINARY]: { ...x2, w: arithmetic("i64") },
  [Ir.BINARY_I]: { dst: "x", a: "x", w: arithmetic("i64") },
  [Ir.WORD]: { ...x2, w: arithmetic("i32") },
  [Ir.WORD_I]: { dst: "x", a: "x", w: arithmetic("i32") },
  [Ir.COMPARE]: { ...x2, w: comparison },
  [Ir.COMPARE_I]: { dst: "x", a: "x", w: comparison },
  [Ir.UNARY]: { dst: "x", a: "x", w: /^i64\.(clz|ctz|popcnt|extend(8|16|32)_s)$/ },
  [Ir.UNARY_W]: { dst: "x", a: "x", w: /^i32\.(clz|ctz|popcnt)$/ },
  [Ir.DIVIDE]: { ...x2, sizes: [4, 8], w: /^i(32|64)\.(div|rem)_[su]$/ },
  [Ir.MULTIPLY_HIGH]: { ...x2, sizes: [0, 1, 2] },
  [Ir.LOAD]: { dst: "any", a: "x", sizes: [1, 2, 4, 8], w: /\.load/ },
  [Ir.STORE]: { a: "x", b: "any", sizes: [1, 2, 4, 8], w: /\.store/ },
  [Ir.CALLOUT]: { dst: "any" },
  [Ir.SELECT_ZERO]: x2,
  [Ir.FLOAT]: { ...f2, sizes: float, w: /^f64\.(add|sub|mul|div)$|^f32\.(add|sub|mul|div)$/ },
  [Ir.FLOAT_ROOT]: { dst: "f", a: "f", sizes: float },
  [Ir.FLOAT_FMA]: { ...f2, c: "f", sizes: float },
  [Ir.FLOAT_COMPARE]: { dst: "x", a: "f", b: "f", sizes: float, w: /^f(32|64)\.(eq|l[te])$/ },
  [Ir.FLOAT_SELECT]: { ...f2, sizes: float, w: /^f(32|64)\.(min|max)$/ },
  [Ir.FLOAT_SIGN]: { ...f2, sizes: float },
  [Ir.FLOAT_MOVE]: { dst: "any", a: "any", sizes: float },
  [Ir.FLOAT_FROM_INT]: { dst: "f", a: "x", sizes: float },
  [Ir.FLOAT_TO_INT]: { dst: "x", a: "f", sizes: float },
  [Ir.FLOAT_CONVERT]: { dst: "f", a: "f", sizes: float },
  [Ir.FLOAT_CLASS]: { dst: "x", a: "f", sizes: float },
  [Ir.SYSTEM]: { dst: "x" },
  [Ir.CSR]: { dst: "x" },
  [Ir.ATOMIC]: { ...x2, sizes: [4, 8] },
  [Ir.LOAD_RESERVED]: { dst: "x", a: "x", sizes: [4, 8] },
  [Ir.STORE_CONDITIONAL]: { ...x2, sizes: [4, 8] },
};

const kindOf = (value: number): Kind => (value < 32 || value >= TEMP ? "x" : "f");

/** Ends that go where the jump-target temp, %0, says. */
const computed: ReadonlySet<Term> = new Set([
  ...[Term.RETURN, Term.INDIRECT, Term.CALL_INDIRECT, Term.RETURN_UP, Term.DISPATCH, Term.GUESS],
]);
const conditional: ReadonlySet<Term> = new Set([Term.BRANCH, Term.GUESS]);

function* nodeFaults(node: RegionNode): Generator<string> {
  const shape = shapes[node.op] as Shape | undefined;
  if (shape === undefined) {
    yield `there is no operation ${node.op}`;
    return;
  }
  for (const field of ["dst", "a", "b", "c"] as const) {
    const kind = shape[field];
    const value = node[field];
    if (kind === undefined) continue;
    if (value >= TEMP + TEMPS) yield `there is no temp ${valueName(value)}`;
    else if (kind !== "any" && kindOf(value) !== kind) yield `${field} is ${valueName(value)}, no ${kind} register`;
  }
  if (shape.w && !shape.w.test(operatorName(node.w) ?? "")) yield `${operatorName(node.w) ?? node.w} cannot do it`;
  if (shape.sizes && !shape.sizes.includes(node.size)) yield `its size is ${node.size}`;
  const access = node.op === Ir.LOAD || node.op === Ir.STORE;
  if (access && shape.w?.test(operatorName(node.w) ?? "") && accessSize(node.w) !== node.size) {
    yield `${operatorName(node.w)} moves ${accessSize(node.w)} bytes, not ${node.size}`;
  }
  const moved = node.op === Ir.LOAD ? node.dst : node.op === Ir.STORE ? node.b : 0;
  if (kindOf(moved) === "f" && node.w !== W.F64_LOAD && node.w !== W.F64_STORE && node.size === 8) {
    yield `${operatorName(node.w)} moves no f register`;
  }
}

/** The temps that a node reads. */
function tempsRead(node: RegionNode): number[] {
  const shape = shapes[node.op] as Shape | undefined;
  return (["a", "b", "c"] as const).filter((field) => shape?.[field]).map((field) => node[field]);
}

function* blockFaults(block: RegionBlock, index: number, region: RegionParts): Generator<string> {
  const { blocks } = region;
  const at = `b${index}`;
  // Only the jump-target temp outlives a block, on the way to a dispatch table.
  const defined = new Set(block.term === Term.DISPATCH ? [TEMP] : []);
  let last = 0n;
  for (const node of block.nodes) {
    const where = `${at}, the instruction at ${node.pc.toString(16)}`;
    for (const what of nodeFaults(node)) yield `${where}: ${what}`;
    for (const temp of tempsRead(node)) {
      if (temp >= TEMP && !defined.has(temp)) yield `${where}: ${valueName(temp)} is read before it is written`;
    }
    if (node.op !== Ir.STORE && node.dst >= TEMP) defined.add(node.dst);
    if (node.pc < last) yield `${where}: it stands behind a later one`;
    last = node.pc;
  }
  const inlinedCall = block.term === Term.CALL_INDIRECT && block.nodes.length === 0;
  if (computed.has(block.term) && !inlinedCall && !defined.has(TEMP)) yield `${at}: it ends without a value for %0`;
  const ways = [
    block.taken,
    conditional.has(block.term) ? block.next : undefined,
    ...block.targets.map((t) => t.block),
  ];
  for (const way of ways) {
    if (way !== undefined && !blocks[way]) yield `${at}: there is no block b${way}`;
    if (way !== undefined && blocks[way]?.term === Term.DISPATCH && block.term !== Term.INDIRECT) {
      yield `${at}: only computed jumps lead to the table b${way}`;
    }
  }
  if (block.term === Term.DISPATCH && block.nodes.length > 0) yield `${at}: a table has no nodes`;
  if (block.term === Term.GUESS && block.next === undefined) yield `${at}: nothing makes the call itself`;
  if ((block.dirty & ~block.live) !== 0n) yield `${at}: what is dirty when it begins is not live`;
  if (((block.live | block.dirty) & 1n) !== 0n) yield `${at}: x0 is kept`;
}

/** Blocks that cannot be reached. */
function* unreachable({ blocks }: RegionParts): Generator<string> {
  const reached = new Set<number>();
  const open = blocks.length > 0 ? [0] : [];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const { taken, next, targets } = blocks[index]!;
    for (const way of [taken, next, ...targets.map(({ block }) => block)]) {
      if (way !== undefined && blocks[way]) open.push(way);
    }
  }
  for (let index = 0; index < blocks.length; index++) if (!reached.has(index)) yield `b${index} cannot be reached`;
}

/** Every fault of the region, as a sentence each; empty when there is none. */
export function irFaults(region: RegionParts): string[] {
  const none = region.blocks.length === 0 ? ["there is no block"] : [];
  return [...none, ...region.blocks.flatMap((block, i) => [...blockFaults(block, i, region)]), ...unreachable(region)];
}
