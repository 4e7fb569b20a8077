/** Lock-step: the interpreter and the translator side by side, up to the first difference. */

import { VmField } from "../../../assembly/state/layout.ts";
import { WasmvisorError } from "../../error.ts";
import type { VmConfig } from "../../vmm/config.ts";
import { giveWay } from "../../vmm/event-loop.ts";
import type { Vm } from "../../vmm/vm.ts";
import type { VmExit } from "../../vmm/vm-types.ts";
import { compareAll, compareQuickly, type Differences } from "./compare.ts";
import { narrow, type Narrowed } from "./narrow.ts";
import { Pair } from "./pair.ts";
import { type LockstepDifference, reportText } from "./report.ts";
import { Schedule } from "./schedule.ts";
import type { Slice } from "./side.ts";
import { trace } from "./trace.ts";

/** How to compare. */
export interface LockstepOptions {
  /** Instructions retired, after which to stop. Default: when the guest ends. */
  readonly instructions?: number;
  /** Instructions from one comparison to the next: from `least` to `most`. Default 20,000 to 1,000,000. */
  readonly slices?: { readonly least: number; readonly most: number };
  /** Chooses the lengths of the slices. Default 1. */
  readonly seed?: number;
  /** What the guest prints, once. */
  readonly onOutput?: (bytes: Uint8Array) => void;
  /**
   * Asked before each slice, with what has been printed in the one before, for what is to be typed. `waiting` says that
   * the guest has nothing to do without it; the lock-step then ends when nothing is typed. A promise is waited for.
   */
  readonly input?: (printed: string, waiting: boolean) => Typed | Promise<Typed>;
  /** Called after each slice and before its comparison, also while a difference is narrowed down. */
  readonly afterSlice?: (vms: LockstepVms) => void;
  /** Ends the lock-step, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What goes to the guest's console. */
export type Typed = string | Uint8Array | undefined;

/** The two VMs, to look at. */
export interface LockstepVms {
  readonly interpreter: Vm;
  readonly translator: Vm;
  /** Instructions retired, by the interpreter. */
  readonly instructions: number;
}

/** What a lock-step has found. */
export interface LockstepResult {
  /** The first difference; undefined when there is none. */
  readonly difference: LockstepDifference | undefined;
  /** Instructions retired and compared. */
  readonly instructions: number;
  /** Those of them that translated code executed. */
  readonly translated: number;
  /** Regions in use at the end. */
  readonly regions: number;
  /** How the guest ended; undefined when it did not. */
  readonly exit: VmExit | undefined;
}

const SLICES = { least: 20_000, most: 1_000_000 };

/** Interpreted steps that make an address hot: few, so that most of what runs is translated. */
const HOT_THRESHOLD = 500;

/** Instructions between looks at RAM and devices, for each frame that is in use: looking takes a fifth of the time. */
const INSTRUCTIONS_PER_FRAME = 250;

/** Between two tasks of the event loop. */
const TURN_MILLISECONDS = 8;

/**
 * Runs a guest twice, interpreted and with `config.engine` (`"tiered"`, the default, or `"translator"`), and compares all
 * architectural state of both, RAM, devices and output as it goes. The clock is the deterministic one; addresses become
 * hot early unless `config.translator` says otherwise.
 *
 * ```ts
 * const { difference, instructions, translated } = await lockstep({ kernel: "Image" }, { instructions: 1e9 });
 * if (difference) console.log(difference.text);
 * else console.log(`${instructions} instructions are the same; ${translated} of them were translated`);
 * ```
 *
 * @throws WasmvisorError `lockstep-engine` for another engine, and as `Host.createVm`
 */
export async function lockstep(config: VmConfig, options: LockstepOptions = {}): Promise<LockstepResult> {
  const { engine = "tiered" } = config;
  if (engine !== "tiered" && engine !== "translator") {
    throw new WasmvisorError("lockstep-engine", "Lock-step compares the interpreter with tiered or translator.", {
      engine,
    });
  }
  const same = { onTrapStorm: "stop", ...config, clock: "deterministic" } as const;
  const pair = await Pair.create({
    interpreter: { ...same, engine: "interpreter" },
    translator: { ...same, engine, translator: { hotThreshold: HOT_THRESHOLD, ...config.translator } },
    signal: options.signal,
    afterSlice: ({ interpreter, translator }) =>
      options.afterSlice?.({
        interpreter: interpreter.vm,
        translator: translator.vm,
        instructions: interpreter.instructions,
      }),
  });
  try {
    return await new Lockstep(pair, options).run();
  } finally {
    pair.close();
  }
}

/** One run, from the first instruction to the end or a difference. */
class Lockstep {
  readonly #pair: Pair;
  readonly #options: LockstepOptions;
  readonly #schedule: Schedule;
  readonly #slices: Slice[] = [];
  /** After this many slices, everything was compared and the same. */
  #good = 0;
  #comparedAt = 0;
  #decoder = new TextDecoder();

  constructor(pair: Pair, options: LockstepOptions) {
    this.#pair = pair;
    this.#options = options;
    const { harts } = pair.interpreter.vm;
    this.#schedule = new Schedule(harts.length, options.slices ?? SLICES, options.seed ?? 1);
  }

  async run(): Promise<LockstepResult> {
    const { instructions: most = Infinity } = this.#options;
    let differences: Differences | undefined;
    let typed: Uint8Array | undefined;
    let turnStart = performance.now();
    while (differences === undefined) {
      const { interpreter } = this.#pair;
      const over = interpreter.exit !== undefined || interpreter.instructions >= most;
      if (!over) typed = await this.#ask();
      if (over || (interpreter.waiting && typed === undefined)) {
        differences = compareAll(interpreter, this.#pair.translator);
        break;
      }
      const slice = this.#schedule.next(typed);
      this.#slices.push(slice);
      await this.#pair.run(slice);
      this.#options.onOutput?.(this.#pair.interpreter.newOutput);
      differences = this.#compare();
      if (performance.now() - turnStart < TURN_MILLISECONDS) continue;
      await giveWay();
      turnStart = performance.now();
    }
    const result = this.#result();
    return { ...result, difference: differences && (await this.#explain(differences)) };
  }

  async #ask(): Promise<Uint8Array | undefined> {
    const { input } = this.#options;
    if (input === undefined) return undefined;
    const { interpreter } = this.#pair;
    const typed = await input(this.#decoder.decode(interpreter.newOutput, { stream: true }), interpreter.waiting);
    return typeof typed === "string" ? new TextEncoder().encode(typed) : typed;
  }

  #compare(): Differences | undefined {
    const { interpreter, translator } = this.#pair;
    const frames = interpreter.vm.machine.space.vm.u32(VmField.framesTouched);
    const now = interpreter.instructions;
    if (now - this.#comparedAt < frames * INSTRUCTIONS_PER_FRAME) return compareQuickly(interpreter, translator);
    const differences = compareAll(interpreter, translator);
    if (differences === undefined) {
      this.#good = this.#slices.length;
      this.#comparedAt = now;
    }
    return differences;
  }

  #result(): Omit<LockstepResult, "difference"> {
    const { interpreter, translator } = this.#pair;
    const { space } = translator.vm.machine;
    const { vm } = space;
    return {
      instructions: interpreter.instructions,
      translated: vm.count(VmField.countTranslated),
      regions: space.code?.regions ?? 0,
      exit: interpreter.exit,
    };
  }

  async #explain(seen: Differences): Promise<LockstepDifference> {
    const pair = this.#pair;
    const last = this.#slices.at(-1) ?? { hart: 0, steps: 0, endsRound: true };
    const found = await narrow(pair, this.#slices, Math.min(this.#good, this.#slices.length - 1));
    const narrowed: Narrowed = found ?? { before: this.#slices.slice(0, -1), slice: last, differences: seen };
    const { hart, steps } = narrowed.slice;
    await pair.replay(narrowed.before, Infinity);
    const after = pair.interpreter.instructions;
    const { instructions, writers } = await trace(pair, narrowed);
    const difference = {
      ...narrowed.differences,
      instructions: pair.interpreter.instructions,
      ...{ after, steps, hart },
      pc: pair.interpreter.vm.hart(hart).pc,
      ...{ trace: instructions, writers, repeatable: found !== undefined },
    };
    return { ...difference, text: reportText({ ...difference, text: "" }) };
  }
}
