/**
 * Whether a program runs code that has been changed without a FENCE.I since: then what it does depends on when code is read, and engines
 * may differ. Programs fence their changes, but a trap that skips half of an address lets a store go astray, once in a hundred thousand.
 */

import { HartField } from "../../assembly/state/layout.ts";
import { Priv } from "../../assembly/shared/constants.ts";
import type { HartView } from "../../src/core/views.ts";
import type { Farm } from "./farm.ts";
import { CODE_BYTES, codeOf, HARNESS, LAST_PAGE, MAX_HARTS, PAGE, RAM } from "./layout.ts";
import type { HostileProgram } from "./program.ts";

const FENCE_I = 0x100f;

const CODE_PAGES = [
  HARNESS,
  ...Array.from({ length: (MAX_HARTS * CODE_BYTES) / PAGE }, (_, i) => codeOf(0) + i * PAGE),
  LAST_PAGE,
];

/** The pages of code that the hart may be in: all, where only those who walk the page tables know. */
function pagesAt(hart: HartView): readonly number[] {
  if (hart.u32(HartField.priv) !== Priv.M && hart.u64(HartField.satp) !== 0n) return CODE_PAGES;
  const page = Number(hart.pc - RAM) & -PAGE;
  return CODE_PAGES.filter((one) => one === page);
}

/** Runs the program one step at a time on the engine that reads code each time. */
export function runsStaleCode(farm: Farm, program: HostileProgram): boolean {
  farm.begin(program);
  const machine = farm.machines[0]!;
  const copy = (): DataView => new DataView(farm.ram(machine).buffer.slice(...ends(farm.ram(machine))));
  const read = Array.from({ length: program.harts }, copy);
  for (const slice of program.slices) {
    for (let hart = 0; hart < program.harts; hart++) {
      const view = machine.space.harts[hart]!;
      for (let step = 0; step < slice.steps; step++) {
        const offset = Math.min(Number(view.pc) & (PAGE - 2), PAGE - 4);
        const places = pagesAt(view).map((page) => page + offset);
        const now = places.map((at) => farm.ram(machine).getUint32(at, true));
        if (now.some((word, i) => word !== read[hart]!.getUint32(places[i]!, true))) return true;
        farm.runHart(machine, hart, 1);
        if (now.includes(FENCE_I)) read[hart] = copy();
      }
    }
    farm.act(machine, slice);
    for (const { hart, fence } of slice.events) if (fence === "i") read[hart] = copy();
  }
  return false;
}

const ends = ({ byteOffset, byteLength }: DataView): [number, number] => [byteOffset, byteOffset + byteLength];
