/** What a saved machine is made of: named, versioned sections of bytes, and RAM by pages. See docs/design/state.md. */

import { WasmvisorError, type ErrorCode } from "../error.ts";

/** One part of a saved machine. */
export interface Section {
  /** Unique in its state, such as `hart/0` or `device/uart0`. */
  readonly name: string;
  /** Of its table, from 1. */
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Pages of RAM that have been touched. */
export interface RamPages {
  /** Their numbers, counted from the first page of RAM, ascending. */
  readonly numbers: Uint32Array;
  /** Their contents one after another, `PAGE_BYTES` each. */
  readonly bytes: Uint8Array;
}

/** A saved machine. */
export interface SavedState {
  readonly sections: readonly Section[];
  readonly ram: RamPages;
}

/** Bytes of a page in `RamPages`. */
export const PAGE_BYTES = 4096;

/** How the values of a section are written down. */
export interface Table<Values> {
  /** What `encode` writes, and the newest that `decode` reads. */
  readonly version: number;
  encode(values: Values): Uint8Array;
  /**
   * The values that `bytes` of a version from 1 to `version` hold, each of them checked.
   * @throws Misfit when they are not what the table says
   */
  decode(bytes: Uint8Array, version: number): Values;
}

/** Something of a machine that is saved as one section. */
export interface Saved<Values> {
  /** The section's name. */
  readonly name: string;
  readonly table: Table<Values>;
  save(): Values;
  /** A sentence that says why this machine cannot take these values, although they fit the table. Nothing is changed. */
  refuse?(values: Values): string | undefined;
  /** Names the RAM that is used when these values, which nobody has refused, are restored, or something happens after that. */
  touch?(values: Values, touch: (pa: number, length: number) => boolean): void;
  /** Takes values that the table has checked and nobody has refused. Does not throw, unless it is foreign. */
  restore(values: Values): void;
  /** It is an owner's code, which may throw in `restore` and has changed nothing then. */
  readonly foreign?: boolean;
  /** Foreign parts see it restored already. */
  readonly first?: boolean;
}

/** Bytes or values that do not fit a table. */
export class Misfit extends Error {}

/** A state that cannot be taken. */
export function stateError(
  code: Extract<ErrorCode, `state-${string}`>,
  sentence: string,
  data: Readonly<Record<string, unknown>>,
  cause?: unknown,
): WasmvisorError {
  return new WasmvisorError(code, sentence, data, cause === undefined ? undefined : { cause });
}
