/**
 * What `npm run bench -- programs` runs: ordinary programs of Debian's on a disk, `.guests/programs.img`, and the same versions of them
 * for this machine in `.guests/programs-native`, each with the scripts and texts of bench/programs in `/bench`.
 */

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { text, wave } from "../bench/programs/words.mjs";
import { GUESTS } from "./debian.mjs";
import { PackageDisk, unpackPackages } from "./debian-packages.mjs";

const SCRIPTS = fileURLToPath(new URL("../bench/programs/", import.meta.url));

const PACKAGES = [
  ...["coreutils", "dash", "grep", "mawk", "perl-base", "bc", "lame", "gzip", "bzip2", "xz-utils", "zstd"],
  ...["lua5.4", "quickjs", "sqlite3", "python3", "libpython3.13-testsuite"],
];

/** Debian's words for what node calls a machine. */
const ARCHITECTURES = { x64: "amd64", arm64: "arm64", riscv64: "riscv64" };

/** This machine's own versions. */
export const NATIVE = join(GUESTS, "programs-native");

function makeFiles() {
  const scripts = readdirSync(SCRIPTS).filter((name) => !name.endsWith(".mjs"));
  return {
    ...Object.fromEntries(scripts.map((name) => [`bench/${name}`, readFileSync(join(SCRIPTS, name))])),
    "bench/text": text(),
    "bench/wave": wave(40),
    "tmp/.keep": "",
    "dev/null": "",
  };
}

/** Makes disk and folder unless that is done. */
export function ensurePrograms() {
  const files = makeFiles();
  const { recipe } = new PackageDisk("programs", { bytes: 1024 * 2 ** 20, packages: PACKAGES, files }).ensure();
  const mark = join(GUESTS, "programs-native.recipe");
  if (existsSync(mark) && readFileSync(mark, "utf8") === recipe) return;
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) return;
  rmSync(mark, { force: true });
  unpackPackages(NATIVE, PACKAGES, files, { architecture });
  writeFileSync(mark, recipe);
}
