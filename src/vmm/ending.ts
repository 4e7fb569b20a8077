/** How a run ends: a promise and its resolver. */

import { WasmvisorError } from "../error.ts";
import type { VmExit } from "./vm-types.ts";

/** A promise and its resolver. */
export interface Ending {
  readonly promise: Promise<VmExit>;
  resolve(exit: VmExit): void;
}

/** The end of a VM one of whose pages cannot be had. */
export function pageFailure(error: unknown): VmExit {
  const isMemory = error instanceof WasmvisorError && error.code === "host-memory";
  return isMemory ? { code: 1, reason: "out-of-memory", error } : { code: 70, reason: "failure", error };
}

/** An end that is still to come. */
export function ending(): Ending {
  let resolve!: Ending["resolve"];
  const promise = new Promise<VmExit>((resolver) => (resolve = resolver));
  return { promise, resolve };
}
