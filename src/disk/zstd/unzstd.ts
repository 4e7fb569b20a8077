/** Decompressing zstd (RFC 8878), for hosts that cannot. Checksums are not looked at. */

import { BackwardBits, expect } from "./bits.ts";
import { fseTable, type FseTable, oneSymbol, readDistribution } from "./fse.ts";
import { decodeHuffman, type HuffmanTable, readHuffman } from "./huffman.ts";

const MAGIC = 0xfd2f_b528;
const MOST_BLOCK = 131_072;

const LITERAL_LENGTH_BASE = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024,
  2048, 4096, 8192, 16_384, 32_768, 65_536,
];
const LITERAL_LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];
const MATCH_LENGTH_BASE = [
  ...Array.from({ length: 32 }, (_, index) => index + 3),
  35,
  37,
  39,
  41,
  43,
  47,
  51,
  59,
  67,
  83,
  99,
  131,
  259,
  515,
  1027,
  2051,
  4099,
  8195,
  16_387,
  32_771,
  65_539,
];
const MATCH_LENGTH_BITS = [
  ...Array.from({ length: 32 }, () => 0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
];

const PREDEFINED = {
  literalLength: fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
  offset: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
  matchLength: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};

/**
 * Decompresses the frames that `bytes` begins with, until there are `most` bytes.
 *
 * @param most - bytes that come out; more are an error
 * @throws ZstdError when it is no such stream
 */
export function unzstd(bytes: Uint8Array, most: number): Uint8Array {
  const output = new Uint8Array(most);
  let length = 0;
  for (let at = 0; at < bytes.length && (at === 0 || length < most);) {
    const frame = new Frame(bytes, at, output, length);
    length = frame.decode();
    at = frame.at;
  }
  return output.subarray(0, length);
}

class Frame {
  readonly #bytes: Uint8Array;
  readonly #output: Uint8Array;
  readonly #start: number;
  at: number;
  #length: number;
  #huffman: HuffmanTable | undefined;
  #tables: { literalLength?: FseTable; offset?: FseTable; matchLength?: FseTable } = {};
  readonly #recent = [1, 4, 8];
  readonly #literals = new Uint8Array(MOST_BLOCK);

  constructor(bytes: Uint8Array, at: number, output: Uint8Array, length: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#output = output;
    this.#start = length;
    this.#length = length;
  }

  decode(): number {
    const magic = this.#little(4);
    if (magic >= 0x184d_2a50 && magic <= 0x184d_2a5f) {
      const skipped = this.#little(4);
      this.at += skipped;
      return this.#length;
    }
    expect(magic === MAGIC, "no zstd frame begins here");
    const descriptor = this.#little(1);
    const isSingle = (descriptor & 32) !== 0;
    expect((descriptor & 8) === 0, "a reserved bit is set");
    if (!isSingle) this.#little(1);
    const dictionary = this.#little([0, 1, 2, 4][descriptor & 3]!);
    expect(dictionary === 0, "it needs a dictionary");
    // The size of the content tells nothing that is needed.
    this.at += [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    for (let isLast = false; !isLast;) {
      const header = this.#little(3);
      isLast = (header & 1) !== 0;
      this.#block((header >> 1) & 3, header >> 3);
    }
    if (descriptor & 4) this.at += 4;
    return this.#length;
  }

  #little(count: number): number {
    expect(this.at + count <= this.#bytes.length, "it is cut off");
    let value = 0;
    for (let index = count - 1; index >= 0; index--) value = value * 256 + this.#bytes[this.at + index]!;
    this.at += count;
    return value;
  }

  #block(type: number, size: number): void {
    expect(type !== 3 && size <= MOST_BLOCK, "a block is of no known type");
    const room = this.#output.length - this.#length;
    if (type === 1) {
      expect(size <= room, "more bytes come out than there may be");
      this.#output.fill(this.#little(1), this.#length, this.#length + size);
      this.#length += size;
      return;
    }
    expect(this.at + size <= this.#bytes.length, "a block is cut off");
    const end = this.at + size;
    if (type === 0) {
      expect(size <= room, "more bytes come out than there may be");
      this.#output.set(this.#bytes.subarray(this.at, end), this.#length);
      this.#length += size;
    } else {
      const count = this.#readLiterals(end);
      this.#sequences(end, count);
    }
    this.at = end;
  }

  /** Reads the literals of a block; returns how many. */
  #readLiterals(end: number): number {
    const first = this.#bytes[this.at]!;
    const type = first & 3;
    const format = (first >> 2) & 3;
    if (type < 2) {
      const width = format === 1 ? 2 : format === 3 ? 3 : 1;
      const count = this.#little(width) >> (width === 1 ? 3 : 4);
      expect(count <= MOST_BLOCK, "a block has too many literals");
      if (type === 1) this.#literals.fill(this.#little(1), 0, count);
      else {
        expect(this.at + count <= end, "literals are cut off");
        this.#literals.set(this.#bytes.subarray(this.at, this.at + count));
        this.at += count;
      }
      return count;
    }
    const bits = [10, 10, 14, 18][format]!;
    const header = this.#little([3, 3, 4, 5][format]!);
    const count = Math.floor(header / 16) % 2 ** bits;
    const packed = Math.floor(header / 2 ** (4 + bits)) % 2 ** bits;
    const limit = this.at + packed;
    expect(count <= MOST_BLOCK && limit <= end, "literals are cut off");
    if (type === 2) {
      const { table, end: after } = readHuffman(this.#bytes, this.at, limit);
      this.#huffman = table;
      this.at = after;
    }
    this.#decodeLiterals(count, format === 0 ? 1 : 4, limit);
    this.at = limit;
    return count;
  }

  #decodeLiterals(count: number, streams: number, limit: number): void {
    const table = this.#huffman;
    expect(table !== undefined, "a Huffman table is missing");
    if (streams === 1)
      return decodeHuffman(table, new BackwardBits(this.#bytes, this.at, limit), this.#literals, 0, count);
    const sizes = [this.#little(2), this.#little(2), this.#little(2)];
    const each = (count + 3) >> 2;
    expect(each * 3 <= count, "literals are too few for four streams");
    let from = this.at;
    for (let stream = 0; stream < 4; stream++) {
      const to = stream < 3 ? from + sizes[stream]! : limit;
      expect(to <= limit, "literals are cut off");
      const end = stream < 3 ? each * (stream + 1) : count;
      decodeHuffman(table, new BackwardBits(this.#bytes, from, to), this.#literals, each * stream, end);
      from = to;
    }
  }

  #sequenceCount(): number {
    const first = this.#little(1);
    if (first < 128) return first;
    return first < 255 ? ((first - 128) << 8) + this.#little(1) : this.#little(2) + 0x7f00;
  }

  #table(mode: number, end: number, name: keyof typeof PREDEFINED, mostLog: number, mostSymbol: number): FseTable {
    let table: FseTable | undefined;
    if (mode === 0) table = PREDEFINED[name];
    else if (mode === 1) {
      const symbol = this.#little(1);
      expect(symbol <= mostSymbol, "a symbol is too large");
      table = oneSymbol(symbol);
    } else if (mode === 2) {
      const { counts, log, end: after } = readDistribution(this.#bytes, this.at, end, mostLog, mostSymbol);
      table = fseTable(counts, log);
      this.at = after;
    } else table = this.#tables[name];
    expect(table !== undefined, "a table is missing");
    this.#tables[name] = table;
    return table;
  }

  #sequences(end: number, literals: number): void {
    const count = this.#sequenceCount();
    if (count === 0) {
      this.#copyLiterals(0, literals);
      return;
    }
    const modes = this.#little(1);
    const lengths = this.#table(modes >> 6, end, "literalLength", 9, 35);
    const offsets = this.#table((modes >> 4) & 3, end, "offset", 8, 31);
    const matches = this.#table((modes >> 2) & 3, end, "matchLength", 9, 52);
    const stream = new BackwardBits(this.#bytes, this.at, end);
    let lengthState = stream.read(lengths.log);
    let offsetState = stream.read(offsets.log);
    let matchState = stream.read(matches.log);
    let used = 0;
    for (let index = 0; index < count; index++) {
      const offsetCode = offsets.symbols[offsetState]!;
      const matchCode = matches.symbols[matchState]!;
      const lengthCode = lengths.symbols[lengthState]!;
      const value = 2 ** offsetCode + stream.readLong(offsetCode);
      const matchLength = MATCH_LENGTH_BASE[matchCode]! + stream.read(MATCH_LENGTH_BITS[matchCode]!);
      const literalLength = LITERAL_LENGTH_BASE[lengthCode]! + stream.read(LITERAL_LENGTH_BITS[lengthCode]!);
      expect(stream.left >= 0 && used + literalLength <= literals, "a sequence is cut off");
      this.#copyLiterals(used, literalLength);
      used += literalLength;
      this.#copyMatch(this.#offset(value, literalLength), matchLength);
      if (index === count - 1) break;
      lengthState = lengths.base[lengthState]! + stream.read(lengths.bits[lengthState]!);
      matchState = matches.base[matchState]! + stream.read(matches.bits[matchState]!);
      offsetState = offsets.base[offsetState]! + stream.read(offsets.bits[offsetState]!);
    }
    expect(stream.left === 0, "the sequences have another length");
    this.#copyLiterals(used, literals - used);
  }

  /** "Repeat Offsets". */
  #offset(value: number, literalLength: number): number {
    const recent = this.#recent;
    if (value > 3) {
      recent.unshift(value - 3);
      recent.length = 3;
      return recent[0]!;
    }
    const index = value - (literalLength === 0 ? 0 : 1);
    const offset = index === 3 ? recent[0]! - 1 : recent[index]!;
    expect(offset > 0, "an offset is 0");
    if (index > 0) {
      if (index > 1) recent[2] = recent[1]!;
      recent[1] = recent[0]!;
      recent[0] = offset;
    }
    return offset;
  }

  #copyLiterals(from: number, count: number): void {
    expect(this.#length + count <= this.#output.length, "more bytes come out than there may be");
    this.#output.set(this.#literals.subarray(from, from + count), this.#length);
    this.#length += count;
  }

  #copyMatch(offset: number, count: number): void {
    const output = this.#output;
    const to = this.#length;
    expect(to + count <= output.length, "more bytes come out than there may be");
    expect(offset <= to - this.#start, "an offset leads before the beginning");
    if (offset >= count) output.copyWithin(to, to - offset, to - offset + count);
    else for (let index = 0; index < count; index++) output[to + index] = output[to + index - offset]!;
    this.#length += count;
  }
}
