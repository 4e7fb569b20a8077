import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { MapShare } from "../../../src/backend/share/map.ts";
import { Errno, type Share } from "../../../src/backend/share/share.ts";
import { Message, OpenFlag } from "../../../src/device/virtio/9p/protocol.ts";
import { openFolder } from "../../../src/host/share-node.ts";
import { message, ShareRig } from "./9p-rig.ts";
import { fuzzShare } from "./9p-fuzz.ts";
import { requireTools } from "../../support/tools.ts";
import { spawnSync } from "node:child_process";

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-9p-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const RW = OpenFlag.RDWR;

/** A file "a" and a folder "d" with "b" in it. */
const shares: readonly (readonly [name: string, make: () => Share])[] = [
  [
    "a Map",
    () =>
      new MapShare(
        new Map<string, string | Uint8Array>([
          ["a", "in a"],
          ["d/b", "in b"],
        ]),
      ),
  ],
  [
    "a folder",
    () => {
      const folder = temporary();
      mkdirSync(path.join(folder, "d"));
      writeFileSync(path.join(folder, "a"), "in a");
      writeFileSync(path.join(folder, "d/b"), "in b");
      return openFolder(folder);
    },
  ],
];

describe.each(shares)("%s", (_name, make) => {
  function rig(readonly = false): ShareRig {
    const share = make();
    onTestFinished(() => share.close());
    const made = ShareRig.make(share, readonly);
    made.attach();
    return made;
  }

  test("is walked, read, written, cut, and listed in pieces", () => {
    const driver = rig();
    expect([driver.walk(1, "d", "b"), driver.contents(1)]).toEqual([0, "in b"]);
    expect([driver.walk(2, "d", "no"), driver.walk(2, "no"), driver.walk(2, "a", "b")]).toEqual([2, 2, 2]);
    expect([driver.walk(3, "..", "..", "d", "..", "a"), driver.contents(3)]).toEqual([0, "in a"]);
    driver.walk(4);
    expect(driver.error(Message.LCREATE, [4, 4], "new", [RW, 4], [0o640, 4], [0, 4])).toBe(0);
    const bytes = new TextEncoder().encode("0123456789");
    expect(driver.ask(Message.WRITE, [4, 4], [3, 8], [10, 4], bytes).body.getUint32(0, true)).toBe(10);
    driver.walk(5, "new");
    expect(driver.contents(5)).toBe("\0\0\x000123456789");
    // Mode, size: valid bits 1 and 8.
    driver.ask(Message.SETATTR, [5, 4], [9, 4], [0o600, 4], [0, 4], [0, 4], [5, 8], [0, 8], [0, 8], [0, 8], [0, 8]);
    const { body } = driver.ask(Message.GETATTR, [5, 4], [0x7ff, 8]);
    expect([body.getUint32(21, true).toString(8), body.getBigUint64(49, true)]).toEqual(["100600", 5n]);
    driver.walk(6);
    driver.ask(Message.LOPEN, [6, 4], [0, 4]);
    const names: string[] = [];
    for (let offset = 0n; ;) {
      const { body: part } = driver.ask(Message.READDIR, [6, 4], [offset, 8], [30, 4]);
      if (part.getUint32(0, true) === 0) break;
      offset = part.getBigUint64(4 + 13, true);
      const length = part.getUint16(4 + 13 + 9, true);
      names.push(new TextDecoder().decode(new Uint8Array(part.buffer, part.byteOffset + 4 + 24, length)));
    }
    expect(names.sort()).toEqual(["a", "d", "new"]);
  });

  test("is changed: folders, links, new names, removal", () => {
    const driver = rig();
    expect(driver.error(Message.MKDIR, [0, 4], "e", [0o755, 4], [0, 4])).toBe(0);
    expect(driver.error(Message.MKDIR, [0, 4], "e", [0o755, 4], [0, 4])).toBe(Errno.EEXIST);
    expect(driver.error(Message.SYMLINK, [0, 4], "l", "../../etc/passwd", [0, 4])).toBe(0);
    driver.walk(1, "l");
    const { body } = driver.ask(Message.READLINK, [1, 4]);
    expect(body.getUint16(0, true)).toBe(16);
    expect(driver.error(Message.LOPEN, [1, 4], [0, 4])).toBe(Errno.ELOOP);
    driver.walk(2, "d");
    driver.walk(3, "e");
    driver.walk(4, "d", "b");
    expect(driver.error(Message.RENAMEAT, [2, 4], "b", [3, 4], "c")).toBe(0);
    // Who has it has it still.
    expect(driver.contents(4)).toBe("in b");
    expect(driver.error(Message.UNLINKAT, [0, 4], "e", [0x200, 4])).toBe(Errno.ENOTEMPTY);
    expect(driver.error(Message.UNLINKAT, [0, 4], "d", [0x200, 4])).toBe(0);
    expect(driver.error(Message.RENAMEAT, [0, 4], "e", [3, 4], "inside")).toBe(Errno.EINVAL);
    expect(driver.error(Message.REMOVE, [4, 4])).toBe(0);
    expect(driver.error(Message.GETATTR, [4, 4], [0, 8])).toBe(Errno.EBADF);
    expect(driver.walk(5, "e", "c")).toBe(2);
  });

  test("to be read only refuses every change", () => {
    const driver = rig(true);
    driver.walk(1, "a");
    driver.walk(2, "a");
    const errors = [
      driver.error(Message.LCREATE, [0, 4], "n", [RW, 4], [0o644, 4], [0, 4]),
      driver.error(Message.LOPEN, [1, 4], [RW, 4]),
      driver.error(Message.LOPEN, [1, 4], [OpenFlag.TRUNC, 4]),
      driver.error(Message.MKDIR, [0, 4], "n", [0o755, 4], [0, 4]),
      driver.error(Message.SYMLINK, [0, 4], "n", "x", [0, 4]),
      driver.error(Message.LINK, [0, 4], [1, 4], "n"),
      driver.error(Message.RENAMEAT, [0, 4], "a", [0, 4], "n"),
      driver.error(Message.RENAME, [1, 4], [0, 4], "n"),
      driver.error(Message.UNLINKAT, [0, 4], "a", [0, 4]),
      driver.error(Message.REMOVE, [2, 4]),
      driver.error(Message.SETATTR, [1, 4], [8, 4], [0, 4], [0, 4], [0, 4], [0, 8], [0, 8], [0, 8], [0, 8], [0, 8]),
    ];
    expect(new Set(errors)).toEqual(new Set([Errno.EROFS]));
    expect(driver.contents(1)).toBe("in a");
  });

  test("takes names of single files only", () => {
    const driver = rig();
    for (const name of ["", ".", "..", "a/b", "/", "../x", "n\0"]) {
      expect(driver.error(Message.MKDIR, [0, 4], name, [0o755, 4], [0, 4])).toBe(Errno.EINVAL);
      expect(driver.error(Message.RENAMEAT, [0, 4], "a", [0, 4], name)).toBe(Errno.EINVAL);
    }
    expect(driver.walk(1, "d/b")).toBe(Errno.EINVAL);
    expect(driver.error(Message.MKDIR, [0, 4], "n".repeat(256), [0o755, 4], [0, 4])).toBe(Errno.ENAMETOOLONG);
  });

  test("is the same in a restored machine, open files too", () => {
    const share = make();
    onTestFinished(() => share.close());
    const driver = ShareRig.make(share);
    driver.attach();
    driver.walk(1, "d", "b");
    driver.ask(Message.LOPEN, [1, 4], [0, 4]);
    const state = driver.slot.save();
    const twin = ShareRig.make(share);
    twin.ram.set(driver.ram);
    twin.slot.restore(state);
    expect(twin.slot.save()).toEqual(state);
  });

  test("survives messages that make no sense", async () => {
    for (let seed = 1; seed <= 60; seed++) await fuzzShare(seed, make());
  });
});

describe("a folder of the host's", () => {
  function sharedFolder(): { inside: string; outside: string; driver: ShareRig } {
    const folder = temporary();
    const [inside, outside] = [path.join(folder, "inside"), path.join(folder, "outside")];
    mkdirSync(path.join(inside, "d/e"), { recursive: true });
    mkdirSync(path.join(outside, "e"), { recursive: true });
    writeFileSync(path.join(outside, "secret"), "secret");
    writeFileSync(path.join(outside, "e/secret"), "secret");
    const share = openFolder(inside);
    onTestFinished(() => share.close());
    const driver = ShareRig.make(share);
    driver.attach();
    return { inside, outside, driver };
  }

  test("does not follow its links, whoever has made them", () => {
    const { inside, outside, driver } = sharedFolder();
    symlinkSync(outside, path.join(inside, "folder"));
    symlinkSync(path.join(outside, "secret"), path.join(inside, "file"));
    expect(driver.walk(1, "folder", "secret")).toBe(2);
    driver.walk(2, "folder");
    expect(driver.error(Message.LOPEN, [2, 4], [0, 4])).toBe(Errno.ELOOP);
    expect(driver.error(Message.LCREATE, [2, 4], "x", [RW, 4], [0o644, 4], [0, 4])).toBe(Errno.ENOTDIR);
    expect(driver.error(Message.MKDIR, [2, 4], "x", [0o755, 4], [0, 4])).toBe(Errno.ENOTDIR);
    driver.walk(3);
    expect(driver.error(Message.LCREATE, [3, 4], "file", [RW | OpenFlag.TRUNC, 4], [0o644, 4], [0, 4])).toBe(
      Errno.ELOOP,
    );
    expect(driver.error(Message.UNLINKAT, [0, 4], "file", [0, 4])).toBe(0);
    expect(readFileSync(path.join(outside, "secret"), "utf8")).toBe("secret");
    expect(readdirSync(outside).sort()).toEqual(["e", "secret"]);
  });

  test("does not lead out when a folder is replaced by a link, or moved away, while the guest has it", () => {
    const { inside, outside, driver } = sharedFolder();
    driver.walk(1, "d");
    driver.walk(2, "d", "e");
    renameSync(path.join(inside, "d"), path.join(outside, "moved"));
    symlinkSync(outside, path.join(inside, "d"));
    // The folder itself, wherever it is now; not what is in its place.
    expect(driver.error(Message.MKDIR, [1, 4], "made", [0o755, 4], [0, 4])).toBe(0);
    expect(readdirSync(path.join(outside, "moved")).sort()).toEqual(["e", "made"]);
    // Above it is what was above it.
    driver.ask(Message.WALK, [2, 4], [3, 4], [3, 2], "..", "..", "secret");
    expect(driver.error(Message.GETATTR, [3, 4], [0, 8])).toBe(Errno.EBADF);
    expect(readdirSync(outside).sort()).toEqual(["e", "moved", "secret"]);
  });

  test("finds its files again when there are more than descriptors are kept for, and nothing else in their place", () => {
    const { inside, outside, driver } = sharedFolder();
    writeFileSync(path.join(inside, "d/e/first"), "first");
    writeFileSync(path.join(inside, "d/e/second"), "second");
    driver.walk(1, "d", "e", "first");
    driver.walk(2, "d", "e", "second");
    for (let i = 0; i < 1100; i++) writeFileSync(path.join(inside, String(i)), "");
    for (let i = 0; i < 1100; i++) driver.walk(10 + i, String(i));
    expect(driver.contents(1)).toBe("first");
    rmSync(path.join(inside, "d/e/second"));
    linkSync(path.join(outside, "secret"), path.join(inside, "d/e/second"));
    expect(driver.error(Message.LOPEN, [2, 4], [0, 4])).toBe(Errno.ESTALE);
  });

  test("has no devices, pipes or sockets for the guest", () => {
    requireTools("mke2fs");
    const { inside, driver } = sharedFolder();
    if (spawnSync("mkfifo", [path.join(inside, "pipe")]).status !== 0) return;
    driver.walk(1, "pipe");
    expect(driver.error(Message.LOPEN, [1, 4], [0, 4])).toBe(Errno.EPERM);
    driver.walk(2);
    expect([Errno.EPERM, Errno.EIO]).toContain(
      driver.error(Message.LCREATE, [2, 4], "pipe", [OpenFlag.WRONLY, 4], [0o644, 4], [0, 4]),
    );
  });

  test("keeps what links say as it is", () => {
    const { inside, driver } = sharedFolder();
    driver.ask(Message.SYMLINK, [0, 4], "l", "/etc/../x", [0, 4]);
    expect(readlinkSync(path.join(inside, "l"))).toBe("/etc/../x");
  });
});

test("what a guest writes to a Map's file is in the map when it is closed; renamed and removed files too", () => {
  const map = new Map<string, Uint8Array | string>([["d/b", "in b"]]);
  const driver = ShareRig.make(new MapShare(map));
  driver.attach();
  driver.walk(1, "d");
  driver.ask(Message.LCREATE, [1, 4], "c", [RW, 4], [0o644, 4], [0, 4]);
  driver.ask(Message.WRITE, [1, 4], [0, 8], [2, 4], Uint8Array.of(104, 105));
  driver.ask(Message.CLUNK, [1, 4]);
  expect(map.get("d/c")).toEqual(Uint8Array.of(104, 105));
  driver.ask(Message.RENAMEAT, [0, 4], "d", [0, 4], "e");
  expect([...map.keys()].sort()).toEqual(["e/b", "e/c"]);
  driver.walk(2, "e");
  driver.ask(Message.UNLINKAT, [2, 4], "b", [0, 4]);
  expect([...map.keys()]).toEqual(["e/c"]);
});

test("a message without room for its answer, or without an end, is given back", () => {
  const driver = ShareRig.make(new MapShare(new Map()));
  expect(driver.send(message(Message.VERSION, [8192, 4], "9P2000.L"), 8)).toBeUndefined();
  const cut = message(Message.VERSION, [8192, 4], "9P2000.L");
  new DataView(cut.buffer).setUint32(0, 2 ** 31, true);
  expect(driver.send(cut)).toMatchObject({ type: Message.RLERROR });
  expect(driver.status()).toBe(15);
});
