/** What becomes of a guest's request when what its disk stands on fails: an I/O error inside, and an error with a code outside. */

import { afterEach, expect, test } from "vitest";
import type { BlockBackend } from "../../../src/backend/block/block.ts";
import { HttpBlock, type HttpBlockOptions } from "../../../src/backend/block/http/http.ts";
import { MemoryBlock } from "../../../src/backend/block/memory.ts";
import { hostCodec } from "../../../src/disk/codec.ts";
import { openAddress } from "../../../src/disk/index.ts";
import { createQcow2 } from "../../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../../src/disk/qcow2/qcow2.ts";
import { WasmvisorError } from "../../../src/error.ts";
import { pattern } from "../../contract/block-contract.ts";
import { type NbdServer, serveNbd } from "../../support/nbd-server.ts";
import { type RangeServer, serveRanges } from "../../support/range-server.ts";
import { disk, type Disk } from "./disk-rig.ts";
import { RAM_PA } from "./driver.ts";

const [IN, OUT, FLUSH] = [0, 1, 4] as const;
const [OK, IOERR] = [0, 1] as const;
const [HEADER, DATA, STATUS] = [RAM_PA + 0x8_0000, RAM_PA + 0x9_0000, RAM_PA + 0x8_1000];
const BLOCK = 65_536;
const SIZE = 40 * BLOCK;

const servers: (RangeServer | NbdServer)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

/** A disk of a backend, with a driver that has begun. */
function begun(backend: BlockBackend): Disk {
  const one = disk({ backend });
  one.rig.start();
  return one;
}

/** Makes a request of 4 KiB, waits for its end, and gives its status. */
async function request({ rig }: Disk, type: number, at: number): Promise<number> {
  rig.memory.store32(HEADER, type);
  rig.memory.store64(HEADER + 8, BigInt(at / 512));
  rig.memory.store8(STATUS, 0xee);
  const data = type === FLUSH ? [] : [{ pa: DATA, length: 4096, write: type === IN }];
  rig.put([{ pa: HEADER, length: 16 }, ...data, { pa: STATUS, length: 1, write: true }]);
  rig.notify();
  await rig.arrivals.settle();
  return rig.memory.load8(STATUS)!;
}

async function onServer(options: HttpBlockOptions = {}): Promise<{ one: Disk; server: RangeServer }> {
  const server = await serveRanges(pattern(SIZE, 3));
  servers.push(server);
  const backend = await HttpBlock.open(server.url, { pause: 1, readAhead: 0, tries: 2, stallTimeout: 500, ...options });
  return { one: begun(backend), server };
}

async function onNbd(stops: () => boolean): Promise<{ one: Disk; server: NbdServer }> {
  const server = await serveNbd(pattern(SIZE, 3), { onRequest: () => stops() });
  servers.push(server);
  return { one: begun(await openAddress(server.url, { nbd: { stallTimeout: 500 } })), server };
}

test.each<[string, (server: RangeServer) => void, string]>([
  [
    "is not there any more",
    (server) => (server.misbehave = (_, response) => !!response.writeHead(404).end()),
    "block-io",
  ],
  ["is on a server that is silent", (server) => (server.misbehave = () => true), "block-io"],
  ["has changed", (server) => (server.etag = '"2"'), "block-io"],
])("a file that %s", async (_what, spoil, code) => {
  const { one, server } = await onServer();
  expect(await request(one, IN, BLOCK)).toBe(OK);
  spoil(server);
  expect(await request(one, IN, 5 * BLOCK)).toBe(IOERR);
  expect(one.errors).toMatchObject([{ operation: "read", at: 5 * BLOCK, length: 4096, error: { code } }]);
  expect(one.errors[0]!.error).toBeInstanceOf(WasmvisorError);
});

test("a file that is there again after it was not", async () => {
  const { one, server } = await onServer();
  server.misbehave = (_, response) => !!response.writeHead(404).end();
  expect(await request(one, IN, BLOCK)).toBe(IOERR);
  server.misbehave = undefined;
  expect(await request(one, IN, BLOCK)).toBe(OK);
});

test("an NBD server that goes away in the middle of a request", async () => {
  const { one, server } = await onNbd(() => {
    for (const socket of server.sockets) socket.destroy();
    return true;
  });
  expect([await request(one, IN, 0), await request(one, OUT, 0), await request(one, FLUSH, 0)]).toEqual([1, 1, 1]);
  expect(one.errors.map(({ operation, error }) => [operation, (error as WasmvisorError).code])).toEqual([
    ["read", "block-io"],
    ["write", "block-io"],
    ["flush", "block-io"],
  ]);
});

test("an NBD server that is silent", async () => {
  let silent = false;
  const { one } = await onNbd(() => silent);
  expect(await request(one, IN, 0)).toBe(OK);
  silent = true;
  expect(await request(one, OUT, 0)).toBe(IOERR);
  expect(one.errors).toMatchObject([{ operation: "write", error: { code: "block-io" } }]);
});

/** A file on a host that has room up to a place in it; where nothing has been written a file takes none. */
class SmallHost extends MemoryBlock {
  room = Infinity;

  override write(at: number, from: Uint8Array): void {
    if (at + from.length > this.room)
      throw new WasmvisorError("block-full", "There is no room left; make room on the host.");
    super.write(at, from);
  }
}

test("a qcow2 image on a host that is full, and has room again", async () => {
  const file = new SmallHost(0);
  await createQcow2(file, { size: SIZE, clusterBytes: 4096 });
  const image = await Qcow2.open(file, { codec: hostCodec });
  const one = begun(image);
  file.room = file.size + 6 * 4096;
  const statuses: number[] = [];
  for (let at = 0; at < 20; at++) statuses.push(await request(one, OUT, at * 4096));
  const full = statuses.indexOf(IOERR);
  expect(full).toBeGreaterThan(0);
  expect(new Set(statuses.slice(full))).toEqual(new Set([IOERR]));
  expect(one.errors[0]).toMatchObject({ operation: "write", at: full * 4096, error: { code: "block-full" } });
  // What has room is written still, and what was written is there.
  expect(await request(one, OUT, 0)).toBe(OK);
  expect(await request(one, IN, (full - 1) * 4096)).toBe(OK);
  file.room = Infinity;
  expect(await request(one, OUT, full * 4096)).toBe(OK);
  expect(await request(one, FLUSH, 0)).toBe(OK);
  expect(await image.check()).toMatchObject({ corruptions: 0 });
});
