/** TCP and UDP by a Wisp relay: both versions, rooms, closes, and what a hostile one sends. */

import { createSocket } from "node:dgram";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StreamEvents } from "../../../src/backend/network/user/host-network.ts";
import { openWispSockets, type WispSockets } from "../../../src/index.ts";
import { extensionsOf, infoPacket, readPacket } from "../../../src/net/wisp/protocol.ts";
import { wispNetwork } from "../../../src/net/wisp/wisp.ts";
import { failureOf } from "../../support/failure.ts";
import { FakeSocket } from "../relay/socket-pair.ts";
import { serveWisp, type WispServerOptions } from "./server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function wisp(options: WispServerOptions = {}) {
  const server = await serveWisp({ names: { "site.example": "127.0.0.1" }, ...options });
  const account = options.password === undefined ? {} : { account: { user: "guest", password: options.password } };
  const sockets = await openWispSockets({ url: server.url, ...account });
  closing.push(
    () => server.close(),
    () => sockets.close(),
  );
  return { server, sockets };
}

/** A TCP server of the world's. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => serve(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function connect(sockets: WispSockets, address: string, port: number) {
  const told: string[] = [];
  const got: Uint8Array[] = [];
  let drains = 0;
  const events: StreamEvents = {
    connected: () => void told.push("connected"),
    data: (bytes) => void got.push(bytes),
    end: () => void told.push("end"),
    drain: () => void drains++,
    close: (why) => void told.push(why ?? "close"),
  };
  const stream = sockets.connect(address, port, events);
  return { stream, told, got, drains: () => drains, bytes: () => Buffer.concat(got) };
}

const soon = <Result>(check: () => Result) => vi.waitFor(check, 20_000);

async function addressOf(sockets: WispSockets, name: string): Promise<string> {
  const found = (await sockets.resolve(name, "A")) as unknown as { address: string }[];
  return found[0]!.address;
}

describe.each([1, 2] as const)("version %i", (version) => {
  test("carries TCP both ways to a name, never more packets than there is room for", async () => {
    const port = await listen((socket) => socket.pipe(socket));
    const { server, sockets } = await wisp({ version });
    const { stream, told, bytes, drains } = connect(sockets, await addressOf(sockets, "site.example"), port);
    const sent = Buffer.alloc(3_000_000, "0123456789abcdefg");
    expect(stream.write(sent)).toBe(false);
    await soon(() => expect(bytes().length).toBe(sent.length));
    expect(bytes().equals(sent)).toBe(true);
    expect([server.asked, told]).toEqual([[`1 site.example:${port}`], ["connected"]]);
    expect(server.most()).toBe(8);
    expect([drains(), stream.pending]).toEqual([1, 0]);
    stream.reset();
    await soon(() => expect(server.closes).toEqual([2]));
    expect(server.infos.length).toBe(version === 2 ? 1 : 0);
  });

  test("carries datagrams, and says from whom they are", async () => {
    const echo = createSocket("udp4");
    echo.on("message", (data, from) => echo.send(Buffer.concat([data, data]), from.port, from.address));
    await new Promise<void>((resolve) => echo.bind(0, "127.0.0.1", resolve));
    closing.push(() => echo.close());
    const { sockets } = await wisp({ version });
    const got: unknown[] = [];
    const events = {
      data: (bytes: Uint8Array, ...from: unknown[]) => void got.push([Buffer.from(bytes).toString(), ...from]),
      close: () => undefined,
    };
    const socket = await sockets.bind(4, events);
    const address = await addressOf(sockets, "site.example");
    socket.send(Buffer.from("ab"), address, echo.address().port);
    await soon(() => expect(got).toEqual([["abab", address, echo.address().port]]));
    socket.close();
  });
});

test("a connection that is refused, or whose other end goes, is so for the guest", async () => {
  const { sockets } = await wisp();
  const free = await listen(() => undefined);
  closing.pop()!();
  const refused = connect(sockets, "127.0.0.1", free);
  await soon(() => expect(refused.told.at(-1)).toBe("refused"));
  const port = await listen((socket) => void socket.end("bye"));
  const { told, bytes } = connect(sockets, "127.0.0.1", port);
  await soon(() => expect(told).toEqual(["connected", "end", "close"]));
  expect(bytes().toString()).toBe("bye");
});

test("what comes for a guest that takes nothing is kept, and given up when it is too much", async () => {
  const { sockets, server } = await wisp();
  const port = await listen((socket) => void socket.end(Buffer.alloc(1_000_000, 1)));
  const one = connect(sockets, "127.0.0.1", port);
  one.stream.pause();
  await soon(() => expect(server.asked.length).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(one.got.length).toBe(0);
  one.stream.resume();
  await soon(() => expect(one.told).toEqual(["connected", "end", "close"]));
  expect(one.bytes().length).toBe(1_000_000);
  const endless = await listen((socket) => {
    const fill = () => void (socket.destroyed || (socket.write(Buffer.alloc(65_536)), setImmediate(fill)));
    fill();
  });
  const two = connect(sockets, "127.0.0.1", endless);
  two.stream.pause();
  await soon(() => expect(two.told.at(-1)).toBe("reset"));
  await soon(() => expect(server.closes).toContain(0x81));
});

test("a relay that asks for a password gets it; with a wrong one there is no way", async () => {
  const port = await listen((socket) => void socket.end("in"));
  const { server, sockets } = await wisp({ password: "correct horse" });
  const { told } = connect(sockets, "127.0.0.1", port);
  await soon(() => expect(told).toEqual(["connected", "end", "close"]));
  expect([...server.infos[0]!.subarray(0, 2)]).toEqual([2, 0]);
  const stranger = await openWispSockets({ url: server.url, account: { user: "guest", password: "wrong" } });
  const { told: answered } = connect(stranger, "127.0.0.1", port);
  await soon(() => expect(answered.at(-1)).toMatch(/reset|unreachable/));
});

test("a relay that goes breaks all streams, and the next one begins a new session", async () => {
  const port = await listen((socket) => void socket.write("x"));
  const { server, sockets } = await wisp();
  const one = connect(sockets, "127.0.0.1", port);
  await soon(() => expect(one.got.length).toBe(1));
  server.drop();
  await soon(() => expect(one.told).toEqual(["connected", "reset"]));
  const two = connect(sockets, "127.0.0.1", port);
  await soon(() => expect(two.got.length).toBe(1));
  sockets.close();
  expect(two.told).toEqual(["connected", "reset"]);
  const three = connect(sockets, "127.0.0.1", port);
  await soon(() => expect(three.told).toEqual(["unreachable"]));
});

test("whatever a relay sends, nothing is thrown and every stream ends", async () => {
  let state = 5;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
  for (let round = 0; round < 300; round++) {
    const socket = new FakeSocket();
    socket.readyState = 1;
    const sockets = wispNetwork({ url: "ws://relay.test/" }, () => socket);
    const stream = connect(sockets, "192.0.2.1", 80);
    const datagrams = await sockets.bind(4, { data: () => undefined, close: () => undefined });
    datagrams.send(new Uint8Array(9), "192.0.2.1", 53);
    await Promise.resolve();
    if (round % 2 === 0) socket.gets(Uint8Array.of(3, 0, 0, 0, 0, 4, 0, 0, 0).buffer);
    if (round % 4 === 0) socket.gets(Uint8Array.of(5, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0).buffer);
    for (let count = next() % 20; count > 0; count--) {
      const bytes = Uint8Array.from({ length: next() % 40 }, next);
      if (bytes.length >= 5) bytes.set([next() % 7, next() % 4, 0, 0, 0]);
      socket.gets(next() % 50 === 0 ? "text" : bytes.buffer);
      stream.stream.write(new Uint8Array(next() % 3000));
      if (next() % 5 === 0) stream.stream.pause();
      if (next() % 5 === 0) stream.stream.resume();
    }
    sockets.close();
    datagrams.close();
    expect([round, stream.told.at(-1)]).toEqual([
      round,
      expect.stringMatching(/^(close|reset|refused|unreachable|timeout)$/),
    ]);
  }
});

test("packets are as the protocol's text has them", () => {
  const info = readPacket(infoPacket(true, { user: "ab", password: "c" }))!;
  expect([info.type, info.stream]).toEqual([5, 0]);
  expect([...info.payload]).toEqual([2, 0, 1, 0, 0, 0, 0, 2, 6, 0, 0, 0, 2, 1, 0, 97, 98, 99]);
  expect(extensionsOf(info.payload)).toEqual(new Set([1, 2]));
  expect(extensionsOf(Uint8Array.of(2, 0, 1, 0, 0, 0, 0, 2, 255, 0, 0, 0))).toEqual(new Set([1]));
});

test("names have addresses of their own, which are given up only for many others", async () => {
  const { sockets } = await wisp();
  const first = await addressOf(sockets, "a.example");
  expect([first, await addressOf(sockets, "a.example")]).toEqual(["198.18.1.0", "198.18.1.0"]);
  expect([sockets.standsForName!(first), sockets.standsForName!("198.18.1.1")]).toEqual([true, false]);
  for (let number = 0; number < 65_535; number++) await sockets.resolve(`n${number}.example`, "A");
  expect(await addressOf(sockets, "a.example")).toBe(first);
  await sockets.resolve("last.example", "A");
  expect(await addressOf(sockets, "a.example")).toBe("198.18.1.1");
});

test("an address without its slash, or a forward, is answered in a sentence", async () => {
  expect(await failureOf(() => openWispSockets({ url: "ws://relay.example/wisp" }))).toMatchObject({
    code: "network-option",
  });
  const account = { user: "x".repeat(256), password: "" };
  expect(await failureOf(() => openWispSockets({ url: "ws://relay.example/", account }))).toMatchObject({
    code: "network-option",
  });
  const { sockets } = await wisp();
  expect(await failureOf(() => sockets.listen("127.0.0.1", 0, () => undefined))).toMatchObject({ code: "unsupported" });
});
