// `npm run bench [-- NAME…] [--json]`: each file in bench/ answers one question; prints a table and its JSON.

import { spawnSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = path.join(root, "build/bench");
const load = async (file) =>
  (await runnerImport(path.join(root, file), { root, configFile: false, logLevel: "error" })).module;

const names = (await readdir(path.join(root, "bench")))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => path.basename(name, ".ts"));
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
  process.exit(2);
}

const build = spawnSync(process.execPath, [path.join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
if (build.status !== 0) process.exit(1);

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
const { table } = await load("bench/support/report.ts");
await mkdir(results, { recursive: true });
for (const name of wanted.length > 0 ? wanted : names) {
  const { bench } = await load(`bench/${name}.ts`);
  const report = { name, machine, ...(await bench.run()) };
  const json = JSON.stringify(report);
  await writeFile(path.join(results, `${name}.json`), `${json}\n`);
  if (!process.argv.includes("--json")) console.log(`${table(report)}\n`);
  console.log(json);
}
