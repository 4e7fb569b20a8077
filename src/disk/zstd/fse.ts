/** Tables of finite state entropy coding (RFC 8878, "FSE Table Description", "Predefined Distributions"). */

import { expect, ForwardBits } from "./bits.ts";

/** A decoding table: for each state its symbol, and how to get to the next one. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** Reads how probable symbols are, and where that ends. */
export function readDistribution(bytes: Uint8Array, at: number, end: number, mostLog: number, mostSymbol: number) {
  expect(at < end, "a table description is missing");
  const stream = new ForwardBits(bytes.subarray(0, end), at);
  const log = stream.peek(4) + 5;
  stream.skip(4);
  expect(log <= mostLog, "a table is too large");
  const counts: number[] = [];
  let left = 1 << log;
  while (left > 0) {
    expect(counts.length <= mostSymbol, "a table has too many symbols");
    const most = left + 1;
    const width = 32 - Math.clz32(most);
    const value = stream.peek(width);
    const low = value & ((1 << (width - 1)) - 1);
    const shortValues = (1 << width) - 1 - most;
    let count: number;
    if (low < shortValues) {
      stream.skip(width - 1);
      count = low;
    } else {
      stream.skip(width);
      count = value < 1 << (width - 1) ? value : value - shortValues;
    }
    count--;
    counts.push(count);
    left -= Math.abs(count);
    if (count !== 0) continue;
    for (let repeat = 3; repeat === 3;) {
      repeat = stream.peek(2);
      stream.skip(2);
      for (let index = 0; index < repeat; index++) counts.push(0);
      expect(counts.length <= mostSymbol + 1, "a table has too many symbols");
    }
  }
  expect(left === 0 && stream.end <= end && counts.length <= mostSymbol + 1, "a table description does not add up");
  return { counts, log, end: stream.end };
}

/** Makes the decoding table of a distribution; -1 is "less than 1". */
export function fseTable(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size - 1;
  for (const [symbol, count] of counts.entries()) {
    if (count === -1) {
      symbols[high--] = symbol;
      next[symbol] = 1;
    } else next[symbol] = count;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (const [symbol, count] of counts.entries()) {
    for (let index = 0; index < count; index++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position > high);
    }
  }
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const value = next[symbols[state]!]!++;
    bits[state] = log - (31 - Math.clz32(value));
    base[state] = (value << bits[state]!) - size;
  }
  return { log, symbols, bits, base };
}

/** A table of one symbol, which takes no bits. */
export function oneSymbol(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), base: new Uint16Array(1) };
}
