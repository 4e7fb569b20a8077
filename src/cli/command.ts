/** What the command line asks for, as far as its first words say: more is loaded only for who runs a guest. */

import { CONTROL_COMMANDS, type ControlName } from "./control/options.ts";
import { LIFECYCLE_COMMANDS, type LifecycleName } from "./lifecycle/options.ts";

/** What has a help text of its own. */
export const TOPICS = ["run", "linux", "study", "img", "relay", ...CONTROL_COMMANDS, ...LIFECYCLE_COMMANDS] as const;

/** A command whose options are read by itself, or that has none. */
export type Word =
  | { readonly kind: "help"; readonly topic: "wasmvisor" | (typeof TOPICS)[number] }
  | { readonly kind: "version" }
  | { readonly kind: "demo" }
  | { readonly kind: ControlName | "img" | "relay"; readonly args: readonly string[] }
  | { readonly kind: "lifecycle"; readonly name: LifecycleName; readonly args: readonly string[] };

/** What the first words ask for; undefined when it takes all of the line to know. */
export function firstWords([command, ...rest]: readonly string[]): Word | undefined {
  if (command === undefined) return { kind: "demo" };
  if (command === "help" || ["--help", "-help", "-h"].includes(command)) {
    return { kind: "help", topic: TOPICS.find((topic) => topic === rest[0]) ?? "wasmvisor" };
  }
  if (["version", "--version", "-version"].includes(command)) return { kind: "version" };
  if (command === "img" || command === "relay") return { kind: command, args: rest };
  const control = CONTROL_COMMANDS.find((name) => name === command);
  if (control !== undefined) return { kind: control, args: rest };
  const lifecycle = LIFECYCLE_COMMANDS.find((name) => name === command);
  return lifecycle && { kind: "lifecycle", name: lifecycle, args: rest };
}
