/**
 * What tests need besides node: programs of the system, and Debian's files. A test whose needs are not there is skipped with
 * its reason, which `skips.ts` counts at the end; where `CI` is set, it fails.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, inject, TestRunner } from "vitest";

const PACKAGES = {
  "qemu-system-riscv64": "qemu-system-misc",
  "qemu-riscv64": "qemu-user",
  "qemu-img": "qemu-utils",
  "qemu-io": "qemu-utils",
  e2fsck: "e2fsprogs",
  mke2fs: "e2fsprogs",
  "riscv64-unknown-elf-as": "binutils-riscv64-unknown-elf",
  "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
  "riscv64-linux-gnu-gcc": "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
  dtc: "device-tree-compiler",
  tmux: "tmux",
  git: "git",
  iperf3: "iperf3",
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

/** "needs dtc: apt-get install device-tree-compiler", or undefined when all of `tools` are there. */
function lackOf(tools: readonly Tool[]): string | undefined {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return undefined;
  return `needs ${missing.join(" and ")}: apt-get install ${missing.map((tool) => PACKAGES[tool]).join(" ")}`;
}

const inCi = () => !["", "0", "false", undefined].includes(process.env.CI);

/** Skips the test that is running; fails it in CI, and where no test is running. */
function giveUp(reason: string): never {
  if (!inCi()) TestRunner.getCurrentTest()?.context.skip(reason);
  throw new Error(`This test ${reason}`);
}

/**
 * Returns when all of `tools` are installed; else the test that is running is skipped.
 * @throws in CI, with the command that installs the missing ones
 */
export function requireTools(...tools: readonly Tool[]): void {
  const lack = lackOf(tools);
  if (lack !== undefined) giveUp(lack);
}

/** Returns when `met` is true; else the test that is running is skipped, with the reason "needs …", or fails in CI. */
export function requireThat(met: boolean, reason: `needs ${string}`): void {
  if (!met) giveUp(reason);
}

/** `beforeAll` for tests that need `tools`: without them it is not called, and all tests beside it are skipped. */
export function beforeAllWith(tools: readonly Tool[], setUp: () => Promise<void> | void, timeout?: number): void {
  const lack = lackOf(tools);
  if (lack === undefined || inCi()) {
    beforeAll(() => {
      requireTools(...tools);
      return setUp();
    }, timeout);
  } else beforeEach(({ skip }) => skip(lack));
}

/** A file that `npm run guests:debian` has prepared; without it the test that is running is skipped, or fails in CI. */
export function guestFile(name: string): URL {
  const url = new URL(`../../.guests/${name}`, import.meta.url);
  if (!existsSync(url)) {
    const command = name.startsWith("installer/")
      ? "npm run installer"
      : `npm run guests:debian${name.startsWith("rootfs") ? " -- --rootfs" : ""}`;
    giveUp(`needs Debian's files (${command}): ${inject("guests") ?? `${fileURLToPath(url)} is missing`}`);
  }
  return url;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Why Debian's files could not be prepared. */
    guests: string | undefined;
  }
}
