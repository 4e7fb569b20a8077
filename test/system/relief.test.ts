/** Memory that is scarce: a guest is asked for what it can do without before any of its pages leaves. */

import { expect, onTestFinished, test } from "vitest";
import { Host } from "../../src/index.ts";
import { flatGuest } from "../support/guest.ts";
import { guestFile } from "../support/tools.ts";
import { debian, expectOutput } from "./support.ts";

const MIB = 2 ** 20;

/** Stores to another 4 MiB for each byte that is typed, and prints it. */
const FILLS = flatGuest(`
  li s0, 0x80400000
  li s2, 4096
  li t2, 0x10000000
  more: lbu t1, 5(t2)
  andi t1, t1, 1
  beqz t1, more
  lbu a0, 0(t2)
  li s1, 1024
  fill: sd s0, 0(s0)
  sd s2, 8(s0)
  add s0, s0, s2
  addi s1, s1, -1
  bnez s1, fill
  sb a0, 0(t2)
  j more`);

const pause = () => new Promise((resolve) => setTimeout(resolve, 600));

/** Pages that have left while a guest had 60 MiB that it did not need, and another one stored to 48. */
async function pagesLeft(balloon: boolean): Promise<{ written: number; size: number }> {
  const host = await Host.create({ paging: true, maxMemory: 288 * MIB });
  onTestFinished(() => host.close());
  const vm = await host.createVm({
    ...debian("quiet wasmvisor.modules=virtio_mmio,virtio_balloon"),
    initrd: guestFile("initrd-modules.cpio"),
    memory: "256M",
    ...(balloon ? { balloon: { deflateOnOom: true } } : {}),
  });
  vm.start();
  await expectOutput(vm, "Type 'poweroff' to leave.");
  await vm.console.write("dd if=/dev/urandom of=/tmp/file bs=1M count=60 2>/dev/null; rm /tmp/file; echo remo''ved\n");
  await expectOutput(vm, "removed");
  const other = await host.createVm({ memory: "64M", bios: "none", kernel: FILLS });
  other.start();
  for (let part = 0; part < 12; part++) {
    // The guest's driver needs its time, and ticks need somebody who runs.
    await pause();
    await vm.console.write("echo st''ill\n");
    await expectOutput(vm, "still");
    await other.console.write(String.fromCharCode(97 + part));
    await expectOutput(other, String.fromCharCode(97 + part));
  }
  await vm.console.write("dd if=/dev/zero bs=1M count=20 2>/dev/null | md5sum\n");
  await expectOutput(vm, "8f4e33f3dc3e414ff94e5fb6905cba8c");
  const { written } = host.accounting().paging!;
  return { written, size: balloon ? vm.balloon.size : 0 };
}

test("a guest with a balloon is asked for what it does not need, and far fewer pages leave than without", async () => {
  const without = await pagesLeft(false);
  const withBalloon = await pagesLeft(true);
  console.log(`pages that left: ${without.written} without a balloon, ${withBalloon.written} with one`);
  expect(withBalloon.size).toBeGreaterThan(20 * MIB);
  expect(without.written).toBeGreaterThan(2000);
  expect(withBalloon.written).toBeLessThan(without.written / 4);
});
