/** Drivers that break every rule: registers, rings, descriptors and tables of random and nearly right values. */

import { Random } from "../../../src/isa/random/values.ts";
import { RAM_BYTES, RAM_PA, REG, type Rig } from "./driver.ts";

/** Values at the edges of what is allowed, most of them. */
export function odd(random: Random): number {
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return 0xffff_ffff;
    case 2:
      return RAM_PA + random.below(RAM_BYTES);
    case 3:
      return RAM_PA + RAM_BYTES - random.below(64);
    case 4:
      return 2 ** random.below(32);
    case 5:
      return random.below(64);
    case 6:
      return RAM_PA - random.below(32);
    default:
      return random.below(2 ** 32);
  }
}

/**
 * Runs one driver against a device. It fails by throwing: the device has thrown, has written outside RAM, or does not come to an end.
 * @param make - a device whose backend answers at once, or later
 */
export async function hostileQueue(seed: number, make: (late: boolean) => Rig): Promise<void> {
  const random = new Random(seed);
  const rig = make(random.oneIn(2));
  if (!random.oneIn(8)) rig.start({ without: [28, 29, 34].filter(() => random.oneIn(2)) });
  for (let round = 0; round < 30; round++) {
    await act(rig, random);
    const deadline = rig.slot.nextDeadline?.();
    if (deadline !== undefined && random.oneIn(2)) {
      rig.clock.now = deadline > rig.clock.now ? deadline : rig.clock.now;
      rig.slot.update?.();
    }
  }
  await rig.arrivals.settle();
  // Whatever has happened, a reset makes it well.
  rig.start();
  if (rig.status() !== (rig.layout === "modern" ? 15 : 7)) throw new Error(`seed ${seed}: it cannot be reset`);
}

const REGISTERS = Object.values(REG);

/** One thing that such a driver does to any device. */
export async function act(rig: Rig, random: Random): Promise<void> {
  const { desc, driver } = rig.area(0);
  switch (random.below(9)) {
    case 0:
      return rig.slot.store(random.oneIn(2) ? random.pick(REGISTERS) : random.below(0x80) * 4, odd(random), 4);
    case 1:
      return rig.slot.store(0x100 + random.below(0x40), random.below(256), random.pick([1, 2, 4]));
    case 2:
      return void rig.slot.load(random.below(0x80) * 4, random.pick([1, 2, 4]));
    case 3:
      return void rig.memory.store32(desc + 4 * random.below(64), odd(random));
    case 4:
      return void rig.memory.store16(driver + 2 * random.below(20), random.below(40));
    case 5: {
      const pieces = Array.from({ length: 1 + random.below(6) }, () => ({
        pa: random.oneIn(4) ? odd(random) : RAM_PA + 0x8_0000 + random.below(0x1_0000),
        length: random.oneIn(4) ? odd(random) : random.below(2048),
        write: random.oneIn(2),
      }));
      rig.put(pieces, random.oneIn(2) ? RAM_PA + 0x2_0000 : undefined);
      return rig.notify();
    }
    case 6: {
      // Nearly right: a header, some data, a status.
      const header = RAM_PA + 0x8_0000;
      rig.memory.store32(header, random.pick([0, 1, 4, 8, 11, 13, 99]));
      rig.memory.store64(header + 8, BigInt(random.oneIn(4) ? odd(random) : random.below(300)));
      const write = random.oneIn(2);
      const length = 512 * random.below(8);
      const data = { pa: RAM_PA + 0x9_0000 + random.below(512), length: random.oneIn(4) ? odd(random) : length, write };
      rig.put([{ pa: header, length: 16 }, data, { pa: RAM_PA + 0x8_1000, length: random.below(3), write: true }]);
      return rig.notify();
    }
    case 7:
      return random.oneIn(2) ? rig.notify(random.below(3)) : await rig.arrivals.settle();
    default: {
      const saved = rig.slot.save();
      rig.slot.restore(saved);
      if (JSON.stringify(rig.slot.save(), big) !== JSON.stringify(saved, big)) throw new Error("saved otherwise");
    }
  }
}

const big = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
