/** Reading the JSON of a study. */

import { WasmvisorError } from "../error.ts";
import { readText } from "../host/process.ts";
import { parseResult } from "../study/parse-result.ts";
import type { StudyResult } from "../study/result.ts";

/**
 * The study in a file.
 * @throws WasmvisorError `file-unreadable`, `study-json`
 */
export async function readResult(file: string): Promise<StudyResult> {
  const text = await readText(file);
  try {
    return parseResult(text);
  } catch (cause) {
    if (!(cause instanceof WasmvisorError)) throw cause;
    throw new WasmvisorError("study-json", `${file}: ${cause.message}`, { file }, { cause });
  }
}
