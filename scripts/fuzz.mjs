// `npm run fuzz -- [first seed] [programs]`: random programs against QEMU (see test/diff/fuzz.ts). Needs the built core.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const [first = String(Date.now() % 1_000_000_000), count = "10000"] = process.argv.slice(2);
const { module } = await runnerImport(`${root}test/diff/fuzz.ts`, { root, configFile: false, logLevel: "error" });
process.exitCode = (await module.fuzz(Number(first), Number(count))) ? 0 : 1;
