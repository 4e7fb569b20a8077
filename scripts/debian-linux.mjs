/**
 * `npm run linux [-- options of wasmvisor run]`: Debian's kernel to a busybox shell. With no terminal on standard input
 * it boots, prints what the guest says, powers off and exits 0.
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDebian, GUESTS } from "./debian.mjs";
import { PrepareError } from "./debian-apt.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const COMMAND = "dist/src/cli/main.js";

/** Runs a program of ours and returns its exit code. */
function node(...args) {
  const result = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

// With nobody at a terminal, the guest powers off once userland is up.
function kernelArguments(isTerminal) {
  return `console=ttyS0${isTerminal ? "" : " wasmvisor.exit"}`;
}

function main(options) {
  const built = node("scripts/build.mjs");
  if (built) return built;
  ensureDebian();
  const isTerminal = process.stdin.isTTY === true;
  const machine = ["-m", "256M", "--append", kernelArguments(isTerminal)];
  const files = ["--kernel", join(GUESTS, "Image"), "--initrd", join(GUESTS, "initrd.cpio")];
  return node(COMMAND, "run", ...files, ...machine, ...options);
}

// The child shares our terminal: it decides what Ctrl-C means, and we go when it does.
process.on("SIGINT", () => {});

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`linux: ${error.message}\n`);
  process.exitCode = 2;
}
