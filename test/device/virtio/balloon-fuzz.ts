/** Hostile drivers against a memory balloon: a few in the tests, any number by `npm run fuzz -- balloon`. */

import { Balloon } from "../../../src/device/virtio/balloon/balloon.ts";
import { Random } from "../../../src/isa/random/values.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { RAM_BYTES, RAM_PA, Rig } from "./driver.ts";
import { act, hostileQueue, odd } from "./hostile-queue.ts";

const PAGES = RAM_BYTES / 4096;

/** A balloon whose pages are looked at: nothing outside RAM may be given back. */
export function balloonRig(layout: "legacy" | "modern", features = { deflateOnOom: true, freePageReporting: true }) {
  const balloon = new Balloon(features);
  const discarded: number[] = [];
  balloon.connect({
    discard(pages) {
      for (const page of pages) {
        if (!Number.isInteger(page) || page < 0 || page >= PAGES) throw new Error(`page ${page} is not in RAM`);
        discarded.push(page);
      }
      if (discarded.length > 10_000_000) throw new Error("it does not come to an end");
    },
  });
  const rig = new Rig(balloon, layout);
  return { balloon, discarded, rig };
}

/** One driver: any queue, and then those of a balloon. It fails by throwing. */
export async function fuzzBalloon(seed: number): Promise<void> {
  const layout = seed % 3 ? "modern" : "legacy";
  await hostileQueue(seed, () => balloonRig(layout).rig);
  const random = new Random(seed);
  const { balloon, rig } = balloonRig(layout);
  rig.start({ queues: 5, without: [1, 5, 28, 29, 34].filter(() => random.oneIn(3)) });
  for (let round = 0; round < 30; round++) {
    const queue = random.below(6);
    const data = RAM_PA + 0x8_0000;
    switch (random.below(6)) {
      case 0: {
        const pieces = Array.from({ length: 1 + random.below(4) }, () => ({
          pa: random.oneIn(3) ? odd(random) : data + random.below(0x8000),
          length: random.oneIn(3) ? odd(random) : random.below(0x8000),
          write: queue > 2 !== random.oneIn(4),
        }));
        if (queue < 5) rig.put(pieces, random.oneIn(2) ? RAM_PA + 0x7_0000 : undefined, queue);
        break;
      }
      case 1:
        for (let at = 0; at < 64; at += 4)
          rig.memory.store32(data + at, random.oneIn(2) ? odd(random) : random.below(2 ** 20));
        break;
      case 2:
        balloon.setTarget(random.below(2 ** 20));
        break;
      case 3:
        balloon.askStatistics();
        break;
      case 4:
        await act(rig, random);
        break;
      default:
        await rig.arrivals.settle();
    }
    rig.notify(queue);
  }
  await rig.arrivals.settle();
  rig.start({ queues: 5, without: [34] });
  rig.memory.store32(RAM_PA + 0x8_0000, RAM_PA / 4096);
  rig.put([{ pa: RAM_PA + 0x8_0000, length: 4 }]);
  rig.notify();
  await rig.arrivals.settle();
  if (rig.take() === undefined) throw new Error(`seed ${seed}: it cannot be used any more`);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzBalloonMany = fuzzMany("balloon", fuzzBalloon, "drivers of balloons: nothing was thrown");
