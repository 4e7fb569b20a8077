// Formats the repository with prettier, or with --check lists the files that are not formatted and fails.
//
// Prettier's parser refuses AssemblyScript's decorators on functions (`@inline export function …`), so in assembly/
// each decorator that opens a line is dressed as a block comment while prettier looks.

import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { format, getFileInfo, resolveConfig } from "prettier";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const ignorePath = [".gitignore", ".prettierignore"].map((name) => path.join(root, name));

/** One or more decorators at the start of a line, with their arguments. */
const decorators = /^([ \t]*)((?:@\w+(?:\([^()\n]*\))?[ \t]*)+)/gm;
const masked = /\/\*(@\w+(?:\([^()\n]*\))?)\*\//g;

export function mask(source) {
  return source.replace(decorators, (_, indent, run) => {
    const gap = /[ \t]*$/.exec(run)[0];
    const each = run.trim().match(/@\w+(?:\([^()\n]*\))?/g);
    return indent + each.map((decorator) => `/*${decorator}*/`).join(" ") + gap;
  });
}

export function unmask(source) {
  return source.replace(masked, "$1");
}

async function* filesBelow(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) yield* filesBelow(file);
    else yield file;
  }
}

async function formatted(file) {
  const options = { ...(await resolveConfig(file)), filepath: file };
  const source = await readFile(file, "utf8");
  const hasDecorators = path.relative(root, file).startsWith("assembly" + path.sep);
  const result = hasDecorators ? unmask(await format(mask(source), options)) : await format(source, options);
  return { source, result };
}

async function main() {
  let wrong = 0;
  for await (const file of filesBelow(root)) {
    const info = await getFileInfo(file, { ignorePath });
    if (info.ignored || info.inferredParser === null) continue;
    const name = path.relative(root, file);
    try {
      const { source, result } = await formatted(file);
      if (source === result) continue;
      console.log(name);
      if (!check) await writeFile(file, result);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      console.error(`${name}: ${error.message.split("\n")[0]}`);
      process.exitCode = 1;
    }
    wrong++;
  }
  if (check && wrong > 0) {
    console.error(`${wrong} file${wrong === 1 ? " is" : "s are"} not formatted. Run "npm run format".`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
