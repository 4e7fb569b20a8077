/** What the counters of harts and of the translator say. */

import { VmField } from "../../assembly/state/layout.ts";
import type { VmView } from "../core/views.ts";
import type { HartCounters } from "./hart.ts";

/** Why translated code was left for the dispatcher, and how often. */
export interface TranslatorExits {
  /** The slice was about to end. */
  readonly fuel: number;
  /** An instruction that only the interpreter can do: privileged, a device access, a float with FS off. */
  readonly interpreter: number;
  /** An instruction that only the interpreter can do, which trapped. */
  readonly trap: number;
  /** Nothing was translated where execution went on. */
  readonly cold: number;
  /** Something was, but the jump cache did not know it: it has few entries, and fences empty it. */
  readonly miss: number;
  /** The jump cache knew it: a mechanism is switched off, or calls were too deep, or a return left the first region. */
  readonly dispatch: number;
  /** An interrupt or an exit was due. */
  readonly attention: number;
}

/** Jumps within translated code. All zero unless the VM has `translator: { count: true }`. */
export interface TranslatorJumps {
  /** Direct jumps and calls from region to region. */
  readonly chained: number;
  /** Indirect jumps and calls that found their target in the jump cache. */
  readonly indirectHits: number;
  /** Those that did not. */
  readonly indirectMisses: number;
  /** Computed jumps that stayed in their region: jumps through tables, the dispatch of interpreters. */
  readonly tables: number;
  /** Calls that came back to the instruction after them. */
  readonly returnHits: number;
  /** Calls that came back elsewhere: a trap, a long jump, a switch of stacks, no fuel. */
  readonly returnMisses: number;
}

/** What the translator has done for a VM since it was switched on; all zero with the engines that do not translate. */
export interface TranslatorCounters {
  /** Regions entered by the dispatcher; each entry ends in one of `exits`. */
  readonly entries: number;
  readonly exits: TranslatorExits;
  /** Calls after which translated code went on though part of the callee was interpreted: the caller, and its callers, had waited. */
  readonly keptCallers: number;
  readonly jumps: TranslatorJumps;
  /** Instructions that translated code has executed. */
  readonly translatedInstructions: number;
  /** Instructions that the interpreter has executed. */
  readonly interpretedInstructions: number;
  /** Regions translated; with `cache: false`, each time. */
  readonly regions: number;
  /** Regions that could not be translated, or that the engine refused to compile. */
  readonly refused: number;
  /** Regions thrown away: to make room for others, at a change of the engine, or because nothing is kept. */
  readonly evicted: number;
  /** Bytes of WebAssembly emitted. */
  readonly codeBytes: number;
  /** Milliseconds of the host spent in translating, compiling and linking included. */
  readonly translateMilliseconds: number;
  /** Milliseconds of them spent in compiling and linking. */
  readonly compileMilliseconds: number;
  /** The longest single translation, in milliseconds: how long the guest, and the page around it, had to wait. */
  readonly longestMilliseconds: number;
  /**
   * Milliseconds of the host that the engine `tiered` has spent interpreting code that is not translated, or not yet: an estimate from
   * those of its periods that are timed. With `translateMilliseconds` that is what translation costs.
   */
  readonly interpretMilliseconds: number;
}

/** Counter by counter. */
export function sumCounters(harts: readonly HartCounters[]): HartCounters {
  const sum = (counter: keyof HartCounters) => harts.reduce((total, hart) => total + hart[counter], 0);
  return {
    instructions: sum("instructions"),
    tlbMisses: sum("tlbMisses"),
    pageWalks: sum("pageWalks"),
    traps: sum("traps"),
    interrupts: sum("interrupts"),
    mmio: sum("mmio"),
    decoded: sum("decoded"),
    fenceI: sum("fenceI"),
    sfence: sum("sfence"),
    jumpCacheFlushes: sum("jumpCacheFlushes"),
  };
}

/** The translator's counters in the VM block, for a VM that has retired `instructions`. */
export function translatorCounters(vm: VmView, instructions: number): TranslatorCounters {
  const count = (field: VmField) => vm.count(field);
  const milliseconds = (field: VmField) => vm.count(field) / 1e6;
  const translated = count(VmField.countTranslated);
  return {
    entries: count(VmField.countEntry),
    exits: {
      fuel: count(VmField.countExitFuel),
      interpreter: count(VmField.countExitStep),
      trap: count(VmField.countExitTrap),
      cold: count(VmField.countExitCold),
      miss: count(VmField.countExitMiss),
      dispatch: count(VmField.countExitDispatch),
      attention: count(VmField.countExitAttention),
    },
    keptCallers: count(VmField.countKept),
    jumps: {
      chained: count(VmField.countChain),
      indirectHits: count(VmField.countIndirect),
      indirectMisses: count(VmField.countIndirectMiss),
      tables: count(VmField.countTable),
      returnHits: count(VmField.countReturn),
      returnMisses: count(VmField.countReturnMiss),
    },
    translatedInstructions: translated,
    interpretedInstructions: instructions - translated,
    regions: count(VmField.countRegion),
    refused: count(VmField.countRefused),
    evicted: count(VmField.countEvicted),
    codeBytes: count(VmField.countCodeBytes),
    translateMilliseconds: milliseconds(VmField.translateNs),
    compileMilliseconds: milliseconds(VmField.compileNs),
    longestMilliseconds: milliseconds(VmField.pauseNs),
    interpretMilliseconds: milliseconds(VmField.coldNs),
  };
}
