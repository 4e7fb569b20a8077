/** The options of `wasmvisor img`, which are those of qemu-img. */

import { nearest } from "../nearest.ts";
import { usage } from "./usage.ts";

/** Options that are understood: their letters, and whether they take a value. */
export interface ImgSpec {
  /** `"f:q"`: -f takes a value, -q does not. */
  readonly letters: string;
  /** Long ones: the letter or name that they stand for, with ":" when they take a value. */
  readonly long?: Readonly<Record<string, string>>;
}

/** What was given. */
export interface ImgArguments {
  readonly flags: ReadonlySet<string>;
  /** The last value of each, but all of `-o`. */
  readonly values: ReadonlyMap<string, string>;
  readonly options: readonly string[];
  readonly allowed: readonly string[];
  readonly files: readonly string[];
}

const COMMON_LONG = { help: "h", output: "output:", "force-share": "U", allow: "allow:" };

/**
 * Reads the arguments of one command.
 * @throws WasmvisorError `usage`
 */
export function readImgArguments(command: string, args: readonly string[], spec: ImgSpec): ImgArguments {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const options: string[] = [];
  const allowed: string[] = [];
  const files: string[] = [];
  const long: Readonly<Record<string, string>> = { ...COMMON_LONG, ...spec.long };
  const see = `see wasmvisor img --help`;
  const put = (name: string, value: string) => {
    if (name === "o") options.push(value);
    else if (name === "allow") allowed.push(value);
    else values.set(name, value);
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const next = (name: string): string => {
      const value = args[++at];
      if (value === undefined) throw usage(`The option ${name} needs a value; ${see}.`);
      return value;
    };
    if (arg === "--") {
      files.push(...args.slice(at + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
      const meaning = Object.hasOwn(long, name) ? long[name] : undefined;
      if (meaning === undefined) {
        const meant = nearest(name, Object.keys(long));
        throw usage(
          `wasmvisor img ${command} has no option --${name}; ${meant === undefined ? see : `did you mean --${meant}`}.`,
        );
      }
      if (meaning.endsWith(":")) put(meaning.slice(0, -1), value ?? next(`--${name}`));
      else flags.add(meaning);
      continue;
    }
    // A size such as -1G, and standard input, are no options.
    if (!/^-[a-zA-Z]/.test(arg)) {
      files.push(arg);
      continue;
    }
    for (let index = 1; index < arg.length; index++) {
      const letter = arg[index]!;
      const found = letter === "h" || letter === "U" ? 0 : spec.letters.indexOf(letter);
      if (found < 0) throw usage(`wasmvisor img ${command} has no option -${letter}; ${see}.`);
      const takesValue = letter !== "h" && letter !== "U" && spec.letters[found + 1] === ":";
      if (!takesValue) {
        flags.add(letter);
        continue;
      }
      put(letter, index + 1 < arg.length ? arg.slice(index + 1) : next(`-${letter}`));
      break;
    }
  }
  return { flags, values, options, allowed, files };
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
  e: 2 ** 60,
};

/**
 * A size: `64M`, `1.5G`, `512`.
 * @throws WasmvisorError `usage`
 */
export function parseSize(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?|0x[\da-f]+)([bkmgtpe]?)$/i.exec(text) ?? [];
  const size = digits === undefined ? NaN : Math.round(Number(digits) * UNITS[unit.toLowerCase()]!);
  if (Number.isSafeInteger(size)) return size;
  throw usage(`"${text}" is no size; write bytes, or a number with k, M, G, T, P or E, such as 8G.`);
}

/**
 * What `-o` names: `cluster_size=4k,compat=1.1`. Two commas stand for one that is part of a value.
 * @throws WasmvisorError `usage`
 */
export function parseOptions(texts: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const text of texts) {
    for (const part of text.split(/(?<!,),(?!,)/)) {
      const [, name, value = "on"] = /^([^=]+)(?:=(.*))?$/s.exec(part.replaceAll(",,", ",")) ?? [];
      if (name === undefined) throw usage(`"${part}" is no option; write -o NAME=VALUE.`);
      options.set(name, value);
    }
  }
  return options;
}
