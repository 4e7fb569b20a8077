import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { openDisk } from "../../src/disk/index.ts";
import { createQcow2 } from "../../src/disk/qcow2/create.ts";
import { contentOf, firstDifference, pattern } from "../contract/block-contract.ts";
import { Slow } from "../contract/block-wrappers.ts";
import { bgzf, zstdFrames } from "../support/packed.ts";

const content = pattern(512 * 900, 6);
content.fill(0, 200_000, 330_000);

const FILES = {
  "gzip in members": bgzf(content),
  "zstd in frames": zstdFrames(content, 150_000, false),
  "zstd with a seek table": zstdFrames(content, 150_000, true),
};

const failureOf = async (bytes: Uint8Array) => {
  try {
    const disk = await openDisk(new MemoryBlock(bytes, { readonly: true }));
    await contentOf(disk);
  } catch (error) {
    return error as Error & { readonly code?: string };
  }
  return undefined;
};

describe.each(Object.entries(FILES))("%s", (_, file) => {
  test("is the image that was compressed", async () => {
    const disk = await openDisk(new MemoryBlock(file, { readonly: true }));
    expect(disk.readonly).toBe(true);
    expect(firstDifference(await contentOf(disk), content)).toBeUndefined();
    await disk.close();
  });

  test("is read only where it has to be", async () => {
    const reads: number[] = [];
    const memory = new MemoryBlock(file, { readonly: true });
    const disk = await openDisk(memory);
    const { read } = memory;
    memory.read = (at, into) => {
      reads.push(into.length);
      read.call(memory, at, into);
    };
    const into = new Uint8Array(100);
    await disk.read(400_000, into);
    await disk.read(400_050, into);
    expect(reads).toHaveLength(1);
    expect(reads[0]).toBeLessThan(155_000);
  });

  test("cut off anywhere is one sentence", async () => {
    for (let length = 10; length < file.length - 1; length += 20_011) {
      const error = await failureOf(file.subarray(0, length));
      if (error !== undefined) expect(error.code, `cut at ${length}`).toMatch(/^image-(?:damaged|feature)$/);
    }
  });

  test("with any byte of its heads changed is an image, or one sentence", async () => {
    for (let at = 4; at < 60; at++) {
      for (const value of [0, 1, 127, 255]) {
        const changed = new Uint8Array(file);
        changed[at] = value;
        changed[changed.length - at] = value;
        const error = await failureOf(changed);
        if (error !== undefined)
          expect(error.code, `${value} at ${at}: ${error.stack}`).toMatch(/^image-(?:damaged|feature)$/);
      }
    }
  });

  test("may wait for its file", async () => {
    const disk = await openDisk(new Slow(new MemoryBlock(file, { readonly: true })), { readonly: true });
    const reads = Array.from({ length: 9 }, async (_, index) => {
      const into = new Uint8Array(9000);
      await disk.read(index * 50_000, into);
      expect(firstDifference(into, content.subarray(index * 50_000, index * 50_000 + 9000))).toBeUndefined();
    });
    await Promise.all(reads);
  });
});

test("a qcow2 image may be inside", async () => {
  const file = new MemoryBlock(0);
  await createQcow2(file, { size: 2 ** 20 });
  const inner = await openDisk(file);
  await inner.write(70_000, pattern(512, 1));
  await inner.flush();
  const disk = await openDisk(new MemoryBlock(bgzf(await contentOf(file)), { readonly: true }));
  const into = new Uint8Array(512);
  await disk.read(70_000, into);
  expect(firstDifference(into, pattern(512, 1))).toBeUndefined();
});

test("gzip in one piece is refused with what to do", async () => {
  const error = await failureOf(gzipSync(content));
  expect(error?.code).toBe("image-feature");
  expect(error?.message).toMatch(/in one piece.*bgzip/);
});

test("a guest cannot make a raw disk look compressed, unless its format is named", async () => {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 0);
  const disk = await openDisk(new MemoryBlock(4096));
  expect(() => disk.write(0, head)).toThrow(/name its format/);
  const named = await openDisk(new MemoryBlock(4096), { format: "raw" });
  await named.write(0, head);
});
