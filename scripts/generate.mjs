// Writes the generated files of the core (see src/isa/generate.ts), and the table of its ABI. Node 20 cannot import TypeScript; vite's runner can.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { abiDocument } from "./abi.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { module } = await runnerImport(`${root}src/isa/generate.ts`, { root, configFile: false, logLevel: "error" });
for (const [path, text] of module.generatedFiles()) {
  await mkdir(dirname(root + path), { recursive: true });
  await writeFile(root + path, text);
}
await writeFile(`${root}docs/abi.md`, await abiDocument());
