/** The programs of the system that tests compare with or build with; a missing one is a failure that names its package. */

import { spawnSync } from "node:child_process";

const PACKAGES = {
  "qemu-system-riscv64": "qemu-system-misc",
  "qemu-riscv64": "qemu-user",
  "riscv64-unknown-elf-as": "binutils-riscv64-unknown-elf",
  "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
  "riscv64-linux-gnu-gcc": "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
  dtc: "device-tree-compiler",
  tmux: "tmux",
  chromium: "chromium",
} as const;

export type Tool = keyof typeof PACKAGES;

const found = new Set<Tool>();

function isInstalled(tool: Tool): boolean {
  if (found.has(tool)) return true;
  const { error } = spawnSync(tool, [tool === "tmux" ? "-V" : "--version"], { stdio: "ignore" });
  if (error === undefined) found.add(tool);
  return error === undefined;
}

/**
 * Returns when all of `tools` are installed.
 * @throws with the command that installs the missing ones
 */
export function requireTools(...tools: readonly Tool[]): void {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return;
  const packages = missing.map((tool) => PACKAGES[tool]).join(" ");
  throw new Error(`This test needs ${missing.join(" and ")}: apt-get install ${packages}`);
}
