/** `wasmvisor study compare`. */

import * as host from "../host/process.ts";
import { compareStudies } from "../study/compare.ts";
import { comparisonText } from "../study/report/comparison.ts";
import { readResult } from "./study-result.ts";

/**
 * Prints what changed between the studies in two files.
 * @throws WasmvisorError `file-unreadable`, `study-json`
 */
export async function compareFiles([before, after]: readonly [string, string]): Promise<number> {
  await host.print(comparisonText(compareStudies(await readResult(before), await readResult(after))));
  return 0;
}
