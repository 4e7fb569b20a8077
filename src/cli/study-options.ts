/** The options of `wasmvisor study`. */

import { parseArgs } from "../host/args.ts";
import type { CommandVariant } from "../study/experiment.ts";
import type { ReportFiles } from "./study-write.ts";
import { usage } from "./usage.ts";

/** What `wasmvisor study` was asked to do. */
export type StudyCommand =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "compare"; readonly files: readonly [string, string] }
  | { readonly kind: "show"; readonly file: string; readonly files: ReportFiles }
  | { readonly kind: "run"; readonly options: StudyRunOptions };

/** A study to be run. */
export interface StudyRunOptions extends ReportFiles {
  /** A bundled experiment's name, or a file; undefined for all. */
  readonly experiment?: string;
  readonly quick: boolean;
  readonly rungs?: readonly string[];
  readonly workloads?: readonly string[];
  readonly peers: readonly CommandVariant[];
  readonly json?: string;
  readonly resume?: string;
  readonly rounds?: number;
  readonly seconds?: number;
  /** The arguments as given. */
  readonly flags: readonly string[];
}

const FLAGS = {
  quick: { type: "boolean" },
  rungs: { type: "string" },
  workloads: { type: "string" },
  peer: { type: "string", multiple: true },
  json: { type: "string" },
  md: { type: "string" },
  html: { type: "string" },
  svg: { type: "string" },
  resume: { type: "string" },
  rounds: { type: "string" },
  seconds: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

const SEE_HELP = "see wasmvisor study --help";
const MOST_ROUNDS = 100;
const MOST_SECONDS = 86_400;

/**
 * Understands what comes after `wasmvisor study`.
 * @throws WasmvisorError `usage`
 */
export function parseStudyCommand(args: readonly string[]): StudyCommand {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: "help" };
  const [first, ...rest] = positionals;
  if (first === "list") return { kind: "list" };
  if (first === "compare") return { kind: "compare", files: twoFiles(rest) };
  const files = { ...given("md", values.md), ...given("html", values.html), ...given("svg", values.svg) };
  if (first === "show") return { kind: "show", file: oneFile(rest), files };
  if (rest.length > 0) throw usage(`"${rest[0]}" is one experiment too many; ${SEE_HELP}.`);
  return {
    kind: "run",
    options: {
      ...given("experiment", first),
      quick: values.quick ?? false,
      ...given("rungs", list("--rungs", values.rungs)),
      ...given("workloads", list("--workloads", values.workloads)),
      peers: (values.peer ?? []).map(peer),
      ...given("json", values.json),
      ...files,
      ...given("resume", values.resume),
      ...given("rounds", number("--rounds", values.rounds, MOST_ROUNDS)),
      ...given("seconds", number("--seconds", values.seconds, MOST_SECONDS)),
      flags: args,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    const option = /'?(--?[\w-]+)/.exec((error as Error).message)?.[1] ?? "an option";
    const unknown = (error as NodeJS.ErrnoException).code === "ERR_PARSE_ARGS_UNKNOWN_OPTION";
    throw usage(
      unknown ? `There is no option ${option}; ${SEE_HELP}.` : `The option ${option} is wrong; ${SEE_HELP}.`,
      error,
    );
  }
}

function twoFiles(files: readonly string[]): [string, string] {
  const [a, b] = files;
  if (a !== undefined && b !== undefined && files.length === 2) return [a, b];
  throw usage("wasmvisor study compare takes two JSON files of studies.");
}

function oneFile(files: readonly string[]): string {
  const [file] = files;
  if (file !== undefined && files.length === 1) return file;
  throw usage("wasmvisor study show takes one JSON file of a study.");
}

function list(option: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw usage(`${option} takes names with commas between them, not "${text}".`);
}

function peer(text: string): CommandVariant {
  const [, name, command] = /^([\w.+-]+)=(.*\S.*)$/.exec(text) ?? [];
  if (name !== undefined && command !== undefined && /\{(elf|linux|native)\}/.test(command)) return { name, command };
  throw usage(`--peer takes NAME=COMMAND with {elf} or {linux} where the program goes, not "${text}".`);
}

function number(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw usage(`${option} takes a whole number from 1 to ${most}, not "${text}".`);
}

/** An object with `name`, or without it when there is no value. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}
