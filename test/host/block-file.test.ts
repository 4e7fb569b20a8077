import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileBlock } from "../../src/host/block-file.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-file-"));
  file = path.join(folder, "disk.img");
  writeFileSync(file, new Uint8Array(100_000).fill(3));
});

afterEach(() => rmSync(folder, { recursive: true }));

const refused = (code: string) => expect.objectContaining({ name: "WasmvisorError", code }) as Error;

/** A process that has the file open, until it is killed. */
async function otherProcess(readonly: boolean) {
  const script = `
    import { runnerImport } from "vite";
    const { module } = await runnerImport("${root}src/host/block-file.ts", { root: "${root}", configFile: false, logLevel: "error" });
    globalThis.disk = module.FileBlock.open(${JSON.stringify(file)}, { readonly: ${readonly} });
    console.log("open");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    async kill() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe("a file's lock", () => {
  test("one writer keeps all others out, by any name of the file", async () => {
    const first = FileBlock.open(file);
    const link = path.join(folder, "link.img");
    symlinkSync(file, link);
    for (const name of [file, link]) {
      expect(() => FileBlock.open(name)).toThrow(refused("image-locked"));
      expect(() => FileBlock.open(name, { readonly: true })).toThrow(refused("image-locked"));
    }
    await first.close();
    await FileBlock.open(link).close();
  });

  test("any number of readers keep a writer out", async () => {
    const readers = [1, 2, 3].map(() => FileBlock.open(file, { readonly: true }));
    expect(() => FileBlock.open(file)).toThrow(refused("image-locked"));
    await readers[0]!.close();
    await readers[1]!.close();
    expect(() => FileBlock.open(file)).toThrow(refused("image-locked"));
    await readers[2]!.close();
    await FileBlock.open(file).close();
  });

  test("a refused opener changes nothing, and leaves nothing behind", async () => {
    const first = FileBlock.open(file);
    const before = readdirSync(folder);
    expect(() => FileBlock.open(file, { create: 5 })).toThrow(refused("image-locked"));
    expect(readdirSync(folder)).toEqual(before);
    expect(statSync(file).size).toBe(100_000);
    await first.close();
    expect(readdirSync(folder)).toEqual(["disk.img"]);
  });

  test("is held against other processes, and falls when they are killed", async () => {
    for (const readonly of [false, true]) {
      const other = await otherProcess(readonly);
      expect(() => FileBlock.open(file)).toThrow(refused("image-locked"));
      await other.kill();
      await FileBlock.open(file).close();
      expect(readdirSync(folder)).toEqual(["disk.img"]);
    }
  });

  test("of a reader that was killed is removed by the next reader", async () => {
    const other = await otherProcess(true);
    await other.kill();
    expect(readdirSync(folder)).toHaveLength(2);
    await FileBlock.open(file, { readonly: true }).close();
    expect(readdirSync(folder)).toEqual(["disk.img"]);
  });

  test("of a process on another host is not judged; the message names what to remove", () => {
    const claim = path.join(folder, ".disk.img.lock-write-1-1-ffffffff-ffffffff-ffffffff-00000000");
    writeFileSync(claim, "");
    expect(() => FileBlock.open(file)).toThrow(claim);
    expect(existsSync(claim)).toBe(true);
  });

  test("shared takes none and asks for none", async () => {
    const writer = FileBlock.open(file);
    const reader = FileBlock.open(file, { readonly: true, shared: true });
    await reader.close();
    await writer.close();
  });

  test("names that are no claims do not matter", async () => {
    for (const name of ["x", "write-x-1-1-1-1-1", "write-1", "other-1-1-1-1-1-1"])
      writeFileSync(path.join(folder, `.disk.img.lock-${name}`), "");
    await FileBlock.open(file).close();
  });
});

describe("what goes wrong with a file", () => {
  test.each([
    ["none there", "missing.img", "source-unreadable", "does not exist"],
    ["a folder", ".", "source-unreadable", "is no regular file"],
    ["a file as a folder", "disk.img/x", "source-unreadable", "does not exist"],
  ])("%s", (_, name, code, words) => {
    expect(() => FileBlock.open(path.join(folder, name))).toThrow(refused(code));
    expect(() => FileBlock.open(path.join(folder, name))).toThrow(words);
  });

  test("a file that somebody made shorter is an I/O error, and stays one", async () => {
    const disk = FileBlock.open(file);
    truncateSync(file, 50_000);
    const into = new Uint8Array(10);
    disk.read(49_990, into);
    expect(into).toEqual(new Uint8Array(10).fill(3));
    for (let i = 0; i < 2; i++) expect(() => disk.read(49_995, into)).toThrow(refused("block-io"));
    await disk.close();
  });

  test("a full host is told from other errors", () => {
    const disk = FileBlock.open(file);
    // More than any file system takes.
    expect(() => disk.resize(2 ** 53 - 512)).toThrow(refused("block-full"));
    expect(disk.size).toBe(100_000);
    return disk.close();
  });

  test("a removed file is kept until it is closed", async () => {
    const disk = FileBlock.open(file);
    rmSync(file);
    disk.write(0, new Uint8Array([9]));
    const into = new Uint8Array(1);
    disk.read(0, into);
    expect(into[0]).toBe(9);
    await disk.close();
  });

  test("where nothing can be written, a file can be read", async () => {
    expect(() => FileBlock.open("/proc/version")).toThrow(refused("file-unwritable"));
    await FileBlock.open("/proc/version", { readonly: true }).close();
  });
});

test("flush waits for the host, and close for the flushes", async () => {
  const disk = FileBlock.open(file);
  disk.write(0, new Uint8Array(50_000));
  let flushed = 0;
  const flushes = [1, 2, 3].map(() => disk.flush().then(() => flushed++));
  expect(flushed).toBe(0);
  await disk.close();
  expect(flushed).toBe(3);
  await Promise.all(flushes);
});

test("zeros of more than what is done at once are all written", async () => {
  const disk = FileBlock.open(file, { create: 80_000_000 });
  disk.write(0, new Uint8Array(80_000_000).fill(5));
  await disk.writeZeroes(1, 79_999_998);
  const into = new Uint8Array(80_000_000);
  disk.read(0, into);
  expect([into[0], into.at(-1), into.subarray(1, -1).findIndex((byte) => byte !== 0)]).toEqual([5, 5, -1]);
  await disk.close();
});
