/** What VMs of tests print while they are advanced by hand. */

import type { Vm } from "../../src/index.ts";

/** All that a VM prints from now on. */
export function printed(vm: Vm): () => string {
  let text = "";
  vm.on("output", (bytes) => (text += Buffer.from(bytes).toString()));
  return () => {
    vm.console.flush();
    return text;
  };
}

/** Advances a VM by so many steps, with what it prints. */
export function goOn(vm: Vm, steps: number): void {
  vm.loop.advance(steps);
  vm.console.flush();
}
