// Makes dist/ (and build/core.wasm) when they are not made from the present sources. `--force` makes them anyway.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build-core.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = path.join(root, "dist");
const stamp = path.join(dist, ".stamp");
const compiler = path.join(root, "node_modules/typescript/bin/tsc");

const has = (flag) => process.argv.includes(flag);

async function sources(folder) {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

async function digest() {
  const files = [
    ...(await sources("src")),
    ...(await sources("assembly/shared")),
    ...(await sources("assembly/gen")),
    ...["tsconfig.json", "tsconfig.build.json", "package.json"].map((name) => path.join(root, name)),
  ].sort();
  const hash = createHash("sha256");
  for (const file of files) {
    hash
      .update(path.relative(root, file))
      .update("\0")
      .update(await readFile(file))
      .update("\0");
  }
  return hash.digest("hex");
}

function compile() {
  return new Promise((resolve, reject) => {
    const args = [compiler, "--project", "tsconfig.build.json"];
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`The sources do not compile (tsc: ${code}).`)),
    );
  });
}

async function buildDist() {
  const wanted = await digest();
  if (!has("--force") && existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return;
  await rm(dist, { recursive: true, force: true });
  await compile();
  await chmod(path.join(dist, "src/cli/main.js"), 0o755);
  await writeFile(stamp, wanted);
}

try {
  await buildCore({ force: has("--force") });
  await buildDist();
  // From dist/src/vmm, "../../build/core.wasm" leads here, as it leads to build/ from src/vmm.
  await mkdir(path.join(dist, "build"), { recursive: true });
  await copyFile(path.join(root, "build/core.wasm"), path.join(dist, "build/core.wasm"));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
