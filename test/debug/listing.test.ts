import { afterEach, expect, test } from "vitest";
import { listing } from "../../src/debug/listing.ts";
import { Host } from "../../src/index.ts";
import { flatGuest } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function hartOf(source: string) {
  const host = await Host.create();
  hosts.push(host);
  const vm = await host.createVm({ memory: "1M", bios: "none", kernel: flatGuest(source) });
  return vm.hart(0);
}

const PROGRAM = `
  start: c.addi a0, 1
  lui a1, 5
  c.addi a0, 2
  bne a0, a1, start
  here: j here
  bseti a0, a0, 3
`;

test("a listing leads to its address through instructions of both lengths", async () => {
  const hart = await hartOf(PROGRAM);
  const lines = listing(hart, 0x8000_0008n, 3, 3);
  expect(lines.map(({ va }) => Number(va - 0x8000_0000n))).toEqual([0, 2, 6, 8, 12, 16]);
  expect(lines.map(({ text }) => text.split("\t")[0])).toEqual(["c.addi", "lui", "c.addi", "bne", "jal", "bseti"]);
  expect(lines[3]).toMatchObject({ word: 0xfeb51ce3, length: 4 });
});

test("jumps and branches say where they go, other instructions with a number do not", async () => {
  const hart = await hartOf(PROGRAM);
  const targets = listing(hart, 0x8000_0000n, 0, 6).map(({ target }) => target);
  expect(targets).toEqual([undefined, undefined, undefined, 0x8000_0000n, 0x8000_000cn, undefined]);
});

test("a listing ends where memory does", async () => {
  const hart = await hartOf("nop");
  expect(listing(hart, 0x8000_0000n, 4, 1)).toHaveLength(1);
  expect(listing(hart, 0x800f_fffcn, 0, 10).length).toBeLessThanOrEqual(2);
  expect(listing(hart, 0x1000n - 0x1000n, 8, 8)).toEqual([]);
});
