/** Saving and restoring VMs: identical when saved again, and going on as if nothing had been. */

import { afterEach, describe, expect, test } from "vitest";
import { DEMO_GUEST, Host } from "../../src/index.ts";
import type { EngineName, Vm, VmConfig } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { differences } from "../support/state.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(config: VmConfig): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", clock: "deterministic", ...config });
}

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];

/** Restores what `from` is into a new VM of the same shape. */
async function copyOf(from: Vm, config: VmConfig): Promise<Vm> {
  const copy = await vmOf(config);
  copy.restoreState(from.saveState());
  return copy;
}

describe("a VM that is restored", () => {
  const DEMO: VmConfig = { memory: "64M", kernel: DEMO_GUEST, bios: "builtin" };

  test.each([1, 4])("goes on as the one that was saved: the demo guest, %i harts", async (harts) => {
    const random = new Random(harts);
    const config = { ...DEMO, harts };
    const straight = await vmOf({ ...config, engine: "interpreter" });
    let hopping = await vmOf({ ...config, engine: "interpreter" });
    let output = "";
    for (let hop = 0; hop < 20; hop++) {
      const steps = random.between(1, 300_000);
      straight.loop.advance(steps);
      hopping.loop.advance(steps);
      if (hop === 5) for (const vm of [straight, hopping]) void vm.console.write("fib 20\n");
      const engine = ENGINES[hop % 3]!;
      const copy = await copyOf(hopping, { ...config, engine });
      output += hopping.console.pending;
      hopping.destroy();
      hopping = copy;
      expect(differences(straight.saveState(), hopping.saveState())).toEqual([]);
    }
    expect(straight.console.pending).toBe(output + hopping.console.pending);
  });
});
