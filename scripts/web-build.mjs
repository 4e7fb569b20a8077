// Makes build/web, the page as static files, when it is not made from the present sources. `--force` makes it anyway.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { besideSources } from "./web-beside.mjs";
import { buildCore } from "./build-core.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = path.join(root, "build/web");
const stamp = path.join(root, "build/web.stamp");
const config = path.join(root, "web/vite.config.mjs");

async function filesBelow(folder) {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function digest() {
  const files = [
    ...(
      await Promise.all(
        ["web", "src", "assembly/shared", "assembly/isa", "assembly/state", "assembly/dbt/wasm"].map(filesBelow),
      )
    ).flat(),
    ...["build/core.wasm", "guests/bin/demo.elf", "package.json"].map((name) => path.join(root, name)),
    path.join(root, "scripts/web-beside.mjs"),
    ...besideSources(),
  ].sort();
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(path.relative(root, file))
      .update("\0")
      .update(await readFile(file));
  return hash.digest("hex");
}

/**
 * Builds the page and returns the folder. It appears whole, by renaming.
 *
 * @param {{ force?: boolean }} [options]
 * @returns {Promise<string>}
 */
export async function buildWeb({ force = false } = {}) {
  await buildCore();
  const wanted = await digest();
  if (!force && existsSync(out) && existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return out;
  const fresh = `${out}.${process.pid}`;
  try {
    await build({ configFile: config, build: { outDir: fresh }, logLevel: "warn" });
    await rm(out, { recursive: true, force: true });
    await rename(fresh, out);
    await writeFile(stamp, wanted);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(path.relative(root, await buildWeb({ force: process.argv.includes("--force") })));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
