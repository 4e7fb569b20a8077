// `npm run fuzz -- [first seed] [programs]`: random programs against QEMU (see test/diff/fuzz.ts). Needs the built core.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const [first = String(Date.now() % 1_000_000_000), count = "10000"] = process.argv.slice(2);
if (![first, count].every((value) => /^\d{1,15}$/.test(value))) {
  console.error("fuzz: Give a first seed and a number of programs, such as npm run fuzz -- 1 10000, or neither.");
  process.exit(2);
}
const { module } = await runnerImport(`${root}test/diff/fuzz.ts`, { root, configFile: false, logLevel: "error" });
process.exitCode = (await module.fuzz(Number(first), Number(count))) ? 0 : 1;
