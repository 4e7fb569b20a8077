import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gunzip, isGzip } from "../../../src/machine/loader/gzip.ts";

const withCode = (code: string) => expect.objectContaining({ code }) as Error;

test("what gzip packed comes out again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      const packed = gzipSync(bytes);
      return isGzip(packed) && Buffer.compare(await gunzip(packed, { limit: 5000 }), bytes) === 0;
    }),
    { numRuns: 30 },
  );
});

test("output stops at the limit, so that a small file cannot fill the host", async () => {
  const bomb = gzipSync(new Uint8Array(1 << 24));
  await expect(gunzip(bomb, { limit: 1 << 20 })).rejects.toThrow(withCode("image-too-large"));
});

test("a cut or damaged file is refused", async () => {
  const packed = gzipSync(new Uint8Array(1000).map((_, index) => index));
  await expect(gunzip(packed.subarray(0, -9), { limit: 5000 })).rejects.toThrow(withCode("gzip-corrupt"));
  packed[20]! ^= 0xff;
  await expect(gunzip(packed, { limit: 5000 })).rejects.toThrow(withCode("gzip-corrupt"));
});

test("files of several members unpack whole, though the size at the end is that of the last", async () => {
  const bytes = new Uint8Array(3000).map((_, index) => index);
  const packed = Buffer.concat([gzipSync(bytes.subarray(0, 2999)), gzipSync(bytes.subarray(2999))]);
  expect(await gunzip(packed, { limit: 3000 })).toEqual(bytes);
});

test("a file that lies about its size is refused, and gets no more memory than the limit", async () => {
  for (const claimed of [0, 2999, 0xffff_ffff]) {
    const packed = new Uint8Array(gzipSync(new Uint8Array(3000)));
    new DataView(packed.buffer).setUint32(packed.length - 4, claimed, true);
    await expect(gunzip(packed, { limit: 4000 })).rejects.toThrow(withCode("gzip-corrupt"));
  }
});

test("a signal ends it with its reason", async () => {
  const reason = new Error("enough");
  await expect(gunzip(gzipSync(new Uint8Array(9)), { limit: 9, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
