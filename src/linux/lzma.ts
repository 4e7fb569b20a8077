/**
 * The decoder of LZMA as LZMA2 uses it: chunks of at most 2 MiB over one dictionary. (XZ format; the LZMA SDK's specification)
 *
 * ```
 *  window   | up to one dictionary of what came before | what is being decoded |   slides down when it is full
 * ```
 */

import { damaged } from "./byte-reader.ts";

/** Bytes that a chunk decodes to, at most. */
export const MAX_CHUNK = 1 << 21;

const STATES = 12;
const POS_STATES = 16;
const MIN_MATCH = 2;
/** Slots from here on have bits that are coded plainly. */
const FIRST_DIRECT_SLOT = 14;
const LENGTHS = 2 + 2 * POS_STATES * 8 + 256;

/** Where each group of probabilities begins. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * POS_STATES;
const IS_REP0 = IS_REP + STATES;
const IS_REP1 = IS_REP0 + STATES;
const IS_REP2 = IS_REP1 + STATES;
const IS_REP0_LONG = IS_REP2 + STATES;
const DISTANCE_SLOT = IS_REP0_LONG + STATES * POS_STATES;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 128;
const MATCH_LENGTH = DISTANCE_ALIGN + 16;
const REP_LENGTH = MATCH_LENGTH + LENGTHS;
const LITERAL = REP_LENGTH + LENGTHS;
/** lc + lp is at most 4. */
const PROBABILITIES = LITERAL + (0x300 << 4);

const HALF = 1024;
const ONE = 2048;
const MOVE = 5;
const TOP = 2 ** 24;

/** One stream of chunks. */
export class LzmaDecoder {
  readonly #dictionary: number;
  readonly #window: Uint8Array;
  readonly #probs = new Uint16Array(PROBABILITIES);
  #at = 0;
  #lc = 0;
  #lpMask = 0;
  #pbMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  /** The range decoder, and what it reads. */
  #range = 0;
  #code = 0;
  #input: Uint8Array = new Uint8Array(0);
  #inputAt = 0;

  /** @param dictionary bytes that matches may reach back */
  constructor(dictionary: number) {
    this.#dictionary = dictionary;
    this.#window = new Uint8Array(2 * dictionary + MAX_CHUNK + POS_STATES);
  }

  /** Forgets what came before. */
  resetDictionary(): void {
    this.#at = 0;
  }

  /** Begins with even probabilities. */
  resetState(): void {
    this.#probs.fill(HALF);
    this.#state = this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  /** Sets lc, lp and pb from their byte. */
  setProperties(byte: number): void {
    const [lc, lp, pb] = [byte % 9, Math.floor(byte / 9) % 5, Math.floor(byte / 45)];
    if (pb > 4 || lc + lp > 4) throw damaged("is compressed with settings that do not exist");
    this.#lc = lc;
    this.#lpMask = (1 << lp) - 1;
    this.#pbMask = (1 << pb) - 1;
  }

  /** Takes bytes as they are; they may be matched later. Good until the next call. */
  copy(bytes: Uint8Array): Uint8Array {
    this.#makeRoom(bytes.length);
    this.#window.set(bytes, this.#at);
    this.#at += bytes.length;
    return this.#window.subarray(this.#at - bytes.length, this.#at);
  }

  /** The `count` bytes of a chunk; good until the next call. */
  decode(input: Uint8Array, count: number): Uint8Array {
    this.#makeRoom(count);
    const start = this.#at;
    this.#startRange(input);
    const end = start + count;
    while (this.#at < end) this.#symbol(end);
    this.#normalize();
    if (this.#inputAt !== input.length || this.#code !== 0) throw damaged("is damaged inside");
    return this.#window.subarray(start, end);
  }

  /** Slides by a multiple of 16, because the low bits of the position choose probabilities. */
  #makeRoom(count: number): void {
    if (this.#at + count <= this.#window.length) return;
    const shift = (this.#at - this.#dictionary) & ~(POS_STATES - 1);
    this.#window.copyWithin(0, shift, this.#at);
    this.#at -= shift;
  }

  #startRange(input: Uint8Array): void {
    this.#input = input;
    this.#inputAt = 5;
    this.#range = 0xffff_ffff;
    if (input.length < 5 || input[0] !== 0) throw damaged("is damaged inside");
    this.#code = ((input[1]! << 24) | (input[2]! << 16) | (input[3]! << 8) | input[4]!) >>> 0;
  }

  /** A literal or a match. */
  #symbol(end: number): void {
    const posState = this.#at & this.#pbMask;
    const state = this.#state;
    if (this.#bit(IS_MATCH + state * POS_STATES + posState) === 0) return this.#literal();
    let length: number;
    if (this.#bit(IS_REP + state) === 0) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      length = this.#length(MATCH_LENGTH, posState);
      this.#state = state < 7 ? 7 : 10;
      this.#rep0 = this.#distance(length);
    } else if (this.#bit(IS_REP0 + state) === 1) {
      this.#chooseRep(state);
      this.#state = state < 7 ? 8 : 11;
      length = this.#length(REP_LENGTH, posState);
    } else if (this.#bit(IS_REP0_LONG + state * POS_STATES + posState) === 1) {
      this.#state = state < 7 ? 8 : 11;
      length = this.#length(REP_LENGTH, posState);
    } else {
      this.#state = state < 7 ? 9 : 11;
      length = 1;
    }
    this.#match(length, end);
  }

  /** One of the latest distances but the very latest comes to the front. */
  #chooseRep(state: number): void {
    const latest = this.#rep0;
    if (this.#bit(IS_REP1 + state) === 0) {
      this.#rep0 = this.#rep1;
    } else {
      if (this.#bit(IS_REP2 + state) === 0) {
        this.#rep0 = this.#rep2;
      } else {
        this.#rep0 = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = latest;
  }

  #literal(): void {
    const at = this.#at;
    const window = this.#window;
    const before = at > 0 ? window[at - 1]! : 0;
    const probs = LITERAL + 0x300 * (((at & this.#lpMask) << this.#lc) + (before >> (8 - this.#lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      // The byte that a match would have given is probably not this one.
      let other = window[at - this.#rep0 - 1]! << 1;
      let mask = 0x100;
      while (symbol < 0x100) {
        const otherBit = other & mask;
        const bit = this.#bit(probs + mask + otherBit + symbol);
        symbol = (symbol << 1) | bit;
        mask &= bit === 1 ? otherBit : ~otherBit;
        other <<= 1;
      }
    } else {
      while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(probs + symbol);
    }
    window[at] = symbol;
    this.#at = at + 1;
    const state = this.#state;
    this.#state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  #match(length: number, end: number): void {
    const distance = this.#rep0 + 1;
    const at = this.#at;
    if (distance > at || at + length > end) throw damaged("is damaged inside");
    const window = this.#window;
    for (let to = at; to < at + length; to++) window[to] = window[to - distance]!;
    this.#at = at + length;
  }

  #length(probs: number, posState: number): number {
    if (this.#bit(probs) === 0) return MIN_MATCH + this.#tree(probs + 2 + posState * 8, 3);
    if (this.#bit(probs + 1) === 0) return MIN_MATCH + 8 + this.#tree(probs + 2 + (POS_STATES + posState) * 8, 3);
    return MIN_MATCH + 16 + this.#tree(probs + 2 + 2 * POS_STATES * 8, 8);
  }

  /** What a match's distance is, less one. */
  #distance(length: number): number {
    const slot = this.#tree(DISTANCE_SLOT + 64 * Math.min(length - MIN_MATCH, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** bits;
    if (slot < FIRST_DIRECT_SLOT) return high + this.#reverseTree(DISTANCE_SPECIAL + high - slot, bits);
    return high + this.#direct(bits - 4) * 16 + this.#reverseTree(DISTANCE_ALIGN, 4);
  }

  #tree(probs: number, bits: number): number {
    let symbol = 1;
    for (let left = bits; left > 0; left--) symbol = (symbol << 1) | this.#bit(probs + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(probs: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let at = 0; at < bits; at++) {
      const bit = this.#bit(probs + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << at;
    }
    return value;
  }

  /** Bits of even probability. */
  #direct(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; left--) {
      this.#normalize();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  #bit(at: number): number {
    this.#normalize();
    const probability = this.#probs[at]!;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probs[at] = probability + ((ONE - probability) >> MOVE);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    this.#probs[at] = probability - (probability >> MOVE);
    return 1;
  }

  /** Bytes beyond the input read as zero, which `decode` notices at the end. */
  #normalize(): void {
    if (this.#range >= TOP) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | (this.#input[this.#inputAt++] ?? 0)) >>> 0;
  }
}
