// Makes dist/ when it is not made from the present sources and the present core.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { lineMappings } from "./line-maps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = path.join(root, "dist");
const core = path.join(root, "build/core.wasm");
const stamp = path.join(dist, ".stamp");
const compiler = path.join(root, "node_modules/typescript/bin/tsc");

/** What src/ finds beside itself at run time: the built guests, and the workloads' sources for native builds. */
const guests = ["guests/bin", "guests/wasm", "guests/workloads"];

/** The files in a folder, and in folders of it, whose names match. */
async function filesBelow(folder, pattern) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const sources = (folder) => filesBelow(path.join(root, folder), /\.(ts|elf|wasm|c|h)$/);

async function digest() {
  const files = [
    ...(await sources("src")),
    ...(await sources("assembly/shared")),
    ...(await sources("assembly/isa")),
    ...(await sources("assembly/state")),
    ...(await sources("assembly/dbt/wasm")),
    ...(await Promise.all(guests.map(sources))).flat(),
    ...[
      "build/core.wasm",
      "scripts/build-dist.mjs",
      "scripts/line-maps.mjs",
      "tsconfig.json",
      "tsconfig.build.json",
      "package.json",
    ].map((name) => path.join(root, name)),
  ].sort();
  const hash = createHash("sha256");
  for (const file of files) {
    hash
      .update(path.relative(root, file))
      .update("\0")
      .update(await readFile(file))
      .update("\0");
  }
  return hash.digest("hex");
}

function compile(outDir) {
  return new Promise((resolve, reject) => {
    const args = [compiler, "--project", "tsconfig.build.json", "--outDir", outDir];
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`The sources do not compile (tsc: ${code}).`)),
    );
  });
}

/** What declarations name of WebAssembly; the DOM library's interfaces of these names, where there is one, are merged with them. */
const WEBASSEMBLY = `declare namespace WebAssembly {
  interface Memory {}
  interface Module {}
  interface Table {}
}
`;

/**
 * Has the declarations compile where neither the DOM's library nor a late one is set, and back to TypeScript 5.2, which has no
 * parameter for typed arrays.
 */
async function makePortable(folder) {
  const declarations = await filesBelow(folder, /\.d\.ts$/);
  await writeFile(path.join(folder, "webassembly.d.ts"), WEBASSEMBLY);
  for (const file of declarations) {
    const text = (await readFile(file, "utf8"))
      .replaceAll(/\b(\w+Array)<ArrayBufferLike>/g, "$1")
      .replaceAll(/\b(\w+Array)<ArrayBuffer>/g, "ReturnType<typeof $1.of>");
    const needs = [
      ...(/Symbol\.(async)?dispose/i.test(text) ? [`lib="esnext.disposable"`] : []),
      ...(text.includes("WebAssembly.")
        ? [`path="${path.posix.join(path.relative(path.dirname(file), folder) || ".", "webassembly.d.ts")}"`]
        : []),
    ];
    await writeFile(file, needs.map((need) => `/// <reference ${need} />\n`).join("") + text);
  }
}

/** Makes the source maps smaller. */
async function thinMaps(folder) {
  for (const file of await filesBelow(folder, /\.js\.map$/)) {
    const map = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...map, mappings: lineMappings(map.mappings) }));
  }
}

/** What the package finds when it runs, if it is there: its own halves for node and browsers, node's modules, and optional peers. */
const external = ["#*", "node:*", "ws", "vega", "vega-lite"];

/** The words between the braces of an import or export. */
const wordsOf = (names) =>
  names
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

/** Where what the library's entry exports is defined, by its name: the script, and what it is called there. */
async function definitions(entry) {
  const found = new Map();
  for (const [, names, file] of (await readFile(entry, "utf8")).matchAll(/^export \{([^}]*)\} from "(\.[^"]+)";/gm)) {
    for (const [name, exported = name] of wordsOf(names).map((word) => word.split(" as "))) {
      found.set(exported, { file: path.resolve(path.dirname(entry), file), name });
    }
  }
  return found;
}

/**
 * Has scripts import from where things are defined what they name of the library's entry. The entry is a script of the package, and whoever
 * reached it would reach, and load, all that it exports.
 */
function withoutEntry(entry, defined) {
  const direct = (word) => {
    const [exported, local = exported] = word.split(" as ");
    const { file, name } = defined.get(exported);
    return `import { ${name} as ${local} } from ${JSON.stringify(file)};`;
  };
  return {
    name: "without-entry",
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path: file }) => {
        const text = await readFile(file, "utf8");
        // As many lines as before, for the source maps.
        const contents = text.replaceAll(/^import \{([^}]*)\} from "(\.[^"]+)";/gm, (all, names, specifier) =>
          path.resolve(path.dirname(file), specifier) === entry
            ? wordsOf(names).map(direct).join(" ") + "\n".repeat(all.split("\n").length - 1)
            : all,
        );
        return { contents };
      });
    },
  };
}

/**
 * Puts the scripts together, as few as can be without loading what nobody has asked for: node takes half a millisecond for each file.
 * They lie in a folder of src/, so that "../../build/core.wasm" still leads to the core.
 */
async function bundle(folder) {
  const { bin, exports, imports } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
  const entered = JSON.stringify({ bin, exports, imports }).match(/(?<="(?:\.\/)?dist\/)src\/[\w/-]+\.js(?=")/g);
  const together = `${folder}.together`;
  const scripts = await filesBelow(path.join(folder, "src"), /\.js$/);
  const entry = path.join(folder, "src/index.js");
  try {
    await build({
      absWorkingDir: folder,
      entryPoints: [...new Set(entered)],
      outbase: ".",
      outdir: together,
      chunkNames: "src/chunks/[hash]",
      ...{
        bundle: true,
        splitting: true,
        format: "esm",
        platform: "neutral",
        target: "es2023",
        sourcemap: true,
        external,
        plugins: [withoutEntry(entry, await definitions(entry))],
      },
      logLevel: "warning",
    });
    for (const file of scripts) for (const name of [file, `${file}.map`]) await rm(name, { force: true });
    await cp(together, folder, { recursive: true });
  } finally {
    await rm(together, { recursive: true, force: true });
  }
}

/** From dist/src/vmm, "../../build/core.wasm" leads to dist/build, as it leads to build/ from src/vmm; guests/ likewise. */
async function complete(folder, wanted) {
  await compile(folder);
  await makePortable(path.join(folder, "src"));
  await mkdir(path.join(folder, "build"));
  await copyFile(core, path.join(folder, "build/core.wasm"));
  for (const name of guests) await cp(path.join(root, name), path.join(folder, name), { recursive: true });
  const { machineFileSchema } = await import(pathToFileURL(path.join(folder, "src/lifecycle/machine-file.js")).href);
  await writeFile(path.join(folder, "wasmvisor.schema.json"), `${JSON.stringify(machineFileSchema(), null, 2)}\n`);
  await bundle(folder);
  await thinMaps(folder);
  await chmod(path.join(folder, "src/cli/main.js"), 0o755);
  await writeFile(path.join(folder, ".stamp"), wanted);
}

/**
 * Builds the package. dist/ appears whole, by renaming: several processes may build at once, and others may run what is
 * there. Needs build/core.wasm.
 *
 * @param {{ force?: boolean }} [options]
 */
export async function buildDist({ force = false } = {}) {
  const wanted = await digest();
  if (!force && existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return;
  const fresh = path.join(root, `build/dist.${process.pid}`);
  const old = `${fresh}.old`;
  try {
    await complete(fresh, wanted);
    if (existsSync(dist)) await rename(dist, old);
    await rename(fresh, dist);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}
