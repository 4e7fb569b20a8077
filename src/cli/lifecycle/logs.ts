/** What the console of a machine that is not up has printed. */

import { print } from "../../host/process.ts";
import { RotatingFile } from "../../host/state-folder.ts";
import type { Asked } from "../control/options.ts";
import { ask } from "./client.ts";
import { Project } from "./project.ts";

/** Bytes of a console's output that are kept. */
export const CONSOLE_BYTES = 2 ** 20;

/** Prints what is kept; false when the machine is up, and has the newest itself. */
export async function printedLog({ machine, project }: Asked): Promise<boolean> {
  const found = Project.find(project);
  const name = found.only(machine);
  const status = (await ask(found, "GET", `/machines/${name}`)) as { readonly state?: string } | undefined;
  if (status?.state === "running" || status?.state === "paused") return false;
  await print(new RotatingFile(found.machine(name).console, CONSOLE_BYTES).read());
  return true;
}
