/** Migrations: the VM goes on elsewhere as if nothing had been, and whatever is lost on the way, one of it is left. */

import { afterAll, afterEach, describe, expect, test } from "vitest";
import {
  DEMO_GUEST,
  type EngineName,
  Host,
  type MigrateOptions,
  type ReceiveOptions,
  type Vm,
  type VmConfig,
} from "../../src/index.ts";
import { differences } from "../support/state.ts";
import { connection } from "../support/line.ts";

const host = await Host.create();
const other = await Host.create();

afterEach(() => {
  for (const one of [host, other]) for (const vm of [...one.vms]) vm.destroy();
});
afterAll(() => {
  host.close();
  other.close();
});

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;

const demo = (config: Partial<VmConfig> = {}): Promise<Vm> =>
  host.createVm({ memory: "16M", kernel: DEMO_GUEST, clock: "deterministic", ...config });

/** Moves a VM to the other host. */
async function moved(vm: Vm, options: MigrateOptions = {}, received: ReceiveOptions = {}): Promise<Vm> {
  const { source, destination } = connection();
  const [arrived] = await Promise.all([other.receive(destination, received), vm.migrateTo(source, options)]);
  return arrived;
}

describe("a VM that is moved", () => {
  test.each<[EngineName, EngineName]>([
    ["interpreter", "tiered"],
    ["tiered", "interpreter"],
    ["translator", "translator"],
  ])("while it stands is the same there, from the %s to the %s", async (engine, there) => {
    const vm = await demo({ engine, harts: 2 });
    vm.loop.advance(300_000);
    const before = vm.saveState();
    const arrived = await moved(vm, {}, { engine: there });
    expect(arrived.state).toBe("created");
    expect(differences(arrived.saveState(), before)).toEqual([]);
    expect(vm.state).toBe("exited");
    expect(await vm.exited).toEqual({ code: 0, reason: "migrated" });
  });
});
void code;
