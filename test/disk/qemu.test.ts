/** Images and QEMU's tools: what is made here passes `qemu-img check` and reads the same there, and the reverse. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostCodec } from "../../src/disk/codec.ts";
import { openDisk } from "../../src/disk/open.ts";
import { openAddress } from "../../src/disk/source.ts";
import { createQcow2, type Qcow2Layout } from "../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";
import { FileBlock } from "../../src/host/block-file.ts";
import { contentOf, firstDifference, pattern } from "../contract/block-contract.ts";
import { requireTools } from "../support/tools.ts";

let folder: string;
const at = (name: string) => path.join(folder, name);

beforeEach(() => {
  requireTools("qemu-img", "qemu-io");
  folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-qemu-img-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const qemuImg = (...args: string[]) => execFileSync("qemu-img", args, { encoding: "utf8", cwd: folder });

/** Exit code and output of `qemu-img check`. */
function qemuCheck(file: string): string {
  const { status, stdout, stderr } = spawnSync("qemu-img", ["check", file], { encoding: "utf8", cwd: folder });
  return status === 0 ? "clean" : `${status}: ${stdout}${stderr}`;
}

/** What QEMU reads from an image. */
function qemuContent(file: string): Promise<Uint8Array> {
  qemuImg("convert", "-O", "raw", file, "content.raw");
  return readAll("content.raw", "raw");
}

async function readAll(file: string, format?: "raw" | "qcow2"): Promise<Uint8Array> {
  const disk = await openDisk(at(file), { readonly: true, ...(format === undefined ? {} : { format }) });
  const bytes = await contentOf(disk);
  await disk.close();
  return bytes;
}

/** A generator of numbers below a bound, from a seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Change {
  readonly kind: "write" | "zero" | "unmap" | "discard";
  readonly at: number;
  readonly length: number;
  readonly fill: number;
}

const KINDS = ["write", "write", "write", "zero", "unmap", "discard"] as const;

/** Random changes, in whole sectors. */
function changes(seed: number, size: number, count: number): Change[] {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const from = next(size / 512) * 512;
    const length = Math.min(size - from, (1 + next(next(3) === 0 ? 600 : 9)) * 512);
    return { kind: KINDS[next(KINDS.length)]!, at: from, length, fill: 1 + next(255) };
  });
}

/** What they leave. Discarded bytes are taken from the image. */
function apply(model: Uint8Array, list: readonly Change[]): void {
  for (const { kind, at: from, length, fill } of list)
    if (kind !== "discard") model.fill(kind === "write" ? fill : 0, from, from + length);
}

async function applyHere(disk: Qcow2, list: readonly Change[]): Promise<void> {
  for (const { kind, at: from, length, fill } of list) {
    if (kind === "write") await disk.write(from, new Uint8Array(length).fill(fill));
    else if (kind === "discard") await disk.discard(from, length);
    else await disk.writeZeroes(from, length, kind === "unmap");
  }
}

function applyThere(file: string, list: readonly Change[], discards: boolean): void {
  const commands = list.flatMap(({ kind, at: from, length, fill }) => {
    if (kind === "write") return ["-c", `write -q -P ${fill} ${from} ${length}`];
    if (kind === "discard") return discards ? ["-c", `discard -q ${from} ${length}`] : [];
    return ["-c", `write -q -z ${kind === "unmap" ? "-u" : ""} ${from} ${length}`];
  });
  execFileSync("qemu-io", ["-d", "unmap", ...commands, at(file)], { stdio: ["ignore", "ignore", "pipe"] });
}

/** All that differ in what they make of the same bytes. */
const LAYOUTS: readonly (readonly [name: string, layout: Omit<Qcow2Layout, "size">, options: string])[] = [
  ["version 3", {}, "compat=1.1"],
  ["version 2", { version: 2 }, "compat=0.10"],
  ["clusters of 512 bytes", { clusterBytes: 512 }, "cluster_size=512"],
  ["clusters of 4 KiB, counts of 1 bit", { clusterBytes: 4096, refcountBits: 1 }, "cluster_size=4k,refcount_bits=1"],
  ["clusters of 1 KiB, counts of 2 bits", { clusterBytes: 1024, refcountBits: 2 }, "cluster_size=1k,refcount_bits=2"],
  ["clusters of 8 KiB, counts of 4 bits", { clusterBytes: 8192, refcountBits: 4 }, "cluster_size=8k,refcount_bits=4"],
  ["counts of 8 bits", { clusterBytes: 2048, refcountBits: 8 }, "cluster_size=2k,refcount_bits=8"],
  ["counts of 32 bits", { clusterBytes: 512, refcountBits: 32 }, "cluster_size=512,refcount_bits=32"],
  ["counts of 64 bits", { clusterBytes: 512, refcountBits: 64 }, "cluster_size=512,refcount_bits=64"],
  ["lazy refcounts", { lazyRefcounts: true }, "lazy_refcounts=on"],
  ["clusters of 2 MiB", { clusterBytes: 2 ** 21 }, "cluster_size=2M"],
];

const SIZE = 3 * 2 ** 20 + 1536;

describe.each(LAYOUTS)("an image with %s", (_, layout, options) => {
  // With small clusters, the refcount table has to grow.
  const SIZE = (layout.clusterBytes === 512 ? 12 : 3) * 2 ** 20 + 1536;

  test("made and changed here is clean and the same for QEMU; and so it goes on in turn", async () => {
    const file = FileBlock.open(at("a.qcow2"), { create: 0 });
    await createQcow2(file, { ...layout, size: SIZE });
    const model = new Uint8Array(SIZE);
    let disk = await Qcow2.open(file, { codec: hostCodec });
    for (let round = 0; round < 2; round++) {
      const here = changes(round * 2 + 1, SIZE, 60).filter(({ kind }) => kind !== "discard");
      await applyHere(disk, here);
      apply(model, here);
      await disk.close();
      expect(qemuCheck("a.qcow2")).toBe("clean");
      const there = changes(round * 2 + 2, SIZE, 60);
      applyThere("a.qcow2", there, false);
      apply(model, there);
      expect(firstDifference(await qemuContent("a.qcow2"), model)).toBeUndefined();
      expect(firstDifference(await readAll("a.qcow2"), model)).toBeUndefined();
      disk = await Qcow2.open(FileBlock.open(at("a.qcow2")), { codec: hostCodec });
      expect(await disk.check()).toMatchObject({ corruptions: 0, leaks: 0 });
    }
    await disk.close();
    expect(qemuCheck("a.qcow2")).toBe("clean");
  });

  test("made by QEMU over another one reads here as there, before and after changes here", async () => {
    writeFileSync(at("base.raw"), pattern(SIZE / 2, 3));
    qemuImg("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "-o", options, "b.qcow2", String(SIZE));
    const list = changes(77, SIZE, 80);
    applyThere("b.qcow2", list, true);
    expect(firstDifference(await readAll("b.qcow2"), await qemuContent("b.qcow2"))).toBeUndefined();
    const disk = (await openDisk(at("b.qcow2"))) as Qcow2;
    await applyHere(disk, changes(78, SIZE, 80));
    const content = await contentOf(disk);
    await disk.close();
    expect(qemuCheck("b.qcow2")).toBe("clean");
    expect(firstDifference(await qemuContent("b.qcow2"), content)).toBeUndefined();
  });
});

describe("compressed clusters", () => {
  /** Some that compress well, some that do not, some zeros. */
  const content = () => {
    const next = random(5);
    const bytes = new Uint8Array(5 * 2 ** 20 + 512);
    for (let cluster = 0; cluster < 70; cluster++) {
      const part = bytes.subarray(cluster * 65_536, (cluster + 1) * 65_536);
      if (cluster % 3 === 0) part.forEach((_, index) => (part[index] = next(256)));
      else if (cluster % 3 === 1) part.forEach((_, index) => (part[index] = (index >> 4) & (cluster + 7)));
    }
    return bytes;
  };

  test.each(["zlib", "zstd"])("of QEMU's are read and overwritten (%s)", async (type) => {
    writeFileSync(at("c.raw"), content());
    qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", `compression_type=${type}`, "c.raw", "c.qcow2");
    expect(firstDifference(await readAll("c.qcow2"), content())).toBeUndefined();
    const disk = (await openDisk(at("c.qcow2"))) as Qcow2;
    const list = changes(9, disk.size, 60);
    await applyHere(disk, list);
    const after = await contentOf(disk);
    await disk.close();
    expect(qemuCheck("c.qcow2")).toBe("clean");
    expect(firstDifference(await qemuContent("c.qcow2"), after)).toBeUndefined();
  });

  test.each([512, 4096, 65_536, 2 ** 21])("made here are read by QEMU (clusters of %i bytes)", async (clusterBytes) => {
    const bytes = content();
    const file = FileBlock.open(at("d.qcow2"), { create: 0 });
    await createQcow2(file, { clusterBytes, size: bytes.length });
    const disk = await Qcow2.open(file, { codec: hostCodec });
    for (let from = 0; from < bytes.length; from += clusterBytes)
      await disk.writeCompressed(from, bytes.subarray(from, from + clusterBytes));
    // Over some of them again, so that others are shared with what is freed.
    for (let from = 0; from < bytes.length; from += 5 * clusterBytes)
      await disk.writeCompressed(from, bytes.subarray(from, from + clusterBytes));
    await disk.close();
    expect(qemuCheck("d.qcow2")).toBe("clean");
    expect(firstDifference(await qemuContent("d.qcow2"), bytes)).toBeUndefined();
    expect(firstDifference(await readAll("d.qcow2"), bytes)).toBeUndefined();
  });
});

describe("internal snapshots", () => {
  test("are listed, and what they share with the disk is copied before it is changed", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", "s.qcow2", String(SIZE));
    const contents: Uint8Array[] = [];
    for (let round = 0; round < 3; round++) {
      applyThere("s.qcow2", changes(30 + round, SIZE, 40), true);
      qemuImg("snapshot", "-c", `snap${round}`, "s.qcow2");
      contents.push(await qemuContent("s.qcow2"));
      const disk = (await openDisk(at("s.qcow2"))) as Qcow2;
      const list = await disk.snapshots();
      expect(list.map(({ id, name, diskBytes }) => [id, name, diskBytes])).toEqual(
        contents.map((_content, index) => [String(index + 1), `snap${index}`, SIZE]),
      );
      await applyHere(disk, changes(60 + round, SIZE, 60));
      const after = await contentOf(disk);
      await disk.close();
      expect(qemuCheck("s.qcow2")).toBe("clean");
      expect(firstDifference(await qemuContent("s.qcow2"), after)).toBeUndefined();
    }
    for (const [round, content] of contents.entries()) {
      qemuImg("convert", "-l", `snap${round}`, "-O", "raw", "s.qcow2", "snap.raw");
      expect(firstDifference(await readAll("snap.raw", "raw"), content)).toBeUndefined();
    }
  });
});

test("a disk is made larger and smaller as QEMU does", async () => {
  for (const [options, steps] of [
    ["cluster_size=512", [40_960, 9 * 2 ** 20, 2 ** 20, 512, 0, 30 * 2 ** 20]],
    ["cluster_size=64k", [2 ** 33, 2 ** 40, 70_000 * 512, 2 ** 36]],
    ["cluster_size=4k,compat=0.10", [2 ** 25, 2 ** 24, 2 ** 26]],
  ] as const) {
    writeFileSync(at("base.raw"), pattern(3 * 2 ** 20, 3));
    qemuImg("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "-o", options, "r.qcow2", "2M");
    for (const size of steps) {
      const disk = (await openDisk(at("r.qcow2"))) as Qcow2;
      const before = new Uint8Array(Math.min(disk.size, size, 2 ** 20));
      await disk.read(0, before);
      await disk.resize(size);
      if (size >= 4096) await disk.write(size - 4096, pattern(4096, 1));
      const after = new Uint8Array(before.length);
      await disk.read(0, after);
      if (size > 2 ** 20 + 4096) expect(firstDifference(after, before)).toBeUndefined();
      // What lies below and was out of sight stays so.
      if (size >= 4 * 2 ** 20) {
        const grown = new Uint8Array(2 ** 20 - 4096);
        await disk.read(2 * 2 ** 20, grown);
        expect(grown.every((byte) => byte === 0)).toBe(true);
      }
      await disk.close();
      expect(qemuCheck("r.qcow2"), `${options} ${size}`).toBe("clean");
      expect(
        (JSON.parse(qemuImg("info", "--output=json", "r.qcow2")) as { "virtual-size": number })["virtual-size"],
      ).toBe(size);
    }
  }
});

describe("damage that QEMU leaves", () => {
  test("an image that was not closed is repaired when it is opened for writing", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on", "l.qcow2", "12M");
    spawnSync("qemu-io", ["-c", "write -P 5 0 3M", "-c", "write -P 6 4M 1M", "-c", "sigraise 9", at("l.qcow2")]);
    expect(qemuCheck("l.qcow2")).not.toBe("clean");
    const readonly = (await openDisk(at("l.qcow2"), { readonly: true })) as Qcow2;
    expect(readonly.info.isDirty).toBe(true);
    expect((await contentOf(readonly))[4]).toBe(5);
    await readonly.close();
    const disk = (await openDisk(at("l.qcow2"))) as Qcow2;
    expect(disk.info.isDirty).toBe(false);
    await disk.write(9 * 2 ** 20, pattern(100_000, 3));
    const content = await contentOf(disk);
    await disk.close();
    expect(qemuCheck("l.qcow2")).toBe("clean");
    expect(firstDifference(await qemuContent("l.qcow2"), content)).toBeUndefined();
  });
});

describe("qemu-nbd", () => {
  /** Serves an image until the last client has gone. */
  function served(file: string, format: string, ...options: string[]): string {
    const socket = at("nbd.sock");
    execFileSync("qemu-nbd", ["--fork", "-k", socket, "-f", format, "-x", "disk", ...options, at(file)]);
    return `nbd+unix:///disk?socket=${encodeURIComponent(socket)}`;
  }

  test.each(["raw", "qcow2"])("serves a disk that is read and changed from here (%s)", async (format) => {
    qemuImg("create", "-f", format, "served.img", "4M");
    const model = new Uint8Array(2 ** 22);
    const disk = await openAddress(served("served.img", format));
    expect(disk.size).toBe(2 ** 22);
    for (const { kind, at: place, length, fill } of changes(7, 2 ** 22, 60)) {
      const bytes = kind === "write" ? pattern(length, fill) : new Uint8Array(length);
      model.set(bytes, place);
      if (kind === "write") await disk.write(place, bytes);
      else await disk.writeZeroes!(place, length, kind !== "zero");
    }
    expect(firstDifference(await contentOf(disk), model)).toBeUndefined();
    await disk.close();
    await expect.poll(() => existsSync(at("nbd.sock"))).toBe(false);
    expect(firstDifference(await qemuContent("served.img"), model)).toBeUndefined();
  });

  test("that serves to be read only is not written", async () => {
    writeFileSync(at("served.img"), pattern(65_536, 2));
    const disk = await openAddress(served("served.img", "raw", "--read-only"));
    expect(disk.readonly).toBe(true);
    expect(firstDifference(await contentOf(disk), pattern(65_536, 2))).toBeUndefined();
    await disk.close();
  });
});
