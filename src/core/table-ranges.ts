/** Which indices of the core's table are free. */

interface Range {
  first: number;
  end: number;
}

/** Gives out ranges of a table, and grows it when it must: doubling, because growing costs each module linked so far. */
export class TableRanges {
  readonly #table: WebAssembly.Table;
  /** Sorted, none touching the next. */
  readonly #free: Range[] = [];

  constructor(table: WebAssembly.Table) {
    this.#table = table;
  }

  /** The first of `count` free indices in a row. Throws `RangeError` when the table cannot grow any more. */
  take(count: number): number {
    let at = this.#free.findIndex(({ first, end }) => end - first >= count);
    if (at < 0) {
      const grown = Math.max(count, this.#table.length);
      this.give(this.#table.grow(grown), grown);
      at = this.#free.length - 1;
    }
    const range = this.#free[at]!;
    const { first } = range;
    range.first += count;
    if (range.first === range.end) this.#free.splice(at, 1);
    return first;
  }

  /** Takes a range back, its functions already removed. */
  give(first: number, count: number): void {
    const end = first + count;
    const found = this.#free.findIndex((range) => range.first >= end);
    const at = found < 0 ? this.#free.length : found;
    const before = this.#free[at - 1];
    const behind = this.#free[at];
    const joins = before?.end === first;
    if (joins) before.end = end;
    if (behind?.first === end) {
      behind.first = joins ? before.first : first;
      if (joins) this.#free.splice(at - 1, 1);
    } else if (!joins) {
      this.#free.splice(at, 0, { first, end });
    }
  }
}
