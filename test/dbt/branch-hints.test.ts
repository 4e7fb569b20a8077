/** What modules tell the engine of their branches ("Branch Hinting" proposal): where they stand, and which way they go. */

import { expect, test, vi } from "vitest";
import { W } from "../../assembly/dbt/wasm/opcode.ts";
import { VmField } from "../../assembly/state/layout.ts";
import { Own } from "../../assembly/shared/emitted.ts";
import { Engine, Translate } from "../../assembly/shared/constants.ts";
import { WasmReader } from "../../src/explain/wasm-reader.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";

const SECTION = "metadata.code.branch_hint";
const CODE = 10;
/** Magic number and version. */
const PREAMBLE = 8;

interface Hint {
  readonly opcode: number;
  readonly isLikely: boolean;
}

/** The modules that are made of loops, each of which loads, stores and calls. */
async function modules(mechanisms: number): Promise<Uint8Array[]> {
  const loops = Array.from(
    { length: 40 },
    (_, at) =>
      `li s0, 40; f${at}: ld a0, ${8 * at}(s1); sd a0, 0(s2); call leaf; addi s0, s0, -1; bnez s0, f${at}; ecall`,
  );
  const source = `
    la t0, handler
    csrw mtvec, t0
    la s1, data
    la s2, data
  again:
    ${loops.join("\n")}
    j again
  leaf:
    ${"xor a1, a1, a0; ".repeat(60)}
    ld a2, 0(s1)
    ret
  .align 2
  handler:
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
  .align 3
  data:
    ${".dword 1; ".repeat(40)}
  `;
  const { bytes } = assembleProgram(source, BigInt(RAM_PA));
  const machine = await createTestMachine({ engine: Engine.TIERED, translator: { hotThreshold: 1024, mechanisms } });
  machine.space.vm.setU32(VmField.samplePeriod, 64);
  machine.load(bytes);
  const { code } = machine.core;
  const install = code.install.bind(code);
  const found: Uint8Array[] = [];
  vi.spyOn(code, "install").mockImplementation((space, first, ma, size, count) => {
    found.push(machine.space.memory.u8.slice(ma, ma + size));
    return install(space, first, ma, size, count);
  });
  for (let slice = 0; slice < 60; slice++) machine.hart().run(20_000);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** Where sections' contents begin and end, by what comes before the first: the name of one of its own, or a number. */
function sectionsOf(bytes: Uint8Array): Map<string | number, { start: number; end: number }> {
  const reader = new WasmReader(bytes, PREAMBLE);
  const sections = new Map<string | number, { start: number; end: number }>();
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    const name = id === 0 ? textOf(bytes, reader) : id;
    sections.set(name, { start: reader.at, end });
    reader.at = end;
  }
  return sections;
}

function textOf(bytes: Uint8Array, reader: WasmReader): string {
  const length = reader.unsigned();
  reader.skip(length);
  return new TextDecoder().decode(bytes.subarray(reader.at - length, reader.at));
}

/** Where the bodies of a module's functions begin, by their index. */
function bodiesOf(bytes: Uint8Array, at: number): Map<number, number> {
  const reader = new WasmReader(bytes, at);
  const bodies = new Map<number, number>();
  for (let index = 0, count = reader.unsigned(); index < count; index++) {
    const size = reader.unsigned();
    bodies.set(Own.PAGE + index, reader.at);
    reader.skip(size);
  }
  return bodies;
}

/** The hints by their functions' indices. */
function hintsOf(bytes: Uint8Array): Map<number, Hint[]> {
  const sections = sectionsOf(bytes);
  const found = new Map<number, Hint[]>();
  const section = sections.get(SECTION);
  if (section === undefined) return found;
  const code = sections.get(CODE)!;
  expect(section.end).toBeLessThan(code.start);
  const bodies = bodiesOf(bytes, code.start);
  const reader = new WasmReader(bytes, section.start);
  for (let left = reader.unsigned(); left > 0; left--) {
    const index = reader.unsigned();
    const hints: Hint[] = [];
    let last = -1;
    for (let more = reader.unsigned(); more > 0; more--) {
      const at = reader.unsigned();
      expect(at).toBeGreaterThan(last);
      last = at;
      expect(reader.unsigned()).toBe(1);
      hints.push({ opcode: bytes[bodies.get(index)! + at]!, isLikely: reader.byte() === 1 });
    }
    found.set(index, hints);
  }
  expect(reader.at).toBe(section.end);
  return found;
}

test.each([
  ["behind the TLB", Translate.ALL & ~Translate.WINDOW],
  ["in the window", Translate.ALL],
])(
  "hints of regions %s stand at branches: at ifs that find, and at exits that are not taken",
  async (where, mechanisms) => {
    let functions = 0;
    let ifs = 0;
    for (const bytes of await modules(mechanisms)) {
      for (const [index, hints] of hintsOf(bytes)) {
        expect(index).toBeGreaterThanOrEqual(Own.FIRST_REGION);
        for (const { opcode, isLikely } of hints) expect([W.IF, isLikely ? W.IF : W.BR_IF]).toContain(opcode);
        functions++;
        ifs += hints.filter(({ isLikely }) => isLikely).length;
      }
    }
    expect(functions).toBeGreaterThanOrEqual(40);
    if (where === "behind the TLB") expect(ifs).toBeGreaterThan(80);
  },
);

test("without the switch there is no section", async () => {
  for (const bytes of await modules(Translate.ALL & ~Translate.BRANCH_HINTS)) expect(hintsOf(bytes).size).toBe(0);
});
