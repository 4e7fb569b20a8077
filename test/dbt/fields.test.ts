/** The translator's fields are written by the stages that `Dbt` (assembly/dbt/ir/dbt.ts) names, and by no others. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const assembly = new URL("../../assembly/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, assembly), "utf8");

/** Field -> the folders below assembly/dbt/ that may write it. */
function writers(): Map<string, readonly string[]> {
  const [, body] = /export class Dbt \{\n([^]*?)\n\}/.exec(read("dbt/ir/dbt.ts"))!;
  const found = new Map<string, readonly string[]>();
  let folders: readonly string[] = [];
  for (const line of body!.split("\n")) {
    const section = /^ {2}\/\/ Written by: ([\w, ]+)\./.exec(line);
    if (section) folders = section[1]!.split(", ");
    const field = /^ {2}(\w+): \w+;$/.exec(line);
    if (field) found.set(field[1]!, folders);
  }
  return found;
}

/** An assignment to a field of the translator, which is always called `t` or cast in place. */
const ASSIGNMENT = /(?:\bt|changetype<Dbt>\(<usize>vm\.dbt\))\.(\w+) (?:[-+|&]|<<|>>)?= /g;

/** Each assignment in the core, as its field and the file. */
function assignments(): [field: string, file: string][] {
  return readdirSync(assembly, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...read(name).matchAll(ASSIGNMENT)].map(([, field]): [string, string] => [field!, name]));
}

test("a field is written by the stages that its section names", () => {
  const allowed = writers();
  const wrong = assignments().filter(
    ([field, file]) => !allowed.get(field)?.some((folder) => file.startsWith(`dbt/${folder}/`)),
  );
  expect(wrong).toEqual([]);
});

test("every field and every folder of a section is used", () => {
  const written = assignments();
  const unused = [...writers()].flatMap(([field, folders]) =>
    // A `Writer` writes its fields itself.
    field === "end" || field === "full"
      ? []
      : folders.filter(
          (folder) => !written.some(([name, file]) => name === field && file.startsWith(`dbt/${folder}/`)),
        ),
  );
  expect(unused).toEqual([]);
  expect(written.length).toBeGreaterThan(80);
});
