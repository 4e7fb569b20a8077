/** What the other side of a migration can say that costs more than it is worth: each is refused before that. */

import { expect, test } from "vitest";
import { SECTION_COUNT_MOST } from "../../src/snapshot/format.ts";
import { Order, Sections } from "../../src/snapshot/read.ts";
import { runsBytes } from "../../src/snapshot/write.ts";
import { Reader, Writer } from "../../src/state/table.ts";
import { addLater } from "../../src/vmm/migrate/receive.ts";
import { code } from "../support/expected.ts";

test("pages that come later are named once: a block that names half of RAM again and again is refused at the second time", () => {
  const later = new Set<number>();
  const half = { first: 0, count: 512 };
  addLater(1024, runsBytes([half]), later);
  expect(later.size).toBe(512);
  expect(() => addLater(1024, runsBytes([half]), later)).toThrow(code("migration-damaged"));
  expect(() => addLater(1024, runsBytes([{ first: 600, count: 2 }, half]), later)).toThrow(code("migration-damaged"));
  expect(later.size).toBe(514);
});

test("parts of a state in pieces of a byte, or of none, are refused when they are many", () => {
  const begun = (name: string): Reader => {
    const to = new Writer();
    to.u16(name.length);
    to.bytes(new TextEncoder().encode(name));
    to.u32(1);
    return new Reader(to.finish());
  };
  const sections = new Sections();
  for (let index = 0; index < SECTION_COUNT_MOST; index++) sections.add(begun(`part${index}`));
  for (let index = 0; index < SECTION_COUNT_MOST; index++) sections.more(Uint8Array.of(1));
  for (const piece of [Uint8Array.of(1), new Uint8Array(0)])
    expect(() => {
      for (let index = 0; index < 2000; index++) sections.more(piece);
    }).toThrow(code("snapshot-damaged"));
});

test("pieces of disks count for what they take in memory, in all rounds of a migration together", () => {
  const order = new Order();
  const pieces = (bytes: number, step: number, count: number): void => {
    for (let index = 0; index < count; index++) order.addDisk(0, index * step, bytes);
  };
  // One after another they take what they are.
  pieces(1000, 1000, 2 ** 17);
  pieces(0, 2 ** 16, 2 ** 17);
  // A byte here and a byte there take much more.
  pieces(1, 2 ** 16, 2 ** 15);
  order.again();
  expect(() => pieces(1, 2 ** 16, 2 ** 15)).toThrow(code("snapshot-damaged"));
});
