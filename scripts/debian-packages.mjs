/**
 * Folders and disks of Debian's packages, unpacked and not configured: their programs run by `chroot`, so that nobody need boot a
 * distribution to try one.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GUESTS } from "./debian.mjs";
import { PrivateApt, run } from "./debian-apt.mjs";

/** Patterns of tar's for what no program needs. */
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

/** `base-files` has the links from /bin and /lib into /usr, and comes first. */
const FIRST = "base-files";

const say = (text) => process.stderr.write(`guests:debian: ${text}\n`);

function unpack(deb, root) {
  const tar = `${root}.tar`;
  writeFileSync(tar, run("dpkg-deb", ["--fsys-tarfile", deb]));
  const patterns = EXCLUDED.map((pattern) => `--exclude=${pattern}`);
  run("tar", ["-xpf", tar, "--no-same-owner", "--keep-directory-symlink", "-C", root, ...patterns]);
  rmSync(tar);
}

/**
 * Unpacks packages with all that they depend on into a new folder, adds `files` (paths without the leading slash, with their bytes), and
 * returns the packages' names with their versions.
 */
export function unpackPackages(root, packages, files, { architecture = "riscv64", update = false } = {}) {
  const folder = architecture === "riscv64" ? "apt" : `apt-${architecture}`;
  const apt = new PrivateApt(join(GUESTS, folder), undefined, { architecture });
  apt.configure();
  if (update || apt.listsDate() === undefined) apt.update(say);
  const wanted = [FIRST, ...packages];
  const isFirst = (name) => Number(name.startsWith(`${FIRST}_`));
  const names = apt.closure(wanted).toSorted((a, b) => isFirst(b) - isFirst(a));
  say(`fetching ${names.length} packages for ${architecture} …`);
  apt.downloadClosure(wanted);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const name of names) unpack(join(apt.archives, name), root);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), bytes);
  }
  return names.map((name) => name.replace(/\.deb$/, ""));
}

/** A disk `.guests/NAME.img`, ext4 without partitions, with `NAME.manifest.json` beside it. */
export class PackageDisk {
  #name;
  #contents;

  /** `bytes` with holes; `packages` and `files` as `unpackPackages` has them. */
  constructor(name, { bytes, packages, files }) {
    this.#name = name;
    this.#contents = { bytes, packages, files };
  }

  get #image() {
    return join(GUESTS, `${this.#name}.img`);
  }

  get #manifestFile() {
    return join(GUESTS, `${this.#name}.manifest.json`);
  }

  /** A hash of how it is made. */
  get #recipe() {
    const { bytes, packages, files } = this.#contents;
    const hash = createHash("sha256").update(JSON.stringify([bytes, packages, EXCLUDED]));
    for (const [name, content] of Object.entries(files)) hash.update(`${name}\0`).update(content);
    return hash.digest("hex");
  }

  /** The manifest, when the disk is there and was made as it would be now. */
  #present() {
    if (!existsSync(this.#manifestFile) || !existsSync(this.#image)) return undefined;
    const manifest = JSON.parse(readFileSync(this.#manifestFile, "utf8"));
    return manifest.recipe === this.#recipe && manifest.bytes === statSync(this.#image).size ? manifest : undefined;
  }

  #makeFileSystem(root) {
    const made = `${root}.img`;
    const { bytes } = this.#contents;
    // Nobody but root makes the files root's: of no matter for programs that only root runs, but sshd looks at who has its folders.
    const owner = ["-E", "root_owner=0:0"];
    run("mke2fs", [
      ...["-q", "-F", "-t", "ext4", "-m", "0", "-L", this.#name, ...owner],
      ...["-d", root, made, `${bytes / 1024}k`],
    ]);
    // A file of its own: the old one may be somebody's hard link.
    renameSync(made, this.#image);
  }

  /** Makes the disk unless that is done, and returns its manifest. */
  ensure({ update = false } = {}) {
    const present = update ? undefined : this.#present();
    if (present !== undefined) return present;
    const root = join(GUESTS, this.#name);
    rmSync(this.#manifestFile, { force: true });
    try {
      const packages = unpackPackages(root, this.#contents.packages, this.#contents.files, { update });
      this.#makeFileSystem(root);
      const manifest = { recipe: this.#recipe, bytes: statSync(this.#image).size, packages };
      writeFileSync(this.#manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
      return manifest;
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
}
