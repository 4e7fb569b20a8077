/**
 * `npm run guests:build`: builds the bundled guests with Debian 12's compilers into `guests/bin` and `guests/wasm`,
 * which are committed. `npm run guests:check` builds them again elsewhere and compares every byte.
 * With `-- --native` or `-- --linux` the workloads are built for this machine (gcc) or for Linux on RISC-V (static)
 * into `build/guests/`, for measurements.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { agent, bareFlags, demo, libraryFor, nano, systemWorkloads, workloads } from "./guests-list.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A missing compiler or a guest that differs: one sentence for the user. */
class BuildError extends Error {}

const PACKAGES = {
  "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
  "riscv64-linux-gnu-gcc": "gcc-riscv64-linux-gnu",
  clang: "clang lld",
  gcc: "gcc",
};

/** Clang runs a `wasm-opt` that it finds, and npm puts one of ours on the path: without it, the bytes are clang's own. */
const searchPath = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !existsSync(join(folder, "wasm-opt")))
  .join(delimiter);

/** Runs a compiler from the root with relative paths only, so that no path of this machine can reach its output. */
function compile(compiler, args) {
  try {
    execFileSync(compiler, args, {
      cwd: ROOT,
      env: { ...process.env, PATH: searchPath },
      stdio: ["ignore", "inherit", "inherit"],
    });
  } catch (error) {
    if (error.code === "ENOENT") {
      throw new BuildError(`"${compiler}" is needed: apt-get install ${PACKAGES[compiler]}.`);
    }
    throw new BuildError(`${compiler} failed: ${args.join(" ")}`, { cause: error });
  }
}

/** Compiles one source into `folder`; `tag` tells apart objects of the same source. */
function objectOf(source, flags, folder, tag) {
  const path = join(folder, `${tag}-${basename(source).replace(/\.(c|S)$/, ".o")}`);
  compile("riscv64-unknown-elf-gcc", [...flags, "-c", source, "-o", path]);
  return path;
}

const libraries = new Map();

/** Objects of the runtime for one mode ("M" or "S"), built once. */
function libraryObjects(mode, folder) {
  if (!libraries.has(mode)) {
    const objects = libraryFor(mode).map((source) => objectOf(source, bareFlags(mode, source), folder, `lib${mode}`));
    libraries.set(mode, objects);
  }
  return libraries.get(mode);
}

function linkBare(objects, mode, output) {
  const base = mode === "S" ? "0x80200000" : "0x80000000";
  const linker = ["-T,guests/lib/link.ld", `--defsym=BASE=${base}`, "--gc-sections", "--build-id=none"];
  const size = ["-z,max-page-size=64", "-z,noexecstack", "--no-warn-rwx-segments"];
  const flags = [...linker, ...size].map((flag) => `-Wl,${flag}`);
  compile("riscv64-unknown-elf-gcc", ["-nostdlib", "-static", ...flags, ...objects, "-lgcc", "-o", output]);
}

function buildBare(name, bin, objects) {
  const flags = bareFlags("M", "");
  const own = ["main_bare.c", "paged.c", `${name}.c`].map((source) => `guests/workloads/${source}`);
  const compiled = own.map((source) => objectOf(source, [...flags, "-DWORKLOAD_BARE"], objects, name));
  linkBare([...libraryObjects("M", objects), ...compiled], "M", join(bin, `${name}.elf`));
}

function buildDemo(bin, objects) {
  const compiled = demo().map(({ source, flags, tag }) =>
    objectOf(source, [...bareFlags("S", source), ...flags], objects, tag),
  );
  linkBare([...libraryObjects("S", objects), ...compiled], "S", join(bin, "demo.elf"));
}

function buildNano(bin, objects) {
  const compiled = nano.map((source) => objectOf(source, bareFlags("M", source), objects, "nano"));
  linkBare([...libraryObjects("M", objects), ...compiled], "M", join(bin, "nano.elf"));
}

/** The guest agent: static, with system calls of its own, so that no C library's version counts. */
function buildAgent(bin) {
  const own = bareFlags("S", "/memory.c").filter((flag) => flag !== "-DGUEST_S");
  const linker = ["--gc-sections", "--build-id=none", "--strip-all", "-z,noexecstack"].map((flag) => `-Wl,${flag}`);
  compile("riscv64-linux-gnu-gcc", [
    ...[...own, "-no-pie", "-nostdlib", "-static", ...linker, ...agent],
    ...["-o", join(bin, "agent.elf")],
  ]);
}

function buildWasm(name, folder) {
  compile("clang", [
    "--target=wasm32",
    "-O2",
    "-ffreestanding",
    "-nostdlib",
    "-ffp-contract=off",
    "-Wall",
    "-Wl,--no-entry",
    "-Wl,-z,stack-size=65536",
    "guests/workloads/main_wasm.c",
    `guests/workloads/${name}.c`,
    "guests/lib/memory.c",
    "-o",
    join(folder, `${name}.wasm`),
  ]);
}

function buildHosted(name, compiler, flags, folder) {
  const sources = ["guests/workloads/main_hosted.c", `guests/workloads/${name}.c`];
  const shared = ["-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-Wall"];
  compile(compiler, [...shared, ...flags, ...sources, "-o", join(folder, name), "-lm"]);
}

function folder(path) {
  mkdirSync(join(ROOT, path), { recursive: true });
  return path;
}

function buildCommitted(bin, wasm) {
  const objects = folder("build/guests/objects");
  for (const name of workloads) {
    buildBare(name, bin, objects);
    buildWasm(name, wasm);
  }
  for (const name of systemWorkloads) buildBare(name, bin, objects);
  buildDemo(bin, objects);
  buildNano(bin, objects);
  buildAgent(bin);
}

/** Names of files that differ between two folders, or are in only one of them. */
function differences(committed, rebuilt) {
  const names = new Set([...readdirSync(join(ROOT, committed)), ...readdirSync(join(ROOT, rebuilt))]);
  return [...names].filter((name) => {
    const [a, b] = [join(ROOT, committed, name), join(ROOT, rebuilt, name)];
    return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b));
  });
}

function check() {
  const [bin, wasm] = [folder("build/guests/check/bin"), folder("build/guests/check/wasm")];
  buildCommitted(bin, wasm);
  const wrong = [...differences("guests/bin", bin), ...differences("guests/wasm", wasm)];
  if (wrong.length > 0) {
    throw new BuildError(
      `${wrong.join(", ")} differ from what the sources give: run "npm run guests:build" and commit.`,
    );
  }
}

function main(args) {
  if (args.includes("--check")) {
    check();
    return "every committed guest is what its sources give.";
  }
  if (args.includes("--native")) {
    for (const name of workloads) buildHosted(name, "gcc", [], folder("build/guests/native"));
    return "native workloads are in build/guests/native.";
  }
  if (args.includes("--linux")) {
    const flags = ["-static", "-march=rv64gc", "-mabi=lp64d"];
    for (const name of workloads) buildHosted(name, "riscv64-linux-gnu-gcc", flags, folder("build/guests/linux"));
    return "Linux workloads are in build/guests/linux.";
  }
  buildCommitted(folder("guests/bin"), folder("guests/wasm"));
  return "guests/bin and guests/wasm are built.";
}

try {
  console.log(`guests: ${main(process.argv.slice(2))}`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`guests: ${error.message}`);
  process.exitCode = 2;
}
