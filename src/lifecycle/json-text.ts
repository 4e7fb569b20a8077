/** JSON with the places of its values, so that what is wrong with one can be pointed at. */

import { type ErrorCode, WasmvisorError } from "../error.ts";

/** A place in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A JSON value, and where each of its parts begins, by path (`machines.web.drives.0`). */
export interface PlacedJson {
  readonly value: unknown;
  placeOf(path: readonly (string | number)[]): Place;
}

/** Values within values. */
const DEPTH_MOST = 32;

/**
 * Reads JSON text, with nothing added to the standard: no comments, no commas at the end, no name twice.
 * @param what - what messages call the text
 * @param code - the code of its errors
 * @throws WasmvisorError which says line and column
 */
export function parseJson(text: string, what: string, code: ErrorCode = "machine-file"): PlacedJson {
  return new Parser(text, what, code).parse();
}

const key = (path: readonly (string | number)[]): string => JSON.stringify(path.map(String));

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class Parser {
  readonly #text: string;
  readonly #what: string;
  readonly #code: ErrorCode;
  readonly #places = new Map<string, number>();
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, what: string, code: ErrorCode) {
    // A byte order mark, which some editors write.
    this.#text = text.replace(/^\ufeff/, "");
    this.#what = what;
    this.#code = code;
  }

  parse(): PlacedJson {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault("something stands behind the end; remove it");
    const places = this.#places;
    return {
      value,
      placeOf: (path) => {
        for (let length = path.length; length > 0; length--) {
          const at = places.get(key(path.slice(0, length)));
          if (at !== undefined) return this.#place(at);
        }
        return this.#place(0);
      },
    };
  }

  #value(): unknown {
    this.#space();
    if (!this.#places.has(key(this.#path))) this.#places.set(key(this.#path), this.#at);
    if (this.#path.length > DEPTH_MOST) throw this.#fault(`values are more than ${DEPTH_MOST} deep in each other`);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    if (first === '"') return this.#string();
    return this.#word();
  }

  #object(): Record<string, unknown> {
    // No prototype: "__proto__" is a name as any other.
    const object = Object.create(null) as Record<string, unknown>;
    this.#each("}", () => {
      this.#space();
      const at = this.#at;
      if (this.#text[at] !== '"') throw this.#fault('a name in double quotes, such as "kernel", is missing');
      const name = this.#string();
      if (Object.hasOwn(object, name)) throw this.#fault(`the name "${shown(name)}" is there twice; keep one`, at);
      this.#expect(":", `the colon behind "${shown(name)}" is missing`);
      this.#path.push(name);
      this.#places.set(key(this.#path), at);
      object[name] = this.#value();
      this.#path.pop();
    });
    return object;
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    this.#each("]", () => {
      this.#path.push(array.length);
      array.push(this.#value());
      this.#path.pop();
    });
    return array;
  }

  /** What is between brackets, with commas between. */
  #each(end: string, read: () => void): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      read();
      this.#space();
      const next = this.#text[this.#at];
      if (next === end) break;
      if (next !== ",") throw this.#fault(`a comma or ${end} is missing`);
      const comma = this.#at++;
      this.#space();
      if (this.#text[this.#at] === end) throw this.#fault("there is a comma too many; remove it", comma);
    }
    this.#at++;
  }

  #string(): string {
    const from = this.#at++;
    let text = "";
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char < " ")
        throw this.#fault("the text that begins here has no end; add a double quote", from);
      this.#at++;
      if (char === '"') return text;
      text += char === "\\" ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? "";
    if (char === '"' || char === "\\" || char === "/") return char;
    if (Object.hasOwn(ESCAPES, char)) return ESCAPES[char]!;
    const code = /^[\da-f]{4}/i.exec(this.#text.slice(this.#at, this.#at + 4));
    if (char !== "u" || code === null)
      throw this.#fault("there is no such escape; write a backslash as \\\\", this.#at - 2);
    this.#at += 4;
    return String.fromCharCode(parseInt(code[0], 16));
  }

  #word(): unknown {
    const [word] = /^[^\s,\]}:"[{]*/.exec(this.#text.slice(this.#at, this.#at + 64))!;
    if (word === "true" || word === "false" || word === "null") {
      this.#at += word.length;
      return word === "null" ? null : word === "true";
    }
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) {
      this.#at += word.length;
      return Number(word);
    }
    if (word === "") throw this.#fault("a value is missing");
    throw this.#fault(`"${shown(word)}" is no value; text stands in double quotes`);
  }

  #space(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
    const next = this.#text[this.#at];
    if (next === "#" || (next === "/" && "/*".includes(this.#text[this.#at + 1] ?? "x")))
      throw this.#fault("JSON has no comments; remove this one");
  }

  #expect(char: string, otherwise: string): void {
    this.#space();
    if (this.#text[this.#at] !== char) throw this.#fault(otherwise);
    this.#at++;
  }

  #place(at: number): Place {
    const before = this.#text.slice(0, at).split("\n");
    return { line: before.length, column: before.at(-1)!.length + 1 };
  }

  #fault(why: string, at = this.#at): WasmvisorError {
    const place = this.#place(at);
    return new WasmvisorError(this.#code, `${this.#what}, line ${place.line}, column ${place.column}: ${why}.`, {
      ...place,
    });
  }
}

/** Text of others, for a message. */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?").slice(0, 64);
}
