/** Random bytes from the host's cryptographic generator. */

import type { Entropy } from "./entropy.ts";

/** The most that one call of `getRandomValues` gives. */
const CHUNK = 65536;

/** Unpredictable bytes. */
export class HostEntropy implements Entropy {
  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += CHUNK) {
      const chunk = new Uint8Array(Math.min(CHUNK, into.length - at));
      into.set(crypto.getRandomValues(chunk), at);
    }
  }
}
