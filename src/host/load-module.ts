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

/** Lets the `typescript` package, found from the user's file or from here, strip the types from what is imported. */
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
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: { compiler: pathToFileURL(compiler).href } });
  registered = true;
}

function findCompiler(file: string): string | undefined {
  for (const from of [path.resolve(file), import.meta.url]) {
    try {
      return createRequire(from).resolve("typescript");
    } catch {
      // Not there; perhaps in the other place.
    }
  }
  return undefined;
}

/** Module hooks run in a thread of their own, from a module of their own. */
const HOOKS = `
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
let typescript;
export async function initialize({ compiler }) {
  typescript = (await import(compiler)).default;
}
export async function load(url, context, next) {
  const { pathname } = new URL(url);
  if (!/\\.m?ts$/.test(pathname)) return next(url, context);
  const text = await readFile(fileURLToPath(url), "utf8");
  const { ModuleKind, ScriptTarget } = typescript;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, inlineSourceMap: true };
  const { outputText } = typescript.transpileModule(text, { compilerOptions, fileName: pathname });
  return { format: "module", source: outputText, shortCircuit: true };
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
