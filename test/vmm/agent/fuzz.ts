/** Agents that talk nonsense, or nearly: a few in the tests, any number by `npm run fuzz -- agent`. */

import { Random } from "../../../src/isa/random/values.ts";
import { AgentClient } from "../../../src/vmm/agent/client.ts";
import { AgentFiles } from "../../../src/vmm/agent/files.ts";
import { exec, spawn } from "../../../src/vmm/agent/process.ts";
import { FrameType, Payload } from "../../../src/vmm/agent/protocol.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { FakeAgent } from "./fake-agent.ts";

const TYPES = Object.values(FrameType).filter((type) => typeof type === "number");

function payload(random: Random): Payload {
  const made = new Payload();
  for (let parts = random.below(4); parts > 0; parts--) {
    const kind = random.below(3);
    if (kind === 0) made.u32(random.pick([0, 1, 2, 65_536, 0xffff_ffff]));
    else if (kind === 1) made.bytes(Uint8Array.from({ length: random.below(100) }, () => random.below(256)));
    else made.bytes(new Uint8Array(random.pick([0, 1000, 60_000])));
  }
  return made;
}

/** One agent. It fails by throwing: something has been thrown that nobody catches, or never comes to an end. */
export async function fuzzAgent(seed: number): Promise<void> {
  const random = new Random(seed);
  const agent = new FakeAgent();
  const client = new AgentClient(agent);
  const files = new AgentFiles(client);
  const asked = [
    () => exec(client, "x", { stdin: "y".repeat(random.below(200_000)), maxOutput: 100_000 }),
    () => spawn(client, "x", {}).then((process) => process.exited),
    () => files.list("/x"),
    () => files.status("/x", true),
    () => new Response(files.read("/x")).arrayBuffer(),
    () => files.write("/x", one(new Uint8Array(random.below(200_000)))),
  ];
  const ended: Promise<unknown>[] = [];
  agent.serve();
  for (let round = 0; round < 40; round++) {
    if (random.oneIn(4))
      ended.push(
        random
          .pick(asked)()
          .catch(() => undefined),
      );
    // A turn of the event loop, in which requests are sent.
    await new Promise((resolve) => setImmediate(resolve));
    const id = agent.sent.at(-1)?.id ?? 0;
    const frame = payload(random).frame(random.oneIn(8) ? random.below(10) : id, random.pick(TYPES), random.below(3));
    if (random.oneIn(8)) new DataView(frame.buffer).setUint32(0, random.below(2 ** 32), true);
    const bytes = random.oneIn(8) ? frame.subarray(0, random.below(frame.length)) : frame;
    const cut = random.below(bytes.length + 1);
    agent.raw(bytes.slice(0, cut));
    agent.raw(bytes.slice(cut));
    if (random.oneIn(10)) client.connect();
  }
  agent.end();
  const late = new Promise((_, reject) => setTimeout(reject, 5000, new Error(`seed ${seed}: it never ends`)).unref());
  await Promise.race([Promise.all(ended), late]);
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzAgentMany = fuzzMany(
  "agent",
  fuzzAgent,
  "agents: nothing was thrown, and every request came to an end",
);
