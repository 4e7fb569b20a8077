/** What a destination says, and how much of it before it is left. */

import { expect, test } from "vitest";
import { encodeNote, type Note, WANTS_MOST } from "../../src/migration/format.ts";
import { Inbox } from "../../src/migration/inbox.ts";
import type { Line, LineBlock } from "../../src/migration/line.ts";
import { BlockKind } from "../../src/snapshot/format.ts";
import { code } from "../support/expected.ts";

/** An inbox that hears these words, and then nothing; of its pages those that `isLeft` are still to be sent. */
async function hearing(notes: readonly Note[], isLeft: (page: number) => boolean) {
  const said: LineBlock[] = notes.map((note) => ({ kind: BlockKind.NOTE, bytes: encodeNote(note) }));
  const receive = (): Promise<LineBlock> => {
    const next = said.shift();
    return next === undefined ? new Promise(() => undefined) : Promise.resolve(next);
  };
  const failures: unknown[] = [];
  const inbox = new Inbox({ receive } as Line, (error) => failures.push(error));
  inbox.follow(isLeft);
  while (said.length > 0 && failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return { inbox, failures };
}

const wants = (count: number): Note[] => [
  { is: "running" },
  ...Array.from({ length: count }, (_, page): Note => ({ is: "want", page })),
];

test("pages that have been sent before they were asked for count for nothing", async () => {
  const { inbox, failures } = await hearing(wants(10 * WANTS_MOST), (page) => page % 20 === 0);
  expect(failures).toEqual([]);
  const taken: (number | undefined)[] = [];
  do taken.push(inbox.takeWanted());
  while (taken.at(-1) !== undefined);
  expect(taken).toEqual([...Array.from({ length: 32 }, (_, index) => 20 * index), undefined]);
});

test("who asks for more than may be missing at once is left", async () => {
  expect((await hearing(wants(WANTS_MOST), () => true)).failures).toEqual([]);
  const { inbox, failures } = await hearing(wants(WANTS_MOST + 1), () => true);
  expect(failures).toEqual([expect.objectContaining({ code: "migration-damaged" })]);
  expect(() => inbox.hears("got")).toThrow(code("migration-damaged"));
});
