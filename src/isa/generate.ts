/** What `npm run generate` writes: every generated file of the core, as text. Pure, so that a test can compare. */

import { tableFaults } from "./check.ts";
import { csrEffectsFile, csrFile, csrTableFile } from "./gen/csr.ts";
import { decodeFile } from "./gen/decode.ts";
import { executeFile } from "./gen/execute.ts";
import { loopFile } from "./gen/loop.ts";
import { opFile, opTableFile } from "./gen/op.ts";
import { layoutFile, stateFile } from "./gen/state.ts";

/**
 * Path from the root of the checkout, and text, of each generated file.
 *
 * @throws Error when the instruction tables contradict themselves
 */
export function generatedFiles(): Map<string, string> {
  const faults = tableFaults();
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return new Map([
    ["assembly/state/layout.ts", layoutFile()],
    ["assembly/state/state.ts", stateFile()],
    ["assembly/isa/csr.ts", csrFile()],
    ["assembly/isa/csr_table.ts", csrTableFile()],
    ["assembly/hart/csr_effects.ts", csrEffectsFile()],
    ["assembly/isa/op.ts", opFile()],
    ["assembly/isa/optable.ts", opTableFile()],
    ["assembly/isa/decode.ts", decodeFile()],
    ["assembly/interp/execute.ts", executeFile()],
    ["assembly/interp/loop.ts", loopFile()],
  ]);
}
