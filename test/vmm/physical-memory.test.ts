import { afterEach, expect, test } from "vitest";
import { Host, PageFlag, type Vm } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "1M", bios: "none", kernel: flatGuest(source) });
}

test("pages tells touched pages from others, and code from data", async () => {
  const vm = await vmOf(`li a0, 0x80040000\nsd a0, 0(a0)\n${powerOff()}`);
  const flags = (page: number) => vm.memory.pages()[page];
  expect(vm.memory.pages()).toHaveLength(256);
  expect([flags(0), flags(0x40)]).toEqual([PageFlag.TOUCHED, 0]);
  vm.start();
  await vm.exited;
  expect([flags(0), flags(0x40)]).toEqual([PageFlag.TOUCHED | PageFlag.CODE, PageFlag.TOUCHED]);
  const touched = vm.memory.pages().filter((page) => page & PageFlag.TOUCHED).length;
  expect(touched * 4096).toBe(vm.counters().touchedBytes);
});
