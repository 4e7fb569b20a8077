import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gunzip, isGzip } from "../../../src/machine/loader/gzip.ts";

const withCode = (code: string) => expect.objectContaining({ code }) as Error;

test("what gzip packed comes out again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      const packed = gzipSync(bytes);
      return isGzip(packed) && Buffer.compare(await gunzip(packed, 5000), bytes) === 0;
    }),
    { numRuns: 30 },
  );
});

test("output stops at the limit, so that a small file cannot fill the host", async () => {
  const bomb = gzipSync(new Uint8Array(1 << 24));
  await expect(gunzip(bomb, 1 << 20)).rejects.toThrow(withCode("image-too-large"));
});

test("a cut or damaged file is refused", async () => {
  const packed = gzipSync(new Uint8Array(1000).map((_, index) => index));
  await expect(gunzip(packed.subarray(0, -9), 5000)).rejects.toThrow(withCode("gzip-corrupt"));
  packed[20]! ^= 0xff;
  await expect(gunzip(packed, 5000)).rejects.toThrow(withCode("gzip-corrupt"));
});
