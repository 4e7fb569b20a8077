/** The interpreter and the translator, with a VM each, made anew from the same inputs as often as needed. */

import { Host } from "../../vmm/host.ts";
import type { VmConfig } from "../../vmm/config.ts";
import { compareAll, type Differences } from "./compare.ts";
import { Side, type Slice } from "./side.ts";

/** What is made from what. */
export interface PairConfig {
  readonly interpreter: VmConfig;
  readonly translator: VmConfig;
  /** Called after each slice, before the comparison. */
  readonly afterSlice?: ((pair: Pair) => void) | undefined;
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** The first of some slices after which the two differ. */
export interface FirstDifference {
  readonly index: number;
  readonly differences: Differences;
}

/** Two machines of their own. */
export class Pair {
  readonly #config: PairConfig;
  readonly #hosts: readonly [Host, Host];
  #sides: readonly [Side, Side] | undefined;

  private constructor(config: PairConfig, hosts: readonly [Host, Host]) {
    this.#config = config;
    this.#hosts = hosts;
  }

  /** Makes both, as they are before the first instruction. */
  static async create(config: PairConfig): Promise<Pair> {
    const pair = new Pair(config, [await Host.create(), await Host.create()]);
    await pair.restart();
    return pair;
  }

  get interpreter(): Side {
    return this.#sides![0];
  }

  get translator(): Side {
    return this.#sides![1];
  }

  /** Begins again. */
  async restart(): Promise<void> {
    this.#sides?.forEach(({ vm }) => vm.destroy());
    const [first, second] = this.#hosts;
    const { interpreter, translator } = this.#config;
    this.#sides = [new Side(await first.createVm(interpreter)), new Side(await second.createVm(translator))];
  }

  /** Runs one slice on both. */
  async run(slice: Slice): Promise<void> {
    this.#config.signal?.throwIfAborted();
    await this.interpreter.run(slice);
    await this.translator.run(slice);
    this.#config.afterSlice?.(this);
  }

  /** Begins again, runs `slices`, and compares all after each of them from `from` on. */
  async replay(slices: readonly Slice[], from: number): Promise<FirstDifference | undefined> {
    await this.restart();
    for (const [index, slice] of slices.entries()) {
      await this.run(slice);
      const differences = index < from ? undefined : compareAll(this.interpreter, this.translator);
      if (differences !== undefined) return { index, differences };
    }
    return undefined;
  }

  /** Gives all memory back. */
  close(): void {
    this.#hosts.forEach((host) => host.close());
  }
}
