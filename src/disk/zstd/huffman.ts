/** The Huffman codes of literals (RFC 8878, "Huffman Tree Description"). */

import { BackwardBits, expect } from "./bits.ts";
import { fseTable, readDistribution } from "./fse.ts";

/** For each value of the next `log` bits the symbol, and how many of the bits it takes. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const MOST_LOG = 11;

/** Reads a table, and where its description ends. */
export function readHuffman(bytes: Uint8Array, at: number, limit: number): { table: HuffmanTable; end: number } {
  expect(at < limit, "a Huffman table is missing");
  const header = bytes[at]!;
  if (header >= 128) {
    const count = header - 127;
    const end = at + 1 + Math.ceil(count / 2);
    expect(end <= limit, "a Huffman table is cut off");
    const weights = Array.from({ length: count }, (_, index) => {
      const byte = bytes[at + 1 + (index >> 1)]!;
      return index % 2 === 0 ? byte >> 4 : byte & 15;
    });
    return { table: tableOf(weights), end };
  }
  const end = at + 1 + header;
  expect(end <= limit, "a Huffman table is cut off");
  return { table: tableOf(readWeights(bytes, at + 1, end)), end };
}

/** Weights in an FSE stream with two states in turn. */
function readWeights(bytes: Uint8Array, at: number, end: number): number[] {
  const { counts, log, end: start } = readDistribution(bytes, at, end, 6, 12);
  const { symbols, bits, base } = fseTable(counts, log);
  const stream = new BackwardBits(bytes, start, end);
  const states = [stream.read(log), stream.read(log)];
  const weights: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    const state = states[turn]!;
    expect(weights.length < 255, "a Huffman table has too many symbols");
    weights.push(symbols[state]!);
    if (stream.left < bits[state]!) {
      weights.push(symbols[states[turn ^ 1]!]!);
      return weights;
    }
    states[turn] = base[state]! + stream.read(bits[state]!);
  }
}

/** The last symbol's weight is not given: it fills the code up. */
function tableOf(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    expect(weight <= MOST_LOG, "a Huffman code is too long");
    if (weight > 0) sum += 1 << (weight - 1);
  }
  expect(sum > 0, "a Huffman table is empty");
  const log = 32 - Math.clz32(sum);
  const rest = (1 << log) - sum;
  expect(log <= MOST_LOG && (rest & (rest - 1)) === 0, "a Huffman table does not add up");
  weights.push(32 - Math.clz32(rest));
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue;
      const span = 1 << (weight - 1);
      symbols.fill(symbol, at, at + span);
      bits.fill(log + 1 - weight, at, at + span);
      at += span;
    }
  }
  return { log, symbols, bits };
}

/** Decodes one stream into `output` from `from` to `to`. */
export function decodeHuffman(
  table: HuffmanTable,
  stream: BackwardBits,
  output: Uint8Array,
  from: number,
  to: number,
): void {
  const { log, symbols, bits } = table;
  for (let at = from; at < to; at++) {
    const value = stream.peek(log);
    output[at] = symbols[value]!;
    stream.left -= bits[value]!;
  }
  expect(stream.left === 0, "a Huffman stream has another length");
}
