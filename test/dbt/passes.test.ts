/**
 * What each of the translator's passes does to a small region, for people to read: `passes/NAME.ir` is the region before, and its first line
 * says which passes it goes through; `passes/NAME.expected` is what they have made of it when it was last approved. Write those anew with
 *
 *     npm test -- dbt/passes -u
 *
 * `# passes: flow live` runs these; `# off: MERGED_CHECKS` switches a mechanism off.
 */

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Translate } from "../../assembly/shared/constants.ts";
import { parseIr } from "../../src/explain/ir-parse.ts";
import { irFaults } from "../../src/explain/ir-verify.ts";
import { irText } from "../../src/explain/ir.ts";
import { PassMachine, passes, type Pass } from "./pass-machine.ts";

const folder = new URL("passes/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ir"))
  .map((name) => name.slice(0, -3));

let machine: PassMachine;

beforeAll(async () => {
  machine = await PassMachine.create();
});

describe.each(names)("%s", (name) => {
  const text = readFileSync(new URL(`${name}.ir`, folder), "utf8");
  const said = (what: string): string[] => new RegExp(`^# ${what}: (.*)$`, "m").exec(text)?.[1]?.split(" ") ?? [];
  const chosen = said("passes") as Pass[];
  const off = said("off").map((mechanism) => Translate[mechanism as keyof typeof Translate]);

  test("is well-formed, and names passes that there are", () => {
    expect(irFaults(parseIr(text))).toEqual([]);
    expect(chosen.length).toBeGreaterThan(0);
    for (const pass of chosen) expect(passes).toContain(pass);
  });

  test("becomes what was approved, and is well-formed still", async () => {
    const switches = off.reduce((all, mechanism) => all & ~mechanism, Translate.ALL);
    const after = machine.run(parseIr(text), chosen, switches);
    expect(irFaults(after)).toEqual([]);
    await expect(irText(after)).toMatchFileSnapshot(`passes/${name}.expected`);
  });
});
