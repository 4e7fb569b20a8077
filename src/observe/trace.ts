/** Instruction by instruction: what a hart executes and what that changes. */

import { xNames, fNames } from "../isa/names.ts";
import type { Hart } from "../vmm/hart.ts";
import type { Vm } from "../vmm/vm.ts";
import { disassemble } from "../isa/disasm.ts";

/** What to trace. */
export interface TraceOptions {
  /** The hart; the others stand still. Default 0. */
  readonly hart?: number;
  /** Steps at most. Default 1000. */
  readonly steps?: number;
}

/** One step: an instruction retired, or a trap taken in its place. */
export interface TraceStep {
  /** Where the instruction is. */
  readonly pc: bigint;
  /** The mode in which it was executed. */
  readonly mode: "U" | "S" | "M";
  /** The instruction in assembly, or `"?"` where none could be read (a fetch that faults). */
  readonly text: string;
  /** Registers that have changed, by ABI name, with their new values. */
  readonly changes: ReadonlyMap<string, bigint>;
  /** True when an exception or interrupt was taken: `nextPc` is its handler. */
  readonly trapped: boolean;
  /** Where the hart goes on. */
  readonly nextPc: bigint;
}

/**
 * Steps a hart of a VM that is paused (or not started) and tells what each step did. Ends after `steps`, when the guest
 * ends, or when the hart waits for an interrupt.
 *
 * ```ts
 * for (const { pc, text, changes } of trace(vm, { steps: 20 })) console.log(pc.toString(16), text, changes);
 * ```
 *
 * @throws WasmvisorError `vm-state` when the VM runs, `hart`
 */
export function* trace(vm: Vm, { hart: index = 0, steps = 1000 }: TraceOptions = {}): Generator<TraceStep, void> {
  const hart = vm.hart(index);
  for (let done = 0; done < steps && !hart.waiting; done++) {
    const { pc, mode } = hart;
    const text = textAt(hart, pc);
    const before = registers(hart);
    const traps = trapCount(hart);
    vm.step(index);
    const after = registers(hart);
    const changes = new Map([...after].filter(([name, value]) => before.get(name) !== value));
    yield { pc, mode, text, changes, trapped: trapCount(hart) !== traps, nextPc: hart.pc };
    if (vm.state !== "paused" && vm.state !== "created") return;
  }
}

function trapCount(hart: Hart): number {
  const { traps, interrupts } = hart.counters();
  return traps + interrupts;
}

function registers(hart: Hart): Map<string, bigint> {
  const x = xNames.map((name, number) => [name, hart.x(number)] as const);
  const f = fNames.map((name, number) => [name, hart.f(number)] as const);
  return new Map([...x, ...f]);
}

function textAt(hart: Hart, pc: bigint): string {
  const low = halfword(hart, pc);
  if (low === undefined) return "?";
  const high = (low & 3) === 3 ? halfword(hart, BigInt.asUintN(64, pc + 2n)) : 0;
  return high === undefined ? "?" : disassemble(low + high * 0x1_0000, pc).text.replace("\t", " ");
}

function halfword(hart: Hart, va: bigint): number | undefined {
  const pa = hart.translate(va, "fetch");
  if (pa === undefined) return undefined;
  try {
    const [low = 0, high = 0] = hart.read(va, 2);
    return low + high * 0x100;
  } catch {
    return undefined; // ROM and devices are no RAM
  }
}
