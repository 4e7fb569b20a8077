/** Reproducible bytes for deterministic runs; not for secrets. */

import type { Part } from "../../state/saved.ts";
import { table, u64, u8 } from "../../state/table.ts";
import type { Entropy } from "./entropy.ts";

const GOLDEN_GAMMA = 0x9e37_79b9_7f4a_7c15n;
const U64 = 64;

const TABLE = table(1, { state: u64(), word: u64(), left: u8(8) });

/** SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators), bytes taken low end first. */
export class SeededEntropy implements Entropy {
  private state: bigint;
  private word = 0n;
  private left = 0;

  constructor(seed: bigint) {
    this.state = BigInt.asUintN(U64, seed);
  }

  get saved(): Part {
    return {
      name: "entropy",
      table: TABLE,
      save: () => ({ state: this.state, word: this.word, left: this.left }),
      restore: (values) => void Object.assign(this, values),
    };
  }

  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at++) into[at] = this.next();
  }

  private next(): number {
    if (this.left === 0) {
      this.word = this.mix();
      this.left = 8;
    }
    const byte = Number(this.word & 0xffn);
    this.word >>= 8n;
    this.left--;
    return byte;
  }

  private mix(): bigint {
    this.state = BigInt.asUintN(U64, this.state + GOLDEN_GAMMA);
    let z = this.state;
    z = BigInt.asUintN(U64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(U64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  }
}
