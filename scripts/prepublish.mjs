// What must hold before `npm publish`, which signs the package with its provenance: run it in CI, on a tagged commit.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build-core.mjs";
import { buildDist } from "./build-dist.mjs";
import { packageFaults } from "./package-faults.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const changes = readFileSync(path.join(root, "CHANGELOG.md"), "utf8");

function git(...args) {
  return spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout.trim();
}

await buildCore({ force: true });
await buildDist({ force: true });

const faults = await packageFaults();
if (git("status", "--porcelain") !== "") faults.push("The work tree has changes; commit them.");
if (!changes.includes(`## [${manifest.version}]`)) faults.push(`CHANGELOG.md has no section for ${manifest.version}.`);
if (manifest.repository === undefined) {
  faults.push("package.json names no repository, which the registry compares with the provenance; add it.");
}
faults.forEach((fault) => console.error(fault));
process.exitCode = faults.length === 0 ? 0 : 1;
