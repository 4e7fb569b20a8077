/** Hostile drivers against a disk: a few of them in the tests, any number by `npm run fuzz -- virtio`. */

import { fuzzMany } from "../../support/fuzz-many.ts";
import { disk } from "./disk-rig.ts";
import { hostileQueue } from "./hostile-queue.ts";

/** One driver; a third of them use the legacy registers. It fails by throwing. */
export async function fuzzVirtio(seed: number): Promise<void> {
  await hostileQueue(seed, (late) => disk({ late, layout: seed % 3 ? "modern" : "legacy" }).rig);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzVirtioMany = fuzzMany("virtio", fuzzVirtio, "drivers: nothing was thrown, and every reset helped");
