import { afterEach, describe, expect, test } from "vitest";
import type { NbdBlock } from "../../../src/backend/block/nbd/nbd.ts";
import { openAddress } from "../../../src/disk/index.ts";
import { failureOf } from "../../support/failure.ts";
import { contentOf, firstDifference, pattern } from "../../contract/block-contract.ts";
import { type NbdServer, type NbdServerOptions, optionReply, reply, serveNbd } from "../../support/nbd-server.ts";

const content = pattern(300_000, 5);

let server: NbdServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function open(options: NbdServerOptions = {}, stallTimeout = 5000): Promise<NbdBlock> {
  server = await serveNbd(content.slice(), options);
  return (await openAddress(server.url, { nbd: { stallTimeout } })) as NbdBlock;
}

describe("an export", () => {
  test("of a server that does not know GO is a disk", async () => {
    const disk = await open({ old: true });
    expect(firstDifference(await contentOf(disk), content)).toBeUndefined();
  });

  test("that may only be read says so", async () => {
    const disk = await open({ readonly: true });
    expect(disk.readonly).toBe(true);
    expect(await failureOf(() => disk.write(0, new Uint8Array(1)))).toMatchObject({ code: "block-readonly" });
  });

  test("is flushed and left properly when it is closed", async () => {
    const disk = await open();
    const writes = Array.from({ length: 200 }, (_, at) => disk.write(at * 100, pattern(100, at)));
    await Promise.all([...writes, disk.close()].map((done) => done.catch(() => undefined)));
    await expect.poll(() => server!.commands.at(-1)).toBe(2);
    expect(server!.commands.filter((command) => command === 3)).toHaveLength(1);
  });

  test("has at most 64 requests at once", async () => {
    const held: Buffer[] = [];
    const disk = await open({ onRequest: (_, { cookie }) => held.push(cookie) > 0 });
    const reads = Array.from({ length: 100 }, () => disk.read(0, new Uint8Array(10)));
    await expect.poll(() => held.length).toBe(64);
    const [socket] = server!.sockets;
    for (let answered = 0; answered < 100; answered++) {
      await expect.poll(() => held.length).toBeGreaterThan(answered);
      socket!.write(reply(held[answered]!, 0, new Uint8Array(10)));
    }
    await Promise.all(reads);
  });

  test("answers in any order", async () => {
    const waiting: [Buffer, number, number][] = [];
    const disk = await open({
      onRequest(socket, { command, cookie, at, length }) {
        if (command !== 0) return false;
        waiting.push([cookie, at, length]);
        if (waiting.length === 3)
          for (const [one, from, bytes] of waiting.reverse())
            socket.write(reply(one, 0, content.slice(from, from + bytes)));
        return true;
      },
    });
    const into = [10, 20, 30].map((length) => new Uint8Array(length));
    await Promise.all(into.map((bytes, index) => disk.read(index * 1000, bytes)));
    into.forEach((bytes, index) => expect(bytes).toEqual(content.slice(index * 1000, index * 1000 + bytes.length)));
  });
});

describe("an error of the server", () => {
  test.each([
    [28, "block-full"],
    [5, "block-io"],
    [77, "block-io"],
  ])("%i is one request's", async (error, code) => {
    let bad = true;
    const disk = await open({
      onRequest: (socket, { cookie }) => bad && socket.write(reply(cookie, error)),
    });
    expect(await failureOf(() => disk.write(0, new Uint8Array(5)))).toMatchObject({ code });
    bad = false;
    await disk.write(0, new Uint8Array(5));
  });
});

describe("a connection", () => {
  test("that is lost is an I/O error for all that waits, and all that comes", async () => {
    const disk = await open({ onRequest: (_, { at }) => at === 5 });
    const waiting = failureOf(() => disk.read(5, new Uint8Array(5)));
    await disk.read(0, new Uint8Array(5));
    for (const socket of server!.sockets) socket.destroy();
    expect(await waiting).toMatchObject({ code: "block-io" });
    expect(await failureOf(() => disk.read(0, new Uint8Array(5)))).toMatchObject({ code: "block-io" });
    await disk.close().catch(() => undefined);
  });

  test("over which nothing comes is given up, and one that idles is not", async () => {
    const disk = await open({ onRequest: (_, { at }) => at === 5 }, 1000);
    await disk.read(0, new Uint8Array(5));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await disk.read(0, new Uint8Array(5));
    const error = await failureOf(() => disk.read(5, new Uint8Array(5)));
    expect(error.message).toContain("nothing has come for 1 s");
  });

  test("over which something else comes is given up", async () => {
    const disk = await open({ onRequest: (socket) => socket.write(reply(Buffer.alloc(8, 9), 0, new Uint8Array(99))) });
    expect(await failureOf(() => disk.read(0, new Uint8Array(5)))).toMatchObject({ code: "block-io" });
  });

  test("whose answer breaks off in the middle is given up", async () => {
    const disk = await open({ onRequest: (socket, { cookie }) => !!socket.end(reply(cookie, 0, new Uint8Array(3))) });
    expect(await failureOf(() => disk.read(0, new Uint8Array(5)))).toMatchObject({ code: "block-io" });
  });
});

describe("a server is refused in one sentence", () => {
  const info = (bytes: number[]) => optionReply(7, 3, Buffer.from(bytes));
  test.each<[string, NbdServerOptions, RegExp]>([
    ["that speaks something else", { greeting: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") }, /is no NBD server/],
    ["that speaks oldstyle", { greeting: Buffer.from("NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53\0\0") }, /old form/],
    [
      "that has no such export",
      { onOption: (socket) => socket.write(optionReply(7, 0x8000_0006)) },
      /no export "disk"; check the name/,
    ],
    ["that wants TLS", { onOption: (socket) => socket.write(optionReply(7, 0x8000_0005)) }, /TLS/],
    [
      "that answers without end",
      {
        onOption(socket) {
          for (let left = 100; left > 0; left--) socket.write(info([0, 9]));
          return true;
        },
      },
      /to an end/,
    ],
    [
      "whose answer is too long",
      { onOption: (socket) => socket.write(Buffer.concat([optionReply(7, 3).subarray(0, 16), Buffer.alloc(4, 255)])) },
      /no NBD/,
    ],
    ["that says no size", { onOption: (socket) => socket.write(optionReply(7, 1)) }, /how large/],
    [
      "whose export is too large",
      { onOption: (socket) => socket.write(info([0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 1])) },
      /18446744073709551615 bytes/,
    ],
    [
      "whose blocks cannot be",
      { onOption: (socket) => socket.write(info([0, 3, 0, 0, 0, 3, 0, 0, 16, 0, 0, 16, 0, 0])) },
      /size that cannot be/,
    ],
    ["that closes at once", { onOption: (socket) => !!socket.destroy() }, /cannot be reached/],
    ["that says nothing", { greeting: new Uint8Array(0) }, /nothing has come/],
  ])("%s", async (_, options, sentence) => {
    const error = await failureOf(() => open(options, 2000));
    expect(error).toMatchObject({ code: "source-unreadable" });
    expect(error.message).toMatch(sentence);
    expect(error.message).toMatch(/^The NBD server [^ ]+ cannot be used: .*[^.]\.$/);
  });

  test("that is not there", async () => {
    expect(await failureOf(() => openAddress("nbd://127.0.0.1:1/x"))).toMatchObject({ code: "source-unreadable" });
  });
});

test.each(["nbd+unix:///disk", "ftp://a/b", "nbd:", "nbd+tcp://a"])("%s is no address", async (address) => {
  expect(await failureOf(() => openAddress(address))).toMatchObject({ code: "source-unreadable" });
});
