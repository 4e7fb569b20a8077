// `npm run bench [-- NAME…] [--json] [--quick]`: each file in bench/ answers one question; prints a table and its JSON.

import { spawnSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = path.join(root, "build/bench");

const OPTIONS = {
  json: { type: "boolean" },
  quick: { type: "boolean" },
  only: { type: "string" },
  help: { type: "boolean", short: "h" },
};

const USAGE = `Usage: npm run bench [-- NAME…] [OPTION…]

Runs the benchmarks that are named, or all of them, and prints a table and its JSON of each; the JSON is kept in build/bench.

Options:
  --json      print no tables
  --quick     fewer rounds, and in some smaller amounts
  --only=NAME one figure of the benchmark "figures"
  -h, --help  print this

Environment: WASMVISOR_BENCH_ROUNDS=N has disk, engines, login, net, programs and start run N rounds.

Benchmarks:`;

async function load(file) {
  return (await runnerImport(path.join(root, file), { root, configFile: false, logLevel: "error" })).module;
}

async function benchNames() {
  const files = await readdir(path.join(root, "bench"));
  return files.filter((name) => name.endsWith(".ts")).map((name) => path.basename(name, ".ts"));
}

/** What is asked for; an error says what there is. */
async function parse(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const names = await benchNames();
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no benchmark ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
  }
  return { ...values, names: positionals.length > 0 ? positionals : names };
}

async function help() {
  const names = await benchNames();
  const width = Math.max(...names.map(({ length }) => length));
  const lines = [];
  for (const name of names) lines.push(`  ${name.padEnd(width)}  ${(await load(`bench/${name}.ts`)).bench.question}`);
  return [USAGE, ...lines].join("\n");
}

async function runBench(name, json) {
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  const { table } = await load("bench/support/report.ts");
  const { bench } = await load(`bench/${name}.ts`);
  const report = { name, machine, ...(await bench.run()) };
  const text = JSON.stringify(report);
  await writeFile(path.join(results, `${name}.json`), `${text}\n`);
  if (!json) console.log(`${table(report)}\n`);
  console.log(text);
}

/** All of them, whatever becomes of one; the names of those that failed. */
async function runAll({ names, json }) {
  await mkdir(results, { recursive: true });
  const failed = [];
  for (const name of names) {
    try {
      await runBench(name, json);
    } catch (error) {
      failed.push(name);
      console.error(`${name} failed: ${error.stack ?? error}`);
    }
  }
  return failed;
}

async function main(args) {
  let wanted;
  try {
    wanted = await parse(args);
  } catch (error) {
    console.error(`${error.message.split(". To")[0].replace(/\.$/, "")}. See npm run bench -- --help.`);
    return 2;
  }
  if (wanted.help) {
    console.log(await help());
    return 0;
  }
  const build = spawnSync(process.execPath, [path.join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
  if (build.status !== 0) return 1;
  const failed = await runAll(wanted);
  if (failed.length > 0) console.error(`Of ${wanted.names.length} benchmarks, ${failed.join(", ")} failed.`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
