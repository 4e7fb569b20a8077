/** The translator's options: a switch for each of its mechanisms, its thresholds and its budget. */

import { Sensitive, Translate } from "../../assembly/shared/constants.ts";
import { DEFAULT_TRANSLATOR, type TranslatorSettings } from "../core/translator.ts";
import { WasmvisorError } from "../error.ts";
import { known } from "./known.ts";

/**
 * What the translator may do and use; all of it has effect with the engines `"tiered"` and `"translator"` only. Each
 * mechanism can be switched off alone, to see what it is worth; the guest's results are the same whatever is chosen.
 *
 * ```ts
 * const vm = await host.createVm({ kernel, engine: "tiered", translator: { window: false, hotThreshold: 1000 } });
 * ```
 */
export interface TranslatorOptions {
  /** Keep translated regions. Off: each is translated when it is reached, run once and thrown away. Default true. */
  readonly cache?: boolean;
  /** Go from region to region at direct jumps. Off: they return to the dispatcher. Default true. */
  readonly chaining?: boolean;
  /** Look indirect jumps up in translated code. Off: they return to the dispatcher. Default true. */
  readonly indirectCache?: boolean;
  /** Make guest calls Wasm calls, and returns Wasm returns. Off: both are jumps. Default true. */
  readonly returnPrediction?: boolean;
  /** Translate a control-flow graph at a time. Off: one basic block. Default true. */
  readonly regions?: boolean;
  /** Keep computed jumps to targets they were seen to have inside their region. Off: they leave it. Default true. */
  readonly jumpTables?: boolean;
  /** Repeat a small loop's block, so that several iterations share the checks of fuel and memory. Default true. */
  readonly unrolling?: boolean;
  /** Make small callees part of their caller's region. Default true. */
  readonly inlining?: boolean;
  /** Let one check serve several accesses off the same base register. Default true. */
  readonly mergedChecks?: boolean;
  /** Treat RAM as one window where addresses are not translated. Off: each access looks into the TLB. Default true. */
  readonly window?: boolean;
  /**
   * Where addresses are translated, look first at the page that an access led to last. Off: into the TLB. Default true; of no effect
   * without `mergedChecks`.
   */
  readonly microTlb?: boolean;
  /** Let a region of U-mode serve at each address that its code is mapped at. Off: at one. Default true. */
  readonly positionIndependent?: boolean;
  /**
   * Have translated code wait while a function that it has called is interpreted. Off: it is left, and so are its callers. Default true; of no
   * effect without `returnPrediction`.
   */
  readonly keepCallers?: boolean;
  /**
   * Tell the Wasm engine which way branches of translated code nearly always go (a section of the module, "Branch Hinting" proposal). Engines
   * that do not know it skip it; node up to 24 wants `--experimental-wasm-branch-hinting`, which the command sets. Default true.
   */
  readonly branchHints?: boolean;
  /** Do floating point with Wasm's where that is provably right. Off: with the softfloat. Default true. */
  readonly inlineFp?: boolean;
  /**
   * Let the engine's relaxed SIMD do fused multiply-adds, where it has it and fuses. Off: rounded operations show how the exact value
   * rounds, with the same results. Default true, and off on a deterministic clock.
   */
  readonly relaxedMadd?: boolean;
  /** Count jumps inside translated code (chained, looked up, missed); costs a little. Default false. */
  readonly count?: boolean;
  /**
   * Interpreted steps (instructions and traps) after which an address is translated: 1 to 2^30. The engine
   * `"translator"` does not look at it. Default 131,072; it rises to eight times that as regions are made. One that has half of that
   * is translated along with it, in the same module.
   */
  readonly hotThreshold?: number;
  /**
   * Who executes the CSR accesses and translation fences that translated code comes to: `"exit"` leaves to the host for
   * each, `"callout"` calls the core, `"inline"` (the default) does in place what can be done in place.
   */
  readonly sensitive?: SensitiveName;
  /**
   * Guest instructions in a region at most, 1 to 1200. Default 300: larger regions take the engine longer to compile than they save.
   * Up to twice as many if all of them have been seen being executed, four times if it takes that to keep computed jumps inside or
   * a long block whole.
   */
  readonly maxRegionInstructions?: number;
  /** What translated code may occupy; when it is full, something is thrown away. */
  readonly codeCache?: CodeCacheOptions;
}

/** Who executes sensitive instructions. */
export type SensitiveName = "exit" | "callout" | "inline";

/** The budget for translated code of one VM. */
export interface CodeCacheOptions {
  /** Regions kept at most, 16 to 65,536. Default 4096. */
  readonly regions?: number;
  /** Compiled modules kept at most, 1 to 65,536; an engine needs some 20 KB for each. Default 2048. */
  readonly modules?: number;
  /** Bytes of emitted WebAssembly kept at most, 65,536 to 2^30. Default 32 MiB. */
  readonly bytes?: number;
}

/** The name of a mechanism that can be switched. */
export type TranslatorSwitch = {
  [Key in keyof TranslatorOptions]-?: TranslatorOptions[Key] extends boolean | undefined ? Key : never;
}[keyof TranslatorOptions];

const SWITCHES: Readonly<Record<TranslatorSwitch, Translate>> = {
  cache: Translate.CACHE,
  chaining: Translate.CHAINING,
  indirectCache: Translate.INDIRECT_CACHE,
  returnPrediction: Translate.RETURN_PREDICTION,
  regions: Translate.REGIONS,
  jumpTables: Translate.JUMP_TABLES,
  unrolling: Translate.UNROLLING,
  inlining: Translate.INLINING,
  mergedChecks: Translate.MERGED_CHECKS,
  window: Translate.WINDOW,
  microTlb: Translate.MICRO_TLB,
  positionIndependent: Translate.POSITION_INDEPENDENT,
  keepCallers: Translate.KEEP_CALLERS,
  branchHints: Translate.BRANCH_HINTS,
  inlineFp: Translate.INLINE_FP,
  relaxedMadd: Translate.RELAXED_MADD,
  count: Translate.COUNT,
};

/** The names of all switches in `TranslatorOptions`. */
export const TRANSLATOR_SWITCHES = Object.keys(SWITCHES) as TranslatorSwitch[];

const SENSITIVE: Readonly<Record<SensitiveName, Sensitive>> = {
  exit: Sensitive.EXIT,
  callout: Sensitive.CALLOUT,
  inline: Sensitive.INLINE,
};

/** The ways to treat sensitive instructions. */
export const SENSITIVE_NAMES = Object.keys(SENSITIVE) as SensitiveName[];

/** Lowest and highest value. */
type Range = readonly [number, number];

const NUMBERS = {
  hotThreshold: [1, 2 ** 30],
  maxRegionInstructions: [1, 1200],
} as const satisfies Partial<Record<keyof TranslatorOptions, Range>>;

const BUDGETS = {
  regions: [16, 65_536],
  modules: [1, 65_536],
  bytes: [65_536, 2 ** 30],
} as const satisfies Record<keyof CodeCacheOptions, Range>;

const KEYS = [...TRANSLATOR_SWITCHES, ...Object.keys(NUMBERS), "sensitive", "codeCache"];

/**
 * The settings that `options` ask for, as far as there is what they need.
 * @throws WasmvisorError `translator` for an unknown key or a value out of range
 */
export function checkTranslator(
  options: TranslatorOptions = {},
  { hasRelaxedMadd = false }: { readonly hasRelaxedMadd?: boolean } = {},
): TranslatorSettings {
  const given = known({ code: "translator", where: "translator" }, options, KEYS);
  const { codeCache = {} } = options;
  const budget = known({ code: "translator", where: "translator.codeCache" }, codeCache, Object.keys(BUDGETS));
  const wanted = TRANSLATOR_SWITCHES.reduce(
    (bits, name) => switched(bits, name, given[name]),
    DEFAULT_TRANSLATOR.mechanisms | Translate.RELAXED_MADD,
  );
  return {
    ...DEFAULT_TRANSLATOR,
    ...numbers("translator", given, NUMBERS),
    ...numbers("translator.codeCache", budget, BUDGETS),
    ...("sensitive" in given && given.sensitive !== undefined ? { sensitive: sensitive(given.sensitive) } : {}),
    mechanisms: hasRelaxedMadd ? wanted : wanted & ~Translate.RELAXED_MADD,
  };
}

function switched(bits: number, name: TranslatorSwitch, value: unknown): number {
  if (value === undefined) return bits;
  if (typeof value !== "boolean") {
    throw refused(`translator.${name} is true or false, not ${shown(value)}.`, name, value);
  }
  return value ? bits | SWITCHES[name] : bits & ~SWITCHES[name];
}

function sensitive(name: unknown): Sensitive {
  if (typeof name === "string" && Object.hasOwn(SENSITIVE, name)) return SENSITIVE[name as SensitiveName];
  throw refused(`translator.sensitive is ${SENSITIVE_NAMES.join(", ")}, not ${shown(name)}.`, "sensitive", name);
}

/** Those of `ranges` that are given, checked. */
function numbers<Key extends string>(
  where: string,
  given: Readonly<Record<string, unknown>>,
  ranges: Readonly<Record<Key, Range>>,
): Partial<Record<Key, number>> {
  const found: Partial<Record<Key, number>> = {};
  for (const key of Object.keys(ranges) as Key[]) {
    const value = given[key];
    const [least, most] = ranges[key];
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw refused(`${where}.${key} is a whole number from ${least} to ${most}, not ${shown(value)}.`, key, value);
    }
    found[key] = value;
  }
  return found;
}

function shown(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? `${value}` : `a value of type ${typeof value}`;
}

function refused(sentence: string, key: string, value: unknown): WasmvisorError {
  return new WasmvisorError("translator", sentence, { key, value });
}
