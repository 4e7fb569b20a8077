import { expect, test } from "vitest";
import { BlobBlock } from "../../../src/backend/block/blob.ts";

test("a blob that cannot be read any more is an I/O error with a sentence that says what to do", async () => {
  class Gone extends Blob {
    override slice(): Blob {
      return { arrayBuffer: () => Promise.reject(new Error("The file is gone.")) } as unknown as Blob;
    }
  }
  const disk = new BlobBlock(new Gone([new Uint8Array(1000)]));
  await expect(disk.read(0, new Uint8Array(10))).rejects.toMatchObject({
    code: "block-io",
    message: "The blob cannot be read (The file is gone); if it has changed, choose it again.",
  });
});

test("a blob that gives fewer bytes than it has is an I/O error", async () => {
  class Short extends Blob {
    override slice(from: number, to: number): Blob {
      return super.slice(from, to - 1);
    }
  }
  const into = new Uint8Array(10);
  await expect(new BlobBlock(new Short([new Uint8Array(1000)])).read(5, into)).rejects.toMatchObject({
    code: "block-io",
  });
});

test("a large read is done in pieces", async () => {
  const pieces: number[] = [];
  class Watched extends Blob {
    override slice(from: number, to: number): Blob {
      pieces.push(to - from);
      return super.slice(from, to);
    }
  }
  const bytes = new Uint8Array(9 * 2 ** 20).map((_, at) => at >> 12);
  const into = new Uint8Array(bytes.length - 1);
  await new BlobBlock(new Watched([bytes])).read(1, into);
  expect(Math.max(...pieces)).toBe(2 ** 22);
  expect(Buffer.compare(into, bytes.subarray(1))).toBe(0);
});
