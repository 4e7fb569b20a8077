/** The ladder of techniques: each rung is one set of options of the same engine. */

import type { TranslatorOptions } from "../index.ts";
import type { Variant, VmVariant } from "./experiment.ts";

/** The translator's machinery switched off; what is left translates one basic block at a time. */
const BARE: TranslatorOptions = {
  cache: false,
  chaining: false,
  indirectCache: false,
  returnPrediction: false,
  regions: false,
  inlining: false,
  mergedChecks: false,
};

function translator(options: TranslatorOptions): Pick<VmVariant, "vm"> {
  return { vm: { engine: "translator", translator: { ...BARE, ...options } } };
}

const CACHE: TranslatorOptions = { cache: true };
const CHAIN: TranslatorOptions = { ...CACHE, chaining: true };
const INDIRECT: TranslatorOptions = { ...CHAIN, indirectCache: true, returnPrediction: true };

/** From the slowest to direct execution. */
export const LADDER: readonly Variant[] = [
  { name: "interpret", explains: "decode, dispatch, execute, each time", vm: { engine: "interpret" } },
  { name: "predecode", explains: "decode once, then dispatch and execute", vm: { engine: "interpreter" } },
  {
    name: "translate",
    explains: "translate each block every time it is reached, and throw it away",
    window: true,
    ...translator({}),
  },
  { name: "cache", explains: "keep translated blocks", ...translator(CACHE) },
  { name: "chain", explains: "link direct jumps block to block", ...translator(CHAIN) },
  { name: "indirect", explains: "jump cache and return prediction in translated code", ...translator(INDIRECT) },
  {
    name: "regions",
    explains: "many blocks with their loops in one function, checks merged",
    vm: { engine: "translator" },
  },
  { name: "tiered", explains: "the same for hot code; cold code is interpreted", vm: { engine: "tiered" } },
  { name: "wasm", explains: "the same C compiled to Wasm", run: "wasm" },
  { name: "native", explains: "the same C compiled by gcc -O2", run: "native" },
];

/** Other emulators that are measured where they are installed. */
export const PEERS: readonly Variant[] = [
  {
    name: "qemu-system-riscv64",
    explains: "QEMU, full system, the same bare-metal program",
    command:
      "qemu-system-riscv64 -M virt -m 128M -display none -serial stdio -monitor none -bios none -kernel {elf} -append {append}",
  },
  {
    name: "qemu-riscv64",
    explains: "QEMU, user mode, the same C as a Linux program",
    command: "qemu-riscv64 {linux} {scale} {footprint}",
  },
];

/** The rung that stands for the engine when it is compared with others: the first of these that was measured. */
export const BEST_RUNGS = ["tiered", "regions"] as const;

/** What textbooks say about each technique, as times direct execution. */
export const TEXTBOOK: readonly { readonly label: string; readonly slowdown: number }[] = [
  { label: "interpretation 50x", slowdown: 50 },
  { label: "translation 10x", slowdown: 10 },
  { label: "translation 5x", slowdown: 5 },
  { label: "monitor 1.2x", slowdown: 1.2 },
];
