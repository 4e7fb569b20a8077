/** What differs between two VMs: architectural registers, RAM, devices, output, and how they ended. */

import { HartField } from "../../../assembly/state/layout.ts";
import type { MachineSpace } from "../../core/machine-space.ts";
import type { HartView } from "../../core/views.ts";
import { fNames, xNames } from "../../isa/names.ts";
import { hartState, isVisible, type FieldType } from "../../isa/state.ts";
import { FRAME_BYTES } from "../../memory/machine-memory.ts";
import type { Vm } from "../../vmm/vm.ts";
import type { Side } from "./side.ts";

/** A register, or another field of a hart's architectural state, that differs. */
export interface RegisterDifference {
  readonly hart: number;
  /** `a0`, `fs1`, `mepc`, `pmpaddr3`; `instret` is the number of instructions retired. */
  readonly name: string;
  readonly interpreter: bigint;
  readonly translator: bigint;
}

/** An aligned double word of RAM that differs. */
export interface MemoryDifference {
  /** Physical address. */
  readonly pa: number;
  readonly interpreter: bigint;
  readonly translator: bigint;
}

/** Something else that differs, as text: a device's state, output, how the guest ended. */
export interface OtherDifference {
  readonly what: string;
  readonly interpreter: string;
  readonly translator: string;
}

/** All that differs. */
export interface Differences {
  readonly registers: readonly RegisterDifference[];
  /** The first few. */
  readonly memory: readonly MemoryDifference[];
  /** How many double words differ. */
  readonly memoryWords: number;
  readonly others: readonly OtherDifference[];
}

const MOST_WORDS = 16;
/** Of output, from where it differs. */
const MOST_BYTES = 80;
const WORDS_PER_FRAME = FRAME_BYTES / 4;
const BYTES: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** One element of an architectural field. */
interface Element {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

function elementName(field: string, count: number, index: number): string {
  if (field === "x") return xNames[index]!;
  if (field === "f") return fNames[index]!;
  return count === 1 ? field : `${field}${index}`;
}

const ELEMENTS: readonly Element[] = hartState
  .filter(([, , , kind]) => isVisible(kind))
  .flatMap(([name, type, count]) =>
    Array.from({ length: count }, (_, index) => ({
      name: elementName(name, count, index),
      offset: HartField[name as keyof typeof HartField] + index * BYTES[type],
      bytes: BYTES[type],
    })),
  );

/** The 32-bit words that hold them, each once, as offsets in words. */
const WORDS: readonly number[] = [
  ...new Set(ELEMENTS.flatMap(({ offset, bytes }) => (bytes === 8 ? [offset >> 2, (offset >> 2) + 1] : [offset >> 2]))),
];

/** Everything that can be compared after each slice: registers, output, exits. Undefined when all is the same. */
export function compareQuickly(a: Side, b: Side): Differences | undefined {
  const others = [...outputDifference(a, b), ...exitDifference(a, b)];
  const registers = hartDifferences(a.vm.machine.space.harts, b.vm.machine.space.harts);
  return registers.length + others.length === 0 ? undefined : { registers, memory: [], memoryWords: 0, others };
}

/** Compares RAM and devices, too, which takes a microsecond for each frame of RAM in use. */
export function compareAll(a: Side, b: Side): Differences | undefined {
  const { registers = [], others = [] } = compareQuickly(a, b) ?? {};
  const { memory, memoryWords } = memoryDifferences(a.vm.machine.space, b.vm.machine.space);
  const all = { registers, memory, memoryWords, others: [...others, ...deviceDifferences(a.vm, b.vm)] };
  return registers.length + memoryWords + all.others.length === 0 ? undefined : all;
}

function sameWords(a: HartView, b: HartView): boolean {
  const [left, right] = [a.memory.u32, b.memory.u32];
  const [from, to] = [a.ma / 4, b.ma / 4];
  return WORDS.every((word) => left[from + word] === right[to + word]);
}

function elementOf(hart: HartView, { offset, bytes }: Element): bigint {
  const { view } = hart.memory;
  const at = hart.ma + offset;
  if (bytes === 8) return view.getBigUint64(at, true);
  return BigInt(bytes === 1 ? view.getUint8(at) : view.getUint32(at, true));
}

/** @internal the value of register `name` of `hart` */
export function registerValue(hart: HartView, name: string): bigint {
  return elementOf(
    hart,
    ELEMENTS.find((element) => element.name === name)!,
  );
}

/** The architectural fields in which harts of the same number differ. @internal */
export function hartDifferences(a: readonly HartView[], b: readonly HartView[]): RegisterDifference[] {
  return a.flatMap((hart, index) => (sameWords(hart, b[index]!) ? [] : registerDifferences(index, hart, b[index]!)));
}

function registerDifferences(hart: number, a: HartView, b: HartView): RegisterDifference[] {
  return ELEMENTS.map((element) => ({
    hart,
    name: element.name,
    interpreter: elementOf(a, element),
    translator: elementOf(b, element),
  })).filter(({ interpreter, translator }) => interpreter !== translator);
}

function outputDifference(a: Side, b: Side): OtherDifference[] {
  const [left, right] = [a.newOutput, b.newOutput];
  const first = left.findIndex((byte, at) => byte !== right[at]);
  const from = first < 0 ? left.length : first;
  if (from === left.length && from === right.length) return [];
  return [{ what: "output", interpreter: text(left, from), translator: text(right, from) }];
}

function text(bytes: Uint8Array, from: number): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(from, from + MOST_BYTES)));
}

function exitDifference(a: Side, b: Side): OtherDifference[] {
  const [interpreter, translator] = [exitText(a), exitText(b)];
  return interpreter === translator ? [] : [{ what: "end", interpreter, translator }];
}

function exitText({ exit }: Side): string {
  return exit === undefined ? "runs on" : `${exit.reason}, code ${exit.code}`;
}

/** The double words of RAM that differ. Frames that neither has touched are zeros in both. @internal */
export function memoryDifferences(
  left: MachineSpace,
  right: MachineSpace,
): Pick<Differences, "memory" | "memoryWords"> {
  const [u32a, u32b] = [left.memory.u32, right.memory.u32];
  const memory: MemoryDifference[] = [];
  let memoryWords = 0;
  for (let frame = 0; frame < left.ramBytes / FRAME_BYTES; frame++) {
    if (!left.ram.touched(frame) && !right.ram.touched(frame)) continue;
    const [from, to] = [left.ram.frame(frame) / 4, right.ram.frame(frame) / 4];
    if (sameFrame(u32a, from, u32b, to)) continue;
    for (let word = 0; word < WORDS_PER_FRAME; word += 2) {
      const [interpreter, translator] = [left.memory.u64[(from + word) / 2]!, right.memory.u64[(to + word) / 2]!];
      if (interpreter === translator) continue;
      const pa = left.ramPa + frame * FRAME_BYTES + word * 4;
      if (memoryWords++ < MOST_WORDS) memory.push({ pa, interpreter, translator });
    }
  }
  return { memory, memoryWords };
}

/** Four words at a time; 32-bit ones, because 64-bit ones would each become a bigint. */
function sameFrame(a: Uint32Array, from: number, b: Uint32Array, to: number): boolean {
  for (let i = 0; i < WORDS_PER_FRAME; i += 4) {
    const first = (a[from + i]! ^ b[to + i]!) | (a[from + i + 1]! ^ b[to + i + 1]!);
    if ((first | (a[from + i + 2]! ^ b[to + i + 2]!) | (a[from + i + 3]! ^ b[to + i + 3]!)) !== 0) return false;
  }
  return true;
}

function deviceDifferences(a: Vm, b: Vm): OtherDifference[] {
  const [left, right] = [a.machine.board.save(), b.machine.board.save()];
  const time = { what: "mtime", interpreter: String(a.machine.mtime()), translator: String(b.machine.mtime()) };
  return [
    time,
    ...Object.keys(left).map((name) => ({
      what: name,
      interpreter: stateText(left[name]),
      translator: stateText(right[name]),
    })),
  ].filter(({ interpreter, translator }) => interpreter !== translator);
}

function stateText(state: unknown): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (typeof value === "bigint") return `0x${value.toString(16)}`;
    return ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value;
  });
}
