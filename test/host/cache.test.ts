import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CachedFolder, cacheFolder } from "../../src/host/cache.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "wasmvisor-cache-"));
});

afterEach(() => rm(root, { recursive: true }));

const files = new Map([
  ["a", Uint8Array.of(1, 2, 3)],
  ["b", new Uint8Array(0)],
]);
const names = [...files.keys()];
const plain = (found: ReadonlyMap<string, Uint8Array> | undefined) =>
  found && [...found].map(([name, bytes]) => [name, ...bytes]);

describe("files in the cache", () => {
  test("are what was written, and nothing else is left of the writing", async () => {
    const cache = new CachedFolder("x", path.join(root, "deep"));
    expect(await cache.read(names)).toBeUndefined();
    await cache.write(files);
    expect(plain(await cache.read(names))).toEqual([["a", 1, 2, 3], ["b"]]);
    await cache.write(new Map([["a", Uint8Array.of(9)]]));
    expect(plain(await cache.read(["a"]))).toEqual([["a", 9]]);
    expect(await readdir(path.join(root, "deep"))).toEqual(["x"]);
  });

  test("are made again when any of them is missing or was changed", async () => {
    const cache = new CachedFolder("x", root);
    await cache.write(files);
    expect(await cache.read(["a", "c"])).toBeUndefined();
    await writeFile(cache.file("b"), "!");
    expect(await cache.read(names)).toBeUndefined();
    await cache.write(files);
    await rm(cache.file("hashes.json"));
    expect(await cache.read(names)).toBeUndefined();
  });

  test("may be written by several at once", async () => {
    const writers = Array.from({ length: 8 }, () => new CachedFolder("x", root).write(files));
    await Promise.all(writers);
    expect(plain(await new CachedFolder("x", root).read(names))).toEqual([["a", 1, 2, 3], ["b"]]);
    expect(await readdir(root)).toEqual(["x"]);
  });

  test("that cannot be written get a sentence", async () => {
    await writeFile(path.join(root, "file"), "");
    const cache = new CachedFolder("x", path.join(root, "file"));
    await expect(cache.write(files)).rejects.toThrow(/cannot be written \((ENOTDIR|EEXIST)\); set XDG_CACHE_HOME/);
  });

  // /proc is there, and says of what is made in it that it is not: a recursive `mkdir` turns in circles for ever.
  test.runIf(process.platform === "linux")("that cannot be written below /proc get one, too", async () => {
    const cache = new CachedFolder("x", "/proc/none/deep");
    await expect(cache.write(files)).rejects.toThrow(/cannot be written \(ENOENT\); set XDG_CACHE_HOME/);
  });
});

test.each([
  [{ XDG_CACHE_HOME: "/c" }, "linux", "/c/wasmvisor"],
  [{ XDG_CACHE_HOME: "relative" }, "linux", path.join(homedir(), ".cache/wasmvisor")],
  [{}, "linux", path.join(homedir(), ".cache/wasmvisor")],
  [{}, "darwin", path.join(homedir(), "Library/Caches/wasmvisor")],
  [{ LOCALAPPDATA: "/local" }, "win32", "/local/wasmvisor/cache"],
])("with %j on %s the cache is %s", (environment, platform, expected) => {
  expect(cacheFolder(environment, platform)).toBe(expected);
});
