/**
 * Runs a guest straight on, and at random places saves it and restores it into another VM, which must save the same again, and then be
 * the same as the first at the next place: registers, RAM, devices, time, output.
 */

import { Host } from "../../src/index.ts";
import type { EngineName, Vm, VmConfig } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { differences, identical } from "../support/state.ts";

/** What to run. */
export interface RunOnOptions {
  /** Without engine and clock. */
  readonly config: VmConfig;
  /** That of the VM that runs straight on. */
  readonly engine: EngineName;
  /** Those of the VMs that are restored, in turn. */
  readonly others: readonly EngineName[];
  readonly points: number;
  /** Steps between two points at most. */
  readonly most: number;
  readonly seed: number;
  /** Typed one after another, each when another `INPUT_POINTS` have been looked at. */
  readonly input?: readonly string[];
  readonly onPoint?: (point: number, instructions: number) => void;
}

/** What was found. */
export interface RunOnResult {
  /** Points at which all was the same. */
  readonly points: number;
  /** Instructions retired by then. */
  readonly instructions: number;
  readonly output: string;
  /** The first difference, in words. */
  readonly difference: string | undefined;
}

const INPUT_POINTS = 12;

/** The longest way between two points is halved so often, at most. */
const HALVINGS = 10;

/** How many times longer than the mean way between two points the longest is. */
export const STEPS_OF_MOST = HALVINGS + 1;

/** The same guest in a VM of each kind, and what each has printed. */
interface Printed {
  readonly vm: Vm;
  printed: Buffer[];
}

async function printing(host: Host, config: VmConfig): Promise<Printed> {
  const vm = await host.createVm({ ...config, clock: "deterministic" });
  const side: Printed = { vm, printed: [] };
  vm.on("output", (bytes) => side.printed.push(Buffer.from(bytes)));
  return side;
}

const text = ({ printed }: Printed): string => Buffer.concat(printed).toString();

/** Runs until all points have been looked at, the guest ends, or something differs. */
export async function runOn(options: RunOnOptions): Promise<RunOnResult> {
  const { config, engine, points, most, seed, input = [] } = options;
  const host = await Host.create();
  try {
    const random = new Random(seed);
    const straight = await printing(host, { ...config, engine });
    const others: Printed[] = [];
    for (const other of options.others) others.push(await printing(host, { ...config, engine: other }));
    let output = "";
    const result = (point: number, difference?: string): RunOnResult => {
      const { instructions } = straight.vm.counters();
      return { points: point, instructions, output, difference };
    };
    straight.vm.loop.advance(random.between(1, most));
    for (let point = 0; point < points && straight.vm.state === "created"; point++) {
      const other = others[point % others.length]!;
      const typed = point % INPUT_POINTS === 1 ? input[Math.floor(point / INPUT_POINTS) % input.length] : undefined;
      if (typed !== undefined) void straight.vm.console.write(typed);
      const saved = straight.vm.saveState();
      other.vm.restoreState(saved);
      const again = other.vm.saveState();
      if (!identical(again, saved)) return result(point, `saved again: ${differences(again, saved).join(", ")}`);
      straight.printed = [];
      other.printed = [];
      // As many short ways as long ones.
      const steps = random.between(1, Math.ceil(most / 2 ** random.between(0, HALVINGS)));
      for (const { vm } of [straight, other]) {
        vm.loop.advance(steps);
        vm.console.flush();
      }
      output += text(straight);
      options.onPoint?.(point, straight.vm.counters().instructions);
      const places = `point ${point}, ${other.vm.engine}, seed ${seed}`;
      if (text(straight) !== text(other))
        return result(point, `output (${places}): ${text(straight)} / ${text(other)}`);
      if (straight.vm.state !== other.vm.state) return result(point, `end (${places})`);
      if (straight.vm.state !== "created") return result(point + 1);
      const found = differences(straight.vm.saveState(), other.vm.saveState());
      if (found.length > 0) return result(point, `${found.slice(0, 20).join(", ")} (${places})`);
    }
    return result(points);
  } finally {
    host.close();
  }
}
