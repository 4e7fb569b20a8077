/**
 * What goes over the line of a migration (docs/design/migration.md). Both sides send a prologue, and blocks as a snapshot's file has them
 * (src/snapshot/format.ts), which each side numbers from 0. All numbers are little-endian.
 *
 * ```
 *  prologue  +0 magic, 8 | +8 version, u16 | +10 flags, u16 | +12 id, 16 | +28 CRC-32 of these, u32
 *
 *  source                                        destination
 *  prologue                                 ->
 *                                           <-   prologue, hello
 *  DESCRIPTION, SECTION … (files), offer    ->
 *                                           <-   accept
 *  PAGES, ZEROS …, sent                     ->   again and again, while the VM runs; "still" says that pages are being written
 *                                           <-   got
 *  PAGES, ZEROS, DISK, SECTION …,
 *  DESCRIPTION, state                       ->   the VM stands still
 *                                           <-   ready
 *  go                                       ->   from here on the source does not run by itself any more
 *                                           <-   running
 * ```
 *
 * By post-copy, the last pages are not sent before "state", but named; they follow when the VM runs:
 *
 * ```
 *  PAGES, ZEROS, LATER, … state             ->   in place of the last round: pages of which devices make use, and the numbers of the others
 *                                           <-   ready
 *  go                                       ->
 *                                           <-   running
 *  PAGES, ZEROS …                           ->   each page once
 *                                           <-   want: a page that is used, and is to come before others
 *                                           <-   got: all are there, or not wanted any more
 * ```
 *
 * Words in small letters are blocks of the kind NOTE: JSON. Either side may say "no" instead, with a sentence.
 */

import { type ErrorCode, WasmvisorError } from "../error.ts";
import { count, objectOf, oneOf, type Shape, text, truth } from "../snapshot/shape.ts";

/** "WVMMOVE" and a line's end. */
export const MAGIC = Uint8Array.of(0x57, 0x56, 0x4d, 0x4d, 0x4f, 0x56, 0x45, 0x0a);
/** The version that both sides must speak. */
export const LINE_VERSION = 2;

export const PROLOGUE_BYTES = 32;
export const ID_BYTES = 16;

/** Of the prologue. */
export enum LineFlag {
  ENCRYPTED = 1,
}

/** Rounds of pages at most that a destination takes: a source that never ends makes no endless work. */
export const ROUNDS_MOST = 1000;

/** Pages that a destination has asked for and not been given, at most. */
export const WANTS_MOST = 64;
/** A page has a lower number. */
const PAGE_MOST = 2 ** 22;

const NOTE = objectOf(
  {
    is: oneOf("hello", "offer", "accept", "sent", "still", "got", "state", "ready", "go", "running", "want", "no"),
  },
  {
    /** Of "no": a sentence for people, and the code of the error. */
    why: text(2000),
    code: text(64),
    /** Of "state": whether the VM ran. */
    running: truth(),
    /** Of "want": its number. */
    page: count(PAGE_MOST),
    /** Of "sent": the number of the round, from 1. */
    round: count(ROUNDS_MOST, 1),
  },
);

type Of<S> = S extends Shape<infer Value> ? Value : never;

/** What one side says to the other beside the VM. */
export type Note = Of<typeof NOTE>;
export type NoteName = Note["is"];

export function encodeNote(note: Note): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(note));
}

/** @throws WasmvisorError `migration-damaged` */
export function decodeNote(bytes: Uint8Array): Note {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (NOTE.is(value)) return value;
  } catch (cause) {
    throw garbled("it says something that is no JSON", cause);
  }
  throw garbled("it says something that is not known");
}

/** What is wrong with a migration. */
export function migrationError(
  code: Extract<ErrorCode, `migration-${string}`>,
  sentence: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): WasmvisorError {
  return new WasmvisorError(code, sentence, data, cause === undefined ? undefined : { cause });
}

/** The other side has said something that cannot be. */
export function garbled(what: string, cause?: unknown): WasmvisorError {
  const sentence = `The other side of the migration is not understood (${what}); use the same wasmvisor on both sides, and try again.`;
  return migrationError("migration-damaged", sentence, {}, cause);
}

/** The connection has ended, or nothing comes. */
export function lost(why: string, cause?: unknown): WasmvisorError {
  const sentence = `The connection of the migration is lost (${why}); try again.`;
  return migrationError("migration-lost", sentence, { why }, cause);
}

/** What the other side has said no to, as it says it: for a terminal, and no longer than a sentence. */
export function refusal({ why = "", code = "" }: Note): WasmvisorError {
  const words = why.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?").slice(0, 500);
  const sentence = `The other side of the migration refuses it: ${words === "" ? "it does not say why." : words}`;
  return migrationError("migration-refused", sentence, { code: code.replace(/[^a-z-]/g, "") });
}
