/** Every snippet and command of the documents is run, against the package as it is built, and type-checked. */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { files, printed, type Section, sections, type Step, steps } from "./snippets.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
/** Below the package, so that "wasmvisor" is the package itself. */
const workshop = path.join(root, "build/docs");

const DOCUMENTS = ["README.md", "docs/api.md", "docs/tutorial.md"];

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
};

const read = (name: string) => readFileSync(path.join(root, name), "utf8");

interface Prepared {
  readonly document: string;
  readonly section: Section;
  readonly folder: string;
}

const prepared: Prepared[] = DOCUMENTS.flatMap((document) =>
  sections(read(document)).map((section, index) => ({
    document,
    section,
    folder: path.join(workshop, path.basename(document, ".md"), String(index)),
  })),
);

const runnable = prepared.filter(({ section }) => steps(section).some(isOurs));

/** The set-up of a checkout is what CI does; see the last test. */
function isOurs({ kind, text }: Step): boolean {
  return kind === "program" || !/^npm /m.test(text);
}

const programFile = (folder: string, index: number) => path.join(folder, `program-${index}.ts`);

beforeAll(async () => {
  await buildDist();
  await rm(workshop, { recursive: true, force: true });
  for (const { section, folder } of prepared) {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files(section)) await writeFile(path.join(folder, name), text);
    for (const [index, { kind, text }] of steps(section).entries()) {
      if (kind === "program") await writeFile(programFile(folder, index), text);
    }
    // What people have beside their programs: Debian's files, as `npm run guests:debian` makes them.
    for (const name of ["Image", "initrd.cpio", "opensbi/fw_jump.bin"]) {
      await symlink(path.join(root, ".guests", name), path.join(folder, path.basename(name))).catch(() => undefined);
    }
  }
}, 120_000);

/** TypeScript as node 20 runs it, with imports of files that are TypeScript too. */
async function compile(file: string): Promise<string> {
  const text = readFileSync(file, "utf8").replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.mjs"');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: OPTIONS.target!, module: ts.ModuleKind.ES2022 },
  });
  const output = file.replace(/\.ts$/, ".mjs");
  await writeFile(output, outputText);
  return output;
}

/** The package's command, by the name that users call it. */
const SHELL = `npx() { shift; "${process.execPath}" "${path.join(root, "dist/src/cli/main.js")}" "$@"; }\nset -e\n`;

async function runStep(folder: string, index: number, { kind, text }: Step): Promise<string> {
  const [command, args] =
    kind === "program"
      ? [process.execPath, [await compile(programFile(folder, index))]]
      : ["bash", ["-c", SHELL + text]];
  const running = run(command, args, { cwd: folder, timeout: 240_000 });
  running.child.stdin?.end();
  const { stdout } = await running;
  return stdout.replaceAll("\r", "");
}

describe("the documents' code", () => {
  test.each(runnable.map((one) => [`${one.document}, ${one.section.title}`, one] as const))(
    "%s",
    { timeout: 600_000 },
    async (_, { section, folder }) => {
      for (const name of files(section).keys()) {
        if (name.endsWith(".ts")) await compile(path.join(folder, name));
      }
      for (const [index, step] of steps(section).entries()) {
        if (!isOurs(step)) continue;
        const output = await runStep(folder, index, step);
        if (step.prints !== undefined) expect(output).toMatch(printed(step.prints));
      }
    },
  );

  test("has the right types", () => {
    const programs = prepared.flatMap(({ section, folder }) =>
      steps(section)
        .map(({ kind }, index) => (kind === "program" ? programFile(folder, index) : ""))
        .filter((file) => file !== ""),
    );
    expect(programs.length).toBeGreaterThan(5);
    const program = ts.createProgram(programs, OPTIONS);
    const said = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${path.relative(root, file?.fileName ?? "")}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    expect(said).toEqual([]);
  });

  test("that sets a checkout up is run by CI", () => {
    const ci = read(".ci/run");
    const commands = prepared
      .flatMap(({ section }) => steps(section))
      .filter((step) => !isOurs(step))
      .flatMap(({ text }) => text.split(/\n|&&/).map((command) => command.trim()))
      .filter((command) => command.startsWith("npm "));
    expect(commands.length).toBeGreaterThan(2);
    expect(commands.filter((command) => !ci.includes(command))).toEqual([]);
  });
});
