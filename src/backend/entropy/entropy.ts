/** Where a machine's random bytes come from. */

import type { Part } from "../../state/saved.ts";

/** A source of random bytes. */
export interface Entropy {
  /** Where it stands, if it goes on from there. */
  readonly saved?: Part;
  /** Fills all of `into`. */
  fill(into: Uint8Array): void;
}
