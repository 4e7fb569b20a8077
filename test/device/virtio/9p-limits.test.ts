/** What a guest can have its host hold, or do at once, by shared folders: all of it has an end. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { memoryUsage } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { MapShare } from "../../../src/backend/share/map.ts";
import { Errno, FileType, type Share, type ShareError, type ShareNode } from "../../../src/backend/share/share.ts";
import { Message, NO_FID, OpenFlag, VERSION_9P2000_L } from "../../../src/device/virtio/9p/protocol.ts";
import { openFolder } from "../../../src/host/share-node.ts";
import { ShareRig } from "./9p-rig.ts";

const OWNER = { uid: undefined, gid: undefined };
const RW = { read: true, write: true, truncate: false, append: false };

function fails(act: () => unknown): Errno | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as ShareError).errno;
  }
}

/** The engine's own collector, whether the process was started with it or not. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

function rigFor(share: Share): ShareRig {
  onTestFinished(() => share.close());
  const rig = ShareRig.make(share);
  rig.ask(Message.VERSION, [8192, 4], VERSION_9P2000_L);
  rig.ask(Message.ATTACH, [0, 4], [NO_FID, 4], "root", "", [0, 4]);
  return rig;
}

describe("a Map", () => {
  test("gives the room of what is cut off a file back", () => {
    const share = new MapShare(new Map());
    const collect = collector();
    const before = memoryUsage().arrayBuffers;
    for (let index = 0; index < 8; index++) {
      const file = share.create(share.root, `f${index}`, RW, 0o644, true, OWNER);
      file.write(64 * 2 ** 20, Uint8Array.of(1));
      share.change(share.child(share.root, `f${index}`), { size: 1 });
      file.close();
    }
    // One or two may still be in the hands of the engine.
    collect();
    expect(memoryUsage().arrayBuffers - before).toBeLessThan(3 * 64 * 2 ** 20);
  });

  test("has no longer paths than Linux, by making, linking or moving", () => {
    const share = new MapShare(new Map());
    let folder: ShareNode = share.root;
    let length = 0;
    const name = "n".repeat(255);
    for (; length + 256 <= 4096; length += 256) {
      share.makeFolder(folder, name, 0o755, OWNER);
      folder = share.child(folder, name);
    }
    share.create(share.root, "f", RW, 0o644, true, OWNER).close();
    share.makeFolder(share.root, "d", 0o755, OWNER);
    share.makeFolder(share.child(share.root, "d"), name, 0o755, OWNER);
    const f = share.child(share.root, "f");
    expect([
      fails(() => share.makeFolder(folder, name, 0o755, OWNER)),
      fails(() => share.create(folder, name, RW, 0o644, true, OWNER)),
      fails(() => share.link(f, folder, name)),
      fails(() => share.rename(share.root, "f", folder, name)),
      // Not it, but what is in it.
      fails(() => share.rename(share.root, "d", folder, "d")),
    ]).toEqual(Array(5).fill(Errno.ENAMETOOLONG));
    expect(share.list(folder)).toEqual([]);
    expect(share.list(share.root).map((entry) => entry.name)).toEqual([name, "f", "d"]);
  });

  test("counts the paths of its files, which its map has as a whole", () => {
    const map = new Map<string, Uint8Array>([["d/a", Uint8Array.of(1)]]);
    const share = new MapShare(map, undefined, 30);
    const make = (folder: ShareNode, name: string): Errno | undefined =>
      fails(() => share.makeSpecial(folder, name, FileType.FILE, 0, OWNER));
    const d = share.child(share.root, "d");
    expect([make(d, "b"), make(d, "x".repeat(23)), make(d, "x".repeat(22)), make(share.root, "y")]).toEqual([
      undefined,
      Errno.ENOSPC,
      undefined,
      Errno.ENOSPC,
    ]);
    share.remove(d, "x".repeat(22), false);
    // Three characters more for each of two files, and six.
    expect(fails(() => share.rename(share.root, "d", share.root, "dddd"))).toBeUndefined();
    expect([make(share.root, "y".repeat(19)), make(share.root, "y".repeat(18))]).toEqual([Errno.ENOSPC, undefined]);
    expect(fails(() => share.rename(share.root, "dddd", share.root, "ddddd"))).toBe(Errno.ENOSPC);
    expect(fails(() => share.link(share.child(d, "a"), share.root, "l"))).toBe(Errno.ENOSPC);
    expect([...map.keys()].sort()).toEqual(["dddd/a", "dddd/b", "y".repeat(18)]);
    // One takes the place of the other.
    expect(fails(() => share.rename(d, "a", d, "b"))).toBeUndefined();
    expect([make(d, "c"), make(d, "e")]).toEqual([undefined, Errno.ENOSPC]);
  });

  test("has few extended attributes for a file, however small they are", () => {
    const share = new MapShare(new Map());
    const nothing = new Uint8Array(0);
    for (let index = 0; index < 256; index++) share.extended.set(share.root, `user.${index}`, nothing);
    expect(fails(() => share.extended.set(share.root, "user.more", nothing))).toBe(Errno.ENOSPC);
    expect(fails(() => share.extended.set(share.root, "user.1", Uint8Array.of(1)))).toBeUndefined();
    share.extended.remove(share.root, "user.1");
    expect(fails(() => share.extended.set(share.root, "user.more", nothing))).toBeUndefined();
  });

  test("moves nothing into a folder that is gone", () => {
    const map = new Map<string, Uint8Array>();
    const share = new MapShare(map);
    share.makeFolder(share.root, "d", 0o755, OWNER);
    const gone = share.child(share.root, "d");
    share.hold(gone);
    share.remove(share.root, "d", true);
    share.create(share.root, "f", RW, 0o644, true, OWNER).close();
    expect(fails(() => share.rename(share.root, "f", gone, "f"))).toBe(Errno.ENOENT);
    expect([...map.keys()]).toEqual(["f"]);
  });
});

test("names of folders that are open many times are kept only so far; who reads on is told the rest", () => {
  const share = new MapShare(new Map());
  const many = Array.from({ length: 2 ** 17 }, (_, index) => ({ name: `f${index}`, type: FileType.FILE, id: 1n }));
  let listed = 0;
  share.list = () => (listed++, many);
  const rig = rigFor(share);
  const names = (fid: number, offset: bigint): string => {
    const { body } = rig.ask(Message.READDIR, [fid, 4], [offset, 8], [30, 4]);
    return new TextDecoder().decode(new Uint8Array(body.buffer, body.byteOffset + 4 + 24, body.getUint16(26, true)));
  };
  for (let fid = 1; fid <= 20; fid++) {
    rig.walk(fid);
    rig.ask(Message.LOPEN, [fid, 4], [0, 4]);
    names(fid, 0n);
  }
  expect(listed).toBe(20);
  // Two millions are kept: those of the last sixteen.
  expect([names(20, 500n), names(5, 500n), listed]).toEqual([
    expect.stringContaining("f500"),
    expect.stringContaining("f500"),
    20,
  ]);
  expect([names(1, 500n), listed]).toEqual([expect.stringContaining("f500"), 21]);
  expect([names(1, 501n), listed]).toEqual([expect.stringContaining("f501"), 21]);
  // Numbers that are given back make room.
  for (let fid = 1; fid <= 20; fid++) rig.ask(Message.CLUNK, [fid, 4]);
  expect(rig.walk(1)).toBe(0);
});

test("values of extended attributes that are read and replaced are held only so far", () => {
  const share = new MapShare(new Map());
  const rig = rigFor(share);
  const errors: number[] = [];
  for (let fid = 1; fid <= 300; fid++) {
    share.extended.set(share.root, "user.a", new Uint8Array(60_000));
    errors.push(rig.error(Message.XATTRWALK, [0, 4], [fid, 4], "user.a"));
  }
  expect(errors.indexOf(Errno.ENOSPC)).toBe(Math.floor(2 ** 24 / 60_000));
  for (let fid = 1; fid <= 300; fid++) rig.ask(Message.CLUNK, [fid, 4]);
  expect(rig.error(Message.XATTRWALK, [0, 4], [1, 4], "user.a")).toBe(0);
});

test("a number that is walked to itself keeps what is unlinked", () => {
  const share = new MapShare(new Map<string, string | Uint8Array>([["a", "in a"]]));
  const rig = rigFor(share);
  rig.walk(1, "a");
  rig.ask(Message.UNLINKAT, [0, 4], "a", [0, 4]);
  rig.ask(Message.WALK, [1, 4], [1, 4], [0, 2]);
  expect(rig.contents(1)).toBe("in a");
});

test("what a share moves by itself counts for what is served at once", () => {
  const rig = rigFor(new MapShare(new Map()));
  rig.walk(1);
  rig.ask(Message.LCREATE, [1, 4], "f", [OpenFlag.RDWR, 4], [0o644, 4], [0, 4]);
  rig.ask(Message.WRITE, [1, 4], [2 ** 10, 8], [1, 4], Uint8Array.of(1));
  expect(rig.device.nextDeadline()).toBeUndefined();
  rig.ask(Message.WRITE, [1, 4], [2 ** 22, 8], [1, 4], Uint8Array.of(1));
  expect(rig.device.nextDeadline()).toBeDefined();
});

test("a folder of the host's has a bounded number of files open", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-9p-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const share = openFolder(folder);
  onTestFinished(() => share.close());
  const files = Array.from({ length: 4096 }, (_, index) =>
    share.create(share.root, `f${index & 1}`, RW, 0o644, false, OWNER),
  );
  const f0 = share.child(share.root, "f0");
  expect(fails(() => share.open(f0, RW))).toBe(Errno.EMFILE);
  files.pop()!.close();
  expect(fails(() => files.push(share.open(f0, RW)))).toBeUndefined();
  for (const file of files) file.close();
});
