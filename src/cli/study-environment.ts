/** The study's environment on node. */

import * as machine from "../host/machine-info.ts";
import { packageVersion } from "../host/process.ts";
import { buildWorkload, programVersion, runProgram } from "../host/programs.ts";
import type { Environment } from "../study/environment.ts";

/** This process, and the programs that it can start. */
export function nodeEnvironment(): Environment {
  return {
    cpu: machine.cpuMilliseconds,
    programs: {
      version: programVersion,
      build: async (workload, target) =>
        buildWorkload(workload, target, machine.guestPath("workloads"), await packageVersion()),
      elfPath: (workload) => machine.guestPath(`bin/${workload}.elf`),
      run: runProgram,
    },
    host: () => Promise.resolve(machine.machineInfo()),
    load: machine.loadAverage,
    guest: (name) => machine.guestFile(`bin/${name}.elf`),
    wasm: (name) => machine.guestFile(`wasm/${name}.wasm`),
    version: packageVersion,
  };
}
