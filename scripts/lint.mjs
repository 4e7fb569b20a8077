// Lints the repository with oxlint: with types where there are some (.oxlintrc.json), and assembly/ without (assembly/.oxlintrc.json).
//
// oxlint's parser refuses AssemblyScript's decorators on functions, so it is shown a copy of assembly/ in which they are comments.

import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isGenerated, mask } from "./format.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const oxlint = path.join(root, "node_modules/oxlint/bin/oxlint");

/** Runs oxlint in `cwd`, and remembers when it found something. */
function lint(cwd, ...args) {
  const { status } = spawnSync(process.execPath, [oxlint, "--deny-warnings", ...args], { cwd, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}

async function lintAssembly() {
  const copy = await mkdtemp(path.join(tmpdir(), "wasmvisor-lint-"));
  try {
    await cp(path.join(root, "assembly"), path.join(copy, "assembly"), { recursive: true });
    for (const file of await readdir(copy, { recursive: true })) {
      if (!file.endsWith(".ts")) continue;
      const source = await readFile(path.join(copy, file), "utf8");
      if (isGenerated(source)) await rm(path.join(copy, file));
      else await writeFile(path.join(copy, file), mask(source));
    }
    lint(copy, "assembly");
  } finally {
    await rm(copy, { recursive: true });
  }
}

await lintAssembly();
lint(root, "--type-aware", "--disable-nested-config", ...process.argv.slice(2));
