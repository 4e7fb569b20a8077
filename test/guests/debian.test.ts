import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readManifest, recipe } from "../../scripts/debian.mjs";
import { findMirror, parseSources, PrepareError, PrivateApt } from "../../scripts/debian-apt.mjs";
import { charDevice, cpio, dir, file, link } from "../../src/linux/cpio.ts";
import { INIT, initramfs } from "../../src/linux/initramfs.ts";

interface Entry {
  name: string;
  mode: number;
  data: string;
  rdev: [number, number];
}

/** Reads a newc archive the way the kernel does: 110-byte headers, names and data padded to four bytes. */
function readCpio(bytes: Uint8Array): Entry[] {
  const archive = Buffer.from(bytes);
  const entries: Entry[] = [];
  for (let at = 0; ;) {
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number) => parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const nameAt = at + 110;
    const dataAt = (nameAt + field(11) + 3) & ~3;
    const name = archive.toString("utf8", nameAt, nameAt + field(11) - 1);
    if (name === "TRAILER!!!") return entries;
    const data = archive.toString("utf8", dataAt, dataAt + field(6));
    entries.push({ name, mode: field(1), data, rdev: [field(9), field(10)] });
    at = (dataAt + field(6) + 3) & ~3;
  }
}

describe("cpio", () => {
  it("keeps names, modes, data and device numbers of every kind of entry", () => {
    const archive = cpio([
      dir("bin"),
      file("bin/a", "hello", 0o755),
      link("bin/b", "a"),
      charDevice("console", 5, 1),
      file("empty", ""),
    ]);
    expect(readCpio(archive)).toEqual([
      { name: "bin", mode: 0o040755, data: "", rdev: [0, 0] },
      { name: "bin/a", mode: 0o100755, data: "hello", rdev: [0, 0] },
      { name: "bin/b", mode: 0o120777, data: "a", rdev: [0, 0] },
      { name: "console", mode: 0o020600, data: "", rdev: [5, 1] },
      { name: "empty", mode: 0o100644, data: "", rdev: [0, 0] },
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])("pads a file of %d bytes so that the next header is aligned", (bytes) => {
    const entries = readCpio(cpio([file("x", "a".repeat(bytes)), file("next", "b")]));
    expect(entries.map((entry) => entry.data)).toEqual(["a".repeat(bytes), "b"]);
  });
});

describe("the initramfs", () => {
  const busybox = Buffer.from("not really busybox");

  it("is the same bytes each time it is built", () => {
    expect(initramfs(busybox)).toEqual(initramfs(busybox));
  });

  it("has an executable init and a console for it to speak on", () => {
    const entries = readCpio(initramfs(busybox));
    const find = (name: string) => entries.find((entry) => entry.name === name);
    expect(find("init")).toMatchObject({ mode: 0o100755, data: INIT });
    expect(find("dev/console")).toMatchObject({ rdev: [5, 1] });
    expect(find("bin/busybox")).toMatchObject({ mode: 0o100755, data: "not really busybox" });
    expect(find("bin/sh")).toMatchObject({ data: "busybox" });
  });

  it("lists every directory before what lies in it", () => {
    const seen = new Set<string>();
    for (const { name } of readCpio(initramfs(busybox, [["a.ko", Buffer.from("a")]]))) {
      const parent = name.slice(0, Math.max(0, name.lastIndexOf("/")));
      expect(parent === "" || seen.has(parent), name).toBe(true);
      seen.add(name);
    }
  });

  it("keeps modules in load order", () => {
    const entries = readCpio(
      initramfs(busybox, [
        ["second.ko", Buffer.from("2")],
        ["first.ko", Buffer.from("1")],
      ]),
    );
    expect(entries.find((entry) => entry.name === "lib/modules/order")?.data).toBe("second.ko\nfirst.ko\n");
  });
});

describe("the archive's address", () => {
  let etcApt = "";

  beforeEach(() => {
    etcApt = mkdtempSync(join(tmpdir(), "apt-"));
    mkdirSync(join(etcApt, "sources.list.d"));
  });
  afterEach(() => {
    rmSync(etcApt, { recursive: true });
  });

  it("is read from deb822 files, past comments, source stanzas and disabled ones", () => {
    const text = [
      "Types: deb-src\nURIs: http://one.example/debian\nSuites: bookworm\nComponents: main",
      "Types: deb\nEnabled: no\nURIs: http://two.example/debian\nSuites: bookworm\nComponents: main",
      "Types: deb\n# a comment\nURIs: http://three.example/debian\nSuites: bookworm bookworm-updates\nComponents: main",
    ].join("\n\n");
    expect(parseSources(text, true)).toEqual([
      { uris: ["http://three.example/debian"], suites: ["bookworm", "bookworm-updates"], components: ["main"] },
    ]);
  });

  it("is read from one-line files with options", () => {
    const text =
      "# deb http://no.example/debian x main\ndeb [arch=amd64] http://a.example/debian bookworm main contrib\n";
    expect(parseSources(text, false)).toEqual([
      { uris: ["http://a.example/debian"], suites: ["bookworm"], components: ["main", "contrib"] },
    ]);
  });

  it("is never a security or third-party archive", () => {
    writeFileSync(
      join(etcApt, "sources.list.d", "all.list"),
      "deb http://s.example/debian-security bookworm-security main\n" +
        "deb http://s.example/debian bookworm-security main\n" +
        "deb http://third.example/tool stable main\n" +
        "deb http://good.example/debian/ bookworm main\n",
    );
    expect(findMirror(etcApt, {})).toBe("http://good.example/debian/");
  });

  it("is what DEBIAN_MIRROR says, when it is set", () => {
    expect(findMirror(etcApt, { DEBIAN_MIRROR: "http://mine.example/debian" })).toBe("http://mine.example/debian");
  });

  it("is asked for when the machine names none", () => {
    expect(() => findMirror(etcApt, {})).toThrow(PrepareError);
    expect(() => findMirror(etcApt, {})).toThrow(/DEBIAN_MIRROR/);
  });
});

describe("the manifest", () => {
  let folder = "";
  const manifest = (made: string) => JSON.stringify({ kernel: "6", recipe: made, packages: [], files: { Image: 4 } });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "guests-"));
    writeFileSync(join(folder, "Image"), "1234");
    writeFileSync(join(folder, "manifest.json"), manifest(recipe()));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("holds while every file has its size", () => {
    expect(readManifest(folder)?.kernel).toBe("6");
  });

  it("does not hold once a file is cut short or gone", () => {
    writeFileSync(join(folder, "Image"), "123");
    expect(readManifest(folder)).toBeUndefined();
    rmSync(join(folder, "Image"));
    expect(readManifest(folder)).toBeUndefined();
  });

  it("does not hold when the initramfs would be another now", () => {
    writeFileSync(join(folder, "manifest.json"), manifest("another"));
    expect(readManifest(folder)).toBeUndefined();
  });
});

describe("an archive that cannot be read", () => {
  let root = "";
  let waited: number[] = [];
  const retries = { wait: (seconds: number) => void waited.push(seconds) };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "apt-root-"));
    waited = [];
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** An apt whose `apt-get` fails with the given complaints, one a call, and then succeeds. */
  function apt(...complaints: string[]): PrivateApt {
    const execute = (program: string, args: readonly string[], options?: { cwd?: string }): Buffer => {
      const complaint = program === "apt-get" ? complaints.shift() : undefined;
      if (complaint !== undefined) throw new PrepareError(complaint);
      if (args[0] === "download") writeFileSync(join(options!.cwd!, "p.deb"), "1234");
      return Buffer.from("");
    };
    return new PrivateApt(root, "http://archive.example/debian", { retries, execute });
  }

  const LIST = "lists/archive.example_debian_dists_trixie_main_binary-riscv64_Packages";
  const keepList = () => {
    mkdirSync(join(root, "lists"), { recursive: true });
    writeFileSync(join(root, LIST), "");
  };

  it("is asked again, later each time", () => {
    apt("E: Hash Sum mismatch", "E: Could not connect").update();
    expect(waited).toEqual([2, 8]);
  });

  it("is named with apt's own complaint when it stays so", () => {
    const complaint = "apt-get update failed: E: Failed to fetch http://archive.example/debian/x  404";
    expect(() => apt(complaint, complaint, complaint).update()).toThrow(complaint);
    expect(() => apt(complaint, complaint, complaint).update()).toThrow(/DEBIAN_MIRROR/);
  });

  it("does not matter while the lists of an earlier day are there", () => {
    keepList();
    const said: string[] = [];
    apt("E: one", "E: two", "E: three").update((text: string) => said.push(text));
    expect(said).toEqual([expect.stringMatching(/^E: three; going on with the package lists of \d{4}-\d\d-\d\d$/)]);
  });

  it("is not asked again, nor passed over, when its signature is bad", () => {
    keepList();
    expect(() => apt("E: The repository is not signed.").update()).toThrow(/debian-archive-keyring/);
    expect(waited).toEqual([]);
  });

  it("may break a download off: the rest is asked for again", () => {
    const some = apt("E: Connection reset");
    mkdirSync(some.archives);
    const path = join(some.archives, "p.deb");
    expect(some.download({ name: "p", path, bytes: 4 })).toBe(path);
    expect(waited).toEqual([2]);
    expect(() => some.download({ name: "p", path, bytes: 5 })).toThrow("p did not arrive whole: try again.");
  });
});
