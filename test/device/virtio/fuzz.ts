/** Hostile drivers against a disk: a few of them in the tests, any number by `npm run fuzz -- virtio`. */

import { disk } from "./disk-rig.ts";
import { hostileQueue } from "./hostile-queue.ts";

/** One driver; a third of them use the legacy registers. It fails by throwing. */
export async function fuzzVirtio(seed: number): Promise<void> {
  await hostileQueue(seed, (late) => disk({ late, layout: seed % 3 ? "modern" : "legacy" }).rig);
}

/** That many of them from seed `first` on; false when one has failed, which is printed. */
export async function fuzzVirtioMany(
  first: number,
  count: number,
  onSeed: (seed: number) => void = () => undefined,
): Promise<boolean> {
  for (let seed = first; seed < first + count; seed++) {
    onSeed(seed);
    try {
      await fuzzVirtio(seed);
    } catch (error) {
      console.log(`seed ${seed} (repeat it with: npm run fuzz -- virtio ${seed} 1): ${(error as Error).stack}`);
      return false;
    }
  }
  console.log(`${count} drivers: nothing was thrown, and every reset helped`);
  return true;
}
