/** Settings of this process's Wasm engine. They hold for all that it runs, so only a command may make them, not a library. */

import { setFlagsFromString } from "node:v8";

/** What the engine counts (roughly, bytes of Wasm executed) before it optimizes a function; the default since node 22. */
const TIERING_BUDGET = "--wasm-tiering-budget=13000000";

/** The last node whose engine is known to have to be told to read them. */
const LAST_WITHOUT_HINTS = 24;
const BRANCH_HINTS = "--experimental-wasm-branch-hinting";

const major = () => Number(process.versions.node.split(".")[0]);
const isGiven = (flag: string) => process.execArgv.some((word) => word.includes(flag));

/** Has the engine run translated code well. To be called before anything is compiled; who gives node such a flag has it as given. */
export function tuneEngine(): void {
  optimizeLate();
  heedHints();
}

/**
 * Has node 20 optimize as late as its successors do. Its own budget, a seventh of theirs, has it optimize twice as much translated code in a
 * run of a large program, and most of that never earns it back.
 */
function optimizeLate(): void {
  if (major() < 22 && !isGiven("tiering-budget")) setFlagsFromString(TIERING_BUDGET);
}

/** Has it read which way branches go (`translator.branchHints`): code behind page tables is 10 to 15% faster. */
function heedHints(): void {
  if (major() <= LAST_WITHOUT_HINTS && !isGiven("branch-hinting")) setFlagsFromString(BRANCH_HINTS);
}
