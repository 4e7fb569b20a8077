/** Shapes of JSON values that come from outside. */

/** What a value may be. */
export interface Shape<Value> {
  is(value: unknown): value is Value;
}

type ValueOf<S> = S extends Shape<infer Value> ? Value : never;

const shape = <Value>(is: (value: unknown) => boolean): Shape<Value> => ({ is: is as Shape<Value>["is"] });

/** A whole number from `least` to `most`. */
export const count = (most: number, least = 0): Shape<number> =>
  shape((value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most);

/** Text of up to `most` characters. */
export const text = (most: number): Shape<string> =>
  shape((value) => typeof value === "string" && value.length <= most);

/** A number that is not infinite. */
export const finite = (): Shape<number> => shape((value) => Number.isFinite(value));

export const truth = (): Shape<boolean> => shape((value) => typeof value === "boolean");

/** One of these words. */
export const oneOf = <const Words extends readonly string[]>(...words: Words): Shape<Words[number]> =>
  shape((value) => words.includes(value as string));

/** Up to `most` values. */
export const listOf = <Value>(of: Shape<Value>, most: number): Shape<readonly Value[]> =>
  shape((value) => Array.isArray(value) && value.length <= most && value.every((one) => of.is(one)));

type Required_<Fields> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> };

/** An object that has these entries, and perhaps those; no others. */
export function objectOf<Fields extends object, Maybe extends object = object>(
  fields: Fields,
  maybe: Maybe = {} as Maybe,
): Shape<Required_<Fields> & Partial<Required_<Maybe>>> {
  const must = Object.entries(fields) as [string, Shape<unknown>][];
  const may = Object.entries(maybe) as [string, Shape<unknown>][];
  const known = new Set([...must, ...may].map(([name]) => name));
  return shape((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const entry = value as Readonly<Record<string, unknown>>;
    return (
      Object.keys(entry).every((name) => known.has(name)) &&
      must.every(([name, of]) => Object.hasOwn(entry, name) && of.is(entry[name])) &&
      may.every(([name, of]) => !Object.hasOwn(entry, name) || of.is(entry[name]))
    );
  });
}
