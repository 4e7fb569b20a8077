/** How a run ends: a promise and its resolver. */

import type { VmExit } from "./vm-types.ts";

/** A promise and its resolver. */
export interface Ending {
  readonly promise: Promise<VmExit>;
  resolve(exit: VmExit): void;
}

/** An end that is still to come. */
export function ending(): Ending {
  let resolve!: Ending["resolve"];
  const promise = new Promise<VmExit>((resolver) => (resolve = resolver));
  return { promise, resolve };
}
