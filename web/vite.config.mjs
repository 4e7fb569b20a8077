// The page: `npm run web` serves it while it is being changed, `npm run web:build` makes build/web, static files that
// work from any path and without a network.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { besidePage } from "../scripts/web-beside.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "./",
  // `#load` (package.json, "imports") leads to the sources' web half.
  resolve: { conditions: ["wasmvisor-source", "module", "browser", "development|production"] },
  server: { fs: { allow: [here("..")] } },
  plugins: [besidePage()],
  worker: { format: "es" },
  build: {
    outDir: here("../build/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    sourcemap: true,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
