/** VMs that share frames share what is decoded of them; each has the regions that are its own, and sees what it has written after FENCE.I. */

import { expect, test } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { Random } from "../../src/isa/random/values.ts";
import { FrozenRam } from "../../src/memory/frozen.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";

const PAGE = 4096;
const PAGES = 3;

/** Page 0 writes an instruction that adds a1, another number each time, to page 1, and calls it; then it calls page 2, which nobody changes. */
function load(machine: TestMachine, alike: number): void {
  const [code, changing, constant] = [RAM_PA, RAM_PA + PAGE, RAM_PA + 2 * PAGE];
  machine.load(
    assemble(
      `li s0, ${changing}
       li s1, ${constant}
       li s2, 0x00050513
       li s3, 0
       loop:
       add s3, s3, a1
       andi t1, s3, 63
       slli t1, t1, 20
       add t1, t1, s2
       sw t1, 0(s0)
       fence.i
       jalr ra, 0(s0)
       jalr ra, 0(s1)
       j loop`,
      BigInt(code),
    ),
    code,
  );
  machine.load(assemble("addi a0, a0, 0\nret", BigInt(changing)), changing);
  machine.load(assemble("slli a2, a2, 1\nadd a2, a2, a0\nxori a2, a2, 5\nret", BigInt(constant)), constant);
  machine.hart().setX(11, BigInt(alike));
}

const seen = (machine: TestMachine): bigint[] => [10, 11, 12, 19].map((index) => machine.hart().x(index));

test.each([Engine.PREDECODE, Engine.TIERED, Engine.TRANSLATE])(
  "each sees its own code, whoever shares what with whom, engine %i",
  async (engine) => {
    const options = { engine, translator: { hotThreshold: 64 } };
    const first = await createTestMachine(options);
    const second = await createTestMachine({ ...options, beside: first });
    const alone = [await createTestMachine(options), await createTestMachine(options)];
    const together = [first, second];
    for (const [index, machine] of [...together, ...alone].entries()) load(machine, [3, 7][index % 2]!);
    const random = new Random(engine);
    for (let page = 0; page < PAGES; page++) expect(second.space.ram.share(page, first.space.ram, page)).toBe(true);
    let shared = 0;
    for (let turn = 0; turn < 300; turn++) {
      const which = random.below(2);
      const steps = random.between(1, 900);
      together[which]!.hart().run(steps);
      alone[which]!.hart().run(steps);
      expect(seen(together[which]!)).toEqual(seen(alone[which]!));
      // What has become alike is shared again, the page that changes too.
      if (turn % 5 === 0) for (let page = 0; page < PAGES; page++) second.space.ram.share(page, first.space.ram, page);
      if (second.space.ram.shared(2) && second.space.ram.shared(0)) shared++;
      if (turn === 150) first.space.forgetCode();
    }
    expect(shared).toBe(300);
    // They have used one decoded form of what they share.
    expect(second.core.pool.frames.code(second.space.ram.frame(2))).not.toBe(0);
    first.space.release();
    together[1]!.hart().run(5000);
    alone[1]!.hart().run(5000);
    expect(seen(second)).toEqual(seen(alone[1]!));
    second.space.release();
    expect(first.memory.allocatedBytes).toBe(0);
  },
);

test("a frame that is kept longer than what was decoded of it does not lead there", async () => {
  const first = await createTestMachine();
  load(first, 3);
  first.hart().run(500);
  const { core, memory, space } = first;
  const kept = new FrozenRam(core, memory, space.ram);
  core.codePages.keep();
  const second = await createTestMachine({ beside: first });
  second.space.ram.copyFrom(2, space.ram, 2);
  second.hart().pc = BigInt(RAM_PA + 2 * PAGE);
  second.hart().run(1);
  const frame = space.ram.frame(2);
  expect(core.pool.frames.code(frame)).not.toBe(0);
  for (const machine of [first, second]) machine.space.release();
  expect(core.pool.frames.code(frame)).not.toBe(0);
  core.codePages.drop();
  expect(core.pool.frames.code(frame)).toBe(0);
  kept.release();
  expect(memory.allocatedBytes).toBe(0);
});
