/** `--dbt KEY=VALUE`: the translator's options on the command line. */

import { SENSITIVE_NAMES, TRANSLATOR_SWITCHES, type CodeCacheOptions, type TranslatorOptions } from "../index.ts";
import { usage } from "./usage.ts";

const NUMBERS: readonly (keyof TranslatorOptions)[] = ["hotThreshold", "maxRegionInstructions"];

const BUDGETS: readonly (keyof CodeCacheOptions)[] = ["regions", "modules", "bytes"];

/** What one key sets. */
interface Key {
  /** As the help shows it, such as `merged-checks`. */
  readonly name: string;
  readonly kind: "switch" | "number" | "name";
  set(value: boolean | number | string): TranslatorOptions;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const KEYS: readonly Key[] = [
  ...TRANSLATOR_SWITCHES.map((name) => key(name, "switch")),
  ...NUMBERS.map((name) => key(name, "number")),
  key("sensitive", "name"),
  ...BUDGETS.map((name): Key => ({
    name: `code-cache-${name}`,
    kind: "number",
    set: (value) => ({ codeCache: { [name]: value } }),
  })),
];

function key(name: keyof TranslatorOptions, kind: Key["kind"]): Key {
  return { name: kebab(name), kind, set: (value) => ({ [name]: value }) };
}

/** `mergedChecks`, `merged-checks` and `codeCache.bytes` as one spelling. */
function plain(name: string): string {
  return name.replace(/[-_.]/g, "").toLowerCase();
}

const SWITCHED: Readonly<Record<string, boolean>> = { on: true, true: true, off: false, false: false };

/**
 * The options that `settings`, each `KEY=VALUE`, ask for; the last one for a key counts. Ranges are checked when the VM
 * is made.
 * @throws WasmvisorError `usage` for an unknown key or a value of the wrong kind
 */
export function translatorOptions(settings: readonly string[]): TranslatorOptions {
  return settings.reduce<TranslatorOptions>((options, setting) => merged(options, parse(setting)), {});
}

function merged(a: TranslatorOptions, b: TranslatorOptions): TranslatorOptions {
  return b.codeCache === undefined ? { ...a, ...b } : { ...a, codeCache: { ...a.codeCache, ...b.codeCache } };
}

function parse(setting: string): TranslatorOptions {
  const [name = "", value, surplus] = setting.split("=");
  const found = KEYS.find((candidate) => plain(candidate.name) === plain(name));
  if (found === undefined) {
    const names = KEYS.map((candidate) => candidate.name).join(", ");
    throw usage(`There is no translator option "${name}"; use --dbt with one of ${names}.`);
  }
  const parsed = surplus === undefined && value !== undefined ? valueOf(found, value.trim()) : undefined;
  if (parsed === undefined) {
    throw usage(`--dbt ${found.name} takes ${TAKES[found.kind]}, not "${setting.slice(name.length + 1)}".`);
  }
  return found.set(parsed);
}

const TAKES: Readonly<Record<Key["kind"], string>> = {
  switch: "on or off",
  number: "a whole number",
  name: SENSITIVE_NAMES.join(", "),
};

function valueOf({ kind }: Key, text: string): boolean | number | string | undefined {
  if (kind === "name") return (SENSITIVE_NAMES as readonly string[]).includes(text) ? text : undefined;
  if (kind === "switch") return Object.hasOwn(SWITCHED, text) ? SWITCHED[text] : undefined;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
