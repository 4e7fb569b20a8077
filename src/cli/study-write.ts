/** Writing a study's reports. */

import * as host from "../host/process.ts";
import { type Draw, loadVega } from "../host/vega.ts";
import { htmlReport } from "../study/report/html.ts";
import { markdownReport } from "../study/report/markdown.ts";
import { meansPicture } from "../study/report/plots.ts";
import type { StudyResult } from "../study/result.ts";

/** Where reports go; those without a file are not made. */
export interface ReportFiles {
  readonly md?: string;
  readonly html?: string;
  readonly svg?: string;
}

/** For a picture that stands alone, on pages of any colour. */
const PAPER = { background: "white", padding: 12 };

/**
 * What draws the plots that `files` have, or nothing when they have none.
 * @throws WasmvisorError `vega` when it is needed and not installed
 */
export async function drawFor({ html, svg }: ReportFiles): Promise<Draw | undefined> {
  return html === undefined && svg === undefined ? undefined : loadVega();
}

/** Writes the reports, with what `drawFor` gave. */
export async function writeReports(files: ReportFiles, result: StudyResult, draw: Draw | undefined): Promise<void> {
  if (files.md !== undefined) await host.writeText(files.md, markdownReport(result));
  if (files.html !== undefined && draw) await host.writeText(files.html, await htmlReport(result, draw));
  const picture = meansPicture(result);
  if (files.svg === undefined || !draw) return;
  if (picture) await host.writeText(files.svg, `${await draw({ ...picture.spec, ...PAPER })}\n`);
  else await host.printError(`wasmvisor: ${files.svg} is not written, as the ladder was not measured\n`);
}
