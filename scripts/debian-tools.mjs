/**
 * A disk with programs of Debian's that the network is tried with: git, OpenSSH, iperf3. They are unpacked, not configured, and run by `chroot`
 * from busybox, so that a test need not boot a distribution.
 *
 * ```
 * .guests/tools.img             512 MiB (with holes), an ext4 file system without partitions
 * .guests/tools.manifest.json   packages, size, and a hash of how it was made; when they are right, nothing is done again
 * ```
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GUESTS } from "./debian.mjs";
import { PrivateApt, run } from "./debian-apt.mjs";

const IMAGE = join(GUESTS, "tools.img");
const MANIFEST = join(GUESTS, "tools.manifest.json");
const SCRATCH = join(GUESTS, "tools");

const BYTES = 512 * 2 ** 20;

/** `base-files` has the links from /bin and /lib into /usr, and comes first. */
const PACKAGES = ["base-files", "dash", "coreutils", "grep", "git", "openssh-server", "iperf3"];

/** Patterns of tar's for what none of them needs. */
const EXCLUDED = [
  ...["doc", "man", "info", "locale", "lintian", "perl*", "bash-completion"].map((name) => `./usr/share/${name}/*`),
  ...[
    "./usr/lib/systemd/*",
    "./usr/lib/*/perl/*",
    "./usr/lib/*/perl5/*",
    "./usr/lib/*/systemd/*",
    "./usr/lib/git-core/git-gui*",
  ],
];

/** What the packages' own scripts would have made. */
const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/shadow": "root:*:20000::::::\nsshd:!:20000::::::\n",
};

const say = (text) => process.stderr.write(`guests:debian: ${text}\n`);

function recipe() {
  return createHash("sha256")
    .update(JSON.stringify([BYTES, PACKAGES, EXCLUDED, FILES]))
    .digest("hex");
}

/** The manifest, when the disk is there and was made as it would be now. */
export function readToolsManifest() {
  if (!existsSync(MANIFEST) || !existsSync(IMAGE)) return undefined;
  const manifest = JSON.parse(readFileSync(MANIFEST, "utf8"));
  return manifest.recipe === recipe() && manifest.bytes === statSync(IMAGE).size ? manifest : undefined;
}

function unpack(deb, root) {
  const tar = join(SCRATCH, "data.tar");
  writeFileSync(tar, run("dpkg-deb", ["--fsys-tarfile", deb]));
  const patterns = EXCLUDED.map((pattern) => `--exclude=${pattern}`);
  run("tar", ["-xpf", tar, "--no-same-owner", "--keep-directory-symlink", "-C", root, ...patterns]);
}

function makeFileSystem(debs) {
  const [root, image] = [join(SCRATCH, "root"), join(SCRATCH, "tools.img")];
  for (const deb of debs) unpack(deb, root);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, name), text);
  // Nobody but root makes the files root's: of no matter for programs that only root runs, but sshd looks at who has its folders.
  const owner = ["-E", "root_owner=0:0"];
  run("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-L", "tools", ...owner, "-d", root, image, `${BYTES / 1024}k`]);
  // A file of its own: the old one may be somebody's hard link.
  renameSync(image, IMAGE);
}

function prepare(update) {
  const apt = new PrivateApt(join(GUESTS, "apt"));
  apt.configure();
  if (update || apt.listsDate() === undefined) apt.update(say);
  const isFirst = (name) => Number(name.startsWith(`${PACKAGES[0]}_`));
  const names = apt.closure(PACKAGES).toSorted((a, b) => isFirst(b) - isFirst(a));
  say(`fetching ${names.length} packages for the disk of tools …`);
  apt.downloadClosure(PACKAGES);
  rmSync(MANIFEST, { force: true });
  rmSync(SCRATCH, { recursive: true, force: true });
  mkdirSync(join(SCRATCH, "root"), { recursive: true });
  try {
    makeFileSystem(names.map((name) => join(apt.archives, name)));
  } finally {
    rmSync(SCRATCH, { recursive: true, force: true });
  }
  const packages = names.map((name) => name.replace(/\.deb$/, ""));
  const manifest = { recipe: recipe(), bytes: statSync(IMAGE).size, packages };
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** Makes the disk unless that is done, and returns its manifest. */
export function ensureTools({ update = false } = {}) {
  const present = update ? undefined : readToolsManifest();
  return present ?? prepare(update);
}
