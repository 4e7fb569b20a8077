// The initramfs builder of src/linux, for scripts that run before anything is built.

import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

/** As in src/linux/initramfs.ts. */
export function initramfs(...args) {
  const entry = fileURLToPath(new URL("../src/linux/initramfs.ts", import.meta.url));
  const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, format: "cjs", write: false });
  const module = { exports: {} };
  // oxlint-disable-next-line typescript/no-implied-eval -- it is our own source, just bundled
  new Function("module", outputFiles[0].text)(module);
  return module.exports.initramfs(...args);
}
