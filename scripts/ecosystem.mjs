/**
 * `npm run ecosystem`: puts the tools that the package is used with, and is tested with, below `build/ecosystem`, a folder each.
 * Quick when that is done.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folder -> what npm installs into it. */
export const TOOLS = {
  vite5: { vite: "5.4.21" },
  vite6: { vite: "6.4.6" },
  vite7: { vite: "7.3.8" },
  next: { next: "16.4.6", react: "19.2.0", "react-dom": "19.2.0" },
  bun: { bun: "1.4.5" },
  deno: { deno: "2.9.6" },
  typescript52: { typescript: "5.2.2", "@types/node": "20.19.43" },
  typescript59: { typescript: "5.9.3", "@types/node": "20.19.43" },
  typescript7: { typescript: "7.0.2", "@types/node": "20.19.43" },
};

const FOLDER = fileURLToPath(new URL("../build/ecosystem/", import.meta.url));

/** The folder of a tool; projects below it see what is installed there. */
export function toolFolder(name) {
  return path.join(FOLDER, name);
}

/** Whether a tool is there, in the version that is wanted. */
export function hasTool(name) {
  return Object.entries(TOOLS[name]).every(([dependency, version]) => {
    const manifest = path.join(toolFolder(name), "node_modules", dependency, "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version;
  });
}

function install(name) {
  const folder = toolFolder(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, dependencies: TOOLS[name] }));
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  execFileSync("npm", ["install", ...quiet], { cwd: folder, stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(TOOLS)) {
    if (hasTool(name)) continue;
    console.error(`ecosystem: fetching ${name} …`);
    install(name);
  }
}
