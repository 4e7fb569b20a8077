/** Accesses to the devices of a QEMU virt board that stands still, by QEMU's own test protocol. */

import { spawnSync } from "node:child_process";
import { requireTools } from "../support/tools.ts";

/** One access. */
export interface Access {
  readonly pa: number;
  readonly size: 1 | 2 | 4 | 8;
  /** What to store; undefined loads. */
  readonly value?: number;
}

/** A store to the test finisher, which makes QEMU leave. */
const LEAVE = `writel 1048576 21845`;

const LETTER = { 1: "b", 2: "w", 4: "l", 8: "q" } as const;

/** Carries out all accesses in order on one fresh board; gives what the loads read. */
export function qemuAccesses(harts: number, accesses: readonly Access[]): number[] {
  requireTools("qemu-system-riscv64");
  const commands = accesses.map(({ pa, size, value }) =>
    value === undefined ? `read${LETTER[size]} ${pa}` : `write${LETTER[size]} ${pa} ${value}`,
  );
  const options = ["-M", "virt", "-smp", `${harts}`, "-display", "none", "-bios", "none", "-S"];
  const { stdout } = spawnSync(
    "qemu-system-riscv64",
    [...options, "-serial", "null", "-qtest", "stdio", "-qtest-log", "/dev/null"],
    { input: `${[...commands, LEAVE].join("\n")}\n`, encoding: "utf8", maxBuffer: 1 << 28, timeout: 30_000 },
  );
  const answers = stdout
    .split("\n")
    .filter((line) => /^(OK|FAIL)/.test(line))
    .slice(0, commands.length);
  if (answers.length !== commands.length || answers.some((answer) => answer.startsWith("FAIL"))) {
    throw new Error(`QEMU answered ${answers.length} of ${commands.length} commands: ${answers.at(-1)}`);
  }
  return answers.filter((answer) => answer.includes("0x")).map((answer) => Number(answer.slice(3)));
}
