/** With `clock: "deterministic"` a run depends on nothing but its inputs. */

import { expect, test } from "vitest";
import { boot, debian, expectOutput } from "./support.ts";

async function output(): Promise<{ text: string; instructions: number }> {
  const vm = await boot({ ...debian("wasmvisor.exit"), clock: "deterministic" });
  const chunks: Uint8Array[] = [];
  vm.on("output", (bytes) => chunks.push(bytes));
  await expectOutput(vm, "wasmvisor: userland up");
  await vm.exited;
  return { text: Buffer.concat(chunks).toString(), instructions: vm.counters().instructions };
}

test("two boots of Debian's kernel print the same and retire the same number of instructions", async () => {
  expect(await output()).toEqual(await output());
});
