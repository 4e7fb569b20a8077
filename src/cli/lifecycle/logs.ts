/** What the console of a project's machine has printed, whether it is up or not. */

import { print } from "../../host/process.ts";
import { RotatingFile } from "../../host/state-folder.ts";
import type { Asked } from "../control/options.ts";
import { Project } from "./project.ts";

/** Bytes of a console's output that are kept. */
export const CONSOLE_BYTES = 2 ** 20;

/** Prints what is kept. */
export async function printLog({ machine, project }: Asked): Promise<void> {
  const found = Project.find(project);
  await print(new RotatingFile(found.machine(found.only(machine)).console, CONSOLE_BYTES).read());
}
