/**
 * The WebAssembly of a region in the text format, folded: operands stand inside the operator that takes them. Locals, imports and
 * offsets from the hart have names; each instruction of the guest is a comment above what it has become. Accesses are all `align=1`,
 * which is left out.
 */

import { W } from "../../assembly/dbt/wasm/opcode.ts";
import { HartBlock, Tlb } from "../../assembly/shared/constants.ts";
import { ExitValue, Local, Own } from "../../assembly/shared/emitted.ts";
import { Mode } from "../../assembly/shared/ir.ts";
import type { RegionParts } from "../core/explained.ts";
import { insnText } from "./guest.ts";
import { constantText, hartFieldName, hex, importName, localName, operatorName, vectorName } from "./names.ts";
import { readModule, WasmReader, type ModuleParts } from "./wasm-reader.ts";
import { layOut, type Expression, type Form } from "./wat-layout.ts";

/** A place that branches go to. */
interface Label {
  name: string;
  /** Values that a branch to it carries. */
  readonly carries: number;
}

const TYPES: Readonly<Record<number, string>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const EMPTY = 0x40;
const PARAMETERS = "(param $hart i32) (param $fuel i32) (param $depth i64) (result i64)";
const PARAMETER_COUNT = 3;
/** All functions have it. */
const FIRST_TYPE = 0;

/** The region's function. */
export function watText(region: RegionParts): string {
  return new Printer(region).text();
}

class Printer {
  readonly #region: RegionParts;
  readonly #module: ModuleParts;
  readonly #reader: WasmReader;
  /** The innermost last. */
  readonly #labels: Label[] = [];
  readonly #used = new Set<string>();
  /** Text of the instruction at each address. */
  readonly #guest = new Map<bigint, string>();
  #mark = 0;
  #shown: bigint | undefined;
  /** Exit labels still to be opened: the blocks that the function begins with. */
  #exits: number;
  /** Where the block lies that several exits leave for what they end with, if there are such. */
  readonly #leave: number | undefined;

  constructor(region: RegionParts) {
    this.#region = region;
    this.#module = readModule(region.wasm);
    this.#reader = new WasmReader(region.wasm, this.#module.start);
    const { start } = this.#module;
    const inside = countExits(region.wasm, start + 2);
    this.#leave = region.wasm[start + 1] === EMPTY && inside > 0 ? start : undefined;
    this.#exits = this.#leave === undefined ? countExits(region.wasm, start) : inside;
    for (const insn of region.blocks.flatMap(({ insns }) => insns)) this.#guest.set(insn.pc, insnText(insn));
  }

  text(): string {
    this.#labels.push({ name: "", carries: 1 });
    const { items } = this.#sequence();
    return layOut({ head: `func $${hex(this.#region.pc)} ${PARAMETERS}`, operands: [], items });
  }

  /** Instructions up to the `end` or `else` that belongs to this level. */
  #sequence(): { readonly items: Expression[]; readonly ended: number } {
    const items: Expression[] = [];
    const stack: Form[] = [];
    const flush = () => items.push(...stack.splice(0));
    for (;;) {
      if (this.#reader.at >= this.#module.end) throw new RangeError("the function has no end");
      this.#comments(items, stack);
      const opcode = this.#reader.byte();
      if (opcode === W.END || opcode === W.ELSE) {
        flush();
        return { items, ended: opcode };
      }
      const { head, items: inside = [], takes, gives, apart = false, note } = this.#instruction(opcode, stack);
      const operands = stack.splice(Math.max(0, stack.length - takes));
      const form = { head, operands, items: inside, note: note?.(operands[0]) };
      if (gives === 0 || apart) flush();
      if (gives === 0 || apart) items.push(form);
      else stack.push(form);
    }
  }

  /** A comment for each instruction of the guest, above its code. */
  #comments(items: Expression[], stack: readonly Form[]): void {
    const { marks } = this.#region;
    while (this.#mark < marks.length && marks[this.#mark]!.at <= this.#reader.at) {
      const { pc } = marks[this.#mark++]!;
      if (pc === this.#shown || stack.length > 0) continue;
      this.#shown = pc;
      items.push({ comment: `${hex(pc)}  ${this.#guest.get(pc) ?? ""}`.trimEnd() });
    }
  }

  #instruction(opcode: number, stack: readonly Form[]): Shape {
    const reader = this.#reader;
    const name = operatorName(opcode);
    if (name === undefined) throw new RangeError(`opcode 0x${opcode.toString(16)} is not one of the translator's`);
    switch (opcode) {
      case W.BLOCK:
      case W.LOOP:
        return this.#block(opcode, name);
      case W.IF:
        return this.#if();
      case W.BR:
      case W.BR_IF:
        return this.#branch(opcode, name);
      case W.BR_TABLE: {
        const targets = Array.from({ length: reader.unsigned() + 1 }, () => this.#label(reader.unsigned()));
        const head = () => `${name} ${targets.map((label) => label.name).join(" ")}`;
        return { head, takes: 1 + targets[0]!.carries, gives: 0 };
      }
      case W.RETURN:
        return plain(name, 1, 0);
      case W.CALL: {
        const index = reader.unsigned();
        const isOwn = index >= Own.PAGE && index < Own.FIRST_REGION;
        const type = this.#module.types[this.#module.imports[index] ?? (isOwn ? FIRST_TYPE : -1)];
        // The only other function: the region itself.
        if (type === undefined) return plain(`${name} $${hex(this.#region.pc)}`, PARAMETER_COUNT, 1);
        return plain(`${name} ${importName(index)}`, type.parameters, type.results);
      }
      case W.CALL_INDIRECT:
      case W.RETURN_CALL_INDIRECT: {
        const type = this.#module.types[reader.unsigned()]!;
        reader.unsigned();
        const gives = opcode === W.CALL_INDIRECT ? type.results : 0;
        return plain(`${name} (type $region)`, type.parameters + 1, gives);
      }
      case W.LOCAL_GET:
        return plain(`${name} ${localName(reader.unsigned())}`, 0, 1);
      case W.LOCAL_SET:
        return plain(`${name} ${localName(reader.unsigned())}`, 1, 0);
      case W.LOCAL_TEE:
        return plain(`${name} ${localName(reader.unsigned())}`, 1, 1);
      case W.I32_CONST:
      case W.I64_CONST:
        return plain(`${name} ${constantText(reader.signed())}`, 0, 1);
      case W.F32_CONST:
        return plain(`${name} ${floatText(reader.f32())}`, 0, 1);
      case W.F64_CONST:
        return plain(`${name} ${doubleText(reader.bits())}`, 0, 1);
      case W.UNREACHABLE:
        return plain(name, 0, 0);
      case W.DROP:
        return plain(name, 1, 0);
      case W.SELECT:
        return plain(name, 3, 1);
      case W.SIMD:
        return this.#vector(reader.unsigned());
    }
    if (opcode >= W.I32_LOAD && opcode <= W.I64_STORE32) return this.#access(opcode, name, stack);
    return plain(name, isUnary(opcode) ? 1 : 2, 1);
  }

  #vector(opcode: number): Shape {
    const name = vectorName(opcode);
    if (name === undefined)
      throw new RangeError(`vector opcode 0x${opcode.toString(16)} is not one of the translator's`);
    if (name.endsWith("madd")) return plain(name, 3, 1);
    return plain(name.endsWith("lane") ? `${name} ${this.#reader.byte()}` : name, 1, 1);
  }

  /** The function's first blocks are its exits; what follows each of them stands behind it, not around it. */
  #block(opcode: number, name: string): Shape {
    const leave = this.#leave !== undefined && this.#reader.at === this.#leave + 1;
    const type = this.#reader.byte();
    const exit = this.#exits > 0 && !leave;
    const label: Label = { name: "", carries: type === EMPTY || opcode === W.LOOP ? 0 : 1 };
    if (leave) label.name = this.#unique("$leave");
    else if (exit) label.name = this.#unique(`$exit${--this.#exits}`);
    else if (opcode === W.LOOP) label.name = this.#unique(`$loop${this.#codeAt()}`);
    this.#labels.push(label);
    const { items } = this.#sequence();
    this.#labels.pop();
    // A block is left for what comes behind it, and so it is called.
    if (label.name === "") {
      const to = this.#codeAt();
      label.name = this.#unique(to === "" ? "$block" : `$to${to}`);
    }
    const result = type === EMPTY ? "" : ` (result ${TYPES[type] ?? "?"})`;
    return {
      head: `${name} ${label.name}${result}`,
      items,
      takes: 0,
      gives: type === EMPTY ? 0 : 1,
      apart: true,
    };
  }

  #if(): Shape {
    const type = this.#reader.byte();
    this.#labels.push({ name: "", carries: type === EMPTY ? 0 : 1 });
    const then = this.#sequence();
    const items: Expression[] = [{ head: "then", operands: [], items: then.items }];
    if (then.ended === W.ELSE) items.push({ head: "else", operands: [], items: this.#sequence().items });
    this.#labels.pop();
    const result = type === EMPTY ? "" : ` (result ${TYPES[type] ?? "?"})`;
    return { head: `if${result}`, items, takes: 1, gives: type === EMPTY ? 0 : 1 };
  }

  #branch(opcode: number, name: string): Shape {
    const label = this.#label(this.#reader.unsigned());
    const conditional = opcode === W.BR_IF;
    return {
      head: () => `${name} ${label.name}`,
      takes: label.carries + (conditional ? 1 : 0),
      gives: conditional ? label.carries : 0,
      note: (first) => (label.carries === 1 ? this.#exitText(first) : undefined),
    };
  }

  /** What the number that an exit carries says. */
  #exitText(value: Form | undefined): string | undefined {
    const number = /^i32\.const (-?\w+)$/.exec(typeof value?.head === "string" ? value.head : "")?.[1];
    if (number === undefined) return undefined;
    const packed = number.startsWith("-") ? -Number(number.slice(1)) : Number(number);
    const uncharged = packed & ExitValue.UNCHARGED;
    const distance = packed >> ExitValue.DISTANCE_SHIFT;
    const pc = BigInt.asUintN(64, this.#region.pc + BigInt(distance & ~1));
    const what = distance & 1 ? "interpret" : packed & ExitValue.CHAIN ? "go to" : "leave";
    return `${what} ${hex(pc)}${uncharged === 0 ? "" : `, uncharged ${uncharged}`}`;
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth]!;
  }

  /** Where in the guest the code that follows comes from, behind a dot; nothing when it is no instruction's. */
  #codeAt(): string {
    const { wasm, marks } = this.#region;
    let { at } = this.#reader;
    while ((wasm[at] === W.BLOCK || wasm[at] === W.LOOP) && wasm[at + 1] === EMPTY) at += 2;
    const mark = marks.find((candidate) => candidate.at === at);
    return mark === undefined ? "" : `.${hex(mark.pc)}`;
  }

  #unique(name: string): string {
    let unique = name;
    for (let count = 2; this.#used.has(unique); count++) unique = `${name}.${count}`;
    this.#used.add(unique);
    return unique;
  }

  #access(opcode: number, name: string, stack: readonly Form[]): Shape {
    this.#reader.unsigned();
    const offset = this.#reader.unsigned();
    const storing = opcode >= W.I32_STORE;
    const base = stack[stack.length - (storing ? 2 : 1)];
    const text = this.#offsetText(offset, typeof base?.head === "string" ? base.head : "");
    return plain(text === "" ? name : `${name} offset=${text}`, storing ? 2 : 1, storing ? 0 : 1);
  }

  #offsetText(offset: number, base: string): string {
    const { mode, ramMa } = this.#region;
    if (base === `local.get ${localName(Local.HART)}`) return hartFieldName(offset);
    if (mode & Mode.FLAT && offset >= ramMa) return offset === ramMa ? "ram" : `ram+${offset - ramMa}`;
    if (offset >> 4 === Tlb.STORE_DELTA >> 4 && base.endsWith(` ${localName(Local.A32)}`)) {
      return `tlb.store${offset === Tlb.STORE_DELTA ? "" : `+${offset - Tlb.STORE_DELTA}`}`;
    }
    if (base === `local.get ${localName(Local.TLB)}`) return microName(offset);
    if (offset >= HartBlock.JUMP && offset < HartBlock.BYTES) return hartFieldName(offset);
    return offset === 0 ? "" : constantText(BigInt(offset));
  }
}

/** A place in the micro-TLB, by its distance from the TLB's load set. */
function microName(offset: number): string {
  const place = offset - Tlb.MICRO_DELTA;
  const [entry, storing, part] = [place >> Tlb.MICRO_SHIFT, place & 16, place & 15];
  return `tlb.micro${entry}.${storing ? "store" : "load"}${part === 0 ? "" : `+${part}`}`;
}

/** An instruction, its operands aside. */
interface Shape {
  readonly head: Form["head"];
  readonly items?: readonly Expression[];
  readonly takes: number;
  readonly gives: number;
  /** Its result is left on the stack, and not shown inside what takes it. */
  readonly apart?: boolean;
  note?(first: Form | undefined): string | undefined;
}

function plain(head: string, takes: number, gives: number): Shape {
  return { head, takes, gives };
}

/** Numeric operators with one operand; all others have two. (The binary format orders them by type and kind.) */
function isUnary(opcode: number): boolean {
  if (opcode === W.I32_EQZ || opcode === W.I64_EQZ || opcode >= W.I32_WRAP_I64) return true;
  if (opcode >= W.I32_CLZ && opcode <= W.I32_POPCNT) return true;
  if (opcode >= W.I64_CLZ && opcode <= W.I64_POPCNT) return true;
  if (opcode >= W.F32_ABS && opcode <= W.F32_SQRT) return true;
  return opcode >= W.F64_ABS && opcode <= W.F64_SQRT;
}

function countExits(wasm: Uint8Array, start: number): number {
  let exits = 0;
  while (wasm[start + 2 * exits] === W.BLOCK && wasm[start + 2 * exits + 1] === 0x7f) exits++;
  return exits;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Object.is(value, -0) ? "-0" : String(value).replace("Infinity", "inf").replace("e+", "e");
}

function doubleText(bits: bigint): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  const value = view.getFloat64(0);
  if (!Number.isNaN(value)) return floatText(value);
  return `${bits >> 63n ? "-" : ""}nan:0x${(bits & 0xf_ffff_ffff_ffffn).toString(16)}`;
}
