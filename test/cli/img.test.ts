/** `wasmvisor img` beside qemu-img: the same arguments give the same output, exit codes and images. */

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runImg } from "../../src/cli/img.ts";
import { pattern } from "../contract/block-contract.ts";
import { requireTools } from "../support/tools.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-img-"));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

const at = (name: string) => path.join(folder, name);

/** Names of files in the arguments are made absolute for both, because a test cannot change its folder. */
async function ours(...args: string[]): Promise<Ran> {
  const said = { out: "", error: "" };
  const take = (name: "out" | "error") => (data: string | Uint8Array, done?: unknown) => {
    said[name] += typeof data === "string" ? data : Buffer.from(data).toString();
    if (typeof done === "function") (done as () => void)();
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(take("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(take("error")),
  ];
  try {
    return { code: await runImg(args), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function theirs(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync("qemu-img", args, { encoding: "utf8", cwd: folder });
  return { code: status ?? -1, out: stdout, error: stderr };
}

const needQemu = () => requireTools("qemu-img", "qemu-io");
const qemuIo = (file: string, ...commands: string[]) =>
  execFileSync("qemu-io", [...commands.flatMap((command) => ["-c", command]), file], { stdio: "ignore" });

/** What both say about images of the same name; sizes on the host's disk differ by what the file system likes. */
async function expectSame(...args: string[]): Promise<void> {
  const plain = ({ code, out }: Ran) => {
    const text = out.replaceAll(/disk size: .*/g, "disk size").replaceAll(/"actual-size": \d+/g, '"actual-size": 0');
    return { code, out: args.includes("--output=json") ? (JSON.parse(text) as unknown) : text };
  };
  expect(plain(await ours(...args)), args.join(" ")).toEqual(plain(theirs(...args)));
}

/** Whether two images are clean and read the same, by qemu-img. */
function expectEqual(a: string, b: string): void {
  for (const file of [a, b])
    if (file.endsWith("qcow2")) expect(theirs("check", at(file)).code, `check ${file}`).toBe(0);
  expect(theirs("compare", at(a), at(b)), `compare ${a} ${b}`).toMatchObject({ code: 0 });
}

const CREATE: readonly (readonly string[])[] = [
  ["-f", "raw", "FILE", "10M"],
  ["-f", "qcow2", "FILE", "10M"],
  ["-f", "qcow2", "-o", "cluster_size=4k,compat=0.10", "FILE", "3G"],
  ["-f", "qcow2", "-o", "cluster_size=512,refcount_bits=1", "-o", "lazy_refcounts=on", "FILE", "1000"],
  ["-f", "qcow2", "-o", "compression_type=zstd,compat=v3,cluster_size=2M,refcount_bits=64", "FILE", "1.5T"],
  ["-fqcow2", "-osize=12345k", "FILE"],
  ["-f", "qcow2", "-b", "base.raw", "-F", "raw", "FILE"],
  ["-f", "qcow2", "-u", "-b", "missing.qcow2", "-F", "qcow2", "-o", "cluster_size=1k", "FILE", "1G"],
  ["-q", "-f", "qcow2", "-o", "backing_file=base.raw,backing_fmt=raw", "FILE", "7M"],
  ["-f", "qcow2", "-o", "preallocation=metadata", "FILE", "3M"],
  ["-f", "qcow2", "-o", "preallocation=metadata,cluster_size=512,refcount_bits=1", "FILE", "12345k"],
  ["-f", "qcow2", "-o", "preallocation=full", "FILE", "3M"],
  ["-f", "raw", "-o", "preallocation=full", "FILE", "3M"],
];

describe("create and info", () => {
  test.each(CREATE)("%s %s %s %s %s", async (...args) => {
    needQemu();
    writeFileSync(at("base.raw"), pattern(5_000_704, 3));
    const named = (name: string) => args.filter(Boolean).map((arg) => (arg === "FILE" ? at(name) : arg));
    const [us, them] = [await ours("create", ...named("x.img")), theirs("create", ...named("x.img"))];
    expect(us).toMatchObject({ code: 0, out: them.out, error: "" });
    const ofTheirs = theirs("info", "--output=json", at("x.img")).out;
    rmSync(at("x.img"));
    await ours("create", ...named("x.img"));
    const plain = (text: string) => text.replaceAll(/"actual-size": \d+/g, "");
    expect(plain(theirs("info", "--output=json", at("x.img")).out)).toBe(plain(ofTheirs));
    await expectSame("info", at("x.img"));
    await expectSame("info", "--output=json", at("x.img"));
    if (!args.includes("missing.qcow2")) {
      await expectSame("check", at("x.img"));
      await expectSame("info", "--backing-chain", at("x.img"));
      await expectSame("info", "--backing-chain", "--output=json", at("x.img"));
      // qemu-img asks the file for its holes, which node cannot.
      if (!args.some((arg) => arg.includes("=metadata"))) await expectSame("map", "--output=json", at("x.img"));
    }
  });

  test("snapshots are listed", async () => {
    needQemu();
    theirs("create", "-f", "qcow2", at("a.qcow2"), "3M");
    qemuIo(at("a.qcow2"), "write 0 1M");
    theirs("snapshot", "-c", "first", at("a.qcow2"));
    qemuIo(at("a.qcow2"), "write 512k 1M");
    theirs("snapshot", "-c", "a longer name than others", at("a.qcow2"));
    await expectSame("info", at("a.qcow2"));
    await expectSame("info", "--output=json", at("a.qcow2"));
  });
});

/** An image of QEMU's with data, zeros and holes, over another such. */
function makeChain(): void {
  needQemu();
  writeFileSync(at("base.raw"), pattern(2 * 2 ** 20, 9));
  theirs("create", "-f", "qcow2", "-o", "cluster_size=4k", "-b", "base.raw", "-F", "raw", at("mid.qcow2"), "3M");
  qemuIo(at("mid.qcow2"), "write -P 1 100k 300k", "write -z -u 300k 200k", "write -P 2 2900k 8k", "discard 40k 80k");
  theirs("create", "-f", "qcow2", "-b", "mid.qcow2", "-F", "qcow2", at("top.qcow2"), "4M");
  qemuIo(at("top.qcow2"), "write -P 3 0 64k", "write -P 4 1M 200k", "write -z 3500k 100k", "write -P 5 3840k 64k");
}

describe("map and check", () => {
  test("of a chain", async () => {
    makeChain();
    for (const file of ["top.qcow2", "mid.qcow2"]) {
      await expectSame("map", at(file));
      await expectSame("map", "--output=json", at(file));
      await expectSame("map", "--output=json", "-s", "200k", "-l", "1M", at(file));
      await expectSame("check", at(file));
      await expectSame("check", "--output=json", at(file));
      await expectSame("info", "--backing-chain", "--output=json", at(file));
    }
  });

  test("of compressed clusters", async () => {
    makeChain();
    theirs("convert", "-c", "-O", "qcow2", at("top.qcow2"), at("c.qcow2"));
    await expectSame("map", "--output=json", at("c.qcow2"));
    await expectSame("check", at("c.qcow2"));
    expect((await ours("map", at("c.qcow2"))).code).toBe(theirs("map", at("c.qcow2")).code);
  });

  /** Changes a field of the image: leaks a cluster, or frees one that is used. */
  function harm(file: string, kind: "leak" | "free"): void {
    const bytes = readFileSync(at(file));
    const [l1, refcounts] = [Number(bytes.readBigUInt64BE(40)), Number(bytes.readBigUInt64BE(48))];
    const l2 = Number(bytes.readBigUInt64BE(l1) & 0xff_ffff_ffff_fe00n);
    if (kind === "leak") bytes.fill(0, l2, l2 + 16);
    else {
      const cluster = Number(bytes.readBigUInt64BE(l2 + 8) & 0xff_ffff_ffff_fe00n) / 65_536;
      bytes.writeUInt16BE(0, Number(bytes.readBigUInt64BE(refcounts)) + cluster * 2);
    }
    writeFileSync(at(file), bytes);
  }

  /** Where a repaired image ends is up to who repairs it. */
  const withoutEnd = (out: string) =>
    out
      .replaceAll(/(end.offset"?: )\d+/g, "$1")
      .split(/,?\n\s*/)
      .sort();

  test.each(["leak", "free"] as const)("of an image with a %s, before and after repairs", async (kind) => {
    needQemu();
    theirs("create", "-f", "qcow2", at("base.qcow2"), "2M");
    qemuIo(at("base.qcow2"), "write -P 7 0 1M");
    harm("base.qcow2", kind);
    await expectSame("check", at("base.qcow2"));
    await expectSame("check", "--output=json", at("base.qcow2"));
    // Where there is more than leaks, qemu-img -r leaks gives up without a word.
    for (const repair of kind === "leak" ? ["leaks", "all"] : ["all"])
      for (const output of ["--output=human", "--output=json"]) {
        const both = [];
        for (const run of [ours, theirs]) {
          copyFileSync(at("base.qcow2"), at("x.qcow2"));
          const { code, out } = await run("check", "-r", repair, output, at("x.qcow2"));
          both.push({
            code,
            out: withoutEnd(out),
            after: theirs("check", at("x.qcow2")).code,
          });
        }
        expect(both[0], `${repair} ${output}`).toEqual(both[1]);
      }
  });
});

describe("convert", () => {
  test.each([
    ["raw"],
    ["qcow2"],
    ["qcow2", "-c"],
    ["qcow2", "-o", "compat=0.10,cluster_size=4k"],
    ["qcow2", "-c", "-o", "cluster_size=512"],
    ["qcow2", "-S", "0"],
    ["qcow2", "-p", "-W", "-m", "4", "-t", "none"],
  ])("to %s %s %s %s", async (format, ...options) => {
    makeChain();
    const target = format === "raw" ? "out.raw" : "out.qcow2";
    const { code, error } = await ours("convert", "-O", format, ...options, at("top.qcow2"), at(target));
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expectEqual("top.qcow2", target);
  });

  test("as it was in a snapshot, by id or by name", async () => {
    needQemu();
    theirs("create", "-f", "qcow2", at("a.qcow2"), "3M");
    for (const [index, name] of ["before", "2", "after"].entries()) {
      qemuIo(at("a.qcow2"), `write -P ${index + 1} ${index * 512}k 1M`);
      theirs("snapshot", "-c", name, at("a.qcow2"));
    }
    theirs("resize", at("a.qcow2"), "4M");
    qemuIo(at("a.qcow2"), "write -P 9 0 4M");
    for (const wanted of ["before", "2", "3", "snapshot.id=1", "snapshot.name=2", "snapshot.name=after"]) {
      expect(await ours("convert", "-l", wanted, "-O", "raw", at("a.qcow2"), at("ours.raw"))).toMatchObject({
        code: 0,
      });
      theirs("convert", "-l", wanted, "-O", "raw", at("a.qcow2"), at("theirs.raw"));
      // The disk had 3 MiB then; qemu-img writes zeros behind it, up to today's size.
      const today = Buffer.concat([readFileSync(at("ours.raw")), Buffer.alloc(2 ** 20)]);
      expect(today.equals(readFileSync(at("theirs.raw"))), wanted).toBe(true);
    }
    expect(await ours("convert", "-l", "4", "-O", "raw", at("a.qcow2"), at("x"))).toMatchObject({
      code: 1,
      error: expect.stringMatching(/has no snapshot "4"; see/) as string,
    });
  });

  test("to an image whose room was set aside", async () => {
    makeChain();
    for (const preallocation of ["metadata", "falloc"]) {
      await ours("convert", "-O", "qcow2", "-o", `preallocation=${preallocation}`, at("top.qcow2"), at("out.qcow2"));
      expectEqual("top.qcow2", "out.qcow2");
      expect(theirs("map", "--output=json", at("out.qcow2")).out).not.toContain(
        '"data": false, "compressed": false, "depth": 0, "present": false',
      );
      expect(readFileSync(at("out.qcow2")).length).toBeGreaterThan(4 * 2 ** 20);
    }
  });

  test("what is blank takes no room", async () => {
    needQemu();
    theirs("create", "-f", "qcow2", at("big.qcow2"), "4T");
    qemuIo(at("big.qcow2"), "write -P 3 3T 100k");
    await ours("convert", "-O", "qcow2", at("big.qcow2"), at("out.qcow2"));
    expectEqual("big.qcow2", "out.qcow2");
    const bytes = new Uint8Array(3 * 2 ** 20);
    bytes.set(pattern(100, 1), 2 ** 20);
    writeFileSync(at("in.raw"), bytes);
    await ours("convert", "-f", "raw", "-O", "qcow2", at("in.raw"), at("small.qcow2"));
    expect(readFileSync(at("small.qcow2")).length).toBeLessThan(600_000);
    expectEqual("in.raw", "small.qcow2");
  });

  test("over another image, only what differs is written", async () => {
    makeChain();
    await ours("convert", "-O", "qcow2", "-B", "mid.qcow2", "-F", "qcow2", at("top.qcow2"), at("out.qcow2"));
    expectEqual("top.qcow2", "out.qcow2");
    expect(readFileSync(at("out.qcow2")).length).toBeLessThan(1_100_000);
  });

  test("several, one behind the other; and into an image that is there", async () => {
    makeChain();
    await ours("convert", "-O", "raw", at("mid.qcow2"), at("mid.qcow2"), at("twice.raw"));
    theirs("convert", "-O", "raw", at("mid.qcow2"), at("once.raw"));
    const once = readFileSync(at("once.raw"));
    expect(readFileSync(at("twice.raw")).equals(Buffer.concat([once, once]))).toBe(true);
    theirs("create", "-f", "qcow2", at("there.qcow2"), "3M");
    qemuIo(at("there.qcow2"), "write -P 9 0 3M");
    await ours("convert", "-n", "-O", "qcow2", at("mid.qcow2"), at("there.qcow2"));
    expectEqual("there.qcow2", "mid.qcow2");
  });
});

describe("commit, rebase, resize", () => {
  test.each([[[]], [["-d"]], [["-b", "base.raw"]]])("commit %s leaves what qemu-img leaves", async (options) => {
    makeChain();
    theirs("convert", "-O", "raw", at("top.qcow2"), at("all.raw"));
    const named = options.map((option) => (option.endsWith(".raw") ? at(option) : option));
    const { out } = await ours("commit", ...named, at("top.qcow2"));
    expect(out).toBe("Image committed.\n");
    const target = options.length === 2 ? "base.raw" : "mid.qcow2";
    expectEqual(target, "all.raw");
    expectEqual("top.qcow2", "all.raw");
    if (options.length === 0) expect(theirs("map", at("top.qcow2")).out).not.toContain("top.qcow2");
  });

  test("rebase over another image, over none, and by name only", async () => {
    makeChain();
    theirs("convert", "-O", "raw", at("top.qcow2"), at("all.raw"));
    writeFileSync(at("other.raw"), pattern(3 * 2 ** 20, 44));
    expect(await ours("rebase", "-b", "other.raw", "-F", "raw", at("top.qcow2"))).toEqual({
      code: 0,
      out: "",
      error: "",
    });
    expectEqual("top.qcow2", "all.raw");
    await expectSame("info", at("top.qcow2"));
    await ours("rebase", "-b", "", at("top.qcow2"));
    expectEqual("top.qcow2", "all.raw");
    await expectSame("info", at("top.qcow2"));
    await ours("rebase", "-u", "-b", "anything.raw", "-F", "raw", at("top.qcow2"));
    await expectSame("info", "--output=json", at("top.qcow2"));
  });

  test("resize", async () => {
    makeChain();
    expect(await ours("resize", at("top.qcow2"), "+1M")).toMatchObject({ code: 0, out: "Image resized.\n" });
    expect(await ours("resize", at("top.qcow2"), "-2M")).toMatchObject({ code: 1, out: "" });
    expect(await ours("resize", "--shrink", at("top.qcow2"), "-2M")).toMatchObject({ code: 0 });
    await ours("resize", "-f", "raw", at("base.raw"), "8M");
    await ours("resize", "--preallocation=full", at("mid.qcow2"), "+1M");
    expect(theirs("check", at("mid.qcow2")).code).toBe(0);
    const map = JSON.parse(theirs("map", "--output=json", at("mid.qcow2")).out) as { start: number; data: boolean }[];
    expect(map.filter(({ start }) => start >= 3 * 2 ** 20).every(({ data }) => data)).toBe(true);
    await expectSame("info", at("top.qcow2"));
    await expectSame("info", "-f", "raw", at("base.raw"));
  });
});

describe("refused, with exit code 1 and a sentence", () => {
  const HOSTILE: readonly (readonly [what: string, args: readonly string[], sentence: RegExp])[] = [
    ["no such command", ["chekc", "x"], /did you mean wasmvisor img check\?/],
    ["no such option", ["info", "--otput=json", "a.qcow2"], /did you mean --output/],
    ["no such letter", ["info", "-z", "a.qcow2"], /has no option -z/],
    ["no file", ["info"], /needs the name of one image/],
    ["a missing file", ["info", "missing"], /cannot be found|does not exist/],
    ["a bad size", ["create", "-f", "qcow2", "x", "12Q"], /is no size/],
    ["no size", ["create", "-f", "qcow2", "x"], /needs a size/],
    ["another format", ["create", "-f", "vmdk", "x", "1M"], /There is no format "vmdk"; use raw or qcow2/],
    ["another option", ["create", "-f", "qcow2", "-o", "bogus=1", "x", "1M"], /has no option "bogus"/],
    ["clusters of 3 bytes", ["create", "-f", "qcow2", "-o", "cluster_size=3", "x", "1M"], /must be a power of two/],
    ["a base without format", ["create", "-f", "qcow2", "-b", "y", "x", "1M"], /Name the format of y/],
    ["tables of a raw image", ["create", "-o", "preallocation=metadata", "x", "1M"], /is off, falloc or full/],
    ["no such setting", ["create", "-o", "preallocation=some", "x", "1M"], /is off, metadata, falloc or full/],
    [
      "room that hides what lies below",
      ["create", "-u", "-f", "qcow2", "-o", "preallocation=full", "-F", "raw", "-b", "y", "x", "1M"],
      /leave preallocation out/,
    ],
    ["a snapshot of a raw image", ["convert", "-f", "raw", "-l", "1", "a.qcow2", "x"], /has no snapshots/],
    ["compressed raw", ["convert", "-c", "-O", "raw", "a.qcow2", "x"], /Only qcow2 images can be compressed/],
    ["a file outside", ["info", "--backing-chain", "outside.qcow2"], /is not in its folder; allow that file/],
    ["a protocol", ["map", "nbd.qcow2"], /"nbd:\/\/host\/x", on a server; allow that address/],
    ["json:", ["map", "json.qcow2"], /which is no file/],
    ["itself", ["map", "loop.qcow2"], /lies over itself/],
    ["no commit", ["commit", "a.qcow2"], /lies over no other/],
  ];

  beforeEach(async () => {
    mkdirSync(at("inner"));
    const make = (name: string, ...args: string[]) =>
      ours("create", "-q", "-u", "-f", "qcow2", ...args, at(name), "1M");
    await make("inner/a.qcow2");
    await make("inner/outside.qcow2", "-F", "raw", "-b", "../secret.raw");
    await make("inner/nbd.qcow2", "-F", "raw", "-b", "nbd://host/x");
    await make("inner/json.qcow2", "-F", "raw", "-b", 'json:{"driver":"file"}');
    await make("inner/loop.qcow2", "-F", "qcow2", "-b", "loop.qcow2");
    writeFileSync(at("secret.raw"), new Uint8Array(512));
  });

  test.each(HOSTILE)("%s", async (_, args, sentence) => {
    const named = args.map((arg) => (existsSync(at(`inner/${arg}`)) ? at(`inner/${arg}`) : arg));
    const { code, error } = await ours(...named);
    expect(error).toMatch(sentence);
    expect(error).toMatch(/^wasmvisor: .*[.?]\n$/);
    expect(code).toBe(1);
    expect(existsSync("x")).toBe(false);
  });

  test("unless it is allowed", async () => {
    const file = at("inner/outside.qcow2");
    expect(await ours("map", "--allow", at("secret.raw"), file)).toMatchObject({ code: 0, error: "" });
    expect(await ours("map", "--allow", folder, file)).toMatchObject({ code: 0, error: "" });
    expect(await ours("map", "--allow", at("inner"), file)).toMatchObject({ code: 1 });
  });
});
