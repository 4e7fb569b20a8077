/** Reads a row's `bits`: the fixed bits, and where each field's bits stand in the word. */

/** `width` bits of the word from bit `from` up, which are the value's bits from `to` up. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/** A field of an instruction word; the first piece holds its most significant bits. */
export interface Field {
  readonly pieces: readonly Piece[];
  readonly signed: boolean;
}

/** Fixed bits (`match` under `mask`, both unsigned) and fields by letter. */
export interface Encoding {
  readonly length: 2 | 4;
  readonly mask: number;
  readonly match: number;
  readonly fields: ReadonlyMap<string, Field>;
}

/** Reads an immediate's bit list: `12 10:5` is bit 12, then bits 10 to 5. */
function bitList(spec: string): number[] {
  return spec.split(" ").flatMap((range) => {
    const [high = 0, low = high] = range.split(":").map(Number);
    return Array.from({ length: high - low + 1 }, (_, i) => high - i);
  });
}

/** Joins single bits, most significant first, into pieces. */
function joinPieces(positions: readonly number[], values: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  positions.forEach((from, i) => {
    const to = values[i]!;
    const last = pieces[pieces.length - 1];
    if (last?.from === from + 1 && last.to === to + 1) pieces.splice(-1, 1, { from, to, width: last.width + 1 });
    else pieces.push({ from, to, width: 1 });
  });
  return pieces;
}

/** Bits without a list are in order, down to bit 0. */
const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => count - 1 - i);

/** Parses `bits`; `imm` lists the bits of field `i` and whether it is signed. */
export function parseBits(
  name: string,
  bits: string,
  imm?: { readonly list: string; readonly signed: boolean },
): Encoding {
  const letters = bits.replaceAll(" ", "");
  if (letters.length !== 32 && letters.length !== 16) throw new Error(`${name}: ${letters.length} bits`);
  const positions = new Map<string, number[]>();
  let mask = 0;
  let match = 0;
  Array.from(letters).forEach((letter, i) => {
    const position = letters.length - 1 - i;
    if (letter === "0" || letter === "1") {
      mask += 2 ** position;
      match += letter === "1" ? 2 ** position : 0;
    } else if (letter !== "-") {
      positions.set(letter, [...(positions.get(letter) ?? []), position]);
    }
  });
  const fields = new Map<string, Field>();
  for (const [letter, from] of positions) {
    const to = letter === "i" && imm ? bitList(imm.list) : inOrder(from.length);
    if (to.length !== from.length)
      throw new Error(`${name}: field ${letter} has ${from.length} bits, listed ${to.length}`);
    fields.set(letter, { pieces: joinPieces(from, to), signed: letter === "i" && imm?.signed === true });
  }
  return { length: letters.length === 16 ? 2 : 4, mask, match, fields };
}

const topBit = (field: Field): number => Math.max(...field.pieces.map((p) => p.to + p.width - 1));

/** The field's value in `word`. */
export function getField(field: Field, word: number): number {
  let value = 0;
  for (const { from, to, width } of field.pieces) value += (Math.floor(word / 2 ** from) % 2 ** width) * 2 ** to;
  const top = topBit(field);
  return field.signed && value >= 2 ** top ? value - 2 ** (top + 1) : value;
}

/** The bits of a word that hold `value`; throws a RangeError when the field cannot hold it. */
export function putField(field: Field, value: number): number {
  if (value < 0 && !field.signed) throw new RangeError(`${value} does not fit`);
  const raw = value < 0 ? value + 2 ** (topBit(field) + 1) : value;
  let word = 0;
  for (const { from, to, width } of field.pieces) word += (Math.floor(raw / 2 ** to) % 2 ** width) * 2 ** from;
  if (getField(field, word) !== value) throw new RangeError(`${value} does not fit`);
  return word;
}
