/** What is typed to a machine that sleeps. */

import { expect, test } from "vitest";
import { flatGuest, powerOff, PRINT } from "../support/guest.ts";
import { newHost } from "../support/hosts.ts";

/** The UART's receiver is to wait for 14 bytes; fewer are told of by a timeout, which is a deadline. */
const ECHO = flatGuest(`
  li t0, 0x10000000
  li t1, 0xc1
  sb t1, 2(t0)
  li t1, 1
  sb t1, 1(t0)
  li t0, 0x0c000028
  sw t1, 0(t0)
  li t0, 0x0c002000
  li t1, 1024
  sw t1, 0(t0)
  li t0, 0x0c200000
  sw zero, 0(t0)
  li t1, 0x800
  csrw mie, t1
  li t0, 0x10000000
  li a0, 46
  sb a0, 0(t0)
  wait: wfi
  lbu t1, 5(t0)
  andi t1, t1, 1
  beqz t1, wait
  lbu a0, 0(t0)
  ${PRINT}
  ${powerOff()}
`);

test("a byte wakes a guest without a timer, though its UART waits for more", async () => {
  const host = await newHost();
  const vm = await host.createVm({ memory: "1M", bios: "none", kernel: ECHO });
  vm.start();
  await vm.console.waitFor(".");
  // It is asleep by then, whatever the machine is busy with.
  await expect.poll(() => vm.counters().busyMilliseconds > 0).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await vm.console.write("x");
  await vm.console.waitFor("x", 10_000);
});
