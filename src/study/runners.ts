/** Which variants this host can run, and how. */

import type { Environment } from "./environment.ts";
import type { CommandVariant, DirectVariant, Variant, VmVariant } from "./experiment.ts";
import { CommandRunner, templateCommand } from "./measure-command.ts";
import { VmRunner } from "./measure-vm.ts";
import { WasmRunner } from "./measure-wasm.ts";
import { WindowRunner } from "./measure-window.ts";
import type { Runner } from "./measure.ts";

/** A variant ready to be run. */
export type Ready =
  | {
      readonly kind: "whole";
      readonly variant: Variant;
      readonly runner: Runner;
      readonly by: "vm" | "wasm" | "command";
    }
  | { readonly kind: "window"; readonly variant: Variant; readonly runner: WindowRunner };

/** Or why it cannot be. */
export interface Missing {
  readonly kind: "missing";
  readonly variant: Variant;
  /** A sentence. */
  readonly why: string;
}

/** Guest instructions in a nanosecond that a first try assumes: too few make the try short, which is harmless. */
export const GUESSED_NANOSECONDS: Readonly<Record<"wasm" | "native" | "command", number>> = {
  wasm: 1,
  native: 0.5,
  command: 4,
};

/** Makes runners, once for each variant. */
export class Runners {
  readonly #environment: Environment;
  readonly #wasm: WasmRunner;
  /** By program: the line with which it names itself. */
  readonly tools: Record<string, string> = {};

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#wasm = new WasmRunner(environment);
  }

  async ready(variant: Variant): Promise<Ready | Missing> {
    if ("vm" in variant) return this.#vm(variant);
    if ("run" in variant) return variant.run === "wasm" ? whole(variant, this.#wasm, "wasm") : this.#native(variant);
    return this.#command(variant);
  }

  #vm(variant: VmVariant): Ready {
    if (variant.window) {
      return { kind: "window", variant, runner: new WindowRunner(variant.vm, this.#environment) };
    }
    return whole(variant, new VmRunner(variant.vm, this.#environment), "vm");
  }

  async #native(variant: DirectVariant): Promise<Ready | Missing> {
    const { programs } = this.#environment;
    if (!programs) return missing(variant, "No native programs: this host cannot start any.");
    if (!(await this.#has("gcc"))) return missing(variant, "No native rung: gcc is not installed.");
    return whole(
      variant,
      new CommandRunner(programs, templateCommand("{native} {scale} {footprint}", programs)),
      "command",
    );
  }

  async #command(variant: CommandVariant): Promise<Ready | Missing> {
    const { programs } = this.#environment;
    const program = variant.command.trim().split(/\s+/)[0] ?? "";
    if (!programs) return missing(variant, `No ${variant.name}: this host cannot start programs.`);
    if (!(await this.#has(program))) return missing(variant, `No ${variant.name}: ${program} is not installed.`);
    if (variant.command.includes("{linux}") && !(await this.#has("riscv64-linux-gnu-gcc"))) {
      return missing(
        variant,
        `No ${variant.name}: riscv64-linux-gnu-gcc, which builds its programs, is not installed.`,
      );
    }
    return whole(variant, new CommandRunner(programs, templateCommand(variant.command, programs)), "command");
  }

  async #has(program: string): Promise<boolean> {
    const version = await this.#environment.programs?.version(program);
    if (version !== undefined) this.tools[program] = version;
    return version !== undefined;
  }
}

function whole(variant: Variant, runner: Runner, by: "vm" | "wasm" | "command"): Ready {
  return { kind: "whole", variant, runner, by };
}

function missing(variant: Variant, why: string): Missing {
  return { kind: "missing", variant, why };
}
