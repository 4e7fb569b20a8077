/** Writes to a VM that is moved from one worker to another. */

import { expect, test } from "vitest";
import { WasmvisorError } from "../../src/error.ts";
import type { Link } from "../../src/worker/link.ts";
import { Seat } from "../../src/worker/seat.ts";
import { Writes } from "../../src/worker/writes.ts";

const nobody = {} as Link;
const late = () => new WasmvisorError("vm-state", "It is away.", { isAway: true });
const closed = () => new WasmvisorError("port-closed", "It is closed.");

/** A far end whose answers are given by the test, one after another. */
function far() {
  const seat = new Seat(nobody, 1);
  const asked: { readonly text: string; answer(error?: Error): void }[] = [];
  const writes = new Writes(seat, (text) => {
    return new Promise<void>((resolve, reject) => {
      const answer = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      asked.push({ text: text as string, answer });
    });
  });
  return { seat, asked, writes, texts: () => asked.map(({ text }) => text) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what comes too late where the VM was is written where it is, before what is written afterwards", async () => {
  const { seat, asked, writes, texts } = far();
  const done = ["a", "b", "c"].map((text) => writes.write(text));
  expect(texts()).toEqual(["a", "b", "c"]);
  seat.hold();
  done.push(writes.write("d"));
  asked[0]!.answer();
  asked[1]!.answer(late());
  seat.move(nobody, 2);
  seat.letGo();
  done.push(writes.write("e"));
  await turn();
  asked[2]!.answer(late());
  await turn();
  expect(texts()).toEqual(["a", "b", "c", "b", "c"]);
  for (const one of asked.slice(3)) one.answer();
  await turn();
  expect(texts()).toEqual(["a", "b", "c", "b", "c", "d"]);
  asked.at(-1)!.answer();
  await turn();
  asked.at(-1)!.answer();
  expect(await Promise.all(done)).toEqual(["taken", "taken", "taken", "taken", "taken"]);
  expect(texts()).toEqual(["a", "b", "c", "b", "c", "d", "e"]);
});

test("what the guest had not read yet has gone along, and is not written again", async () => {
  const { seat, asked, writes, texts } = far();
  const done = writes.write("a");
  seat.hold();
  seat.move(nobody, 2);
  seat.letGo();
  asked[0]!.answer(closed());
  expect(await done).toBe("moved");
  expect(texts()).toEqual(["a"]);
});

test("where the VM stays, what came too late is written again, and other errors are the writer's", async () => {
  const { seat, asked, writes, texts } = far();
  const done = [writes.write("a"), writes.write("b")];
  seat.hold();
  asked[0]!.answer(closed());
  asked[1]!.answer(late());
  seat.letGo();
  await expect(done[0]).rejects.toMatchObject({ code: "port-closed" });
  expect(texts()).toEqual(["a", "b", "b"]);
  // Nobody knows where it is.
  asked[2]!.answer(late());
  await expect(done[1]).rejects.toMatchObject({ code: "vm-state" });
});
