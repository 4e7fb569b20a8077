/**
 * `npm run linux [-- options of wasmvisor run]`: Debian's kernel to a busybox shell. With no terminal on standard input
 * it boots, prints what the guest says, powers off and exits 0.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDebian, GUESTS } from "./debian.mjs";
import { PrepareError } from "./debian-apt.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

function command() {
  const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const path = join(ROOT, typeof bin === "string" ? bin : (bin?.wasmvisor ?? "dist/cli/main.js"));
  if (!existsSync(path)) throw new PrepareError('The command is not built: run "npm run build" and try again.');
  return path;
}

// With nobody at a terminal, the guest powers off once userland is up.
function kernelArguments(isTerminal) {
  return `console=ttyS0${isTerminal ? "" : " wasmvisor.exit"}`;
}

try {
  const path = command();
  ensureDebian();
  const isTerminal = process.stdin.isTTY === true;
  const machine = ["-m", "256M", "--append", kernelArguments(isTerminal)];
  const files = ["--kernel", join(GUESTS, "Image"), "--initrd", join(GUESTS, "initrd.cpio")];
  const result = spawnSync(process.execPath, [path, "run", ...files, ...machine, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  if (result.error) throw result.error;
  process.exitCode = result.status ?? 1;
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`linux: ${error.message}\n`);
  process.exitCode = 2;
}
