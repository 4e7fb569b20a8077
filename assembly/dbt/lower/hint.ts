/**
 * Which way a branch of emitted code goes nearly always, told to the engine in a section of the module ("Branch Hinting" proposal,
 * metadata.code.branch_hint): it lays the code of the other way out far away, and keeps registers free of what only that needs.
 */

import { Translate } from "../../shared/constants";
import { Dbt, MAX_HINTS, may, writer } from "../ir/dbt";
import { Import } from "./locals";
import { byte, patch, reserve, unsigned, Writer } from "../wasm/writer";

/** An entry: u32 address of the branch's opcode, u32 which way. */
const ENTRY_SHIFT: u32 = 3;
const UNLIKELY: u32 = 0;
const LIKELY: u32 = 1;

/** The size that stands in front of a function's body. */
const SIZE_BYTES: u32 = 5;

/** The `if` or `br_if` that is emitted next finds its condition true. */
export function likely(t: Dbt): void {
  hint(t, LIKELY);
}

/** The `if` or `br_if` that is emitted next finds its condition false. */
export function unlikely(t: Dbt): void {
  hint(t, UNLIKELY);
}

// @ts-ignore: decorator
@inline function hint_at(t: Dbt, index: u32): usize {
  return <usize>t.hints + (index << ENTRY_SHIFT);
}

function hint(t: Dbt, way: u32): void {
  if (t.hintCount == MAX_HINTS || !may(t, Translate.BRANCH_HINTS)) return;
  store<u32>(hint_at(t, t.hintCount), t.at);
  store<u32>(hint_at(t, t.hintCount), way, 4);
  t.hintCount += 1;
}

/** Forgets what lies at the point of emission and behind it: it has been given up. */
export function hints_trim(t: Dbt): void {
  while (t.hintCount && load<u32>(hint_at(t, t.hintCount - 1)) >= t.at) t.hintCount -= 1;
}

/** What has been emitted from `from` on has been moved down by `by`. */
export function hints_move(t: Dbt, from: u32, by: u32): void {
  for (let i = t.hintCount; i; i--) {
    const at = load<u32>(hint_at(t, i - 1));
    if (at < from) return;
    store<u32>(hint_at(t, i - 1), at - by);
  }
}

/** Where the hints of the function whose body ends at `end` end; `first`: where they begin. */
function hints_of(t: Dbt, first: u32, end: u32): u32 {
  let i = first;
  while (i < t.hintCount && load<u32>(hint_at(t, i)) < end) i++;
  return i;
}

/** Writes the section: `bodies` is where the first function's size stands, `own` how many functions come before it. */
export function hint_section(t: Dbt, bodies: u32, own: u32): void {
  if (!t.hintCount) return;
  const w = writer(t);
  byte(w, 0);
  const size = reserve(w);
  const start = w.at;
  name(w);
  const functions = reserve(w);
  let count: u32 = 0;
  let first: u32 = 0;
  let body = bodies;
  for (let i: u32 = 0; i < t.functions; i++) {
    const from = body + SIZE_BYTES;
    body = from + padded(body);
    const last = hints_of(t, first, body);
    if (last == first) continue;
    unsigned(w, Import.COUNT + own + i);
    unsigned(w, last - first);
    for (; first < last; first++) {
      unsigned(w, load<u32>(hint_at(t, first)) - from);
      unsigned(w, 1);
      byte(w, load<u32>(hint_at(t, first), 4));
    }
    count += 1;
  }
  patch(w, functions, count);
  patch(w, size, w.at - start);
}

/** A number that `patch` has written. */
function padded(at: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < SIZE_BYTES; i++) value |= (<u32>load<u8>(at + i) & 0x7f) << (7 * i);
  return value;
}

/** "metadata.code.branch_hint" */
const NAME: usize = memory.data<u8>([
  0x6d, 0x65, 0x74, 0x61, 0x64, 0x61, 0x74, 0x61, 0x2e, 0x63, 0x6f, 0x64, 0x65, 0x2e, 0x62, 0x72, 0x61, 0x6e, 0x63,
  0x68, 0x5f, 0x68, 0x69, 0x6e, 0x74,
]);
const NAME_BYTES: u32 = 25;

function name(w: Writer): void {
  unsigned(w, NAME_BYTES);
  for (let i: u32 = 0; i < NAME_BYTES; i++) byte(w, load<u8>(NAME + i));
}
