/**
 * Compression of single pages, at once: a byte-oriented LZ77 in LZ4's block format without its end rules. Fast rather than small.
 *
 *   token | more of the literals' length | literals | offset, u16 | more of the match's length
 *
 * A token has the number of literals in its upper four bits and the length of the match, less 4, in the lower; 15 means that bytes follow
 * which are added, up to one that is not 255. The last sequence has literals only.
 */

const LEAST = 4;
const HASH_BITS = 12;
const table = new Uint16Array(1 << HASH_BITS);

/** Every so many bytes without a match, one byte more is passed over each time. */
const SKIP_SHIFT = 5;

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function hash(value: number): number {
  return Math.imul(value, 0x9e37_79b1) >>> (32 - HASH_BITS);
}

/** Compresses `from`, 64 KiB at most, into `into`. Returns how many bytes that are; 0 when they would be more than `into` holds. */
export function compress(from: Uint8Array, into: Uint8Array): number {
  const last = from.length - LEAST;
  table.fill(0);
  let [at, anchor, to, missed] = [1, 0, 0, 0];
  while (at <= last) {
    const value = word(from, at);
    const slot = hash(value);
    const earlier = table[slot]!;
    table[slot] = at;
    if (word(from, earlier) !== value) {
      at += 1 + (missed++ >> SKIP_SHIFT);
      continue;
    }
    const length = matching(from, earlier, at);
    to = sequence(from, anchor, at - anchor, into, to, at - earlier, length - LEAST);
    if (to === 0) return 0;
    at += length;
    anchor = at;
    missed = 0;
  }
  return sequence(from, anchor, from.length - anchor, into, to, 0, 0);
}

function matching(bytes: Uint8Array, earlier: number, at: number): number {
  let length = LEAST;
  while (at + length < bytes.length && bytes[earlier + length] === bytes[at + length]) length++;
  return length;
}

/** Writes literals and a match; with `offset` 0, there is none. Returns where the next sequence goes, 0 for no room. */
function sequence(
  from: Uint8Array,
  anchor: number,
  literals: number,
  into: Uint8Array,
  at: number,
  offset: number,
  match: number,
): number {
  const most = at + 1 + Math.floor(literals / 255) + 1 + literals + 2 + Math.floor(match / 255) + 1;
  if (most > into.length) return 0;
  into[at++] = (Math.min(literals, 15) << 4) | Math.min(match, 15);
  at = lengthRest(into, at, literals);
  for (let index = 0; index < literals; index++) into[at++] = from[anchor + index]!;
  if (offset === 0) return at;
  into[at++] = offset & 0xff;
  into[at++] = offset >>> 8;
  return lengthRest(into, at, match);
}

function lengthRest(into: Uint8Array, at: number, length: number): number {
  if (length < 15) return at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) into[at++] = 255;
  into[at++] = rest;
  return at;
}

/** Fills `into` from what `compress` has made. False when it is not that: nothing outside of either is read or written. */
export function decompress(from: Uint8Array, into: Uint8Array): boolean {
  const reader = { at: 0, from };
  let to = 0;
  while (reader.at < from.length) {
    const token = from[reader.at++]!;
    const literals = lengthOf(reader, token >>> 4);
    if (literals > from.length - reader.at || literals > into.length - to) return false;
    into.set(from.subarray(reader.at, reader.at + literals), to);
    reader.at += literals;
    to += literals;
    if (reader.at === from.length) break;
    const offset = from[reader.at]! | (from[reader.at + 1]! << 8);
    reader.at += 2;
    const match = lengthOf(reader, token & 15) + LEAST;
    if (!(offset > 0 && offset <= to && match <= into.length - to)) return false;
    repeat(into, to, offset, match);
    to += match;
  }
  return to === into.length;
}

/** Copies `count` bytes from `offset` bytes before `at`; they may be among those that are being written. */
function repeat(bytes: Uint8Array, at: number, offset: number, count: number): void {
  if (offset >= count) bytes.copyWithin(at, at - offset, at - offset + count);
  else if (offset === 1) bytes.fill(bytes[at - 1]!, at, at + count);
  else for (let index = at; index < at + count; index++) bytes[index] = bytes[index - offset]!;
}

function lengthOf(reader: { at: number; readonly from: Uint8Array }, first: number): number {
  let length = first;
  if (first < 15) return length;
  for (;;) {
    const more = reader.from[reader.at++] ?? 0;
    length += more;
    if (more !== 255) return length;
  }
}
