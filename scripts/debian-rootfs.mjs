/**
 * `npm run guests:debian -- --rootfs`: a disk with Debian 13 on it (docs/design/rootfs.md). The host unpacks the packages and makes the file
 * system; Debian's own dpkg configures them, inside a VM.
 *
 * ```
 * .guests/rootfs.qcow2           2 GiB, an ext4 file system without partitions; root has no password
 * .guests/rootfs.manifest.json   packages, size, and a hash of how it was made; when they are right, nothing is done again
 * ```
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GUESTS } from "./debian.mjs";
import { PrepareError, PrivateApt, run } from "./debian-apt.mjs";
import { unpackAll } from "./debian-unpack.mjs";

const IMAGE = join(GUESTS, "rootfs.qcow2");
const MANIFEST = join(GUESTS, "rootfs.manifest.json");
const SCRATCH = join(GUESTS, "rootfs");
const DIST = new URL("../dist/src/", import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const BYTES = 2 * 2 ** 30;

/** A pattern of apt's: what every system has. */
const PACKAGES = [
  ...["?essential", "systemd-sysv", "systemd-resolved", "udev", "login", "apt", "debian-archive-keyring"],
  ...["e2fsprogs", "fio"],
];

/** Patterns of tar's for what is left out, as Debian's small images for containers leave it out. */
const EXCLUDED = [
  "./usr/share/doc/*/[!c]*",
  "./usr/share/doc/*/changelog*",
  ...["man", "info", "locale", "lintian"].map((name) => `./usr/share/${name}/*`),
];

/** The same for dpkg, for packages that are installed later. */
const DPKG_EXCLUDES = ["doc", "man", "info", "locale", "lintian"]
  .map((name) => `path-exclude=/usr/share/${name}/*\n`)
  .concat("path-include=/usr/share/doc/*/copyright\n")
  .join("");

/** Longest silence of the VM, and longest time that all of it may take. */
const SILENCE_MINUTES = 15;
const ALL_MINUTES = 60;

const say = (text) => process.stderr.write(`guests:debian: ${text}\n`);

/** A hash of all that decides how the disk is made, but for the versions of packages. */
function recipe() {
  const sources = ["debian-rootfs-configure.sh", "debian-unpack.mjs"].map((name) => readFileSync(here(name), "utf8"));
  const parts = [sources, BYTES, PACKAGES, EXCLUDED, DPKG_EXCLUDES];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The manifest, when the disk is there and was made as it would be now. */
export function readRootfsManifest() {
  if (!existsSync(MANIFEST) || !existsSync(IMAGE)) return undefined;
  const manifest = JSON.parse(readFileSync(MANIFEST, "utf8"));
  return manifest.recipe === recipe() && manifest.bytes === statSync(IMAGE).size ? manifest : undefined;
}

/** Has debugfs make all inodes root's, but for those of `owned`: whoever runs this cannot. */
function setOwners(raw, owned) {
  const superblock = run("dumpe2fs", ["-h", raw]).toString();
  const count = (name) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(superblock)[1]);
  const last = count("Inode count") - count("Free inodes");
  // mke2fs gives out inodes one after another.
  const everybody = Array.from(
    { length: last - 10 },
    (_, index) => `sif <${11 + index}> uid 0\nsif <${11 + index}> gid 0\n`,
  );
  const others = owned.map(({ name, uid, gid }) => `sif ${name} uid ${uid}\nsif ${name} gid ${gid}\n`);
  const commands = join(SCRATCH, "owners");
  writeFileSync(commands, [...everybody, ...others].join(""));
  run("debugfs", ["-w", "-f", commands, raw]);
}

/** The file system as it is before anything of Debian's has run. */
function makeFileSystem(debs, raw) {
  const root = join(SCRATCH, "root");
  const { preinst, owned } = unpackAll(debs, root, EXCLUDED, join(SCRATCH, "package"));
  mkdirSync(join(root, "configure"));
  writeFileSync(join(root, "configure/preinst"), preinst.map((name) => `${name}\n`).join(""));
  writeFileSync(join(root, "configure/start"), readFileSync(here("debian-rootfs-configure.sh")), { mode: 0o755 });
  writeFileSync(join(root, "etc/dpkg/dpkg.cfg.d/minimal"), DPKG_EXCLUDES);
  say("making the file system …");
  run("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-L", "debian", "-d", root, raw, `${BYTES / 1024}k`]);
  setOwners(raw, owned);
}

/** Shows how far dpkg has come. */
class Progress {
  last = Date.now();
  #configured = 0;
  #rest = "";
  #lines = [];
  #total;

  constructor(total) {
    this.#total = total;
  }

  add(text) {
    this.last = Date.now();
    const lines = (this.#rest + text).split(/\r*\n/);
    this.#rest = lines.pop().slice(-4096);
    for (const line of lines) this.#line(line);
  }

  /** The last lines that the guest has printed. */
  get tail() {
    return [...this.#lines, this.#rest].join("\n");
  }

  #line(line) {
    this.#lines.push(line);
    this.#lines.splice(0, this.#lines.length - 40);
    const step = /^rootfs: (.*)$/.exec(line)?.[1];
    if (step !== undefined) say(`${step} …`);
    if (/^Setting up /.test(line) && ++this.#configured % 20 === 0) {
      say(`${this.#configured} of ${this.#total} packages configured …`);
    }
  }
}

/** Rejects when nothing has been printed for too long, or all of it takes too long; `stop` ends the watch. */
function watch(progress) {
  const start = Date.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setInterval(() => {
      const now = Date.now();
      if (now - progress.last < SILENCE_MINUTES * 60_000 && now - start < ALL_MINUTES * 60_000) return;
      reject(new PrepareError(`The installation does not end: try again. The VM said last:\n${progress.tail}`));
    }, 10_000);
  });
  return { late, stop: () => clearInterval(timer) };
}

/** Has the VM configure what lies on the disk. */
async function configure(raw, total) {
  const { Host } = await import(new URL("index.js", DIST));
  const host = await Host.create();
  const progress = new Progress(total);
  const { late, stop } = watch(progress);
  try {
    const vm = await host.createVm({
      memory: "512M",
      kernel: join(GUESTS, "Image"),
      initrd: join(GUESTS, "initrd-root.cpio"),
      append: "console=ttyS0 quiet root=/dev/vda rw init=/configure/start",
      drives: [{ source: raw, format: "raw" }],
    });
    const text = new TextDecoder();
    vm.on("output", (bytes) => progress.add(text.decode(bytes, { stream: true })));
    vm.start();
    await Promise.race([vm.exited, late]);
    if (!/^rootfs: done$/m.test(progress.tail)) {
      throw new PrepareError(`The installation has failed; the VM said last:\n${progress.tail}`);
    }
    await vm.close();
  } finally {
    stop();
    host.close();
  }
}

/** Copies the raw image into a qcow2 one, without what is zeros. */
async function pack(raw) {
  const { copyDisk, createDisk, openDisk } = await import(new URL("disk/index.js", DIST));
  const partial = join(SCRATCH, "rootfs.qcow2");
  await createDisk(partial, { size: BYTES });
  const [from, to] = [await openDisk(raw, { format: "raw", readonly: true }), await openDisk(partial)];
  await copyDisk(from, to);
  await Promise.all([from.close(), to.close()]);
  // A file of its own: the old one may be somebody's hard link.
  renameSync(partial, IMAGE);
}

/** Makes the disk, from packages that apt has verified. */
async function prepare() {
  if (!existsSync(new URL("index.js", DIST))) run(process.execPath, [here("build.mjs")]);
  const apt = new PrivateApt(join(GUESTS, "apt"));
  apt.configure();
  apt.update(say);
  const names = apt.closure(PACKAGES);
  say(`fetching ${names.length} packages …`);
  apt.downloadClosure(PACKAGES);
  rmSync(MANIFEST, { force: true });
  rmSync(SCRATCH, { recursive: true, force: true });
  mkdirSync(SCRATCH, { recursive: true });
  const raw = join(SCRATCH, "rootfs.raw");
  try {
    say("unpacking …");
    makeFileSystem(
      names.map((name) => join(apt.archives, name)),
      raw,
    );
    await configure(raw, names.length);
    // Clean, without a journal to replay.
    run("e2fsck", ["-f", "-n", raw]);
    await pack(raw);
  } finally {
    rmSync(SCRATCH, { recursive: true, force: true });
  }
  const packages = names.map((name) => name.replace(/\.deb$/, ""));
  const manifest = { recipe: recipe(), bytes: statSync(IMAGE).size, packages };
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** Makes the disk unless that is done, and returns its manifest. */
export async function ensureRootfs({ update = false } = {}) {
  const present = update ? undefined : readRootfsManifest();
  return present ?? (await prepare());
}
