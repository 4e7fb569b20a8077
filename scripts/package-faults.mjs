// Whether the package is fit to be published: its size, its content, and how its exports resolve.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { readFileSync } from "node:fs";
import path from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bytes. */
export const MAX_TARBALL = 2_200_000;
export const MAX_CORE = 400_000;

/**
 * Packs what is built and says what `npm pack` says about it.
 *
 * @param {string} [destination] a folder for the tarball; without one nothing is written
 */
export async function pack(destination) {
  const where = destination === undefined ? ["--dry-run"] : ["--pack-destination", destination];
  const child = spawn("npm", ["pack", "--json", "--ignore-scripts", ...where], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const said = [];
  child.stdout.on("data", (chunk) => said.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`npm pack fails (${code}).`);
  const [summary] = Object.values(JSON.parse(Buffer.concat(said).toString()));
  return summary;
}

/** One sentence for each thing that is wrong with the package as it is built now. */
export async function packageFaults() {
  const { size, files } = await pack();
  const core = files.find(({ path: name }) => name === "dist/build/core.wasm");
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: root, strict: true });
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, manifest)}`),
    ...(size > MAX_TARBALL ? [`The tarball has ${size} bytes; at most ${MAX_TARBALL} are allowed.`] : []),
    ...(core === undefined ? ["The tarball holds no core."] : []),
    ...(core?.size > MAX_CORE ? [`The core has ${core.size} bytes; at most ${MAX_CORE} are allowed.`] : []),
    ...Object.keys(manifest.dependencies ?? {}).map((name) => `The package depends on ${name}; it is to stand alone.`),
  ];
}
