/** What is wrong with the words on the command line. */

import { WasmvisorError } from "../error.ts";

/** The error for words that make no sense; `message` says what to write instead. */
export function usage(message: string, cause?: unknown): WasmvisorError {
  return new WasmvisorError("usage", message, {}, { cause });
}
