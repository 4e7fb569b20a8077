/** Settings of this process's Wasm engine. They hold for all that it runs, so only a command may make them, not a library. */

import { setFlagsFromString } from "node:v8";

/** What the engine counts (roughly, bytes of Wasm executed) before it optimizes a function; the default since node 22. */
const TIERING_BUDGET = "--wasm-tiering-budget=13000000";

/**
 * Has node 20 optimize as late as its successors do. Its own budget, a seventh of theirs, has it optimize twice as much translated code in a
 * run of a large program, and most of that never earns it back. To be called before anything is compiled; who gives node a budget keeps it.
 */
export function optimizeLate(): void {
  const isOld = Number(process.versions.node.split(".")[0]) < 22;
  if (isOld && !process.execArgv.some((word) => word.includes("tiering-budget"))) setFlagsFromString(TIERING_BUDGET);
}
