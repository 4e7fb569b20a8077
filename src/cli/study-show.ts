/** `wasmvisor study show`. */

import * as host from "../host/process.ts";
import { textReport } from "../study/report/text.ts";
import { readResult } from "./study-result.ts";
import { drawFor, type ReportFiles, writeReports } from "./study-write.ts";

/**
 * Prints the report of a study in a file, and writes its other forms.
 * @throws WasmvisorError `file-unreadable`, `study-json`, `vega`
 */
export async function showFile(file: string, files: ReportFiles): Promise<number> {
  const result = await readResult(file);
  await writeReports(files, result, await drawFor(files));
  await host.print(textReport(result));
  return 0;
}
