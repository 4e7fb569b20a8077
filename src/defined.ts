/** Options that were given. */

/** The entries that have a value: an option that is undefined is one that was left out. */
export function defined<Values extends object>(
  values: Values,
): { -readonly [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as ReturnType<typeof defined<Values>>;
}
