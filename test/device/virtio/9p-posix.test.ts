/** What pjdfstest found: owners, modes whatever this process's mask, special files, hard links, times, extended attributes. (docs/design/shares.md) */

import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { getuid } from "node:process";
import { describe, expect, onTestFinished, test } from "vitest";
import { MapShare } from "../../../src/backend/share/map.ts";
import { Errno, FileType, type Share } from "../../../src/backend/share/share.ts";
import { Message, NO_FID, OpenFlag, VERSION_9P2000_L } from "../../../src/device/virtio/9p/protocol.ts";
import { openFolder } from "../../../src/host/share-node.ts";
import { requireThat } from "../../support/tools.ts";
import { ShareRig } from "./9p-rig.ts";

const [USER, GROUP] = [65_534, 65_533];

function folderShare(): Share {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-9p-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return openFolder(folder);
}

/** A driver whose root is fid 0, for the user. */
function rigFor(share: Share, uid = USER): ShareRig {
  onTestFinished(() => share.close());
  const rig = ShareRig.make(share);
  rig.ask(Message.VERSION, [8192, 4], VERSION_9P2000_L);
  rig.ask(Message.ATTACH, [0, 4], [NO_FID, 4], "nobody", "", [uid, 4]);
  return rig;
}

/** Mode, owner, group, names, device and times of a file. */
function statusOf(rig: ShareRig, ...names: readonly string[]) {
  rig.walk(99, ...names);
  const { body } = rig.ask(Message.GETATTR, [99, 4], [0x7ff, 8]);
  rig.ask(Message.CLUNK, [99, 4]);
  const word = (at: number): number => body.getUint32(at, true);
  const time = (at: number): bigint => body.getBigUint64(at, true) * 1_000_000_000n + body.getBigUint64(at + 8, true);
  return {
    mode: word(21),
    owner: [word(25), word(29)],
    names: Number(body.getBigUint64(33, true)),
    device: Number(body.getBigUint64(41, true)),
    ...{ atime: time(73), mtime: time(89), ctime: time(105) },
  };
}

describe.each<[string, () => Share]>([
  ["a Map", () => new MapShare(new Map())],
  ["a folder", folderShare],
])("%s", (name, make) => {
  test("new files belong to who makes them, with the modes that were asked for", () => {
    requireThat(name === "a Map" || getuid?.() === 0, "needs root, who alone gives files away");
    const before = process.umask(0o077);
    onTestFinished(() => void process.umask(before));
    const rig = rigFor(make());
    rig.walk(1);
    rig.ask(Message.LCREATE, [1, 4], "file", [OpenFlag.RDWR, 4], [0o4666, 4], [GROUP, 4]);
    rig.ask(Message.MKDIR, [0, 4], "folder", [0o2777, 4], [GROUP, 4]);
    rig.ask(Message.SYMLINK, [0, 4], "link", "target", [GROUP, 4]);
    rig.ask(Message.MKNOD, [0, 4], "node", [FileType.FILE | 0o622, 4], [0, 4], [0, 4], [GROUP, 4]);
    const owner = [USER, GROUP];
    expect(statusOf(rig, "file")).toMatchObject({ mode: FileType.FILE | 0o4666, owner });
    expect(statusOf(rig, "folder")).toMatchObject({ mode: FileType.FOLDER | 0o2777, owner });
    expect(statusOf(rig, "link")).toMatchObject({ mode: FileType.LINK | 0o777, owner });
    expect(statusOf(rig, "node")).toMatchObject({ mode: FileType.FILE | 0o622, owner });
  });

  test("a file that is there stays whose it is, when it is created again", () => {
    const rig = rigFor(make(), NO_FID);
    rig.walk(1);
    rig.ask(Message.LCREATE, [1, 4], "file", [OpenFlag.RDWR, 4], [0o600, 4], [NO_FID, 4]);
    const before = statusOf(rig, "file");
    rig.walk(2);
    expect(rig.error(Message.LCREATE, [2, 4], "file", [OpenFlag.RDWR, 4], [0o666, 4], [GROUP, 4])).toBe(0);
    expect(statusOf(rig, "file")).toEqual(before);
  });

  test("a file has several names; its folder counts its folders", () => {
    const rig = rigFor(make());
    for (const folder of ["a", "b"]) rig.ask(Message.MKDIR, [0, 4], folder, [0o755, 4], [0, 4]);
    expect(statusOf(rig).names).toBe(4);
    rig.walk(1, "a");
    rig.walk(2, "b");
    rig.walk(3, "a");
    rig.ask(Message.LCREATE, [3, 4], "f", [OpenFlag.RDWR, 4], [0o644, 4], [0, 4]);
    expect(rig.error(Message.LINK, [2, 4], [3, 4], "g")).toBe(0);
    expect(rig.error(Message.LINK, [2, 4], [3, 4], "g")).toBe(Errno.EEXIST);
    expect(rig.error(Message.LINK, [2, 4], [1, 4], "h")).toBe(Errno.EPERM);
    expect([statusOf(rig, "a", "f").names, statusOf(rig, "b", "g").names]).toEqual([2, 2]);
    rig.ask(Message.WRITE, [3, 4], [0, 8], [2, 4], Uint8Array.of(104, 105));
    expect(rig.error(Message.UNLINKAT, [1, 4], "f", [0, 4])).toBe(0);
    rig.walk(4, "b", "g");
    expect([rig.contents(4), statusOf(rig, "b", "g").names]).toEqual(["hi", 1]);
    expect(rig.error(Message.RENAMEAT, [2, 4], "g", [1, 4], "moved")).toBe(0);
    rig.walk(5, "a", "moved");
    expect(rig.contents(5)).toBe("hi");
  });

  test("changes of a folder's names change its times", async () => {
    const rig = rigFor(make());
    rig.ask(Message.MKDIR, [0, 4], "d", [0o755, 4], [0, 4]);
    rig.walk(1, "d");
    const changes: (() => void)[] = [
      () => rig.ask(Message.MKDIR, [1, 4], "e", [0o755, 4], [0, 4]),
      () => rig.ask(Message.RENAMEAT, [1, 4], "e", [0, 4], "e"),
      () => rig.ask(Message.RENAMEAT, [0, 4], "e", [1, 4], "f"),
      () => rig.ask(Message.UNLINKAT, [1, 4], "f", [0x200, 4]),
    ];
    for (const change of changes) {
      const before = statusOf(rig, "d");
      await new Promise((resolve) => setTimeout(resolve, 20));
      change();
      const after = statusOf(rig, "d");
      expect([after.mtime > before.mtime, after.ctime > before.ctime]).toEqual([true, true]);
    }
  });
});

test("a Map has pipes, sockets and devices for the guest; a folder of the host's gets none", () => {
  const rig = rigFor(new MapShare(new Map()));
  const made = [
    [FileType.PIPE, 0, 0],
    [FileType.SOCKET, 0, 0],
    [FileType.CHARACTER, 1, 3],
    [FileType.BLOCK, 0x123, 0x4_5678],
  ] as const;
  made.forEach(([type, major, minor], index) => {
    const request = [
      [type | 0o640, 4],
      [major, 4],
      [minor, 4],
      [GROUP, 4],
    ] as const;
    expect(rig.error(Message.MKNOD, [0, 4], `n${index}`, ...request)).toBe(0);
    expect(rig.error(Message.MKNOD, [0, 4], `n${index}`, ...request)).toBe(Errno.EEXIST);
    const device = ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0;
    expect(statusOf(rig, `n${index}`)).toMatchObject({ mode: type | 0o640, owner: [USER, GROUP], device });
  });
  rig.walk(1, "n0");
  expect(rig.error(Message.LOPEN, [1, 4], [0, 4])).toBe(Errno.ELOOP);
  expect(rig.error(Message.MKNOD, [0, 4], "no", [FileType.FOLDER, 4], [0, 4], [0, 4], [0, 4])).toBe(Errno.EINVAL);

  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-9p-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const other = rigFor(openFolder(folder));
  for (const [type] of made) {
    expect(other.error(Message.MKNOD, [0, 4], "n", [type | 0o640, 4], [1, 4], [3, 4], [0, 4])).toBe(Errno.EPERM);
  }
  expect(lstatSync(path.join(folder, "n"), { throwIfNoEntry: false })).toBeUndefined();
});

describe("extended attributes of a Map", () => {
  const set = (rig: ShareRig, name: string, value: string, flags = 0, size = value.length): number => {
    rig.walk(50);
    const created = rig.error(Message.XATTRCREATE, [50, 4], name, [size, 8], [flags, 4]);
    const bytes = new TextEncoder().encode(value);
    if (created === 0 && bytes.length > 0) rig.ask(Message.WRITE, [50, 4], [0, 8], [bytes.length, 4], bytes);
    return created + rig.error(Message.CLUNK, [50, 4]);
  };
  const get = (rig: ShareRig, name: string): string | number => {
    const { type, body } = rig.ask(Message.XATTRWALK, [0, 4], [51, 4], name);
    if (type === Message.RLERROR) return body.getUint32(0, true);
    const size = Number(body.getBigUint64(0, true));
    const { body: read } = rig.ask(Message.READ, [51, 4], [0, 8], [8000, 4]);
    rig.ask(Message.CLUNK, [51, 4]);
    expect(read.getUint32(0, true)).toBe(size);
    return new TextDecoder().decode(new Uint8Array(read.buffer, read.byteOffset + 4, size));
  };

  test("are set, read, listed, replaced and removed", () => {
    const rig = rigFor(new MapShare(new Map()));
    expect(get(rig, "user.a")).toBe(Errno.ENODATA);
    expect([set(rig, "user.a", "one"), set(rig, "user.b", "two")]).toEqual([0, 0]);
    expect([get(rig, "user.a"), get(rig, "")]).toEqual(["one", "user.a\0user.b\0"]);
    expect([set(rig, "user.a", "x", 1), set(rig, "user.c", "x", 2)]).toEqual([Errno.EEXIST, Errno.ENODATA]);
    expect([set(rig, "user.a", "three", 2), get(rig, "user.a")]).toEqual([0, "three"]);
    expect([set(rig, "user.a", ""), set(rig, "user.a", ""), get(rig, "")]).toEqual([0, Errno.ENODATA, "user.b\0"]);
  });

  test("are bounded: each, a file's, and those on their way", () => {
    const rig = rigFor(new MapShare(new Map()));
    expect(set(rig, "user.a", "", 0, 2 ** 16 + 1)).toBe(Errno.E2BIG);
    // Less was written than was said.
    expect(set(rig, "user.a", "one", 0, 4)).toBe(Errno.EINVAL);
    const sizes: number[] = [];
    for (let fid = 100; fid < 400; fid++) {
      rig.walk(fid);
      sizes.push(rig.error(Message.XATTRCREATE, [fid, 4], "user.a", [2 ** 16, 8], [0, 4]));
    }
    expect(sizes.indexOf(Errno.ENOSPC)).toBe(256);
    for (let fid = 100; fid < 400; fid++) rig.ask(Message.CLUNK, [fid, 4]);
    expect(set(rig, "user.a", "again")).toBe(0);
  });

  test("a folder of the host's has none", () => {
    const rig = rigFor(folderShare());
    expect([get(rig, "user.a"), set(rig, "user.a", "x")]).toEqual([Errno.EOPNOTSUPP, Errno.EOPNOTSUPP]);
  });
});

test("a file's names take room, are no more than a thousand, and lead to the same bytes", () => {
  const map = new Map<string, Uint8Array>();
  const share = new MapShare(map);
  const rig = rigFor(share);
  const free = (): bigint => share.room().freeFiles;
  rig.walk(1);
  rig.ask(Message.LCREATE, [1, 4], "f", [OpenFlag.RDWR, 4], [0o644, 4], [GROUP, 4]);
  rig.walk(2, "f");
  const before = free();
  const link = (index: number): number => rig.error(Message.LINK, [0, 4], [2, 4], `g${index}`);
  for (let index = 0; index < 1000; index++) expect(link(index)).toBe(0);
  expect(link(1000)).toBe(Errno.EMLINK);
  expect(before - free()).toBe(1000n);
  rig.ask(Message.WRITE, [1, 4], [0n, 8], [3, 4], Uint8Array.of(1, 2, 3));
  rig.ask(Message.FSYNC, [1, 4], [0, 4]);
  expect(new Set(map.values()).size).toBe(1);
  for (const name of ["f", "g0", "g999"]) expect(map.get(name)).toEqual(Uint8Array.of(1, 2, 3));
  rig.ask(Message.UNLINKAT, [0, 4], "f", [0, 4]);
  for (let index = 1; index < 1000; index++) rig.ask(Message.UNLINKAT, [0, 4], `g${index}`, [0, 4]);
  expect([free(), [...map.keys()]]).toEqual([before, ["g0"]]);
});

test("what is unlinked while it is open takes room until it is closed, and no more than there is", () => {
  const rig = rigFor(new MapShare(new Map()));
  const grow = (fid: number): number => {
    rig.walk(fid);
    rig.ask(Message.LCREATE, [fid, 4], "f", [OpenFlag.RDWR, 4], [0o644, 4], [0, 4]);
    rig.ask(Message.UNLINKAT, [0, 4], "f", [0, 4]);
    return rig.error(Message.WRITE, [fid, 4], [600 * 2 ** 20, 8], [1, 4], Uint8Array.of(1));
  };
  expect([grow(1), grow(2)]).toEqual([0, Errno.ENOSPC]);
  const size = [
    [8, 4],
    [0, 4],
    [0, 4],
    [0, 4],
    [2 ** 40, 8],
    [0, 8],
    [0, 8],
    [0, 8],
    [0, 8],
  ] as const;
  expect(rig.error(Message.SETATTR, [2, 4], ...size)).toBe(Errno.EFBIG);
  rig.ask(Message.CLUNK, [1, 4]);
  expect(grow(3)).toBe(0);
});

test("a machine that has been restored is saved and restored again, whatever its guest's flags and user", () => {
  const share = new MapShare(new Map<string, string | Uint8Array>([["a", "in a"]]));
  const rig = rigFor(share);
  rig.walk(1, "a");
  // All flags but the one for folders.
  expect(rig.error(Message.LOPEN, [1, 4], [0xfffe_fffe, 4])).toBe(0);
  const state = rig.slot.save();
  rig.slot.restore(state);
  const again = rig.slot.save();
  rig.slot.restore(again);
  expect(rig.slot.save()).toEqual(again);
  rig.ask(Message.MKDIR, [0, 4], "made", [0o755, 4], [GROUP, 4]);
  expect(statusOf(rig, "made").owner).toEqual([USER, GROUP]);
});
