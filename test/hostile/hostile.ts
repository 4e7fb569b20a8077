/** `npm run fuzz -- hostile [first seed] [programs]`: hostile programs on all engines at once, until one goes wrong. */

import { Exit } from "../../assembly/shared/constants.ts";
import { ENGINE_NAMES, Farm } from "./farm.ts";
import { type Fragment, fragmentText, type HostileProgram, hostileProgram } from "./program.ts";
import { runsStaleCode } from "./stale.ts";

/** What went wrong with a program, in words. */
export interface Failure {
  readonly seed: number;
  readonly lines: readonly string[];
}

/** Runs a program; what is wrong with it, nothing as a rule. */
export function check(farm: Farm, program: HostileProgram): string[] {
  farm.begin(program);
  const [first, ...others] = farm.machines;
  for (const [i, slice] of program.slices.entries()) {
    const want = farm.run(first!, slice, program.harts);
    for (const machine of others) {
      const have = farm.run(machine, slice, program.harts);
      if (program.unfenced) continue;
      const lines = farm.differences(first!, machine, program.harts);
      for (const { hart, exit } of want) {
        const other = have[hart]!.exit;
        if (exit !== other) lines.push(`hart ${hart} exit: ${Exit[exit]}, ${Exit[other]}`);
      }
      if (lines.length > 0 && runsStaleCode(farm, program)) return farm.damage();
      if (lines.length > 0) return [`after slice ${i}, ${ENGINE_NAMES[0]} and ${machine.name}:`, ...lines];
    }
  }
  return farm.damage();
}

/** The program with as little in it as still goes wrong. Calls `onTry` before each try. */
export function narrow(farm: Farm, program: HostileProgram, onTry: () => void): HostileProgram {
  const fails = (): boolean => {
    onTry();
    try {
      return check(farm, program).length > 0;
    } catch {
      // A label has gone with its construct.
      return false;
    }
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const fragment of program.fragments) {
      changed = narrowConstructs(fragment, fails) || changed;
      changed = narrowLines(fragment, fails) || changed;
    }
  }
  return program;
}

/** Leaves constructs out; true when one may go. */
function narrowConstructs(fragment: Fragment, fails: () => boolean): boolean {
  const { length } = fragment.constructs;
  for (let i = length - 1; i >= 0; i--) {
    const before = fragment.constructs;
    fragment.constructs = before.toSpliced(i, 1);
    if (!fails()) fragment.constructs = before;
  }
  return fragment.constructs.length < length;
}

/** Leaves lines of constructs out; true when one may go. */
function narrowLines(fragment: Fragment, fails: () => boolean): boolean {
  let changed = false;
  for (let i = 0; i < fragment.constructs.length; i++) {
    for (let k = fragment.constructs[i]!.split("\n").length - 1; k >= 0; k--) {
      const before = fragment.constructs;
      const lines = before[i]!.split("\n").toSpliced(k, 1);
      if (lines.length === 0) continue;
      fragment.constructs = before.with(i, lines.join("\n"));
      if (fails()) changed = true;
      else fragment.constructs = before;
    }
  }
  return changed;
}

/** What people need to see what a program does. */
export function listing(program: HostileProgram): string {
  const { slices, fragments, pointers } = program;
  const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`;
  const heads = fragments.map((fragment) => {
    const { mode, mstatus, satp, alias, flags, kind } = fragment;
    const how =
      kind === "function"
        ? ""
        : `# mode ${mode}, mstatus ${hex(mstatus)}, satp ${hex(satp)}, alias ${hex(alias)}, flags ${flags}\n`;
    return how + fragmentText(fragment);
  });
  const said = pointers.map(
    (list, hart) =>
      `hart ${hart}: s2 to s11 are (and for user code under page tables) ${list.flat().map(hex).join(" ")}`,
  );
  return [...said, `slices ${JSON.stringify(slices)}`, ...heads].join("\n");
}

/** Runs `count` programs from seed `first` on; the first failure, if there is one. Calls `onSeed` before each. */
export function search(farm: Farm, first: number, count: number, onSeed?: (seed: number) => void): Failure | undefined {
  for (let seed = first; seed < first + count; seed++) {
    onSeed?.(seed);
    const lines = check(farm, hostileProgram(seed));
    if (lines.length > 0) return { seed, lines };
  }
  return undefined;
}

/** Programs after which a line says that nothing went wrong. */
const PROGRESS = 1000;

/** Runs the programs, and says on stdout what happened. False when something went wrong. `onSeed` is told of each program and each try. */
export async function hostile(first: number, count: number, onSeed?: (seed: number) => void): Promise<boolean> {
  const farm = await Farm.create();
  for (let done = 0; done < count; done += PROGRESS) {
    const failure = search(farm, first + done, Math.min(PROGRESS, count - done), onSeed);
    if (failure !== undefined) {
      report(farm, failure, () => onSeed?.(failure.seed));
      return false;
    }
    console.log(`seeds ${first + done} to ${first + Math.min(done + PROGRESS, count) - 1}: nothing went wrong`);
  }
  return true;
}

function report(farm: Farm, { seed, lines }: Failure, onTry: () => void): void {
  console.log(`seed ${seed} (repeat it with: npm run fuzz -- hostile ${seed} 1)\n${lines.slice(0, 20).join("\n")}\n`);
  const program = narrow(farm, hostileProgram(seed), onTry);
  console.log(`Narrowed:\n${check(farm, program).slice(0, 20).join("\n")}\n\n${listing(program)}`);
}
