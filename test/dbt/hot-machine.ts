/** Runs a program on the interpreter and on the translator, slice by slice, with everything compared after each. */

import { expect } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Engine, type Exit } from "../../assembly/shared/constants.ts";
import { hartDifferences, memoryDifferences } from "../../src/observe/lockstep/compare.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { Random } from "../../src/isa/random/values.ts";
import { createTestMachine, RAM_PA, type TestMachine, type TestMachineOptions } from "../support/core.ts";

/** How a program is run. */
export interface HotOptions extends Omit<TestMachineOptions, "engine"> {
  /** Called for each machine with the program loaded, before the first instruction. */
  readonly setUp?: (machine: TestMachine, label: (name: string) => number) => void;
  /** Called for each machine before each slice, with its number from 0. */
  readonly between?: (machine: TestMachine, slice: number, label: (name: string) => number) => void;
  /** Slices for each hart at most. Default 40. */
  readonly slices?: number;
  /** Steps of a slice: from least to most. */
  readonly lengths?: readonly [least: number, most: number];
}

/** Both machines at the end, which is when hart 0 is at the label `end`, or after all slices. */
export interface HotRun {
  readonly machine: TestMachine;
  readonly label: (name: string) => number;
  /** Modules of translated code compiled. */
  readonly modules: number;
  /** Whether hart 0 has come to `end`. */
  readonly ended: boolean;
}

/** The last 2048 steps of a slice are interpreted, so slices are longer. */
const LENGTHS = [2500, 12_000] as const;

/**
 * Assembles a program at the start of RAM and runs it in M mode on both engines, with slices of the same uneven lengths.
 * Fails at the first slice after which a register, a word of RAM or the reason of the slice's end differs, and when
 * nothing was translated. Returns the translating machine.
 */
export async function runHot(source: string, options: HotOptions = {}): Promise<HotRun> {
  const { setUp, between, slices = 40, lengths = LENGTHS, ...machineOptions } = options;
  const { bytes, labels } = assembleProgram(source, BigInt(RAM_PA));
  const label = (name: string): number => Number(labels.get(name) ?? NaN);
  const make = async (engine: Engine): Promise<TestMachine> => {
    const machine = await createTestMachine({
      translator: { hotThreshold: 32 },
      ...machineOptions,
      engine,
    });
    machine.space.vm.setU32(VmField.samplePeriod, 64);
    machine.load(bytes);
    setUp?.(machine, label);
    return machine;
  };
  const interpreted = await make(Engine.PREDECODE);
  const translated = await make(Engine.TIERED);
  const random = new Random(1);
  const ended = (): boolean => interpreted.hart().pc === BigInt.asUintN(64, BigInt(labels.get("end") ?? -1));
  for (let slice = 0; slice < slices && !ended(); slice++) {
    between?.(interpreted, slice, label);
    between?.(translated, slice, label);
    for (const index of interpreted.harts.keys()) {
      const steps = random.between(...lengths);
      const [a, b]: Exit[] = [interpreted.hart(index).run(steps), translated.hart(index).run(steps)];
      expect(b, `why slice ${slice} of hart ${index} ended`).toBe(a);
    }
    expectSame(interpreted, translated, slice);
  }
  const { modules } = translated.core.code.counters;
  expect(modules, "modules of translated code").toBeGreaterThan(0);
  return { machine: translated, label, modules, ended: ended() };
}

function expectSame(a: TestMachine, b: TestMachine, slice: number): void {
  const registers = hartDifferences(
    a.harts.map(({ view }) => view),
    b.harts.map(({ view }) => view),
  );
  expect(registers, `registers after slice ${slice}`).toEqual([]);
  expect(memoryDifferences(a.space, b.space).memory, `RAM after slice ${slice}`).toEqual([]);
}
