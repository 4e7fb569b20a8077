/** Telling options, values and files of a command line apart. Options may have one dash, as QEMU's have, or two. */

import { nearest } from "../nearest.ts";
import { qemuOption } from "./qemu-options.ts";
import { usage } from "./usage.ts";

/** An option: whether it takes a value, and whether that may be left out. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** A letter that stands for it. */
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** The value when there is none; one that is given stands after "=". */
  readonly usual?: string;
}

/** What was given: options by name, each with its values, and the rest. */
export interface Arguments {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

const SEE_HELP = "see wasmvisor run --help";

/**
 * Reads a command line by a table of options.
 * @throws WasmvisorError `usage`
 */
export function readArguments(args: readonly string[], specs: Readonly<Record<string, OptionSpec>>): Arguments {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      positionals.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./.test(arg)) {
      positionals.push(arg);
      continue;
    }
    const { name, spec, answer, value: given } = understood(arg, specs);
    let value = given;
    if (spec.type === "boolean") {
      if (value !== undefined) throw usage(`The option ${arg.replace(/=.*/s, "")} takes no value; ${SEE_HELP}.`);
    } else if (value === undefined && spec.usual === undefined) {
      value = args[++at];
      if (value === undefined || isOption(value, specs)) throw usage(`The option ${arg} needs a value; ${SEE_HELP}.`);
    }
    const sentence = answer?.(value ?? "");
    if (sentence !== undefined) throw usage(sentence);
    if (answer !== undefined) continue;
    const all = values.get(name) ?? [];
    values.set(name, [...(spec.multiple ? all : []), value ?? spec.usual ?? ""]);
  }
  return { values, positionals };
}

interface Understood {
  readonly name: string;
  readonly spec: OptionSpec;
  /** For an option of QEMU's. */
  readonly answer?: (value: string) => string | undefined;
  readonly value: string | undefined;
}

function understood(arg: string, specs: Readonly<Record<string, OptionSpec>>): Understood {
  const found = lookUp(arg, specs);
  if (found !== undefined) return found;
  const [, dashes = "", name = ""] = /^(--?)([^=]*)/s.exec(arg) ?? [];
  const meant = nearest(name, Object.keys(specs));
  const advice = meant === undefined ? SEE_HELP : `did you mean ${dashes}${meant}? If not, ${SEE_HELP}`;
  throw usage(`There is no option ${dashes}${name}; ${advice}.`);
}

function lookUp(arg: string, specs: Readonly<Record<string, OptionSpec>>): Understood | undefined {
  const [, dashes, name, value] = /^(--?)([^-=][^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  if (dashes === undefined || name === undefined) return undefined;
  if (Object.hasOwn(specs, name)) return { name, spec: specs[name]!, value };
  const qemu = qemuOption(name);
  if (qemu !== undefined) {
    return { name, spec: { type: qemu.takesValue ? "string" : "boolean" }, answer: (text) => qemu.answer(text), value };
  }
  if (dashes === "--") return undefined;
  // `-m 1G`, `-m=1G`, `-m1G`
  const [long, spec] = Object.entries(specs).find(([, { short }]) => short === name[0]) ?? [];
  if (long === undefined || spec === undefined) return undefined;
  if (name.length === 1) return { name: long, spec, value };
  const attached = /^.\d/.test(name) && spec.type === "string" ? arg.slice(2) : undefined;
  return attached === undefined ? undefined : { name: long, spec, value: attached };
}

/** Whether a word is an option of ours, so that an option before it must have lost its value. */
function isOption(word: string, specs: Readonly<Record<string, OptionSpec>>): boolean {
  return /^-[^\d]/.test(word) && lookUp(word, specs) !== undefined;
}
