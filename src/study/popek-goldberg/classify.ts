/**
 * From outcomes to classes. (Popek and Goldberg, "Formal requirements for virtualizable third generation architectures", 1974)
 *
 * An instruction is privileged when it traps in the least privileged mode whatever the status bits are, and not in the most privileged
 * one. It is control-sensitive when somewhere it changes a resource: mode, translation, a CSR. It is behaviour-sensitive when what it
 * does depends on mode or status bits; memory protection and relocation do not count, for the monitor's page tables emulate them.
 */

import { MEMORY_SETTINGS } from "./settings.ts";
import { MODES, type Mode, type Outcome } from "./trial.ts";

/** One trial of a subject. */
export interface Observation {
  readonly mode: Mode;
  readonly setting: string;
  readonly outcome: Outcome;
}

/** When it traps in a mode: under no setting, some or all. */
export type Trapping = "never" | "always" | "sometimes";

/** What one instruction is. */
export interface Verdict {
  readonly traps: Readonly<Record<Mode, Trapping>>;
  /** Settings under which a mode's outcome is not the base's, memory settings aside. */
  readonly dependsOn: readonly string[];
  /** Memory settings that make a difference: the accesses of loads and stores. */
  readonly memoryDependsOn: readonly string[];
  /** Resources that it changes in some mode. */
  readonly changes: readonly string[];
  /** What it does differs between modes in which it does not trap. */
  readonly modeDependent: boolean;
  readonly control: boolean;
  readonly behaviour: boolean;
  readonly privileged: boolean;
}

const signature = ({ trap, effects, result }: Outcome): string =>
  trap === undefined ? `${effects.join(" ")} ${result}` : `trap ${trap}`;

function trapping(observations: readonly Observation[]): Trapping {
  const count = observations.filter(({ outcome }) => outcome.trap !== undefined).length;
  if (count === 0) return "never";
  return count === observations.length ? "always" : "sometimes";
}

/** The setting that `name` is compared with: its other value, which stands before it, or the base. */
const counterpart = (name: string): string => (MEMORY_SETTINGS.has(name) ? name.replace(/=.$/, "=0") : "base");

/** Classifies a subject by its trials. */
export function classify(observations: readonly Observation[]): Verdict {
  const dependsOn = new Set<string>();
  const memoryDependsOn = new Set<string>();
  for (const { mode, setting, outcome } of observations) {
    const other = observations.find((trial) => trial.mode === mode && trial.setting === counterpart(setting));
    if (other === undefined || signature(other.outcome) === signature(outcome)) continue;
    (MEMORY_SETTINGS.has(setting) ? memoryDependsOn : dependsOn).add(setting);
  }
  // That translation is on at all is a setting of memory, which traps on memory tell.
  const plain = observations.filter(({ setting }) => !MEMORY_SETTINGS.has(setting));
  const traps = Object.fromEntries(
    MODES.map((mode) => [mode, trapping(plain.filter((trial) => trial.mode === mode))]),
  ) as Record<Mode, Trapping>;
  const changes = [...new Set(plain.flatMap(({ outcome }) => outcome.effects))];
  const executed = plain.filter(({ setting, outcome }) => setting === "base" && outcome.trap === undefined);
  const unmoded = new Set(executed.map(({ outcome }) => outcome.result.replace(/ [USM]$/, "")));
  const modeDependent = unmoded.size > 1;
  return {
    traps,
    dependsOn: [...dependsOn],
    memoryDependsOn: [...memoryDependsOn],
    changes,
    modeDependent,
    control: changes.length > 0,
    behaviour: dependsOn.size > 0 || modeDependent,
    privileged: traps.U === "always" && traps.M !== "always",
  };
}
