/** What belongs to a region when not everything fits. */

import { expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Translate } from "../../assembly/shared/constants.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { runHot } from "./hot-machine.ts";

const filler = (count: number) =>
  Array.from({ length: count }, (_, i) => `addi t${1 + (i % 3)}, t${1 + (i % 3)}, 1`).join("\n");

/** Blocks of ten instructions, each with a way out. */
const blocks = (count: number, out: string) => `${filler(9)}\nbnez s11, ${out}\n`.repeat(count);

/** Rounds of `hot` instructions with a way through `cold` ones in their middle that is never taken. */
const rounds = (hot: number, cold: number) => `
    li s0, 1500
  loop:
    ${filler(hot / 2)}
    beqz s1, rest
    ${filler(cold)}
  rest:
    ${filler(hot / 2)}
    addi s0, s0, -1
    bnez s0, loop
  end: j end`;

/** How often regions are entered meanwhile: at the beginning of a slice, or from another region or the interpreter. */
async function entries(hot: number, cold: number): Promise<number> {
  const translator = { mechanisms: Translate.ALL | Translate.COUNT, hotThreshold: 4096 };
  const result = await runHot(rounds(hot, cold), { translator, slices: 400 });
  expect(result.ended).toBe(true);
  expect(result.machine.hart().x(8)).toBe(0n);
  const { vm } = result.machine.space;
  return vm.count(VmField.countChain) + vm.count(VmField.countEntry);
}

test("code that is never executed takes no room from code that is", async () => {
  expect(await entries(200, 400)).toBeLessThan(200);
});

test("code that is executed may be more than a region has otherwise", async () => {
  expect(await entries(500, 400)).toBeLessThan(200);
});

test("a loop that is too long even so is several regions", async () => {
  expect(await entries(1000, 0)).toBeGreaterThan(1000);
});

test("the more regions there are, the smaller is the next one, down to a quarter", async () => {
  const functions = 400;
  const { machine, label } = await runHot(
    `
      li s0, 300
      la s1, functions
    again:
      li s2, ${functions}
      mv s3, s1
    each:
      jalr ra, 0(s3)
      addi s3, s3, 16
      addi s2, s2, -1
      bnez s2, each
      addi s0, s0, -1
      bnez s0, again
    end: j end
      .align 4
    functions:
      ${"addi a0, a0, 3\nxori a0, a0, 5\nmv a1, a0\nret\n.align 4\n".repeat(functions)}
    long: ${blocks(40, "here")}
    here: j here
    whole: ${filler(400)}
    j here
    endless: ${filler(1500)}
    j here
    `,
    { slices: 400, translator: { hotThreshold: 32 } },
  );
  const { core, space } = machine;
  const room = (name: string): number =>
    explainRegion(core, space, 0, BigInt(label(name)), machine.harts[0]!.view.u32(HartField.priv))!.instructions;
  expect(space.vm.count(VmField.countRegion)).toBeGreaterThan(256);
  expect(room("long")).toBe(75);
  // A long block is not cut into pieces, for all of it is executed anyway.
  expect(room("whole")).toBe(401);
  expect(room("endless")).toBe(1200);
  const fresh = await runHot(`la s0, end\nloop: addi a0, a0, 1\nbnez s0, loop\nend: j end\nlong: ${blocks(40, "end")}`);
  const priv = fresh.machine.harts[0]!.view.u32(HartField.priv);
  const { core: other, space: own } = fresh.machine;
  expect(explainRegion(other, own, 0, BigInt(fresh.label("long")), priv)!.instructions).toBe(300);
});
