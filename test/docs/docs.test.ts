/**
 * Every snippet and command of the documents is run as it is printed, on each node version that the package promises, against the
 * package as it is built; and type-checked.
 */

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { NODE_VERSIONS, nodePath } from "../../scripts/nodes.mjs";
import { guestFile, requireThat, requireTools } from "../support/tools.ts";
import { files, printed, type Section, sections, type Step, steps } from "./snippets.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
/** Below the package, so that "wasmvisor" is the package itself. */
const workshop = path.join(root, "build/docs");

const DOCUMENTS = ["README.md", "docs/api.md", "docs/tutorial.md", "docs/study/experiments.md"];

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  allowJs: true,
  checkJs: true,
  strict: true,
  noEmit: true,
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

/** Whether any node version could make a difference: a program is run, not the command alone. */
function isProgram({ section }: Prepared): boolean {
  return steps(section).some((step) => step.kind === "program") || files(section).size > 0;
}

const programFile = (folder: string, index: number) => path.join(folder, `program-${index}.mjs`);

/** What people have beside their programs: Debian's files, as `npm run guests:debian` makes them. */
const DEBIAN_FILES = ["Image", "initrd.cpio", "initrd-modules.cpio", "opensbi/fw_jump.bin"];

beforeAll(async () => {
  await buildDist();
  await rm(workshop, { recursive: true, force: true });
  for (const { section, folder } of prepared) {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files(section)) await writeFile(path.join(folder, name), text);
    for (const [index, { kind, text }] of steps(section).entries()) {
      if (kind === "program") await writeFile(programFile(folder, index), text);
    }
    for (const name of DEBIAN_FILES) {
      await symlink(path.join(root, ".guests", name), path.join(folder, path.basename(name))).catch(() => undefined);
    }
  }
}, 120_000);

/** Skips the test where what the section uses is not on this machine. */
function requireNeeds(section: Section): void {
  const text = [...files(section).values(), ...steps(section).map((step) => step.text)].join("\n");
  if (text.includes("riscv64-unknown-elf-gcc")) requireTools("riscv64-unknown-elf-gcc");
  for (const name of DEBIAN_FILES) if (new RegExp(`\\b${path.basename(name)}\\b`).test(text)) guestFile(name);
}

/** The package's command and node, by the names that users call them. */
function shell(node: string): string {
  return `node() { "${node}" "$@"; }\nnpx() { shift; node "${path.join(root, "dist/src/cli/main.js")}" "$@"; }\nset -e\n`;
}

async function runStep(node: string, folder: string, index: number, { kind, text }: Step): Promise<string> {
  const [command, args] =
    kind === "program" ? [node, [programFile(folder, index)]] : ["bash", ["-c", shell(node) + text]];
  const running = run(command, args, { cwd: folder, timeout: 240_000 });
  running.child.stdin?.end();
  const { stdout } = await running;
  return stdout.replaceAll("\r", "");
}

async function runSection(node: string, { section, folder }: Prepared): Promise<void> {
  requireNeeds(section);
  for (const [index, step] of steps(section).entries()) {
    if (!isOurs(step)) continue;
    const output = await runStep(node, folder, index, step);
    if (step.prints !== undefined) expect(output).toMatch(printed(step.prints));
  }
}

/** The executable of a version; where it has not been fetched, the node that is here if it is of the same release line. */
function nodeOf(version: string): string {
  if (existsSync(nodePath(version))) return nodePath(version);
  const release = version.split(".")[0];
  requireThat(process.versions.node.split(".")[0] === release, `needs node ${release}: npm run nodes`);
  return process.execPath;
}

const titled = (some: readonly Prepared[]) =>
  some.map((one) => [`${one.document}, ${one.section.title}`, one] as const);

describe.each(NODE_VERSIONS)("on node %s, the programs of", (version) => {
  test.each(titled(runnable.filter(isProgram)))("%s", { timeout: 600_000 }, async (_, one) => {
    await runSection(nodeOf(version), one);
  });
});

describe("the commands of", () => {
  test.each(titled(runnable.filter((one) => !isProgram(one))))("%s", { timeout: 600_000 }, (_, one) =>
    runSection(process.execPath, one),
  );
});

describe("the documents' code", () => {
  test("has the right types", () => {
    const programs = prepared.flatMap(({ section, folder }) => [
      ...[...files(section).keys()].filter((name) => /\.m?js$/.test(name)).map((name) => path.join(folder, name)),
      ...steps(section).flatMap(({ kind }, index) => (kind === "program" ? [programFile(folder, index)] : [])),
    ]);
    expect(programs.length).toBeGreaterThan(15);
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
