/**
 * What the translator makes of small programs, for people to read: guest code, intermediate representation and WebAssembly.
 *
 * Each `golden/NAME.s` is assembled at the start of RAM, and the region at its first instruction is explained; `golden/NAME.golden` is
 * what that said when it was last approved. After a change that is meant to change it, write the files anew and read the difference:
 *
 *     npm test -- golden -u
 *
 * A line `# machine: paged` has the program run in S mode with paging on, `# machine: float` with mstatus.FS dirty; otherwise it is
 * M mode, and RAM is a window. After `# run: N` the program has executed N instructions, and its largest region is explained.
 */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Engine, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { explainRegion, type RegionParts } from "../../src/core/explained.ts";
import { translatedRegions } from "../../src/core/regions.ts";
import { guestText } from "../../src/explain/guest.ts";
import { irText } from "../../src/explain/ir.ts";
import { watText } from "../../src/explain/wat.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, RWXAD } from "../support/paging.ts";
import { assembledFunction, onlyFunction } from "./wat-assembler.ts";

const folder = new URL("golden/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".s"))
  .map((name) => name.slice(0, -2));

/** Where the page tables of a paged machine are. */
const TABLES_PA = RAM_PA + 0x8_0000;
/** A PMP entry that allows S mode everything. */
const EVERYWHERE = 0x3f_ffff_ffff_ffffn;
const RWX_NAPOT = 0x1fn;
/** The superpages of Sv39's root table. */
const GIGAPAGE = 2;

const setUps: Readonly<Record<string, (machine: TestMachine) => void>> = {
  paged: (machine) => {
    const hart = machine.hart();
    const tables = new PageTables(machine, TABLES_PA);
    tables.map(BigInt(RAM_PA), RAM_PA, RWXAD, GIGAPAGE);
    hart.setCsr(Csr.PMPADDR0, EVERYWHERE);
    hart.setCsr(Csr.PMPCFG0, RWX_NAPOT);
    hart.setCsr(Csr.SATP, tables.satp);
    hart.view.setU32(HartField.priv, Priv.S);
    machine.core.hart_sync(hart.view.ma);
  },
  float: (machine) => machine.hart().setCsr(Csr.MSTATUS, BigInt(Status.FS)),
};

const sourceOf = (name: string): string => readFileSync(new URL(`${name}.s`, folder), "utf8");

async function load(name: string, engine = Engine.TIERED): Promise<TestMachine> {
  const source = sourceOf(name);
  // With so few regions, each has a module of its own.
  const machine = await createTestMachine({ engine, translator: { regions: 8, hotThreshold: 2048 } });
  machine.load(assemble(source, BigInt(RAM_PA)));
  const kind = /^# machine: (\w+)$/m.exec(source)?.[1];
  if (kind !== undefined) setUps[kind]!(machine);
  machine.hart().run(stepsOf(name));
  return machine;
}

/** Instructions that a program executes first. */
function stepsOf(name: string): number {
  return Number(/^# run: (\d+)$/m.exec(sourceOf(name))?.[1] ?? 0);
}

function explained({ core, space, ...machine }: TestMachine): RegionParts {
  const { view } = machine.harts[0]!;
  const [largest] = translatedRegions(space).sort((a, b) => b.instructions - a.instructions);
  const region = explainRegion(core, space, 0, largest?.pc ?? view.pc, view.u32(HartField.priv));
  expect(region, "the program can be translated").toBeDefined();
  return region!;
}

describe.each(names)("%s", (name) => {
  test("is translated as approved", async () => {
    const region = explained(await load(name));
    const parts = { guest: guestText(region), ir: irText(region), wasm: watText(region) };
    const text = Object.entries(parts).map(([title, part]) => `==== ${title}\n\n${part}`);
    await expect(text.join("\n")).toMatchFileSnapshot(`golden/${name}.golden`);
  });

  test("has text that assembles to the same code", async () => {
    const region = explained(await load(name));
    expect(assembledFunction(watText(region), region.ramMa)).toBe(onlyFunction(region.wasm));
  });
});

test.each(names.filter((name) => stepsOf(name) === 0))(
  "%s is explained by the module that is installed",
  async (name) => {
    const machine = await load(name, Engine.TRANSLATE);
    const { wasm } = explained(machine);
    const install = vi.spyOn(machine.core.code, "install");
    machine.hart().run(1);
    const [, , ma = 0, bytes = 0] = install.mock.calls[0] ?? [];
    expect([...wasm]).toEqual([...machine.memory.u8.subarray(ma, ma + bytes)]);
  },
);
