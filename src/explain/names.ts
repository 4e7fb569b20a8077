/** What the printers call registers, locals, operators and the hart's fields. */

import { Simd, W } from "../../assembly/dbt/wasm/opcode.ts";
import { HartField } from "../../assembly/state/layout.ts";
import { HartBlock } from "../../assembly/shared/constants.ts";
import { Import, Local, Own } from "../../assembly/shared/emitted.ts";
import { PRIV_NAMES } from "../core/regions.ts";
import { fNames, xNames } from "../isa/names.ts";

/** An address as eight hexadecimal digits, or more where it needs them. */
export function hex(address: bigint): string {
  return address.toString(16).padStart(8, "0");
}

/** A constant: hexadecimal when it looks like an address or a mask. */
export function constantText(value: bigint): string {
  const size = value < 0n ? -value : value;
  return size < 65536n ? String(value) : `${value < 0n ? "-" : ""}0x${size.toString(16)}`;
}

/** A value of the intermediate representation: a register, or a temp `%n`. */
export function valueName(value: number): string {
  if (value === 0) return "0";
  return value < 32 ? xNames[value]! : value < 64 ? fNames[value - 32]! : `%${value - 64}`;
}

/** The registers of a mask: x in the low half, f in the high. */
export function registerNames(mask: bigint): string {
  const names = [...xNames, ...fNames].filter((_, index) => (mask >> BigInt(index)) & 1n && index !== 0);
  return names.length === 0 ? "-" : names.join(" ");
}

/** A WebAssembly operator in the text format; undefined when the translator does not use it. */
export function operatorName(opcode: number): string | undefined {
  return operators[opcode];
}

/** The name of a vector's operator. */
export function vectorName(opcode: number): string | undefined {
  return vectors[opcode];
}

/** The opcode of a WebAssembly operator of the text format; undefined when the translator does not use it. */
export function operatorNumber(name: string): number | undefined {
  const opcode = operators.indexOf(name);
  return opcode < 0 ? undefined : opcode;
}

/** A local of an emitted function. */
export function localName(index: number): string {
  return locals[index] ?? `$local${index}`;
}

/** What emitted code calls: an import, or one of the module's own functions. */
export function importName(index: number): string {
  if (index === Own.PAGE) return "$page";
  if (index === Own.CALLEE) return "$callee";
  const name = (Import as Readonly<Record<number, string | undefined>>)[index];
  return name === undefined || index >= Import.COUNT ? `$import${index}` : `$core.${name.toLowerCase()}`;
}

/** A distance from the hart's address. */
export function hartFieldName(offset: number): string {
  if (offset >= HartBlock.JUMP && offset < HartBlock.BYTES) return jumpCacheName(offset - HartBlock.JUMP);
  const field = fields.findLast((candidate) => candidate.offset <= offset);
  if (field === undefined || offset >= HartBlock.TLB) return `hart+${constantText(BigInt(offset))}`;
  const distance = offset - field.offset;
  const register = { x: xNames, f: fNames }[field.name]?.[distance / 8];
  if (register !== undefined) return `hart.${register}`;
  return `hart.${field.name}${distance === 0 ? "" : `+${distance}`}`;
}

function jumpCacheName(offset: number): string {
  const mode = PRIV_NAMES[Math.floor(offset / HartBlock.JUMP_MODE_BYTES)] ?? "-";
  const distance = offset % HartBlock.JUMP_MODE_BYTES;
  return `hart.jump.${mode}${distance === 0 ? "" : `+0x${distance.toString(16)}`}`;
}

const operators = textNames(W);
const vectors = textNames(Simd);

/** Names of the text format by opcode. */
function textNames(opcodes: Readonly<Record<string, string | number>>): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [name, opcode] of Object.entries(opcodes)) {
    if (typeof opcode !== "number") continue;
    names[opcode] = name.toLowerCase().replace(/^(i32|i64|f32|f64|f32x4|f64x2|local)_/, "$1.");
  }
  return names;
}

const fields = Object.entries(HartField)
  .flatMap(([name, offset]) => (typeof offset === "number" ? [{ name, offset }] : []))
  .sort((a, b) => a.offset - b.offset);

const locals: string[] = [];
xNames.forEach((name, register) => {
  locals[Local.X + register] = `$${name}`;
  locals[Local.SPAN + register] = `$span.${name}`;
});
fNames.forEach((name, register) => {
  locals[Local.F + register] = `$${name}`;
  locals[Local.FH + register] = `$${name}.high`;
  locals[Local.FS + register] = `$${name}.single`;
});
for (let temp = 0; temp < Local.A64 - Local.TEMPS; temp++) locals[Local.TEMPS + temp] = `$%${temp}`;
for (let at = Local.FA; at < Local.SA; at++) locals[at] = `$f64.${at - Local.FA}`;
for (let at = Local.SA; at < Local.FS; at++) locals[at] = `$f32.${at - Local.SA}`;
Object.assign(locals, {
  [Local.HART]: "$hart",
  [Local.FUEL]: "$fuel",
  [Local.DEPTH]: "$depth",
  [Local.A64]: "$i64.0",
  [Local.B64]: "$i64.1",
  [Local.ENTRY]: "$entry",
  [Local.EXIT]: "$exit",
  [Local.TLB]: "$tlb",
  [Local.A32]: "$i32.0",
  [Local.RANGE_D]: "$range.d",
  [Local.RANGE_S]: "$range.s",
});
