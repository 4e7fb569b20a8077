/** Lays the state table out and writes `assembly/state/layout.ts` and `assembly/state/state.ts`. */

import {
  codeState,
  hartState,
  isSaved,
  isVisible,
  vmState,
  type FieldKind,
  type FieldType,
  type StateRow,
} from "../state.ts";
import { heading } from "./text.ts";

/** A row of the state table with its place in memory. */
export interface PlacedField {
  readonly name: string;
  readonly type: FieldType;
  readonly count: number;
  readonly kind: FieldKind;
  readonly doc: string;
  /** Bytes of one element. */
  readonly size: number;
  /** Bytes from the start of the block. */
  readonly offset: number;
}

const sizes: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** Bytes in the largest alignment; every block is padded to a multiple of it. */
const BLOCK_ALIGN = 8;

const alignUp = (value: number, align: number): number => Math.ceil(value / align) * align;

/** Places the rows in order, each at its natural alignment. */
export function placeFields(rows: readonly StateRow[]): PlacedField[] {
  let end = 0;
  return rows.map(([name, type, count, kind, doc]) => {
    const size = sizes[type];
    const offset = alignUp(end, size);
    end = offset + size * count;
    return { name, type, count, kind, doc, size, offset };
  });
}

/** Bytes of the whole block. */
export function blockBytes(fields: readonly PlacedField[]): number {
  const last = fields.at(-1);
  return last ? alignUp(last.offset + last.size * last.count, BLOCK_ALIGN) : 0;
}

function offsetEnum(name: string, what: string, fields: readonly PlacedField[]): string {
  const members = fields.map((f) => {
    const elements = f.count > 1 ? ` (${f.count} of ${f.type})` : ` (${f.type})`;
    return `  /** ${f.doc}${elements} */\n  ${f.name} = ${f.offset},\n`;
  });
  return `/** ${what} */\nexport enum ${name} {\n${members.join("")}}\n`;
}

/** An array's elements are numbered fields: AssemblyScript has no inline arrays. */
function classFields(field: PlacedField): string[] {
  if (field.count === 1) return [`  ${field.name}: ${field.type};`];
  return Array.from({ length: field.count }, (_, i) => `  ${field.name}${i}: ${field.type};`);
}

function unmanagedClass(name: string, what: string, fields: readonly PlacedField[]): string {
  const lines = fields.flatMap(classFields);
  return `/** ${what} */\n// @ts-ignore: decorator\n@unmanaged\nexport class ${name} {\n${lines.join("\n")}\n}\n`;
}

function guards(className: string, enumName: string, fields: readonly PlacedField[]): string {
  return fields
    .map((f) => {
      const first = f.count === 1 ? f.name : `${f.name}0`;
      return `if (offsetof<${className}>("${first}") != ${enumName}.${f.name}) ERROR("${className}.${first} is misplaced");\n`;
    })
    .join("");
}

const HART_DOC = "Offsets from a hart's base address.";
const VM_DOC = "Offsets from a VM block's base address.";
const CODE_DOC = "Offsets in the block of translated code.";

/** `assembly/state/layout.ts`: offsets for both compilers. */
export function layoutFile(): string {
  const hart = placeFields(hartState);
  const vm = placeFields(vmState);
  const code = placeFields(codeState);
  return [
    heading("Where each field of the machine state lies."),
    offsetEnum("HartField", HART_DOC, hart),
    offsetEnum("VmField", VM_DOC, vm),
    offsetEnum("CodeField", CODE_DOC, code),
    `/** Sizes of the blocks. */\nexport enum StateBytes {\n  HART = ${blockBytes(hart)},\n  VM = ${blockBytes(vm)},\n  CODE = ${blockBytes(code)},\n}\n`,
  ].join("\n");
}

/** Where fields that `wanted` names lie in one piece: pairs of first byte and bytes. */
export function piecesOf(
  fields: readonly PlacedField[],
  wanted: (kind: FieldKind) => boolean,
): { readonly offset: number; readonly bytes: number }[] {
  const pieces: { offset: number; bytes: number }[] = [];
  let isOpen = false;
  for (const { kind, offset, size, count } of fields) {
    const last = pieces.at(-1);
    if (wanted(kind) && isOpen && last !== undefined) last.bytes = offset + size * count - last.offset;
    else if (wanted(kind)) pieces.push({ offset, bytes: size * count });
    isOpen = wanted(kind);
  }
  return pieces;
}

function clearSaved(fields: readonly PlacedField[]): string {
  const fills = piecesOf(fields, (kind) => isSaved(kind) || isVisible(kind)).map(
    ({ offset, bytes }) => `  memory.fill(changetype<usize>(hart) + ${offset}, 0, ${bytes});\n`,
  );
  return `/** Makes every field of a hart zero that the guest can see, and what decides how its run goes on. */\nexport function hart_clear(hart: Hart): void {\n${fills.join("")}}\n`;
}

/** `assembly/state/state.ts`: the same layout as classes for the core. */
export function stateFile(): string {
  const hart = placeFields(hartState);
  const vm = placeFields(vmState);
  const code = placeFields(codeState);
  const hartDoc = "One hart; a `Hart` is the address of its block.";
  const vmDoc = "One virtual machine; a `Vm` is the address of its block.";
  const codeDoc = "The translated code of a VM, or of several; a `CodeSpace` is the address of its block.";
  return [
    heading("The machine state as unmanaged classes. Elements of arrays are reached by `HartField` plus an index."),
    'import { CodeField, HartField, StateBytes, VmField } from "./layout";\n',
    unmanagedClass("Hart", hartDoc, hart),
    unmanagedClass("Vm", vmDoc, vm),
    unmanagedClass("CodeSpace", codeDoc, code),
    guards("Hart", "HartField", hart) +
      guards("Vm", "VmField", vm) +
      guards("CodeSpace", "CodeField", code) +
      'if (<i32>offsetof<Hart>() > StateBytes.HART) ERROR("Hart is larger");\n' +
      'if (<i32>offsetof<Vm>() > StateBytes.VM) ERROR("Vm is larger");\n',
    clearSaved(hart),
  ].join("\n");
}
