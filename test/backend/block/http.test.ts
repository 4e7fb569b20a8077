import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpBlock, type HttpBlockOptions } from "../../../src/backend/block/http/http.ts";
import { openDisk } from "../../../src/disk/index.ts";
import { createQcow2 } from "../../../src/disk/qcow2/create.ts";
import { MemoryBlock } from "../../../src/backend/block/memory.ts";
import { failureOf } from "../../support/failure.ts";
import { contentOf, firstDifference, pattern } from "../../contract/block-contract.ts";
import { type RangeServer, serveRanges } from "../../support/range-server.ts";

const BLOCK = 65_536;
const SIZE = 40 * BLOCK + 1000;
const content = pattern(SIZE, 3);

let server: RangeServer;
beforeEach(async () => {
  server = await serveRanges(content);
});
afterEach(() => server[Symbol.asyncDispose]());

const open = (options: HttpBlockOptions = {}) => HttpBlock.open(server.url, { pause: 1, readAhead: 0, ...options });

async function read(disk: HttpBlock, at: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await disk.read(at, into);
  return into;
}

describe("blocks", () => {
  test("are fetched once, and read from memory from then on", async () => {
    const disk = await open();
    expect(disk.size).toBe(SIZE);
    await read(disk, 3 * BLOCK - 10, 20);
    const requests = server.ranges.length;
    expect(disk.read(2 * BLOCK, new Uint8Array(2 * BLOCK))).toBeUndefined();
    expect(server.ranges).toHaveLength(requests);
    expect(disk.traffic).toEqual({ requests: 2, bytes: 3 * BLOCK });
  });

  test("that two reads want at once are asked for once", async () => {
    const disk = await open();
    await Promise.all([read(disk, 5 * BLOCK, 100), read(disk, 5 * BLOCK + 200, 100), read(disk, 5 * BLOCK, BLOCK)]);
    expect(server.ranges).toHaveLength(2);
  });

  test("that lie beside each other are one request", async () => {
    const disk = await open();
    expect(firstDifference(await read(disk, BLOCK, 10 * BLOCK), content.subarray(BLOCK, 11 * BLOCK))).toBeUndefined();
    expect(server.ranges).toEqual([`bytes=0-${BLOCK - 1}`, `bytes=${BLOCK}-${11 * BLOCK - 1}`]);
  });

  test("take no more memory than they may, and the last used are kept", async () => {
    const disk = await open({ cacheBytes: 4 * BLOCK });
    for (let at = 0; at < 20; at++) await read(disk, at * BLOCK, 10);
    const requests = server.ranges.length;
    await read(disk, 17 * BLOCK, 10);
    expect(server.ranges).toHaveLength(requests);
    await read(disk, 3 * BLOCK, 10);
    expect(server.ranges).toHaveLength(requests + 1);
    expect(firstDifference(await contentOf(disk), content)).toBeUndefined();
  });

  test("are fetched ahead of who reads from front to back, and not of others", async () => {
    const disk = await open({ readAhead: 8 * BLOCK });
    await read(disk, 0, BLOCK);
    await read(disk, BLOCK, BLOCK);
    await read(disk, 6 * BLOCK, BLOCK);
    expect(server.ranges[1]).toBe(`bytes=${BLOCK}-${9 * BLOCK - 1}`);
    await read(disk, 30 * BLOCK, 10);
    expect(server.ranges.at(-1)).toBe(`bytes=${30 * BLOCK}-${31 * BLOCK - 1}`);
  });
});

describe("a server", () => {
  test("that fails for a while is asked again", async () => {
    const disk = await open();
    let left = 3;
    server.misbehave = (request, response) => {
      if (left-- <= 0) return false;
      if (left === 2) response.writeHead(503).end();
      else if (left === 1) request.socket.destroy();
      else
        response
          .writeHead(206, { "content-range": `bytes ${BLOCK}-${2 * BLOCK - 1}/${SIZE}`, etag: '"1"' })
          .end("short");
      return true;
    };
    expect(firstDifference(await read(disk, BLOCK, 100), content.subarray(BLOCK, BLOCK + 100))).toBeUndefined();
  });

  test("that fails for good is an I/O error after as many tries, and may be there again later", async () => {
    const disk = await open({ tries: 3 });
    server.misbehave = (_, response) => !!response.writeHead(500).end();
    const before = server.ranges.length;
    expect(await failureOf(() => read(disk, BLOCK, 10))).toMatchObject({ code: "block-io" });
    expect(server.ranges).toHaveLength(before + 3);
    server.misbehave = undefined;
    expect(await read(disk, BLOCK, 3)).toEqual(content.slice(BLOCK, BLOCK + 3));
  });

  test("that is silent is given up", async () => {
    const disk = await open({ tries: 2, stallTimeout: 500 });
    server.misbehave = () => true;
    const error = await failureOf(() => read(disk, BLOCK, 10));
    expect(error).toMatchObject({ code: "block-io" });
    expect(error.message).toContain("nothing has come for 0.5 s");
  });

  test("that stops in the middle of an answer is given up", async () => {
    const disk = await open({ tries: 2, stallTimeout: 500 });
    server.misbehave = (_, response, first, last) => {
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${SIZE}`, etag: '"1"' });
      response.write("some");
      return true;
    };
    expect(await failureOf(() => read(disk, BLOCK, 10))).toMatchObject({ code: "block-io" });
  });

  test.each([
    ["its ETag", () => (server.etag = '"2"')],
    ["its size", () => (server.content = content.subarray(0, SIZE - 1))],
    ["its ETag, to none", () => (server.etag = undefined)],
  ])("whose file has changed %s is an I/O error from then on, for what had been read, too", async (_, change) => {
    const disk = await open();
    await read(disk, BLOCK, 10);
    change();
    expect(await failureOf(() => read(disk, 2 * BLOCK, 10))).toMatchObject({
      code: "block-io",
      data: { reason: "changed" },
    });
    expect(await failureOf(() => read(disk, BLOCK, 10))).toMatchObject({ data: { reason: "changed" } });
  });

  test.each<[string, RangeServer["misbehave"], RegExp]>([
    ["has no such file", (_, response) => !!response.writeHead(404).end(), /answers 404; check the address/],
    ["sends no ranges", (_, response) => !!response.writeHead(200).end("all"), /sends no ranges/],
    ["does not say the size", (_, response) => !!response.writeHead(206).end("x"), /Content-Range/],
    [
      "sends other bytes",
      (_, response) => !!response.writeHead(206, { "content-range": `bytes 1-10/${SIZE}` }).end("0123456789"),
      /other bytes/,
    ],
    [
      "says a size beyond all",
      (_, response, first, last) =>
        !!response.writeHead(206, { "content-range": `bytes ${first}-${last}/9999999999999999` }).end(),
      /other bytes|cannot be/,
    ],
  ])("that %s is refused in one sentence, at once", async (_, misbehave, sentence) => {
    server.misbehave = misbehave;
    const error = await failureOf(() => open());
    expect(error.message).toMatch(sentence);
    expect(error.message).toMatch(/^[^.].*\.$/);
    expect(server.ranges).toHaveLength(1);
  });

  test("that sends without end is read no further than was asked for", async () => {
    let sent = 0;
    server.misbehave = (_, response, first, last) => {
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${SIZE}`, etag: '"1"' });
      const more = () => {
        while (!response.destroyed && response.write(new Uint8Array(BLOCK))) sent += BLOCK;
      };
      response.on("drain", more);
      more();
      return true;
    };
    expect(await failureOf(() => open({ tries: 1 }))).toMatchObject({ code: "block-io" });
    expect(sent).toBeLessThan(64 * BLOCK);
  });
});

test("closing gives up what is on its way", async () => {
  const disk = await open();
  server.misbehave = () => true;
  const waiting = failureOf(() => read(disk, BLOCK, 10));
  await disk.close();
  expect(await waiting).toMatchObject({ code: "block-closed" });
});

test("an address that is none is refused", async () => {
  expect(await failureOf(() => HttpBlock.open("ftp://example.org/a"))).toMatchObject({ code: "source-unreadable" });
  expect(await failureOf(() => HttpBlock.open("disk.img"))).toMatchObject({ code: "source-unreadable" });
});

test("a name and password of the address are sent, and not shown", async () => {
  let authorization: string | undefined;
  server.misbehave = (request) => {
    ({ authorization } = request.headers);
    return false;
  };
  const disk = await HttpBlock.open(server.url.replace("//", "//me:s%20t@"));
  expect(authorization).toBe(`Basic ${btoa("me:s t")}`);
  expect(disk.info.description).not.toContain("s%20t");
});

test("a qcow2 image on a server is a disk", async () => {
  const file = new MemoryBlock(0);
  await createQcow2(file, { size: 2 ** 20, clusterBytes: 4096 });
  const image = await openDisk(file);
  await image.write(300_000, pattern(5000, 9));
  await image.flush();
  server.content = await contentOf(file);
  const disk = await openDisk(await open());
  expect(disk.size).toBe(2 ** 20);
  const into = new Uint8Array(5000);
  await disk.read(300_000, into);
  expect(firstDifference(into, pattern(5000, 9))).toBeUndefined();
});
