/** Node's sockets, as a user network sees them. */

import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { HostStream, StreamEvents } from "../../src/backend/network/user/host-network.ts";
import { hostNetwork } from "../../src/host/network-node.ts";
import { failureOf } from "../support/failure.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onSocket);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** What a stream tells, in order; runs of bytes are one. */
class Log implements StreamEvents {
  readonly lines: string[] = [];
  bytes = 0;
  drains = 0;

  connected(): void {
    this.lines.push("connected");
  }

  data(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (this.lines.at(-1) !== "data") this.lines.push("data");
  }

  end(): void {
    this.lines.push("end");
  }

  drain(): void {
    this.drains++;
  }

  close(why?: string): void {
    this.lines.push(`close ${why ?? "well"}`);
  }

  async until(line: string): Promise<void> {
    await expect.poll(() => this.lines, { timeout: 10_000 }).toContain(line);
  }
}

describe("a stream", () => {
  test("closes one way at a time", async () => {
    const port = await serve((socket) => {
      socket.on("end", () => socket.end("goodbye"));
      socket.resume();
    });
    const log = new Log();
    const stream = hostNetwork.connect("127.0.0.1", port, log);
    await log.until("connected");
    stream.write(Buffer.from("hello"));
    stream.end();
    await log.until("close well");
    expect(log.lines).toEqual(["connected", "data", "end", "close well"]);
    expect(log.bytes).toBe(7);
  });

  test("that nobody takes, or whose address is none, says why", async () => {
    const port = await serve(() => undefined);
    servers.pop()!.close();
    const refused = new Log();
    hostNetwork.connect("127.0.0.1", port, refused);
    await refused.until("close refused");
    const broadcast = new Log();
    hostNetwork.connect("255.255.255.255", 1, broadcast);
    await broadcast.until("close unreachable");
  });

  test("is reset by the other end, and resets it", async () => {
    let other!: Socket;
    let errors = 0;
    const port = await serve((socket) => {
      other = socket;
      socket.on("error", () => errors++);
      socket.resume();
    });
    const log = new Log();
    hostNetwork.connect("127.0.0.1", port, log);
    await log.until("connected");
    await expect.poll(() => other).toBeDefined();
    other.resetAndDestroy();
    await log.until("close reset");
    const second = new Log();
    const stream = hostNetwork.connect("127.0.0.1", port, second);
    await second.until("connected");
    await expect.poll(() => other.destroyed).toBe(false);
    stream.reset();
    await expect.poll(() => errors).toBeGreaterThan(0);
    // Nothing is wrong with what comes too late.
    expect(stream.write(Buffer.from("late"))).toBe(true);
    stream.end();
  });

  test("says when what it holds has left, and waits when it is paused", async () => {
    let other!: Socket;
    const port = await serve((socket) => {
      other = socket;
      socket.on("error", () => undefined);
      socket.pause();
    });
    const log = new Log();
    const stream: HostStream = hostNetwork.connect("127.0.0.1", port, log);
    await log.until("connected");
    for (let i = 0; i < 400; i++) stream.write(Buffer.alloc(65_536));
    expect(stream.pending).toBeGreaterThan(1_000_000);
    expect(log.drains).toBe(0);
    let taken = 0;
    other.on("data", (bytes) => (taken += bytes.length)).resume();
    await expect.poll(() => taken, { timeout: 10_000 }).toBe(400 * 65_536);
    await expect.poll(() => log.drains).toBeGreaterThan(0);
    expect(stream.pending).toBe(0);
    stream.pause();
    other.write(Buffer.alloc(1000));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(log.bytes).toBe(0);
    stream.resume();
    await expect.poll(() => log.bytes).toBe(1000);
    stream.reset();
  });
});

describe("a listener", () => {
  test("hands connections out, paused, with who comes", async () => {
    const log = new Log();
    let stream: HostStream | undefined;
    const froms: string[] = [];
    const listener = await hostNetwork.listen("127.0.0.1", 0, (accepted) => {
      froms.push(`${accepted.address} ${accepted.port}`);
      stream = accepted.take(log);
    });
    const client = connect({ host: "127.0.0.1", port: listener.port });
    client.write("early");
    await expect.poll(() => stream).toBeDefined();
    expect(froms).toEqual([`127.0.0.1 ${client.localPort}`]);
    expect(log.bytes).toBe(0);
    stream!.resume();
    await expect.poll(() => log.bytes).toBe(5);
    const taken = await failureOf(() => hostNetwork.listen("127.0.0.1", listener.port, () => undefined));
    expect(taken).toMatchObject({ code: "network-port", data: { reason: "EADDRINUSE" } });
    listener.close();
    client.destroy();
  });
});

describe("datagrams", () => {
  test("pass between two sockets; a port is had once", async () => {
    const got: string[] = [];
    const one = await hostNetwork.bind(4, { data: () => undefined, close: () => undefined }, "127.0.0.1", 0);
    const two = await hostNetwork.bind(
      4,
      {
        data: (bytes, address, port) => got.push(`${Buffer.from(bytes).toString()} ${address} ${port}`),
        close: () => undefined,
      },
      "127.0.0.1",
      0,
    );
    one.send(Buffer.from("hello"), "127.0.0.1", two.port);
    await expect.poll(() => got).toEqual([`hello 127.0.0.1 ${one.port}`]);
    await expect.poll(() => one.pending).toBe(0);
    const taken = await failureOf(() =>
      hostNetwork.bind(4, { data: () => undefined, close: () => undefined }, "127.0.0.1", one.port),
    );
    expect(taken).toMatchObject({ code: "network-port" });
    // What is no address is not looked for, and what cannot be sent is lost.
    one.send(Buffer.from("lost"), "nonsense", 1);
    one.send(Buffer.alloc(70_000), "127.0.0.1", two.port);
    await expect.poll(() => one.pending).toBe(0);
    one.close();
    one.close();
    two.close();
  });
});

test("names of the host are resolved, others are not", async () => {
  expect(await hostNetwork.resolve("localhost", "A")).toEqual([{ type: "A", address: "127.0.0.1" }]);
  expect(await hostNetwork.resolve("nothing.invalid", "A")).toBeTypeOf("string");
});
