/** Where a machine's random bytes come from. */

/** A source of random bytes. */
export interface Entropy {
  /** Fills all of `into`. */
  fill(into: Uint8Array): void;
}
