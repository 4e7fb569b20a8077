/** The options of the commands that a project's machines live by. */

import { defined } from "../../defined.ts";
import { type Arguments, type OptionSpec, readArguments } from "../arguments.ts";
import { usage } from "../usage.ts";

/** The commands, in the order of a machine's life. */
export const LIFECYCLE_COMMANDS = [
  "init",
  "up",
  "status",
  "provision",
  "pause",
  "resume",
  "suspend",
  "restore",
  "clone",
  "reload",
  "down",
  "destroy",
  "supervisor",
] as const;
export type LifecycleName = (typeof LIFECYCLE_COMMANDS)[number];

/** What one of them was asked to do. */
export interface LifecycleCommand {
  readonly kind: LifecycleName;
  /** Machines; none: all of the machine file. */
  readonly names: readonly string[];
  readonly project?: string;
  /** `init`: what the machine boots. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly memory?: string;
  readonly force?: boolean;
  readonly provision?: boolean;
  readonly cold?: boolean;
  readonly json?: boolean;
  readonly all?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly idle?: number;
}

const COMMON = { help: { type: "boolean", short: "h" }, project: { type: "string" } } as const;
const FORCE = { force: { type: "boolean", short: "f" } } as const;
const UP = { "no-provision": { type: "boolean" }, cold: { type: "boolean" } } as const;

const FLAGS = {
  init: {
    ...COMMON,
    ...FORCE,
    kernel: { type: "string" },
    initrd: { type: "string" },
    append: { type: "string" },
    memory: { type: "string", short: "m" },
  },
  up: { ...COMMON, ...UP },
  status: { ...COMMON, json: { type: "boolean" } },
  provision: COMMON,
  pause: COMMON,
  resume: COMMON,
  suspend: COMMON,
  restore: { ...COMMON, machine: { type: "string", short: "m" } },
  clone: COMMON,
  reload: { ...COMMON, ...UP },
  down: { ...COMMON, ...FORCE, all: { type: "boolean" }, timeout: { type: "string" } },
  destroy: { ...COMMON, ...FORCE },
  supervisor: { ...COMMON, idle: { type: "string" } },
} as const satisfies Record<LifecycleName, Record<string, OptionSpec>>;

/**
 * Understands the words after the command's name; undefined: help is wanted.
 * @throws WasmvisorError `usage`
 */
export function parseLifecycle(kind: LifecycleName, args: readonly string[]): LifecycleCommand | undefined {
  const { values, positionals } = readArguments(args, FLAGS[kind]);
  if (values.has("help")) return undefined;
  const one = (key: string): string | undefined => values.get(key)?.at(-1);
  const truth = (key: string): true | undefined => (values.has(key) ? true : undefined);
  return {
    kind,
    names: namesOf(kind, { values, positionals }),
    ...defined({
      project: one("project"),
      kernel: one("kernel"),
      initrd: one("initrd"),
      append: one("append"),
      memory: one("memory"),
      force: truth("force"),
      provision: values.has("no-provision") ? false : undefined,
      cold: truth("cold"),
      json: truth("json"),
      all: truth("all"),
      timeout: seconds("timeout", one("timeout")),
      idle: seconds("idle", one("idle")),
    }),
  };
}

function namesOf(kind: LifecycleName, { values, positionals }: Arguments): readonly string[] {
  const [first, second, surplus] = positionals;
  if ((kind === "init" || kind === "supervisor") && first !== undefined)
    throw usage(`wasmvisor ${kind} takes no words beside its options, such as ${first}; see wasmvisor ${kind} --help.`);
  if (kind === "clone") {
    if (first === undefined || surplus !== undefined)
      throw usage(
        "wasmvisor clone takes the new machine's name, or the machine and the new name, such as wasmvisor clone web web-2.",
      );
    return second === undefined ? [first] : [first, second];
  }
  if (kind === "restore") {
    if (first === undefined || second !== undefined)
      throw usage(
        "wasmvisor restore takes the name of a snapshot, such as wasmvisor restore clean; see wasmvisor snapshot --list.",
      );
    return [...(values.get("machine") ?? []).slice(-1), first];
  }
  if (values.has("all") && first !== undefined) throw usage(`--all is all machines; leave ${first} out.`);
  return positionals;
}

function seconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && number >= 0.1 && number <= 86_400) return number;
  throw usage(`--${option} takes a number of seconds from 0.1 to 86400, such as 30, not "${text}".`);
}
