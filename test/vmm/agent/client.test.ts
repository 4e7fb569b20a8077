import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { AgentClient } from "../../../src/vmm/agent/client.ts";
import { copyTreeFrom } from "../../../src/vmm/agent/copy.ts";
import { AgentFiles } from "../../../src/vmm/agent/files.ts";
import { WINDOW } from "../../../src/vmm/agent/flow.ts";
import { exec, spawn } from "../../../src/vmm/agent/process.ts";
import { type Frame, FrameParser, FrameType, Payload, PayloadReader } from "../../../src/vmm/agent/protocol.ts";
import { failureOf } from "../../support/failure.ts";
import { FakeAgent, type Sent } from "./fake-agent.ts";
import { fuzzAgent } from "./fuzz.ts";

function rig(serve?: (frame: Sent, agent: FakeAgent) => void): { agent: FakeAgent; client: AgentClient } {
  const agent = new FakeAgent();
  const client = new AgentClient(agent);
  agent.serve((frame) => serve?.(frame, agent));
  return { agent, client };
}

/** Answers a command with these frames before its end. */
const command =
  (...frames: readonly [type: FrameType, payload: Payload, channel?: number][]) =>
  ({ id, type }: Sent, agent: FakeAgent): void => {
    if (type !== FrameType.EXEC) return;
    for (const frame of frames) agent.say(id, ...frame);
    agent.done(id, 0, new Payload().u32(3).u32(0).u32(0));
  };

const text = (value: string): Payload => new Payload().bytes(new TextEncoder().encode(value));

describe("frames", () => {
  const hello = new Payload().bytes(new TextEncoder().encode("wasmvisor-agent\0")).u64(7).u32(1).u32(0).frame(0, 1);

  test("are found behind junk, wherever they are cut", () => {
    const junk = Uint8Array.from({ length: 100 }, (_, i) => hello[i % 30]!);
    const bytes = Uint8Array.from([...junk, ...hello, ...text("abc").frame(5, FrameType.DATA, 1)]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const frames: Frame[] = [];
      const parser = new FrameParser(
        (frame) => frames.push(frame),
        () => undefined,
      );
      parser.seek(7n);
      parser.feed(bytes.slice(0, cut));
      parser.feed(bytes.slice(cut));
      expect(frames.map(({ id, type, channel }) => [id, type, channel])).toEqual([
        [0, FrameType.HELLO, 0],
        [5, FrameType.DATA, 1],
      ]);
    }
  });

  test("with much data have it at a multiple of eight, behind an empty one, and come together from any pieces", () => {
    const data = Uint8Array.from({ length: 5000 }, (_, i) => i);
    const bytes = new Payload().bytes(data).frame(5, FrameType.DATA, 1);
    expect(bytes.length - data.length).toBe(24);
    for (const size of [1, 7, 4096, bytes.length]) {
      const frames: Frame[] = [];
      const parser = new FrameParser(
        (frame) => frames.push(frame),
        () => expect.unreachable(),
      );
      parser.seek(7n);
      parser.feed(hello);
      for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.slice(at, at + size));
      expect(frames.map(({ id, type, channel, payload }) => [id, type, channel, payload.length])).toEqual([
        [0, FrameType.HELLO, 0, 32],
        [5, FrameType.DATA, 1, 0],
        [5, FrameType.DATA, 1, data.length],
      ]);
      expect(frames[2]!.payload).toEqual(data);
    }
  });

  test("that are too long end it, and nothing of them is kept", () => {
    let [broken, frames] = [0, 0];
    const parser = new FrameParser(
      () => frames++,
      () => broken++,
    );
    parser.seek(7n);
    parser.feed(hello);
    const long = text("").frame(1, FrameType.DATA);
    new DataView(long.buffer).setUint32(0, 65_537, true);
    parser.feed(long);
    parser.feed(hello);
    expect([broken, frames]).toEqual([1, 1]);
  });
});

test("a command's output is collected, channel by channel", async () => {
  const { client } = rig(
    command([FrameType.DATA, text("out"), 0], [FrameType.DATA, text("err"), 1], [FrameType.END, new Payload(), 0]),
  );
  expect(await exec(client, "x", {})).toEqual({
    code: 3,
    signal: undefined,
    timedOut: false,
    stdout: "out",
    stderr: "err",
  });
});

test("an agent that sends more than it may, to where there is nothing, or another thing, ends the session and no more", async () => {
  const chunk = new Payload().bytes(new Uint8Array(65_536));
  const wrongs: ((frame: Sent, agent: FakeAgent) => void)[] = [
    // Nobody reads: the window and a pipe's worth are the most that is kept.
    ({ id }, agent) => {
      for (let i = 0; i < WINDOW / 65_536 + 2; i++) agent.say(id, FrameType.DATA, chunk);
    },
    ({ id }, agent) => agent.say(id, FrameType.DATA, text("x"), 2),
    ({ id }, agent) => agent.say(id, FrameType.READ),
    (_frame, agent) => agent.say(0, FrameType.DATA, text("x")),
    (_frame, agent) => agent.raw(new Uint8Array(12).fill(0xff)),
  ];
  for (const wrong of wrongs) {
    const { agent, client } = rig((frame, to) => {
      if (frame.type !== FrameType.EXEC) return;
      to.say(frame.id, FrameType.STARTED, new Payload().u32(1));
      setTimeout(() => wrong(frame, to));
    });
    const process = await spawn(client, "x", {});
    expect(await failureOf(() => process.exited)).toMatchObject({ code: "agent-protocol" });
    // Who asks again gets a new session.
    agent.serve((frame) => command()(frame, agent));
    expect(await exec(client, "y", {})).toMatchObject({ code: 3 });
  }
});

test("an agent of another version is refused", async () => {
  for (const version of [0, 2, 0xffff_ffff]) {
    const agent = new FakeAgent();
    const client = new AgentClient(agent);
    agent.hello(agent.sent[0]!, version);
    expect(await failureOf(() => client.ready())).toMatchObject({ code: "agent-protocol" });
  }
});

test("input goes out as the agent takes it", async () => {
  let got = 0;
  const { agent, client } = rig(({ id, type, payload }) => {
    if (type === FrameType.EXEC) agent.say(id, FrameType.CREDIT, new Payload().u32(10));
    if (type === FrameType.DATA) {
      got += payload.length;
      expect(payload.length).toBeLessThanOrEqual(10);
      if (got < 25) agent.say(id, FrameType.CREDIT, new Payload().u32(10));
    }
    if (type === FrameType.END) agent.done(id, 0, new Payload().u32(got).u32(0).u32(0));
  });
  expect(await exec(client, "x", { stdin: "y".repeat(25) })).toMatchObject({ code: 25 });
});

test("what is read is given back as credit, and what nobody reads is not", async () => {
  let credit = 0;
  const { agent, client } = rig(({ id, type, payload }) => {
    if (type === FrameType.CREDIT) credit += new PayloadReader(payload).u32();
    if (type !== FrameType.EXEC) return;
    agent.say(id, FrameType.STARTED, new Payload().u32(1));
    for (let i = 0; i < 4; i++) agent.say(id, FrameType.DATA, new Payload().bytes(new Uint8Array(65_536)));
  });
  const process = await spawn(client, "x", {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(credit).toBe(0);
  const reader = process.stdout.getReader();
  for (let i = 0; i < 3; i++) await reader.read();
  expect(credit).toBe(3 * 65_536);
});

test("what nobody wants is given back in lumps, and not byte by byte", async () => {
  const credits: number[] = [];
  const { agent, client } = rig(({ id, type, payload }) => {
    if (type === FrameType.CREDIT) credits.push(new PayloadReader(payload).u32());
    if (type === FrameType.EXEC) agent.say(id, FrameType.STARTED, new Payload().u32(1));
  });
  const process = await spawn(client, "x", {});
  await process.stdout.cancel();
  const frame = new Payload().bytes(new Uint8Array(1)).frame(agent.sent.at(-1)!.id, FrameType.DATA);
  for (let count = 0; count < 200; count++) agent.raw(Buffer.concat(Array<Uint8Array>(1000).fill(frame)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(credits).toEqual([WINDOW, 65_536, 65_536, 65_536]);
});

test("a folder whose names have no end is not listed", async () => {
  const entry = (): Payload => {
    const payload = new Payload();
    for (let word = 0; word < 4; word++) payload.u32(0);
    return payload.u64(0).u64(0).text("x".repeat(60_000)).text("");
  };
  const frame = entry();
  let said = 0;
  const { agent, client } = rig(({ id, type }) => {
    if (type === FrameType.CREDIT || type === FrameType.LIST)
      for (let count = 0; count < 2; count++, said++) agent.say(id, FrameType.DATA, frame);
  });
  expect(await failureOf(() => new AgentFiles(client).list("/x"))).toMatchObject({ code: "guest-file" });
  expect(said * 60_000).toBeLessThan(2 ** 27 + 2 ** 20);
});

test("requests fail when the guest goes, and those who wait for it are served by the next one", async () => {
  const { agent, client } = rig();
  const running = failureOf(() => exec(client, "x", {}));
  await client.ready();
  await new Promise((resolve) => setTimeout(resolve));
  agent.onFrame = () => undefined;
  client.connect();
  expect(await running).toMatchObject({ code: "agent-lost" });
  const waits = exec(client, "y", {});
  client.connect();
  agent.sent.splice(0, agent.sent.length - 1);
  agent.serve((frame) => command()(frame, agent));
  expect(await waits).toMatchObject({ code: 3 });
  agent.end();
  await new Promise((resolve) => setTimeout(resolve));
  expect(await failureOf(() => exec(client, "z", {}))).toMatchObject({ code: "agent-lost" });
});

describe("a guest that lies about its files", () => {
  const FOLDER = 0o040755;
  const LINK = 0o120777;
  const FILE = 0o100644;
  const status = (mode: number): Payload => new Payload().u32(mode).u32(0).u32(0).u32(1).u64(0).u64(0);
  const entry = (mode: number, name: string, target = ""): Payload =>
    new Payload().bytes(status(mode).frame(0, FrameType.DONE).subarray(12)).text(name).text(target);

  async function copy(...entries: readonly Payload[]): Promise<{ error: unknown; outside: string; inside: string }> {
    const outside = mkdtempSync(path.join(tmpdir(), "wasmvisor-lies-"));
    onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
    const inside = path.join(outside, "target");
    const { agent, client } = rig(({ id, type, payload }) => {
      if (type === FrameType.STAT) agent.done(id, 0, status(FOLDER));
      else if (type === FrameType.LIST) {
        const isTop = new TextDecoder().decode(payload.subarray(4)).startsWith("/top\0");
        for (const one of isTop ? entries : [entry(FILE, "evil")]) agent.say(id, FrameType.DATA, one);
        agent.done(id);
      } else if (type === FrameType.READ) {
        agent.say(id, FrameType.DATA, text("evil"));
        agent.done(id);
      }
    });
    const error: unknown = await copyTreeFrom(new AgentFiles(client), "/top", inside).catch((cause: unknown) => cause);
    return { error, outside, inside };
  }

  test.each(["../evil", "a/b", "..", ".", "", "/etc/evil"])("the name %j is refused", async (name) => {
    const { error, outside, inside } = await copy(entry(FILE, name));
    expect(error).toMatchObject({ code: "guest-file" });
    expect([readdirSync(outside), readdirSync(inside)]).toEqual([["target"], []]);
  });

  test("a link and a folder of one name are refused; a link that is there is replaced, not followed", async () => {
    const { error, inside } = await copy(entry(LINK, "a", "/tmp"), entry(FOLDER, "a"));
    expect(error).toMatchObject({ code: "guest-file" });
    expect(readdirSync(inside)).toEqual([]);
    const { outside, inside: second } = await copy(entry(LINK, "a", ".."));
    const { agent, client } = rig(({ id, type, payload }) => {
      if (type === FrameType.STAT) agent.done(id, 0, status(FOLDER));
      else if (type === FrameType.LIST) {
        const isTop = new TextDecoder().decode(payload.subarray(4)).startsWith("/top\0");
        agent.say(id, FrameType.DATA, isTop ? entry(FOLDER, "a") : entry(FILE, "evil"));
        agent.done(id);
      } else if (type === FrameType.READ) agent.done(id);
    });
    await copyTreeFrom(new AgentFiles(client), "/top", second);
    expect(existsSync(path.join(outside, "evil"))).toBe(false);
    expect(existsSync(path.join(second, "a/evil"))).toBe(true);
  });

  test("entries that are cut off are refused", async () => {
    expect((await copy(new Payload().u32(FILE).u32(0))).error).toMatchObject({ code: "guest-file" });
  });
});

test("agents that talk nonsense do no harm", async () => {
  for (let seed = 1; seed <= 60; seed++) await fuzzAgent(seed);
});
