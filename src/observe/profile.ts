/** A sampling profile: where a guest spends its instructions, by function and by who called it. */

import type { Symbol as GuestSymbol } from "../machine/loader/loaded-image.ts";
import type { Hart } from "../vmm/hart.ts";
import type { Interval } from "../vmm/sampler.ts";
import type { Vm } from "../vmm/vm.ts";
import { KNOWN, Unwinder } from "./profile-unwind.ts";

/** What to sample. */
export interface ProfileOptions {
  /** Instructions between two samples of a hart, from 10,000. Default 100,003: a prime, so as not to keep step with loops. */
  readonly period?: number;
}

/** One kind of stack, and what was executed on it. */
export interface ProfileStack {
  /**
   * Names, the outermost caller first: functions, or address ranges where there are no symbols. Before them the hart and its
   * mode, when there were several.
   */
  readonly frames: readonly string[];
  /** Instructions and traps. */
  readonly steps: number;
  /** How many of the instructions translated code has executed. */
  readonly translated: number;
}

/** A finished profile. */
export interface Profile {
  readonly stacks: readonly ProfileStack[];
  /** Samples taken. */
  readonly samples: number;
  /** Instructions between two of them. */
  readonly period: number;
}

const DEFAULT_PERIOD = 100_003;
const DEPTH = 64;
/** Distinct stacks kept; a guest decides how many there are. */
const MAX_STACKS = 20_000;
/** Without symbols, code is told apart by this many low bits of its address. */
const RANGE_BITS = 8n;

const MODES = { U: "user mode", S: "supervisor mode", M: "machine mode" } as const;

/**
 * Samples a VM from its making until `stop`.
 *
 * ```ts
 * const profiler = new Profiler(vm);
 * vm.start();
 * await vm.exited;
 * await writeFile("profile.svg", flameGraph(profiler.stop(), { title: "my guest" }));
 * ```
 *
 * The samples are taken at exact instruction counts: with `clock: "deterministic"` every run has the same profile.
 */
export class Profiler {
  readonly #vm: Vm;
  readonly #period: number;
  readonly #stop: () => void;
  readonly #functions: FunctionTable;
  readonly #unwinders: readonly Unwinder[];
  readonly #stacks = new Map<string, { frames: readonly string[]; steps: number; translated: number }>();
  #samples = 0;

  /** @throws WasmvisorError `sample-period`, or `sampling` when the VM has a profiler already */
  constructor(vm: Vm, { period = DEFAULT_PERIOD }: ProfileOptions = {}) {
    this.#vm = vm;
    this.#period = period;
    this.#functions = new FunctionTable(vm.symbols);
    this.#unwinders = vm.harts.map((hart) => this.#unwinder(hart));
    this.#stop = vm.sample(period, (interval) => this.#sample(interval));
  }

  /** Ends sampling, and says what was found. */
  stop(): Profile {
    this.#stop();
    const stacks = [...this.#stacks.values()];
    const tells = [0, 1].map((level) => new Set(stacks.map(({ frames }) => frames[level])).size > 1);
    return {
      stacks: stacks.map((stack) => ({ ...stack, frames: stack.frames.filter((_, level) => tells[level] ?? true) })),
      samples: this.#samples,
      period: this.#period,
    };
  }

  #sample({ hart: index, steps, translated }: Interval): void {
    const hart = this.#vm.hart(index);
    const registers = { pc: hart.pc, ra: hart.x(1), sp: hart.x(2) };
    const names = this.#unwinders[index]!.stack(registers, DEPTH).map((va) => this.#functions.name(va));
    const place = [`hart ${index}`, MODES[hart.mode]];
    const frames = [...place, ...names.reverse()];
    this.#samples++;
    const key = frames.join("\n");
    const known = this.#stacks.get(key);
    if (known !== undefined) {
      known.steps += steps;
      known.translated += translated;
    } else if (this.#stacks.size < MAX_STACKS) this.#stacks.set(key, { frames, steps, translated });
    else this.#other({ frames: [...place, "(other stacks)"], steps, translated });
  }

  #other(stack: ProfileStack): void {
    const key = stack.frames.join("\n");
    const known = this.#stacks.get(key) ?? { ...stack, steps: 0, translated: 0 };
    known.steps += stack.steps;
    known.translated += stack.translated;
    this.#stacks.set(key, known);
  }

  #unwinder(hart: Hart): Unwinder {
    return new Unwinder({
      functionStart: (va) => this.#functions.at(va)?.address,
      read: (va, length) => {
        try {
          return hart.read(va, length);
        } catch {
          return undefined;
        }
      },
    });
  }
}

/** Functions by address. */
class FunctionTable {
  readonly #functions: readonly GuestSymbol[];
  readonly #names = new Map<bigint, string>();

  constructor(symbols: readonly GuestSymbol[]) {
    const functions = symbols.filter(({ kind }) => kind === "function");
    // Assembly sources seldom say what their labels are.
    const labels = symbols.filter(({ kind, name }) => kind === "other" && /^[A-Za-z_]/.test(name));
    this.#functions = functions.length > 0 ? functions : labels;
  }

  /** The function that `va` lies in. */
  at(va: bigint): GuestSymbol | undefined {
    const functions = this.#functions;
    let low = 0;
    for (let high = functions.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (functions[middle]!.address <= va) low = middle + 1;
      else high = middle;
    }
    const found = functions[low - 1];
    if (found === undefined) return undefined;
    const next = functions[low]?.address ?? found.address + BigInt(found.size || 4096);
    const end = found.size === 0 ? next : found.address + BigInt(found.size);
    return va < end ? found : undefined;
  }

  /** Its name, or the range of addresses that `va` lies in. */
  name(va: bigint): string {
    const known = this.#names.get(va);
    if (known !== undefined) return known;
    const name = this.at(va)?.name ?? `0x${((va >> RANGE_BITS) << RANGE_BITS).toString(16)}`;
    if (this.#names.size >= KNOWN) this.#names.clear();
    this.#names.set(va, name);
    return name;
  }
}
