/** As much of the Wasm binary format as tests of the core need. */

export interface Section {
  readonly id: number;
  /** Offset of the section's contents. */
  readonly start: number;
  readonly end: number;
}

const HEADER_BYTES = 8;
const GLOBAL_SECTION = 6;

/** A position in a module, moved by reading. */
class Cursor {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  u8(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("the module ends in the middle of a value");
    return byte;
  }

  /** An unsigned LEB128 number of at most 32 bits. Signed ones have the same length, so this skips those too. */
  leb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
}

/** The sections of a module in the order they stand. */
export function moduleSections(bytes: Uint8Array): Section[] {
  const cursor = new Cursor(bytes, HEADER_BYTES);
  const sections: Section[] = [];
  while (cursor.at < bytes.length) {
    const id = cursor.u8();
    const length = cursor.leb();
    sections.push({ id, start: cursor.at, end: cursor.at + length });
    cursor.at += length;
  }
  return sections;
}

/** Skips a constant expression made of one instruction and `end`. */
function skipConstant(cursor: Cursor): void {
  const opcode = cursor.u8();
  if (opcode === 0x43) cursor.at += 4;
  else if (opcode === 0x44) cursor.at += 8;
  else if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) cursor.leb();
  else throw new Error(`unexpected opcode 0x${opcode.toString(16)} in a global's initializer`);
  if (cursor.u8() !== 0x0b) throw new Error("a global's initializer is longer than one instruction");
}

/** Indices of the module's own mutable globals. */
export function mutableGlobals(bytes: Uint8Array): number[] {
  const section = moduleSections(bytes).find(({ id }) => id === GLOBAL_SECTION);
  if (section === undefined) return [];
  const cursor = new Cursor(bytes, section.start);
  const found: number[] = [];
  const count = cursor.leb();
  for (let index = 0; index < count; index++) {
    cursor.u8(); // value type
    if (cursor.u8() === 1) found.push(index);
    skipConstant(cursor);
  }
  return found;
}
