/** The table of a part that describes itself: a plain object, as JSON. */

import { Misfit, type Table } from "./section.ts";

/** For parts of an owner's, which know their fields alone. It reads what it has written, and no other JSON for the same object. */
export const JSON_TABLE: Table<object> = {
  version: 1,
  encode: written,
  decode: (bytes) => {
    const values = parse(bytes);
    if (typeof values !== "object" || values === null) throw new Misfit("it is no object");
    if (!isEqual(written(values), bytes)) throw new Misfit("it is not as it was written");
    return values;
  },
};

function written(values: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(values));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function parse(bytes: Uint8Array): unknown {
  try {
    const values = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    // What nests too deep to be written is refused as well.
    JSON.stringify(values);
    return values;
  } catch (cause) {
    throw new Misfit("it is no JSON", { cause });
  }
}
