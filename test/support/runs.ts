/** Whether a VM is alive, for tests of what must live once. */

import type { Vm } from "../../src/index.ts";

/** Whether its harts get on within two seconds. */
export async function runs(vm: Vm): Promise<boolean> {
  if (vm.state !== "running") return false;
  const { instructions } = vm.counters();
  for (let tries = 0; tries < 200 && vm.state === "running"; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (vm.counters().instructions > instructions) return true;
  }
  return false;
}
