/** Four equal Debians in one host share most of their memory. */

import { expect, onTestFinished, test } from "vitest";
import { Host } from "../../src/index.ts";
import { debian, expectOutput } from "./support.ts";

test("four equal guests share at least half of their pages, and each diverges alone", async () => {
  const host = await Host.create({ sharing: { leastPagesPerSecond: 50_000, mostPagesPerSecond: 50_000 } });
  onTestFinished(() => host.close());
  const vms = await Promise.all(Array.from({ length: 4 }, () => host.createVm({ ...debian("quiet"), memory: "128M" })));
  const [first] = vms;
  first!.start();
  await expectOutput(first!, "Type 'poweroff' to leave.");
  // Four boots one beside the other share as much, and take a minute.
  first!.pause();
  for (const vm of vms.slice(1)) {
    vm.restoreState(first!.saveState());
    vm.start();
  }
  first!.resume();
  const touched = () => vms.reduce((sum, vm) => sum + vm.accounting().memory.touchedBytes, 0);
  const saved = () => host.accounting().sharing!.savedBytes;
  while (saved() < touched() / 2) await new Promise((resolve) => setTimeout(resolve, 50));
  // Each writes something else where all had the same.
  for (const [index, vm] of vms.entries())
    await vm.console.write(
      `for i in $(seq 400); do echo line $i of guest ${index}; done > /tmp/mine; md5sum < /tmp/mine\n`,
    );
  const sums: string[] = [];
  for (const vm of vms) sums.push((await expectOutput(vm, /([0-9a-f]{32}) {2}-/))[0] ?? "");
  expect(new Set(sums).size).toBe(4);
  for (const [index, vm] of vms.entries()) {
    await vm.console.write(`grep -c "guest ${index}" /tmp/mine; cat /proc/version | wc -l\n`);
    await expectOutput(vm, /\n400\s+1\s/);
  }
});
