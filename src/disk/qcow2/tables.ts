/** Tables of an image that are kept in memory, a bounded number of them: L2 tables and refcount blocks. */

import type { BlockBackend } from "../../backend/block/block.ts";
import { type Steps, wait } from "../steps.ts";
import { viewOf } from "./header.ts";

/** Tables are written in whole sectors. */
const SECTOR = 512;

/** One table: a cluster of the file. */
export class Table {
  /** Where it lies in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The bytes that the file does not have yet; none when `dirtyFrom` is not below `dirtyTo`. */
  dirtyFrom = Infinity;
  dirtyTo = 0;
  /** How often it has been changed, and which of these states the file has. */
  version = 0;
  written = 0;
  /** The bytes that have been taken to be written, as long as there are such. */
  #takenFrom = Infinity;
  #takenTo = 0;
  #taken = 0;
  /** Who needs it to stay in memory. */
  pins = 0;
  /** No longer part of the image: nothing of it needs to be written. */
  dropped = false;

  constructor(offset: number, bytes: Uint8Array) {
    this.offset = offset;
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  /** Whether there are bytes that the file may not have. */
  get dirty(): boolean {
    return this.dirtyFrom < this.dirtyTo || this.#taken > 0;
  }

  /** Notes that bytes have been changed. */
  touch(from: number, to: number): void {
    if (from < this.dirtyFrom) this.dirtyFrom = from;
    if (to > this.dirtyTo) this.dirtyTo = to;
    this.version++;
  }

  /**
   * Takes what is to be written; from then on it counts as clean. What was taken before and is still on its way is taken again, because
   * the older copy is not written after the newer one.
   */
  take(): Changes {
    this.#takenFrom = Math.min(this.#takenFrom, this.dirtyFrom);
    this.#takenTo = Math.max(this.#takenTo, this.dirtyTo);
    this.clean();
    this.#taken++;
    const from = this.#takenFrom - (this.#takenFrom % SECTOR);
    const to = Math.min(this.bytes.length, Math.ceil(this.#takenTo / SECTOR) * SECTOR);
    return { table: this, at: from, bytes: this.bytes.slice(from, to), version: this.version };
  }

  /** Ends what `take` began. */
  taken(): void {
    if (--this.#taken > 0) return;
    this.#takenFrom = Infinity;
    this.#takenTo = 0;
  }

  /** Notes that the file has all of it, or will have. */
  clean(): void {
    this.dirtyFrom = Infinity;
    this.dirtyTo = 0;
  }
}

/** What of a table is to be written: a copy, so that the table may go on changing. */
export interface Changes {
  readonly table: Table;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly version: number;
}

/** Writes changes, unless later ones have been written meanwhile; when that fails they count as changes again. */
export function* writeChanges(file: BlockBackend, changes: readonly Changes[]): Steps {
  for (const [index, { table, at, bytes, version }] of changes.entries()) {
    try {
      if (version > table.written && !table.dropped) {
        yield* wait(file.write(table.offset + at, bytes));
        table.written = Math.max(table.written, version);
      }
      table.taken();
    } catch (error) {
      for (const failed of changes.slice(index)) giveBack(failed);
      throw error;
    }
  }
}

/** Has changes that were taken count as changes again. */
export function giveBack({ table, at, bytes }: Changes): void {
  table.taken();
  table.touch(at, at + bytes.length);
}

/** A cache of tables. Which are clean can be dropped; the caller writes dirty ones before there are too many. */
export class TableCache {
  readonly #file: BlockBackend;
  readonly #tableBytes: number;
  readonly #most: number;
  /** In order of their last use. */
  readonly #tables = new Map<number, Table>();
  readonly #loading = new Map<number, Promise<Table>>();
  #last: Table | undefined;

  constructor(file: BlockBackend, tableBytes: number, budgetBytes: number) {
    this.#file = file;
    this.#tableBytes = tableBytes;
    this.#most = Math.max(4, Math.floor(budgetBytes / tableBytes));
  }

  /** A table, if it is in memory. */
  cached(offset: number): Table | undefined {
    if (this.#last?.offset === offset) return this.#last;
    const table = this.#tables.get(offset);
    if (table === undefined) return undefined;
    this.#tables.delete(offset);
    this.#tables.set(offset, table);
    return (this.#last = table);
  }

  /** A table, which lies in the file. */
  *load(offset: number): Steps<Table> {
    const table = this.cached(offset);
    if (table !== undefined) return table;
    const loading = this.#loading.get(offset);
    if (loading !== undefined) return (yield loading) as Table;
    const bytes = new Uint8Array(this.#tableBytes);
    // The file may end within its last cluster.
    const reading = this.#file.read(offset, bytes.subarray(0, Math.max(0, this.#file.size - offset)));
    if (reading === undefined) return this.#keep(new Table(offset, bytes));
    const loaded = reading.then(() => this.#keep(new Table(offset, bytes))).finally(() => this.#loading.delete(offset));
    this.#loading.set(offset, loaded);
    return (yield loaded) as Table;
  }

  /** Puts a new table in: zeros, or a copy of `from`. */
  create(offset: number, from?: Uint8Array): Table {
    const table = new Table(offset, from?.slice() ?? new Uint8Array(this.#tableBytes));
    table.touch(0, this.#tableBytes);
    this.drop(offset);
    return this.#keep(table);
  }

  /** Forgets a table that is no longer one. */
  drop(offset: number): void {
    const table = this.#tables.get(offset);
    if (table !== undefined) table.dropped = true;
    this.#tables.delete(offset);
    if (this.#last?.offset === offset) this.#last = undefined;
  }

  /** Those with changes. */
  dirty(): Table[] {
    return [...this.#tables.values()].filter((table) => table.dirty);
  }

  /** Whether there are as many as there may be, and none that could be dropped. */
  get full(): boolean {
    return this.#tables.size > this.#most;
  }

  #keep(table: Table): Table {
    this.#tables.set(table.offset, table);
    this.#last = table;
    if (this.#tables.size > this.#most) this.trim();
    return table;
  }

  /** Drops clean tables, those first that have not been used for longest. */
  trim(): void {
    for (const [offset, table] of this.#tables) {
      if (this.#tables.size <= this.#most) return;
      if (!table.dirty && table.pins === 0 && table !== this.#last) this.#tables.delete(offset);
    }
  }
}
