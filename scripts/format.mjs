// Formats the repository with oxfmt, or with --check lists the files that are not formatted and fails.
//
// oxfmt's parser refuses AssemblyScript's decorators on functions (`@inline export function …`), so in assembly/ each decorator that opens a
// line is dressed as a block comment while oxfmt looks.

import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "oxfmt";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");

const options = { printWidth: 120, trailingComma: "all", sortPackageJson: false };
const formattable = /\.(?:[cm]?ts|[cm]?js|json|css|html)$/;
/** Made by others: npm and the study format what they write. */
const made = /^(?:package-lock\.json$|docs\/study\/report\.)/;

/** Whether `npm run generate` has written the file, and has formatted it: its first line says so. */
export function isGenerated(source) {
  return /^\/\*\* .* Generated from src\/isa by .* \*\/\n/.test(source);
}

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

/** `source` as the file `name` should hold it. */
export async function formatted(name, source) {
  const hasDecorators = name.startsWith("assembly/");
  const { code, errors } = await format(name, hasDecorators ? mask(source) : source, options);
  if (errors.length > 0) throw new SyntaxError(errors[0].message);
  return hasDecorators ? unmask(code) : code;
}

/** What git has or would take. */
function files() {
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"], {
    cwd: root,
    encoding: "utf8",
  });
  return list.split("\n").filter((name) => formattable.test(name) && !made.test(name));
}

async function main() {
  let wrong = 0;
  const work = files().map(async (name) => {
    const file = path.join(root, name);
    try {
      const source = await readFile(file, "utf8");
      if (isGenerated(source)) return;
      const result = await formatted(name, source);
      if (source === result) return;
      console.log(name);
      if (!check) await writeFile(file, result);
    } catch (error) {
      if (error.code === "ENOENT") return;
      if (!(error instanceof SyntaxError)) throw error;
      console.error(`${name}: ${error.message.split("\n")[0]}`);
      process.exitCode = 1;
    }
    wrong++;
  });
  await Promise.all(work);
  if (check && wrong > 0) {
    console.error(`${wrong} file${wrong === 1 ? " is" : "s are"} not formatted. Run "npm run format".`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
