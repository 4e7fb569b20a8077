/**
 * `npm run nodes`: puts the node versions that the package promises to run on below `build/nodes`, from npm's package
 * `node`; the documents' snippets are run on each. Quick when that is done.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The oldest that `engines` in package.json allows, and one of each release line after it. */
export const NODE_VERSIONS = ["20.19.0", "22.23.3", "24.21.0"];

const FOLDER = fileURLToPath(new URL("../build/nodes/", import.meta.url));

/** Where the executable of a version is, or will be. */
export function nodePath(version) {
  return path.join(FOLDER, version, "node_modules/node/bin/node");
}

function installNode(version) {
  const folder = path.join(FOLDER, version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), `{ "private": true }\n`);
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  execFileSync("npm", ["install", ...quiet, `node@${version}`], { cwd: folder, stdio: "inherit" });
  if (!existsSync(nodePath(version))) throw new Error(`npm's package node@${version} has brought no executable.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const version of NODE_VERSIONS) {
    if (existsSync(nodePath(version))) continue;
    console.error(`nodes: fetching node ${version} …`);
    installNode(version);
  }
}
