/**
 * Writes the CSR table for the core: `assembly/isa/csr.ts`, the numbers, `assembly/isa/csr_table.ts`, a row for each number, and
 * `assembly/hart/csr_effects.ts`, what follows from writes.
 */

import { placedCsrs, type PlacedCsr } from "../csr.ts";
import type { Condition, CsrRow, Effect, Effects, Legal, Register } from "../csr_row.ts";
import { hartState } from "../state.ts";
import { placeFields } from "./state.ts";
import { heading } from "./text.ts";

const ONES = (1n << 64n) - 1n;
const existing = placedCsrs.filter(({ row }) => row.absent === undefined);

const registers: readonly Register[] = ["ones", "field", "status", "fcsr", "pending", "counter"];
const conditions: readonly Condition[] = ["none", "fs", "tvm", "stce", "counteren"];
const legals: readonly Legal[] = [
  ...(["all", "delegated", "stip", "xtvec", "satp", "mpp", "cbie", "menvcfg", "pmpcfg", "pmpaddr"] as const),
];
/** How translated code does without the core: not at all, reads, reads and writes, or writes that change quiet bits alone. */
const forms = ["core", "read", "write", "quiet"] as const;

/** In the order in which they happen, and the call that does it. */
const calls: readonly (readonly [effect: Effect, call: string])[] = [
  ["dirty", "hart.mstatus |= Status.FS"],
  ["counters", "counters_switched(hart, changed)"],
  ["select", "tlb_select(hart)"],
  ["flush", "tlb_flush(hart)"],
  ["pmp", "pmp_changed(hart)"],
  ["recheck", "interrupts_changed(hart)"],
  ["timer", "ask_exit(hart, Exit.TIMER)"],
];

const fields = new Map(placeFields(hartState).map((field) => [field.name, field]));
const hex = (value: bigint): string => `0x${value.toString(16)}`;

const registerOf = (row: CsrRow): Register => row.register ?? "field";
const readMask = (row: CsrRow): bigint => row.read ?? ONES;
const writeMask = ({ row, readOnly }: PlacedCsr): bigint => (readOnly ? 0n : (row.write ?? readMask(row)));

/** Where a `field` CSR lies in the hart's block; the number of a counter. */
function place({ row, index, name }: PlacedCsr): number {
  if (registerOf(row) === "counter") return row.counter ?? 0;
  if (registerOf(row) !== "field") return 0;
  const field = fields.get(row.field ?? row.name);
  if (field === undefined) throw new Error(`${name}: the hart's state has no field ${row.field ?? row.name}`);
  return field.offset + (row.element ?? index) * field.size;
}

/**
 * What translated code may do without the core. A field is read in place, and written where no rule but its mask and no effect stands in the
 * way; the core does the rest. A condition holds in M mode, so that it is looked at when code is translated.
 */
function formOf(csr: PlacedCsr): (typeof forms)[number] {
  const { row } = csr;
  if (registerOf(row) === "status") return "quiet";
  if (registerOf(row) !== "field" || row.legal === "delegated") return "core";
  const simple = row.effects === undefined && row.legal === undefined && writeMask(csr) === readMask(row);
  return simple && !csr.readOnly ? "write" : "read";
}

const keyOf = (effects: Effects = {}): string => {
  return calls.map(([effect]) => (effects[effect] === undefined ? "" : `${effect}=${effects[effect]}`)).join(" ");
};
/** The sets of effects, without repetition; set 0 is none. */
const effectSets = [
  ...new Map([{}, ...existing.map(({ row }) => row.effects ?? {})].map((set) => [keyOf(set), set])).values(),
];
const setOf = (effects: Effects | undefined): number => effectSets.findIndex((set) => keyOf(set) === keyOf(effects));

/** Bits of the CSR that can make an interrupt pending when they are set. */
function recheckMask({ effects = {} }: CsrRow): bigint {
  const mask = effects.recheck ?? 0n;
  return mask === "write" ? ONES : mask;
}

const packed = (...bytes: readonly number[]): bigint => {
  return bytes.reduce((word, byte, i) => word | (BigInt(byte) << BigInt(8 * i)), 0n);
};

/** The six words of a row, as `CsrEntry` reads them. */
function words(csr: PlacedCsr): bigint[] {
  const { row } = csr;
  const header = packed(
    registers.indexOf(registerOf(row)),
    row.shift ?? 0,
    conditions.indexOf(row.condition ?? "none"),
    legals.indexOf(row.legal ?? "all"),
    setOf(row.effects),
    forms.indexOf(formOf(csr)),
  );
  const at = BigInt(place(csr)) << 48n;
  return [header | at, readMask(row), writeMask(csr), row.quiet ?? 0n, recheckMask(row)];
}

const enumText = (doc: string, name: string, members: readonly string[]): string => {
  return `/** ${doc} */\nexport enum ${name} {\n${members.map((member, i) => `  ${member.toUpperCase()} = ${i},\n`).join("")}}\n`;
};

/** `assembly/isa/csr.ts`, for both compilers. */
export function csrFile(): string {
  const members = existing.map(({ name, number, doc }) => {
    return `  /** ${doc} */\n  ${name.toUpperCase()} = 0x${number.toString(16).padStart(3, "0")},\n`;
  });
  return [
    heading("CSR numbers."),
    `/** Numbers of the CSRs that exist. */\nexport enum Csr {\n${members.join("")}}\n`,
  ].join("\n");
}

/** For each of the 4096 numbers the index of its row. */
function indexRows(): string[] {
  const indices = Array<number>(4096).fill(0);
  existing.forEach(({ number }, i) => (indices[number] = i + 1));
  return Array.from({ length: 64 }, (_, i) => `  ${indices.slice(i * 64, i * 64 + 64).join(", ")},\n`);
}

/** `assembly/isa/csr_table.ts`. */
export function csrTableFile(): string {
  const absent = "  0, 0, 0, 0, 0, // no CSR\n";
  const rows = existing.map((csr) => `  ${words(csr).map(hex).join(", ")}, // ${csr.name}\n`);
  return [
    heading("The CSR table (docs/design/csr.md)."),
    enumText("Where a CSR's bits are kept.", "Register", registers),
    enumText("A condition on an access besides privilege.", "Condition", conditions),
    enumText("How a written value is made legal.", "Legal", legals),
    enumText("How translated code accesses it without the core.", "Form", forms),
    `/** One CSR. */
// @ts-ignore: decorator
@unmanaged
export class CsrEntry {
  /** A \`Register\`. */
  register: u8;
  /** How far right of the register's bits the CSR's are. */
  shift: u8;
  /** A \`Condition\`. */
  condition: u8;
  /** A \`Legal\`. */
  legal: u8;
  /** The set of effects, for \`csr_written\`. */
  effects: u8;
  /** A \`Form\`. */
  form: u8;
  /** Of a FIELD the offset in the hart's block, of a COUNTER its number. */
  place: u16;
  /** The bits that can be other than zero. */
  read: u64;
  /** The bits that a write takes. */
  write: u64;
  /** With Form.QUIET: the bits that translated code may change. */
  quiet: u64;
  /** Bits that may make an interrupt pending when they are set. */
  recheck: u64;
}
`,
    `const indices = memory.data<u8>([\n${indexRows().join("")}]);\n`,
    `const entries = memory.data<u64>([\n${absent}${rows.join("")}]);\n`,
    `/** Whether there is a CSR of this number. */
export function csr_exists(csr: u32): bool {
  return csr < 4096 && load<u8>(indices + csr) != 0;
}

/** The row of CSR \`csr\`; one that reads as zero and takes nothing when there is none. */
export function csr_entry(csr: u32): CsrEntry {
  const index: u32 = csr < 4096 ? load<u8>(indices + csr) : 0;
  return changetype<CsrEntry>(entries + index * ${8 * words(existing[0]!).length});
}
`,
  ].join("\n");
}

function effectLine(effects: Effects, [effect, call]: (typeof calls)[number]): string {
  const mask = effects[effect];
  if (mask === undefined) return "";
  if (mask === "write") return `      ${call};\n`;
  return `      if (changed${mask === ONES ? "" : ` & ${hex(mask)}`}) ${call};\n`;
}

/** `assembly/hart/csr_effects.ts`. */
export function csrEffectsFile(): string {
  const cases = effectSets.slice(1).map((effects, i) => {
    const names = existing.filter(({ row }) => setOf(row.effects) === i + 1 && row.count === undefined);
    const series = existing.filter(
      ({ row, index }) => setOf(row.effects) === i + 1 && row.count && row.first === index,
    );
    const who = [...names.map(({ name }) => name), ...series.map(({ row }) => row.name)].join(", ");
    const lines = calls.map((call) => effectLine(effects, call)).join("");
    return `    case ${i + 1}: // ${who}\n${lines}      return;\n`;
  });
  return [
    heading("What follows from a write to a CSR."),
    [
      'import { Hart } from "../state/state";\n',
      'import { pmp_changed } from "../mem/pmp";\n',
      'import { tlb_flush, tlb_select } from "../mem/tlb";\n',
      'import { Exit } from "../shared/constants";\n',
      'import { Status } from "../shared/csr";\n',
      'import { counters_switched } from "./csr_counter";\n',
      'import { interrupts_changed } from "./interrupt";\n',
      'import { ask_exit } from "../state/raise";\n',
    ].join(""),
    `/** Does what follows from a write that has changed the bits \`changed\` of a register, for a CSR with this set of effects. */
export function csr_written(hart: Hart, effects: u32, changed: u64): void {
  switch (effects) {
${cases.join("")}  }
}
`,
  ].join("\n");
}
