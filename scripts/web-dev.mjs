// Serves the page for development. Options go to vite: `npm run web -- --port 8000`.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build-core.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

await buildCore();
const vite = [
  fileURLToPath(new URL("../node_modules/vite/bin/vite.js", import.meta.url)),
  "--config",
  "web/vite.config.mjs",
];
const child = spawn(process.execPath, [...vite, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
child.on("exit", (code) => (process.exitCode = code ?? 1));
