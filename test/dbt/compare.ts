/** Runs a program twice, interpreted and with everything hot translated, and says where the two differ. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine, Exit, Sensitive } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { csrs } from "../../src/isa/csr.ts";
import { xNames } from "../../src/isa/names.ts";
import { createTestMachine, RAM_PA, type TestMachine, type TestMachineOptions } from "../support/core.ts";

/** How both machines are prepared and run. */
export interface Setting {
  readonly source: string;
  readonly sensitive?: Sensitive;
  /** Steps run between two comparisons: above 2048, or nothing is translated. */
  readonly slice?: number;
  readonly slices?: number;
  readonly options?: TestMachineOptions;
  /** Called on each machine before it runs. */
  readonly prepare?: (machine: TestMachine) => void;
  /** Called on each machine after each slice, with the slice's number. */
  readonly between?: (machine: TestMachine, slice: number) => void;
}

/** What a machine is compared by. */
interface Snapshot {
  readonly exit: Exit;
  readonly state: Readonly<Record<string, bigint>>;
  readonly ram: Buffer;
}

/** Steps that make an address hot here. */
const HOT = 256;

function snapshot(machine: TestMachine, exit: Exit): Snapshot {
  const hart = machine.hart();
  const state: Record<string, bigint> = { pc: hart.pc, instret: hart.instret, priv: BigInt(hart.priv) };
  for (let i = 0; i < 32; i++) {
    state[xNames[i]!] = hart.x(i);
    state[`f${i}`] = hart.f(i);
  }
  for (const { number, name } of csrs) if (name !== "time") state[name] = csrOf(machine, number);
  state.reservation = hart.view.u64(HartField.reservationPa);
  return { exit, state, ram: Buffer.from(machine.read(RAM_PA, machine.space.ramBytes)) };
}

/** Some of the table's counters have no CSR on this machine. */
function csrOf(machine: TestMachine, number: number): bigint {
  const { view } = machine.hart();
  return machine.core.hart_csr_read(view.ma, number) === 0 ? 0n : view.u64(HartField.mmioData);
}

function run(machine: TestMachine, budget: number): { exit: Exit; emulated: number } {
  const { core, space } = machine;
  const { ma } = space.harts[0]!;
  let emulated = 0;
  let exit = core.hart_run(ma, budget);
  for (; exit === Exit.SENSITIVE; emulated++) exit = core.hart_emulate(ma);
  return { exit, emulated };
}

async function prepared(engine: Engine, setting: Setting): Promise<TestMachine> {
  let machine: TestMachine | undefined = undefined;
  const mtime = (): bigint => machine?.hart().instret ?? 0n;
  machine = await createTestMachine({ ram: 256 * 1024, mtime, ...setting.options, engine });
  machine.load(assemble(setting.source, BigInt(RAM_PA)));
  const { vm } = machine.space;
  vm.setU32(VmField.hotThreshold, HOT);
  vm.setU32(VmField.samplePeriod, 64);
  vm.setU32(VmField.sensitive, setting.sensitive ?? Sensitive.INLINE);
  setting.prepare?.(machine);
  return machine;
}

function difference(want: Snapshot, have: Snapshot): string[] {
  const lines = Object.entries(want.state)
    .filter(([name, value]) => have.state[name] !== value)
    .map(([name, value]) => `${name} is 0x${have.state[name]!.toString(16)}, interpreted 0x${value.toString(16)}`);
  if (want.exit !== have.exit) lines.push(`exit ${Exit[have.exit]}, interpreted ${Exit[want.exit]}`);
  const at = want.ram.findIndex((byte, i) => byte !== have.ram[i]);
  if (at >= 0) lines.push(`RAM differs first at 0x${(RAM_PA + at).toString(16)}`);
  return lines;
}

/** What comparing has found. */
export interface Comparison {
  /** The first slice's differences, in words; empty when there are none. */
  readonly differences: readonly string[];
  /** Regions translated. */
  readonly regions: number;
  /** Sensitive instructions that were executed on the host's order. */
  readonly emulated: number;
  /** Times that the interpreted machine has trapped. */
  readonly traps: number;
  /** The interpreted machine, as it is in the end. */
  readonly interpreted: TestMachine;
}

/** Runs the program on both engines in equal slices until they differ or all slices are done. */
export async function compare(setting: Setting): Promise<Comparison> {
  const interpreted = await prepared(Engine.PREDECODE, setting);
  const translated = await prepared(Engine.TIERED, setting);
  const { slice = 9973, slices = 12 } = setting;
  let emulated = 0;
  let differences: string[] = [];
  for (let i = 0; i < slices && differences.length === 0; i++) {
    const want = run(interpreted, slice);
    const have = run(translated, slice);
    emulated += have.emulated;
    differences = difference(snapshot(interpreted, want.exit), snapshot(translated, have.exit)).map(
      (line) => `after slice ${i}: ${line}`,
    );
    setting.between?.(interpreted, i);
    setting.between?.(translated, i);
  }
  return {
    differences,
    regions: translated.space.code!.regions,
    emulated,
    traps: interpreted.harts[0]!.view.count(HartField.countTrap),
    interpreted,
  };
}
