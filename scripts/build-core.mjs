// Compiles assembly/ into build/core.wasm when it is not made from the present sources.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = path.join(root, "node_modules/assemblyscript/bin/asc.js");

/** What a target's output is made of besides the sources; see asconfig.json. */
const targets = { release: "build/core.wasm", debug: "build/core.debug.wasm" };

async function sourceFiles() {
  const entries = await readdir(path.join(root, "assembly"), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
  return [
    ...files,
    path.join(root, "asconfig.json"),
    path.join(root, "node_modules/assemblyscript/package.json"),
  ].sort();
}

/** A digest of everything that decides what the compiler writes. Content, not dates: a checkout sets dates at will. */
async function digest() {
  const hash = createHash("sha256");
  for (const file of await sourceFiles()) {
    hash
      .update(path.relative(root, file))
      .update("\0")
      .update(await readFile(file))
      .update("\0");
  }
  return hash.digest("hex");
}

/** What the compiler says counts only when it fails: with `converge` it always remarks on its last pass. */
async function compile(target, outFile) {
  console.error("Compiling the core, which takes a while …");
  const args = [compiler, "--target", target, "--outFile", outFile];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
  const [code] = await once(child, "close");
  if (code === 0) return;
  console.error(Buffer.concat(said).toString());
  throw new Error(`The core does not compile (asc: ${code}).`);
}

async function upToDate(output, wanted) {
  const stamp = `${output}.stamp`;
  return existsSync(output) && existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted;
}

/** Whether the core on disk was made from the present sources. */
export async function coreIsCurrent(target = "release") {
  return upToDate(path.join(root, targets[target]), await digest());
}

/**
 * Builds the core for `target` unless the output was made from exactly these sources.
 * Safe to run in several processes at once: the output appears by renaming.
 *
 * @param {{ target?: "release" | "debug", force?: boolean }} [options]
 * @returns {Promise<boolean>} whether the compiler ran
 */
export async function buildCore({ target = "release", force = false } = {}) {
  const output = path.join(root, targets[target]);
  const wanted = await digest();
  if (!force && (await upToDate(output, wanted))) return false;
  await mkdir(path.dirname(output), { recursive: true });
  const fresh = `${output}.${process.pid}`;
  await compile(target, fresh);
  await rename(fresh, output);
  await writeFile(`${output}.stamp`, wanted);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = process.argv.includes("--debug") ? "debug" : "release";
  await buildCore({ target, force: process.argv.includes("--force") });
}
