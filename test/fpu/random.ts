/** A small seeded generator (xorshift64* by halves is not needed here: two 32-bit xorshift states do). */

export class Random {
  #a: number;
  #b: number;

  constructor(seed: number) {
    this.#a = (seed * 2654435761) >>> 0 || 1;
    this.#b = 362436069;
    for (let i = 0; i < 8; i++) this.u32();
  }

  /** 32 random bits. */
  u32(): number {
    const t = this.#a ^ (this.#a << 10);
    this.#a = this.#b;
    this.#b = (this.#b ^ (this.#b >>> 10) ^ t ^ (t >>> 13)) >>> 0;
    return (Math.imul(this.#b, 0x9e3779b1) ^ (this.#b >>> 15)) >>> 0;
  }

  /** 64 random bits. */
  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** An integer from 0 below `limit`. */
  below(limit: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
