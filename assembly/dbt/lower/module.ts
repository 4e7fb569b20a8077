/** Wraps emitted functions into a Wasm module: imports the memory and the core's helpers, exports the functions as "0", "1", … */

import { FIRST_REGION, FUNCTION_TYPE, Import } from "./locals";
import { callee_function } from "./callee";
import { hint_section, hints_trim } from "./hint";
import { page_function } from "./page";
import { Dbt, MAX_HINTS, writer } from "../ir/dbt";
import { Type } from "../wasm/opcode";
import { byte, patch, reserve, unsigned, Writer, writer_open } from "../wasm/writer";

/** Room in front of the bodies for everything that comes before them. */
const HEADER: u32 = 4096 + 8 * MAX_HINTS;
/** Functions beside the regions'. */
const OWN: u32 = FIRST_REGION - Import.COUNT;

/** Starts a module: bodies are appended with `lower`. */
export function module_open(t: Dbt): void {
  writer_open(writer(t), t.code + HEADER, t.codeBytes - HEADER);
  t.functions = 0;
  t.hintCount = 0;
}

/** Finishes the module and returns its address; its end is `t.at`. 0 when it did not fit. */
export function module_close(t: Dbt): u32 {
  if (t.full) return 0;
  hints_trim(t);
  const end = t.at;
  const bodies = end - (t.code + HEADER);
  const w = writer(t);
  writer_open(w, t.code, HEADER);
  header(t, bodies);
  if (t.full) return 0;
  const length = t.at - t.code;
  memory.copy(t.at, t.code + HEADER, bodies);
  t.at = t.code + length + bodies;
  return t.code;
}

function header(t: Dbt, bodies: u32): void {
  const w = writer(t);
  const functions = t.functions;
  byte(w, 0);
  byte(w, 0x61);
  byte(w, 0x73);
  byte(w, 0x6d);
  byte(w, 1);
  for (let i = 0; i < 3; i++) byte(w, 0);
  types(w);
  imports(w);
  let at = section(w, 3);
  unsigned(w, OWN + functions);
  for (let i: u32 = 0; i < OWN + functions; i++) unsigned(w, FUNCTION_TYPE);
  close(w, at);
  at = section(w, 7);
  unsigned(w, functions);
  for (let i: u32 = 0; i < functions; i++) {
    decimal(w, i);
    byte(w, 0);
    unsigned(w, FIRST_REGION + i);
  }
  close(w, at);
  hint_section(t, t.code + HEADER, OWN);
  byte(w, 10);
  const size = reserve(w);
  const counted = w.at;
  unsigned(w, OWN + functions);
  page_function(w);
  callee_function(t);
  patch(w, size, w.at - counted + bodies);
}

function section(w: Writer, id: u32): u32 {
  byte(w, id);
  return reserve(w);
}

function close(w: Writer, at: u32): void {
  patch(w, at, w.at - at - 5);
}

/** One type for all: V8 up to node 20 keeps some 40 bytes for ever for each type of each module that it has ever seen. */
function types(w: Writer): void {
  const at = section(w, 1);
  unsigned(w, 1);
  byte(w, Type.FUNC);
  byte(w, 3);
  byte(w, Type.I32);
  byte(w, Type.I32);
  byte(w, Type.I64);
  byte(w, 1);
  byte(w, Type.I64);
  close(w, at);
}

function imports(w: Writer): void {
  const at = section(w, 2);
  unsigned(w, 2 + Import.COUNT);
  name(w, 0x65);
  name(w, 0x6d);
  byte(w, 2);
  byte(w, 0);
  byte(w, 1);
  name(w, 0x65);
  name(w, 0x74);
  byte(w, 1);
  byte(w, Type.FUNCREF);
  byte(w, 0);
  byte(w, 1);
  for (let i = 0; i < Import.COUNT; i++) {
    name(w, 0x65);
    decimal(w, i);
    byte(w, 0);
    unsigned(w, FUNCTION_TYPE);
  }
  close(w, at);
}

/** A name of one character: "e" is the module, "m" the memory, "t" the core's table. */
function name(w: Writer, character: u32): void {
  byte(w, 1);
  byte(w, character);
}

function decimal(w: Writer, value: u32): void {
  const digits: u32 = value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
  byte(w, digits);
  let unit: u32 = digits == 4 ? 1000 : digits == 3 ? 100 : digits == 2 ? 10 : 1;
  while (unit) {
    byte(w, 0x30 + ((value / unit) % 10));
    unit /= 10;
  }
}
