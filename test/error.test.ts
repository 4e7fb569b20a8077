/** The codes of errors: a closed list, of which every member is thrown somewhere and explained in docs/api.md. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const read = (name: string) => readFileSync(path.join(root, name), "utf8");

/** The sources together, without the list itself. */
const sources = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && name !== "error.ts")
  .map((name) => read(path.join("src", name)))
  .join("\n");

const [, union = ""] = /export type ErrorCode =([^;]*);/.exec(read("src/error.ts")) ?? [];
const codes = [...union.matchAll(/"([\w-]+)"/g)].map(([, code]) => code!);

describe("error codes", () => {
  test("are listed once, in order", () => {
    expect(codes.length).toBeGreaterThan(50);
    expect(codes).toEqual([...new Set(codes)].sort());
  });

  test("are all used", () => {
    expect(codes.filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
  });

  test("are all explained", () => {
    const [, table = ""] = /^\| code \| \|\n([\s\S]*?)\n\n/m.exec(read("docs/api.md")) ?? [];
    const named = [...table.matchAll(/`([\w-]+)(…?)`/g)].map(([, name, more]) => ({ name: name!, more: more !== "" }));
    const isNamed = (code: string) => named.some(({ name, more }) => (more ? code.startsWith(name) : code === name));
    expect(codes.filter((code) => !isNamed(code))).toEqual([]);
    expect(named.filter(({ name, more }) => !more && !codes.includes(name))).toEqual([]);
  });
});
