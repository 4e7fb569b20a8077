/** Bundles a worker of this folder with the sources as browsers see them. */

import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The script of a worker. */
export async function bundleWorker(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(here, name)],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["wasmvisor-source", "browser"],
    alias: { vitest: path.join(here, "vitest.ts") },
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
