/** The table of a part that describes itself: a plain object, as JSON. */

import { Misfit, type Table } from "./section.ts";

/** For parts of an owner's, which know their fields alone. */
export const JSON_TABLE: Table<unknown> = {
  version: 1,
  encode: (values) => new TextEncoder().encode(JSON.stringify(values)),
  decode: (bytes) => {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    } catch (cause) {
      throw new Misfit("it is no JSON", { cause });
    }
  },
};
