/** Tables of what JSON values may be: one table checks a value, in sentences, and is a JSON Schema for editors and clients. */

import { nearest } from "../nearest.ts";
import { shown } from "./json-text.ts";

type Path = readonly (string | number)[];

/** What is wrong with a value, and where. */
export interface SchemaFault {
  readonly path: Path;
  readonly why: string;
}

/** What a value may be. */
export interface Schema<Value = unknown> {
  /** The first fault; undefined when it is one of these values. */
  fault(value: unknown, path: Path): SchemaFault | undefined;
  /** As JSON Schema (draft 2020-12). */
  readonly json: Readonly<Record<string, unknown>>;
  /** No value has it: what a value that passes is. */
  readonly of?: Value;
}

/** What a value of a schema is. */
export type ValueOf<S> = S extends Schema<infer Value> ? Value : never;

function schema<Value>(
  json: Readonly<Record<string, unknown>>,
  expected: string,
  is: (value: unknown) => boolean,
): Schema<Value> {
  return {
    json,
    fault: (value, path) => (is(value) ? undefined : { path, why: `is ${expected}, not ${named(value)}` }),
  };
}

/** A value, for a message. */
function named(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return `"${shown(value)}"`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Adds what editors show of it. */
export function described<Value>(about: string, of: Schema<Value>, usual?: Value): Schema<Value> {
  const json = { description: about, ...of.json, ...(usual === undefined ? {} : { default: usual }) };
  return { ...of, json };
}

/** Text of 1 to `most` characters without line ends or other control characters. */
export function text(most = 4096): Schema<string> {
  // oxlint-disable-next-line no-control-regex
  const isText = (value: string): boolean => value.length > 0 && value.length <= most && !/[\0-\x1f\x7f]/.test(value);
  return schema({ type: "string", minLength: 1, maxLength: most }, `text of up to ${most} characters`, (value) =>
    typeof value === "string" ? isText(value) : false,
  );
}

/** Text of up to `most` characters, line ends and all. */
export function anyText(most: number): Schema<string> {
  return schema(
    { type: "string", maxLength: most },
    `text of up to ${most} characters`,
    (value) => typeof value === "string" && value.length <= most && !value.includes("\0"),
  );
}

/** Text of a form; `expected` says which, such as `a size such as "256M"`. */
export function pattern(form: RegExp, expected: string): Schema<string> {
  return schema({ type: "string", pattern: form.source }, expected, (value) => {
    return typeof value === "string" && value.length <= 4096 && form.test(value);
  });
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Schema<number> {
  return schema(
    { type: "integer", minimum: least, maximum: most },
    `a whole number from ${least} to ${most}`,
    (value) => {
      return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    },
  );
}

/** A number from `least` to `most`. */
export function number(least: number, most: number): Schema<number> {
  return schema({ type: "number", minimum: least, maximum: most }, `a number from ${least} to ${most}`, (value) => {
    return typeof value === "number" && value >= least && value <= most;
  });
}

/** True or false. */
export function truth(): Schema<boolean> {
  return schema({ type: "boolean" }, "true or false", (value) => typeof value === "boolean");
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(...words: Words): Schema<Words[number]> {
  const names = words.map((word) => `"${word}"`).join(", ");
  const expected = words.length === 1 ? names : `one of ${names}`;
  return schema({ enum: words }, expected, (value) => words.includes(value as string));
}

/** Up to `most` values. */
export function listOf<Value>(of: Schema<Value>, most: number): Schema<readonly Value[]> {
  return {
    json: { type: "array", items: of.json, maxItems: most },
    fault(value, path) {
      if (!Array.isArray(value)) return { path, why: `is a list, not ${named(value)}` };
      if (value.length > most) return { path, why: `has ${value.length} entries, and ${most} is the most` };
      return firstFault(value.map((one, index) => () => of.fault(one, [...path, index])));
    },
  };
}

/** An object whose names are chosen by its writer. */
export function mapOf<Value>(
  form: RegExp,
  expected: string,
  of: Schema<Value>,
  most: number,
): Schema<Readonly<Record<string, Value>>> {
  return {
    json: {
      type: "object",
      propertyNames: { pattern: form.source },
      additionalProperties: of.json,
      maxProperties: most,
    },
    fault(value, path) {
      if (!isObject(value)) return { path, why: `is an object, not ${named(value)}` };
      const entries = Object.entries(value);
      if (entries.length > most) return { path, why: `has ${entries.length} entries, and ${most} is the most` };
      return firstFault(
        entries.map(([name, one]) => () => {
          if (!form.test(name)) return { path: [...path, name], why: `is no ${expected}` };
          return of.fault(one, [...path, name]);
        }),
      );
    },
  };
}

type Fields = Readonly<Record<string, Schema>>;
type ValuesOf<F> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** An object that has these entries, and perhaps those; no others. */
export function objectOf<Must extends Fields, May extends Fields>(
  must: Must,
  may: May,
): Schema<ValuesOf<Must> & Partial<ValuesOf<May>>> {
  const all: Fields = { ...must, ...may };
  const names = Object.keys(all);
  const required = Object.keys(must);
  const properties = Object.fromEntries(Object.entries(all).map(([name, { json }]) => [name, json]));
  return {
    json: { type: "object", properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false },
    fault(value, path) {
      if (!isObject(value)) return { path, why: `is an object, not ${named(value)}` };
      for (const name of Object.keys(value)) {
        if (!Object.hasOwn(all, name)) return { path: [...path, name], why: unknown(name, names) };
      }
      const missing = required.find((name) => !Object.hasOwn(value, name));
      if (missing !== undefined) return { path, why: `lacks "${missing}"` };
      return firstFault(Object.keys(value).map((name) => () => all[name]!.fault(value[name], [...path, name])));
    },
  };
}

function unknown(name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  return meant === undefined
    ? `is not known here; there are ${names.join(", ")}`
    : `is not known; did you mean "${meant}"?`;
}

/** One of two kinds of values; faults are those of the kind that it looks like. */
export function either<A, B>(
  one: Schema<A>,
  looksLikeOne: (value: unknown) => boolean,
  other: Schema<B>,
): Schema<A | B> {
  return {
    json: { anyOf: [one.json, other.json] },
    fault: (value, path) => (looksLikeOne(value) ? one : other).fault(value, path),
  };
}

function firstFault(checks: readonly (() => SchemaFault | undefined)[]): SchemaFault | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong, as a sentence without its end: `machines.web.memory is …`. */
export function sentenceOf({ path, why }: SchemaFault): string {
  return `${path.length === 0 ? "it" : path.map((part) => shown(String(part))).join(".")} ${why.replace(/[.]$/, "")}`;
}
