/** Reads the modules that the translator emits: the body of the first region's function, and what is needed to understand it. */

import { Own } from "../../assembly/shared/emitted.ts";

/** A function's type, as counts: all the printer needs to know. */
export interface FunctionType {
  readonly parameters: number;
  readonly results: number;
}

/** What surrounds the body. */
export interface ModuleParts {
  readonly types: readonly FunctionType[];
  /** Indices of the imported functions' types. */
  readonly imports: readonly number[];
  /** Where the first function's instructions begin in the module, and end. */
  readonly start: number;
  readonly end: number;
}

/** A position in some bytes. */
export class WasmReader {
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  byte(): number {
    return this.#view.getUint8(this.at++);
  }

  /** Unsigned LEB128, below 2^32. */
  unsigned(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * unit;
      if ((next & 0x80) === 0) return value;
    }
  }

  /** Signed LEB128 of at most 64 bits. */
  signed(): bigint {
    let value = 0n;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << BigInt(shift);
      if ((next & 0x80) === 0) return BigInt.asIntN(Math.min(64, shift + 7), value);
    }
  }

  f32(): number {
    this.at += 4;
    return this.#view.getFloat32(this.at - 4, true);
  }

  /** The bits of an f64: not every NaN survives as a number. */
  bits(): bigint {
    this.at += 8;
    return this.#view.getBigUint64(this.at - 8, true);
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}

const MAGIC_BYTES = 8;
enum Section {
  TYPE = 1,
  IMPORT = 2,
  CODE = 10,
}

/** Takes a module of the translator's apart; other modules may have what this does not read. */
export function readModule(bytes: Uint8Array): ModuleParts {
  const reader = new WasmReader(bytes, MAGIC_BYTES);
  let types: FunctionType[] = [];
  let imports: number[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    if (id === Section.TYPE) types = readTypes(reader);
    else if (id === Section.IMPORT) imports = readImports(reader);
    else if (id === Section.CODE) return { types, imports, ...readBody(reader) };
    reader.at = end;
  }
  throw new RangeError("the module has no code");
}

function readTypes(reader: WasmReader): FunctionType[] {
  return Array.from({ length: reader.unsigned() }, () => {
    reader.skip(1);
    const parameters = reader.unsigned();
    reader.skip(parameters);
    const results = reader.unsigned();
    reader.skip(results);
    return { parameters, results };
  });
}

function readImports(reader: WasmReader): number[] {
  const functions: number[] = [];
  for (let left = reader.unsigned(); left > 0; left--) {
    reader.skip(reader.unsigned());
    reader.skip(reader.unsigned());
    const kind = reader.byte();
    if (kind === 0) functions.push(reader.unsigned());
    // A table has a type before its limits; a memory has not.
    if (kind === 1) reader.skip(1);
    if (kind === 1 || kind === 2) {
      const bounded = (reader.byte() & 1) !== 0;
      reader.unsigned();
      if (bounded) reader.unsigned();
    }
  }
  return functions;
}

function readBody(reader: WasmReader): { start: number; end: number } {
  reader.unsigned();
  for (let own: number = Own.PAGE; own < Own.FIRST_REGION; own++) reader.skip(reader.unsigned());
  const end = reader.unsigned() + reader.at;
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.skip(1);
  }
  return { start: reader.at, end };
}
