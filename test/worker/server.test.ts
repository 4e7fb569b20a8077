import { readFileSync } from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import type { Port } from "../../src/host/thread.ts";
import type { FromWorker } from "../../src/worker/messages.ts";
import { serve } from "../../src/worker/server.ts";
import { flatGuest } from "../support/guest.ts";

/** A worker's side on this thread: what is sent is cloned, as between threads. */
function served() {
  let receive!: (message: unknown) => void;
  const answers: FromWorker[] = [];
  const port: Port = {
    post: (message, transfer = []) =>
      void answers.push(structuredClone(message, { transfer: [...transfer] as never }) as FromWorker),
    onMessage: (receiver) => (receive = receiver),
  };
  serve(port);
  const answer = async (message: { readonly id: number; readonly [name: string]: unknown }): Promise<FromWorker> => {
    receive(message);
    for (;;) {
      const found = answers.find((one) => "id" in one && one.id === message.id && one.type !== "progress");
      if (found !== undefined) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { receive: (message: unknown) => receive(message), answer, answers };
}

const core = new WebAssembly.Module(readFileSync(new URL("../../build/core.wasm", import.meta.url)));
const access = { type: "access", vm: 1, part: "vm", index: 0, op: "call", args: [] };

test("messages that make no sense are refused, or have no answer, and the VMs go on", async () => {
  const { receive, answer, answers } = served();
  expect(await answer({ id: 1, type: "create", config: { plain: {}, images: {} } })).toMatchObject({ type: "failed" });
  expect(await answer({ id: 2, type: "open", module: core, options: {} })).toMatchObject({ type: "done" });
  const plain = { memory: "2M", bios: "none" };
  const images = { kernel: flatGuest("again: j again") };
  expect(await answer({ id: 3, type: "create", config: { plain, images } })).toMatchObject({ type: "done" });
  expect(await answer({ ...access, id: 4, member: "start" })).toMatchObject({ type: "done" });
  const before = answers.length;
  for (const message of [
    undefined,
    null,
    0,
    "open",
    [],
    {},
    { type: "open" },
    { id: "5", type: "create" },
    new MessageChannel().port1,
  ]) {
    receive(message);
  }
  expect(answers.length).toBe(before);
  const senseless = [
    {},
    { type: "unknown" },
    { type: "open", module: core, options: {} },
    { type: "create" },
    { type: "create", config: 1 },
    { type: "create", config: { plain: null, images: null } },
    { type: "reset", vm: "1" },
    { type: "access" },
    { ...access, vm: 2 ** 53, member: "start" },
    { ...access, part: "loop", member: "start" },
    { ...access, part: "hart", index: 7, member: "x" },
    { ...access, member: "nothing" },
    { ...access, member: 1 },
    { ...access, member: "start", args: 1 },
    { ...access, member: "state" },
    { ...access, member: "constructor" },
    { ...access, op: "get", member: "machine" },
    { ...access, op: "set", member: "state", args: ["exited"] },
    { ...access, part: "memory", member: "read", args: ["0x", {}] },
  ];
  for (const [index, message] of senseless.entries()) {
    expect(await answer({ ...message, id: 100 + index }), JSON.stringify(message)).toMatchObject({ type: "failed" });
  }
  expect(await answer({ ...access, id: 200, op: "get", member: "state" })).toMatchObject({
    type: "done",
    value: "running",
  });
  expect(await answer({ ...access, id: 201, member: "destroy" })).toMatchObject({ type: "done" });
});
