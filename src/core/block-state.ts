/** The blocks of harts and VMs by their table: saving, restoring and clearing fields by kind. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import { hartState, isSaved, vmState, type FieldType, type Legal, type StateRow } from "../isa/state.ts";
import { array, u16, u32, u64, u8, where, type Field } from "../state/table.ts";
import { ObjectTable } from "../state/table.ts";
import type { BlockView, HartView, VmView } from "./views.ts";

/** The elements of each saved field, by its name. */
export type BlockValues = Readonly<Record<string, readonly bigint[]>>;

const BYTES: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** A number as a bigint of its bits: registers are compared and checked as such. */
function asBigint(field: Field<number>): Field<bigint> {
  const is = (value: unknown): value is bigint => typeof value === "bigint" && field.is(Number(value));
  return { is, write: (to, value) => field.write(to, Number(value)), read: (from) => BigInt(field.read(from)) };
}

const FIELDS: Readonly<Record<FieldType, Field<bigint>>> = {
  u8: asBigint(u8()),
  u16: asBigint(u16()),
  u32: asBigint(u32()),
  u64: u64(),
};

function elements(type: FieldType, count: number, legal: Legal = () => true): Field<bigint[]> {
  return where(array(FIELDS[type], count), (values) => values.every((value, index) => legal(value, index)));
}

/** The table of a block's saved fields, in the order of its rows. */
function tableOf(version: number, rows: readonly StateRow[]): ObjectTable<BlockValues> {
  const fields = rows
    .filter(([, , , kind]) => isSaved(kind))
    .map(([name, type, count, , , legal]) => [name, elements(type, count, legal)] as const);
  return new ObjectTable(version, Object.fromEntries(fields));
}

/** Counts up with every change of the saved rows of `hartState`. */
export const HART_TABLE = tableOf(1, hartState);
/** Counts up with every change of the saved rows of `vmState`. */
export const VM_TABLE = tableOf(1, vmState);

type Places = Readonly<Record<string, string | number>>;

function save<Place extends number>(block: BlockView<Place>, rows: readonly StateRow[], places: Places): BlockValues {
  const { view } = block.memory;
  const read = (type: FieldType, ma: number): bigint => {
    if (type === "u64") return view.getBigUint64(ma, true);
    return BigInt(
      type === "u32" ? view.getUint32(ma, true) : type === "u16" ? view.getUint16(ma, true) : view.getUint8(ma),
    );
  };
  const entries = rows
    .filter(([, , , kind]) => isSaved(kind))
    .map(([name, type, count]) => {
      const from = block.ma + Number(places[name]);
      return [name, Array.from({ length: count }, (_, index) => read(type, from + index * BYTES[type]))] as const;
    });
  return Object.fromEntries(entries);
}

/** The saved fields of a hart. */
export const saveHart = (hart: HartView): BlockValues => save(hart, hartState, HartField as unknown as Places);
/** The saved fields of a VM's block. */
export const saveVmBlock = (vm: VmView): BlockValues => save(vm, vmState, VmField as unknown as Places);

/** Writes the saved fields of a hart, which has just been reset; `hart_sync` must follow. */
export function restoreHart(hart: HartView, values: BlockValues): void {
  const { view } = hart.memory;
  for (const [name, type, count, kind] of hartState) {
    if (!isSaved(kind)) continue;
    const from = hart.ma + HartField[name as keyof typeof HartField];
    for (let index = 0; index < count; index++) {
      const value = values[name]![index]!;
      const at = from + index * BYTES[type];
      if (type === "u64") view.setBigUint64(at, value, true);
      else if (type === "u32") view.setUint32(at, Number(value), true);
      else if (type === "u16") view.setUint16(at, Number(value), true);
      else view.setUint8(at, Number(value));
    }
  }
}

/** Sets what is counted for people back to zero. */
export function clearCounters<Place extends number>(
  block: BlockView<Place>,
  rows: readonly StateRow[],
  places: object,
): void {
  for (const [name, type, count, kind] of rows) {
    if (kind !== "counter") continue;
    const from = block.ma + Number((places as Places)[name]);
    block.memory.u8.fill(0, from, from + count * BYTES[type]);
  }
}
