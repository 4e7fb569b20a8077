/** Importing a program of the user's, TypeScript too where this node does not know it. */

import { createRequire, register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { WasmvisorError } from "../error.ts";

/**
 * What a file exports.
 * @throws WasmvisorError `module` when it cannot be found, understood or run
 */
export async function loadModule(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path.resolve(file)).href;
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_UNKNOWN_FILE_EXTENSION") throw explained(file, error);
  }
  registerTypeScript(file);
  try {
    // Another address, because node remembers the failure of the first.
    return (await import(`${url}?typescript`)) as Record<string, unknown>;
  } catch (error) {
    throw explained(file, error);
  }
}

let registered = false;

/**
 * Lets the `typescript` package, found from the user's file or from here, strip the types from what is imported. Its command is
 * used, which all its versions have; from 7 on there is nothing else.
 */
function registerTypeScript(file: string): void {
  if (registered) return;
  const compiler = findCompiler(file);
  if (compiler === undefined) {
    throw new WasmvisorError(
      "module",
      `${file} is TypeScript, which node ${process.versions.node} cannot run by itself; npm install typescript, use a newer node, or make it a .mjs file.`,
      { file },
    );
  }
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: { compiler } });
  registered = true;
}

/** The path of the command `tsc`. */
function findCompiler(file: string): string | undefined {
  for (const from of [path.resolve(file), import.meta.url]) {
    try {
      return path.join(path.dirname(createRequire(from).resolve("typescript/package.json")), "bin/tsc");
    } catch {
      // Not there; perhaps in the other place.
    }
  }
  return undefined;
}

/**
 * Module hooks run in a thread of their own, from a module of their own. The compiler is started in the folder that it writes
 * to, where no tsconfig.json is; what it thinks of the types does not matter.
 */
const HOOKS = `
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
let compiler;
export function initialize(given) {
  compiler = given.compiler;
}
export async function load(url, context, next) {
  const { pathname } = new URL(url);
  if (!/\\.m?ts$/.test(pathname)) return next(url, context);
  const file = fileURLToPath(new URL(pathname, url));
  const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-ts-"));
  try {
    const options = ["--module", "esnext", "--target", "es2022", "--moduleResolution", "bundler"];
    const apart = ["--noResolve", "--noLib", "--inlineSourceMap", "--outDir", folder, "--rootDir", path.dirname(file)];
    const said = await new Promise((resolve) =>
      execFile(process.execPath, [compiler, ...options, ...apart, file], { cwd: folder }, (_, stdout) => resolve(stdout)));
    const output = path.join(folder, path.basename(file).replace(/ts$/, "js"));
    const source = await readFile(output, "utf8").catch(() => {
      throw new SyntaxError("TypeScript makes nothing of it: " + said.split("\\n")[0]);
    });
    return { format: "module", source, shortCircuit: true };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
`;

function explained(file: string, cause: unknown): WasmvisorError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (
    code === "ERR_MODULE_NOT_FOUND" &&
    (cause as Error).message.startsWith(`Cannot find module '${path.resolve(file)}'`)
  ) {
    return new WasmvisorError("module", `The file ${file} does not exist; check the path.`, { file }, { cause });
  }
  const said = cause instanceof Error ? `${cause.name}: ${cause.message.split("\n")[0]}` : String(cause);
  return new WasmvisorError("module", `${file} cannot be run (${said}).`, { file }, { cause });
}
