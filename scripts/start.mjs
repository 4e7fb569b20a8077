// `npm start`: boots the demo guest; with no terminal to talk to, its self-check.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program of ours to its end. */
function run(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(signal === null ? code : 1));
  });
}

// The child shares our terminal: it decides what Ctrl-C means, and we go when it does.
process.on("SIGINT", () => {});

const built = await run("scripts/build.mjs");
const interactive = process.stdin.isTTY && process.stdout.isTTY;
const append = interactive ? [] : ["--append", "selfcheck"];
process.exitCode =
  built ||
  (await run("dist/src/cli/main.js", "run", "--kernel", "guests/bin/demo.elf", ...append, ...process.argv.slice(2)));
