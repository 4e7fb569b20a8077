/**
 * Tables of fields: what the values of a section are, which of them are possible, and how they are written down. Fields stand in the
 * order of the table, little-endian, without padding; a list has its length, a u32, in front.
 *
 * ```ts
 * const TIMER = table(2, { due: optional(u64()), rings: list(u8(7), 16), loud: since(2, flag(), false) });
 * TIMER.decode(TIMER.encode({ due: 5n, rings: [1], loud: true }), 2);
 * ```
 *
 * A new field goes to the end of its table as `since(version, …)`, and the table's version counts up; other changes need a new table.
 */

import { Misfit, type Table } from "./section.ts";

/** One kind of value. */
export interface Field<Value> {
  write(to: Writer, value: Value): void;
  /** @throws Misfit when there is no such value */
  read(from: Reader): Value;
  /** Whether a value that comes from outside is one of these. */
  is(value: unknown): value is Value;
  /** The first version that has it, and what it is in those before. */
  readonly since?: { readonly version: number; readonly before: Value };
}

/** The values that fields hold. */
export type ValuesOf<Fields> = {
  -readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/** The values of a table's sections. */
export type ValuesIn<T> = T extends Table<infer Values> ? Values : never;

/** Bytes that grow. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Makes room for `count` bytes more and returns where they begin. */
  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#room(8);
    this.#view.setBigUint64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  /** All that has been written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Bytes from outside. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    if (count > this.left) throw new Misfit("it ends too early");
    this.#at += count;
    return this.#at - count;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }
}

type Size = "u8" | "u16" | "u32";

const LARGEST: Readonly<Record<Size, number>> = { u8: 0xff, u16: 0xffff, u32: 0xffff_ffff };

function integer(size: Size, most: number): Field<number> {
  const is = (value: unknown): value is number =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
  return { is, write: (to, value) => to[size](value), read: (from) => checked(is, from[size]()) };
}

function checked<Value>(is: (value: unknown) => boolean, value: Value): Value {
  if (!is(value)) throw new Misfit("it has a value that cannot be");
  return value;
}

/** An integer from 0 to `most`. */
export const u8 = (most = LARGEST.u8): Field<number> => integer("u8", most);
/** An integer from 0 to `most`. */
export const u16 = (most = LARGEST.u16): Field<number> => integer("u16", most);
/** An integer from 0 to `most`. */
export const u32 = (most = LARGEST.u32): Field<number> => integer("u32", most);

/** A bigint from 0 to `most`. */
export function u64(most = 0xffff_ffff_ffff_ffffn): Field<bigint> {
  const is = (value: unknown): value is bigint => typeof value === "bigint" && value >= 0n && value <= most;
  return { is, write: (to, value) => to.u64(value), read: (from) => checked(is, from.u64()) };
}

/** A boolean: one byte, 0 or 1. */
export function flag(): Field<boolean> {
  return {
    is: (value) => typeof value === "boolean",
    write: (to, value) => to.u8(value ? 1 : 0),
    read: (from) => checked((value) => value === 0 || value === 1, from.u8()) === 1,
  };
}

/** `field` for which `legal` holds as well. */
export function where<Value>(field: Field<Value>, legal: (value: Value) => boolean): Field<Value> {
  const is = (value: unknown): value is Value => field.is(value) && legal(value);
  return { ...field, is, read: (from) => checked(is, field.read(from)) };
}

/** `field`, or undefined: a flag says which. */
export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
  return {
    is: (value) => value === undefined || field.is(value),
    write: (to, value) => {
      to.u8(value === undefined ? 0 : 1);
      if (value !== undefined) field.write(to, value);
    },
    read: (from) => (flag().read(from) ? field.read(from) : undefined),
  };
}

function isArrayOf<Value>(field: Field<Value>, value: unknown): value is Value[] {
  return Array.isArray(value) && value.every((one) => field.is(one));
}

/** Exactly `count` values. */
export function array<Value>(field: Field<Value>, count: number): Field<Value[]> {
  return {
    is: (value): value is Value[] => isArrayOf(field, value) && value.length === count,
    write: (to, values) => values.forEach((value) => field.write(to, value)),
    read: (from) => Array.from({ length: count }, () => field.read(from)),
  };
}

/** Up to `most` values. */
export function list<Value>(field: Field<Value>, most: number): Field<Value[]> {
  return {
    is: (value): value is Value[] => isArrayOf(field, value) && value.length <= most,
    write: (to, values) => {
      to.u32(values.length);
      values.forEach((value) => field.write(to, value));
    },
    read: (from) => {
      const count = checked((value) => (value as number) <= most, from.u32());
      return Array.from({ length: count }, () => field.read(from));
    },
  };
}

/** Up to `most` bytes. */
export function bytes(most = LARGEST.u32): Field<Uint8Array> {
  return {
    is: (value): value is Uint8Array => value instanceof Uint8Array && value.length <= most,
    write: (to, value) => {
      to.u32(value.length);
      to.bytes(value);
    },
    read: (from) => from.bytes(checked((value) => (value as number) <= most, from.u32())),
  };
}

/** An object of these fields, in this order. */
export function record<Values extends Readonly<Record<string, unknown>>>(fields: {
  readonly [Name in keyof Values]: Field<Values[Name]>;
}): Field<Values> {
  const entries = Object.entries(fields) as [keyof Values & string, Field<unknown>][];
  return {
    is: (value): value is Values =>
      typeof value === "object" &&
      value !== null &&
      entries.every(([name, field]) => field.is((value as Record<string, unknown>)[name])),
    write: (to, value) => entries.forEach(([name, field]) => field.write(to, value[name])),
    read: (from) => Object.fromEntries(entries.map(([name, field]) => [name, field.read(from)])) as unknown as Values,
  };
}

/** A field that sections before `version` do not have: it is `before` there. */
export function since<Value>(version: number, field: Field<Value>, before: Value): Field<Value> {
  return { ...field, since: { version, before } };
}

/** A table whose values are one object, with a field for each entry. */
export class ObjectTable<Values extends Readonly<Record<string, unknown>>> implements Table<Values> {
  readonly version: number;
  readonly #fields: readonly (readonly [name: string, field: Field<unknown>])[];

  constructor(version: number, fields: { readonly [Name in keyof Values]: Field<Values[Name]> }) {
    this.version = version;
    this.#fields = Object.entries(fields) as [string, Field<unknown>][];
  }

  encode(values: Values): Uint8Array {
    const to = new Writer();
    for (const [name, field] of this.#fields) field.write(to, values[name]);
    return to.finish();
  }

  decode(bytes: Uint8Array, version = this.version): Values {
    const from = new Reader(bytes);
    const values: Record<string, unknown> = {};
    for (const [name, field] of this.#fields) {
      values[name] =
        field.since !== undefined && version < field.since.version ? field.since.before : read(name, field, from);
    }
    if (from.left > 0) throw new Misfit(`${from.left} bytes are left over`);
    return values as Values;
  }

  /**
   * `values`, which somebody says are the table's, as such: an object that has each field's entry, and of each a value that can be.
   * @throws Misfit
   */
  check(values: unknown): Values {
    if (typeof values !== "object" || values === null) throw new Misfit("it is not an object");
    const found: Record<string, unknown> = {};
    for (const [name, field] of this.#fields) {
      const value = (values as Record<string, unknown>)[name];
      if (!field.is(value)) throw new Misfit(`"${name}" is wrong`);
      found[name] = value;
    }
    return found as Values;
  }
}

function read(name: string, field: Field<unknown>, from: Reader): unknown {
  try {
    return field.read(from);
  } catch (error) {
    if (error instanceof Misfit) throw new Misfit(`"${name}" is wrong: ${error.message}`);
    throw error;
  }
}

/** A table of `version` with these fields, in this order. */
export function table<Values extends Readonly<Record<string, unknown>>>(
  version: number,
  fields: { readonly [Name in keyof Values]: Field<Values[Name]> },
): ObjectTable<Values> {
  return new ObjectTable(version, fields);
}
