/** The functions that a VM's translated code consists of at one time: they call each other through one table, and go together. */

/**
 * Region functions are (hart: i32, fuel: i32, depth: i64) -> i64. This module imports the generation's table as "e"."t" and exports, as
 * "e", what calls the region at an index of it: (hart: i32, fuel: i32, depth: i64, index: i32) -> i64.
 */
const ENTRY = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // types: 0 a region's, 1 the entry's
  ...[0x01, 0x10, 0x02, 0x60, 0x03, 0x7f, 0x7f, 0x7e, 0x01, 0x7e, 0x60, 0x04, 0x7f, 0x7f, 0x7e, 0x7f, 0x01, 0x7e],
  ...[0x02, 0x09, 0x01, 0x01, 0x65, 0x01, 0x74, 0x01, 0x70, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x01],
  ...[0x07, 0x05, 0x01, 0x01, 0x65, 0x00, 0x00],
  // local.get 0, 1, 2, 3; call_indirect type 0, table 0
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0x20, 0x03, 0x11, 0x00, 0x00, 0x0b],
);

let entryModule: WebAssembly.Module | undefined;

/** Entries that a table begins with when it may have more: it doubles. Growing is a pause: each module linked so far pays for it. */
const LARGEST_FIRST = 4096;

/** One generation. Nothing of it stays when nobody refers to it any more. */
export class Generation {
  readonly table: WebAssembly.Table;
  /** What calls a region: (hart, fuel, depth, index) -> pc. */
  readonly entry: unknown;
  /** Functions in it. */
  functions = 0;

  /** For as many as `most` functions. */
  constructor(most: number) {
    this.table = new WebAssembly.Table({ element: "anyfunc", initial: Math.min(most, LARGEST_FIRST) });
    entryModule ??= new WebAssembly.Module(ENTRY);
    this.entry = new WebAssembly.Instance(entryModule, { e: { t: this.table } }).exports.e;
  }

  /** Puts the exports "0", "1", … of a module into the table from index `first`. */
  add({ exports }: WebAssembly.Instance, first: number, count: number): void {
    const { table } = this;
    const end = first + count;
    if (end > table.length) table.grow(Math.max(end, 2 * table.length) - table.length);
    for (let i = 0; i < count; i++) table.set(first + i, exports[i]);
    this.functions += count;
  }
}
