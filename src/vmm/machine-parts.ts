/** The parts of a machine that are no devices: which machine it is, its harts, its time. */

import { HART_TABLE, restoreHart, saveHart, saveVmBlock, VM_TABLE, type BlockValues } from "../core/block-state.ts";
import type { CoreExports } from "../core/core.ts";
import type { MachineSpace } from "../core/machine-space.ts";
import type { HartView } from "../core/views.ts";
import type { Part } from "../state/saved.ts";
import { flag, table, type ValuesIn } from "../state/table.ts";

/** How people call what must be the same in both machines. */
const NAMES: Readonly<Record<string, string>> = {
  ramSize: "bytes of memory",
  hartCount: "harts",
  romSize: "bytes of flash",
};

/** The VM block's own fields: they say which machine it is, and nothing is restored from them. */
export function blockPart(space: MachineSpace): Part {
  return {
    name: "machine",
    table: VM_TABLE,
    save: () => saveVmBlock(space.vm),
    refuse: (values: BlockValues) => {
      const own = saveVmBlock(space.vm);
      const other = Object.keys(own).find((name) => String(own[name]) !== String(values[name]));
      if (other === undefined) return undefined;
      const [saved, here] = [String(values[other]), String(own[other])];
      return `The saved machine has ${saved} ${NAMES[other] ?? other}, and this one ${here}; make the VM as the saved one was.`;
    },
    restore: () => undefined,
  };
}

const CLOCK_TABLE = table(1, { deterministic: flag() });

/** Which clock it has. */
export function clockPart(deterministic: boolean): Part {
  const clock = (is: boolean): string => (is ? "deterministic" : "host");
  return {
    name: "clock",
    table: CLOCK_TABLE,
    save: () => ({ deterministic }),
    refuse: (values: ValuesIn<typeof CLOCK_TABLE>) => {
      if (values.deterministic === deterministic) return undefined;
      const [saved, here] = [clock(values.deterministic), clock(deterministic)];
      return `The saved machine has the clock "${saved}", and this one "${here}"; make the VM with clock: "${saved}".`;
    },
    restore: () => undefined,
  };
}

/** A hart's own state. What is derived from it is made anew: TLBs, jump caches and what PMP allows. */
export function hartPart(core: CoreExports, hart: HartView, index: number): Part {
  return {
    name: `hart/${index}`,
    table: HART_TABLE,
    save: () => saveHart(hart),
    refuse: ({ hartid }: BlockValues) =>
      hartid?.[0] === BigInt(index)
        ? undefined
        : `The saved hart ${index} says that it is ${hartid?.[0]}; save the VM again.`,
    restore: (values: BlockValues) => {
      core.hart_reset(hart.ma);
      restoreHart(hart, values);
      core.hart_sync(hart.ma);
    },
  };
}
