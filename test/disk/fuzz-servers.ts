/** Hostile servers and compressed files: whatever they answer, a disk on them is read, or refused by a WasmvisorError, and comes to an end. */

import { HttpBlock } from "../../src/backend/block/http/http.ts";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { NbdBlock } from "../../src/backend/block/nbd/nbd.ts";
import type { TransportEvents } from "../../src/backend/block/nbd/transport.ts";
import { openDisk } from "../../src/disk/open.ts";
import { WasmvisorError } from "../../src/error.ts";
import { pattern } from "../contract/block-contract.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { optionReply, reply } from "../support/nbd-server.ts";
import { bgzf, zstdFrames } from "../support/packed.ts";
import { random } from "./crash.ts";

type Next = (below: number) => number;

const SIZE = 200_000;
const content = pattern(SIZE, 1);

/** A number near one that is right, or far from it. */
function odd(next: Next, right: number): number {
  const others = [0, 1, right - 1, right + 1, right * 2, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 52, 2 ** 60];
  return next(3) === 0 ? others[next(others.length)]! : right;
}

/** Reads and writes here and there. All that may come of it is an error of ours. */
async function use(disk: HttpBlock | NbdBlock | MemoryBlock, next: Next): Promise<void> {
  const act = async (): Promise<void> => {
    const at = next(disk.size);
    const bytes = new Uint8Array(Math.min(disk.size - at, 1 + next(150_000)));
    if (next(3) > 0 || disk.readonly) await disk.read(at, bytes);
    else await disk.write(at, bytes);
  };
  // All at once.
  await Promise.all(Array.from({ length: 6 }, () => act().catch(ours)));
  await Promise.resolve(disk.flush()).catch(ours);
}

function ours(error: unknown): void {
  if (!(error instanceof WasmvisorError)) throw error;
}

/** A web server that answers nearly right. */
async function http(next: Next): Promise<void> {
  const answer = (
    _: string,
    init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ) => {
    const [, first = 0, last = 0] = /bytes=(\d+)-(\d+)/.exec(init.headers.range ?? "")?.map(Number) ?? [];
    const end = Math.min(last, SIZE - 1);
    if (next(40) === 0) throw new TypeError("no network");
    if (next(400) === 0)
      return new Promise<Response>((_, reject) =>
        init.signal.addEventListener("abort", () => reject(new Error("given up"))),
      );
    const status = next(12) === 0 ? [200, 206, 416, 404, 503, 301][next(6)]! : 206;
    const range = `bytes ${odd(next, first)}-${odd(next, end)}/${odd(next, SIZE)}`;
    const headers = {
      "content-range":
        next(20) === 0
          ? ["", "bytes */0", "bytes */*", "x", "bytes 0-0/*"][next(5)]!
          : next(3) === 0
            ? range
            : `bytes ${first}-${end}/${SIZE}`,
      ...(next(20) === 0 ? {} : { etag: next(20) === 0 ? '"b"' : '"a"' }),
    };
    let left = odd(next, end + 1 - first);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (next(60) === 0) return controller.error(new Error("broken off"));
        if (left <= 0) return controller.close();
        const length = Math.min(left, 1 + next(70_000));
        controller.enqueue(content.slice(first, first + length));
        left -= length;
      },
    });
    return Promise.resolve(new Response(body, { status, headers }));
  };
  const disk = await HttpBlock.open("http://server/disk", {
    fetch: answer,
    tries: 2,
    pause: 0,
    stallTimeout: 20,
    cacheBytes: next(2) * 100_000,
    readAhead: next(2) * 2 ** 17,
  });
  await use(disk, next);
  await disk.close();
}

/** An NBD server that answers nearly right. */
async function nbd(next: Next): Promise<void> {
  const u32 = (value: number) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
  const u64 = (value: number) => Buffer.concat([u32(Math.floor(value / 2 ** 32)), u32(value)]);
  let agreed = false;
  const serve = (events: TransportEvents) => {
    const say = (bytes: Uint8Array) => {
      const spoilt = new Uint8Array(bytes);
      if (next(12) === 0 && spoilt.length > 0) spoilt[next(spoilt.length)] = next(256);
      const cut = next(40) === 0 ? next(spoilt.length + 1) : spoilt.length;
      for (let at = 0; at < cut;) {
        const end = Math.min(cut, at + 1 + next(50_000));
        events.data(spoilt.subarray(at, end));
        at = end;
      }
      if (next(100) === 0) events.end();
    };
    const head = (bytes: Uint8Array) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (!agreed && bytes.length >= 16) {
        const option = view.getUint32(8);
        agreed = true;
        if (option === 1) return say(Buffer.concat([u64(odd(next, SIZE)), u32(odd(next, 101)).subarray(2)]));
        for (let count = next(60) === 0 ? 100 : 1; count > 0; count--)
          say(optionReply(7, 3, Buffer.concat([u32(0).subarray(2), u64(odd(next, SIZE)), u32(101).subarray(2)])));
        const minimum = [1, 1, 512, 4096, 3, 0, 2 ** 20][next(7)]!;
        if (next(3) === 0)
          say(optionReply(7, 3, Buffer.concat([u32(3).subarray(2), u32(minimum), u32(4096), u32(odd(next, 2 ** 20))])));
        agreed = next(20) > 0;
        return say(optionReply(7, agreed ? 1 : 0x8000_0001 + next(7)));
      }
      if (!agreed || bytes.length !== 28 || view.getUint32(0) !== 0x2560_9513) return;
      const [command, at, length] = [view.getUint16(6), Number(view.getBigUint64(16)), view.getUint32(24)];
      const error = next(15) === 0 ? [1, 5, 22, 28, 2 ** 31, 99][next(6)]! : 0;
      const data = command === 0 && error === 0 ? content.subarray(at, at + length) : undefined;
      say(reply(Buffer.from(bytes.subarray(8, 16)), error, data));
    };
    queueMicrotask(() => say(Buffer.from("NBDMAGICIHAVEOPT\0\u0003", "latin1")));
    return Promise.resolve({
      send: (bytes: Uint8Array) => queueMicrotask(() => head(bytes)),
      end: () => events.end(),
      destroy: () => events.end(),
    });
  };
  const disk = await NbdBlock.open(serve, { stallTimeout: 20, export: "x" });
  await use(disk, next);
  await disk.close();
}

const FILES = [bgzf(content, 30_000), zstdFrames(content, 50_000, false), zstdFrames(content, 50_000, true)];

/** A compressed file of which some bytes are others. */
async function packed(next: Next): Promise<void> {
  const bytes = new Uint8Array(FILES[next(FILES.length)]!);
  for (let count = 1 + next(4); count > 0; count--) {
    const near = next(3) === 0 ? bytes.length - 1 - next(80) : next(2) === 0 ? next(60) : next(bytes.length);
    bytes[near] = [0, 1, 127, 128, 255, next(256)][next(6)]!;
  }
  const cut = next(10) === 0 ? next(bytes.length) : bytes.length;
  const disk = await openDisk(new MemoryBlock(bytes.subarray(0, cut), { readonly: true }));
  for (let count = 0; count < 4; count++) {
    const at = next(disk.size);
    await Promise.resolve(disk.read(at, new Uint8Array(Math.min(disk.size - at, 20_000)))).catch(ours);
  }
  await disk.close();
}

const KINDS = { http, nbd, packed };

/** One of each; what they refuse is right. */
async function fuzzServers(seed: number): Promise<void> {
  for (const run of Object.values(KINDS)) await run(random(seed)).catch(ours);
}

/** That many seeds; false when one does more than to be refused, which is printed. */
export const fuzzServersMany = fuzzMany("servers", fuzzServers, "servers of each kind: nothing but errors that say so");
