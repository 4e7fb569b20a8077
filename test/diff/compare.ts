/** Runs random programs on this machine, and says in words where its results differ from the oracle's. */

import { disassemble } from "../../src/isa/disasm.ts";
import { fNames, xNames } from "../../src/isa/names.ts";
import { randomImage, type RandomImage } from "../../src/isa/random/image.ts";
import { dataOffset, layout } from "../../src/isa/random/layout.ts";
import { Pool } from "../../src/isa/random/pool.ts";
import { VmField } from "../../assembly/state/layout.ts";
import { Cause, Engine } from "../../assembly/shared/constants.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";
import { qemuFaults, qemuTables, runUnderQemu } from "./qemu.ts";

const FINISHER_PA = 0x10_0000;
const SLICE = 1_000_000;
const MAX_SLICES = 50;

/** What the image leaves in RAM when this machine runs it. */
export async function runHere(image: RandomImage, engine: Engine): Promise<Uint8Array> {
  let finished = false;
  const ram = Math.ceil(image.bytes.length / 4096) * 4096;
  const machine = await createTestMachine({
    ram,
    engine,
    mmioStore: (pa) => (finished ||= pa === FINISHER_PA),
  });
  machine.load(image.bytes);
  for (let i = 0; !finished; i++) {
    if (i === MAX_SLICES) throw new Error(`the programs do not end; pc is 0x${machine.hart().pc.toString(16)}`);
    machine.hart().run(SLICE);
  }
  return machine.read(RAM_PA, image.bytes.length);
}

/** What several runs of an image left, one after another on a machine that keeps what it has translated. */
export interface TranslatedRuns {
  readonly results: readonly Uint8Array[];
  /** Instructions that translated code executed, in all runs. */
  readonly translated: number;
}

/** Runs the image `times` times, translating whatever is met: the first time little of it is there yet, in the end most. */
export async function runTranslated(
  image: RandomImage,
  times: number,
  engine: Engine.TIERED | Engine.TRANSLATE = Engine.TIERED,
): Promise<TranslatedRuns> {
  let finished = false;
  const machine = await createTestMachine({
    ram: Math.ceil(image.bytes.length / 4096) * 4096,
    engine,
    // There are soon many regions, so that the next ones have a quarter of this room; what has none is looked at for long before each.
    translator: { hotThreshold: 1, maxRegionInstructions: 1200, regions: 16_384, modules: 16_384 },
    mmioStore: (pa) => (finished ||= pa === FINISHER_PA),
  });
  const { core, space } = machine;
  const hart = machine.hart();
  space.vm.setU32(VmField.samplePeriod, 1);
  const results: Uint8Array[] = [];
  for (let time = 0; time < times; time++) {
    machine.load(image.bytes);
    core.hart_reset(hart.view.ma);
    space.codeChanged(core);
    hart.pc = BigInt(RAM_PA);
    finished = false;
    for (let i = 0; !finished; i++) {
      if (i === MAX_SLICES) throw new Error(`the programs do not end; pc is 0x${hart.pc.toString(16)}`);
      hart.run(SLICE);
    }
    results.push(machine.read(RAM_PA, image.bytes.length));
  }
  return { results, translated: space.vm.count(VmField.countTranslated) };
}

/** Names the double word at `offset` of a program's data. */
function placeName(offset: number): string {
  if (offset >= layout.scratch) return `scratch+0x${(offset - layout.scratch).toString(16)}`;
  if (offset >= layout.fcsr) return "fcsr";
  if (offset >= layout.f) return fNames[(offset - layout.f) / 8]!;
  if (offset >= layout.x) return xNames[(offset - layout.x) / 8]!;
  if (offset < layout.log) return `harness+${offset}`;
  const entry = Math.floor((offset - layout.log) / 24);
  return `trap ${entry} ${["cause", "tval", "epc"][((offset - layout.log) / 8) % 3]}`;
}

const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, "0")}`;

/** QEMU 7.2 leaves mtval zero at EBREAK; this machine has the pc there, as Spike and later QEMUs. */
function expectPcOfBreakpoints(view: DataView, i: number): void {
  for (let offset: number = layout.log; offset < layout.logEnd; offset += 24) {
    const at = dataOffset(i) + offset;
    const isBreakpoint = view.getBigUint64(at, true) === BigInt(Cause.BREAKPOINT);
    if (isBreakpoint) view.setBigUint64(at + 8, view.getBigUint64(at + 16, true), true);
  }
}

/** The first differences of program `i`, one a line. */
function programDifferences(image: RandomImage, i: number, expected: Uint8Array, actual: Uint8Array): string[] {
  const want = new DataView(expected.buffer, expected.byteOffset);
  const have = new DataView(actual.buffer, actual.byteOffset);
  const lines: string[] = [];
  expectPcOfBreakpoints(want, i);
  for (let offset = 0; offset < layout.dataEnd && lines.length < 12; offset += 8) {
    const at = dataOffset(i) + offset;
    const [wanted, got] = [want.getBigUint64(at, true), have.getBigUint64(at, true)];
    if (wanted !== got) lines.push(`seed ${image.seeds[i]} ${placeName(offset)}: ${hex(got)}, expected ${hex(wanted)}`);
  }
  return lines;
}

/** Every program whose results differ, with its first differences. */
export function differences(image: RandomImage, expected: Uint8Array, actual: Uint8Array): string[] {
  const [want, have] = [image.view(expected), image.view(actual)];
  return image.seeds.flatMap((_, i) => programDifferences(image, i, want, have));
}

/** The text of program `i`, for people. */
export function listing(image: RandomImage, i: number): string {
  const view = new DataView(image.view(image.bytes).buffer);
  const { start, end } = image.code[i]!;
  const lines: string[] = [];
  for (let at = start; at < end;) {
    const pc = image.va + BigInt(at);
    const { text, length } = disassemble(view.getUint32(at, true), pc);
    lines.push(`${pc.toString(16)}  ${text}`);
    at += length;
  }
  return lines.join("\n");
}

/** The image of QEMU's part of the instruction set for `seeds`. */
export function qemuImage(seeds: readonly number[], paged: boolean): RandomImage {
  return randomImage(seeds, BigInt(RAM_PA), new Pool(new Set(qemuTables), qemuFaults), paged);
}

/** Runs a program for each seed under QEMU and here on each engine; returns the differences in words. */
export async function compareBatch(
  seeds: readonly number[],
  engines: readonly Engine[],
  paged: boolean,
): Promise<string[]> {
  const image = qemuImage(seeds, paged);
  const expected = runUnderQemu(image.bytes);
  const lines: string[] = [];
  for (const engine of engines) {
    const actual = await runHere(image, engine);
    lines.push(...differences(image, expected, actual).map((line) => `${Engine[engine]}: ${line}`));
  }
  return lines;
}
