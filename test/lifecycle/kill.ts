/** Killing a supervisor while it does something: the next `wasmvisor up` works, and what was kept is whole or not there. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { random } from "../disk/crash.ts";
import { COUNTER, TestProject } from "../support/lifecycle.ts";

const COMMANDS: readonly (readonly string[])[] = [
  ["suspend", "default"],
  ["suspend", "default"],
  ["snapshot", "-m", "default", "kept"],
  ["restore", "-m", "default", "kept"],
  ["clone", "default", "other"],
  ["destroy", "--force", "other"],
  ["reload", "default"],
  ["down", "default"],
  ["up", "default", "--cold"],
];

/** Milliseconds after a command's start in which the kill comes. */
const WITHIN = 900;

/** A file that was opened by a killed process; leaks are no damage. */
function diskFault(disk: string): string | undefined {
  if (!existsSync(disk)) return undefined;
  const { status, stdout, stderr } = spawnSync("qemu-img", ["check", disk], { encoding: "utf8" });
  return status === 0 || status === 3 ? undefined : `qemu-img check: ${status} ${stdout}${stderr}`;
}

/** The letter that the guest says to a key. */
async function letterOf(at: TestProject): Promise<number> {
  const before = readFileSync(at.state("machines/default/console.log"), "utf8").length;
  const { child, ended } = at.start("console", "-m", "default");
  child.stdin!.write("x");
  const log = (): string => readFileSync(at.state("machines/default/console.log"), "utf8").slice(before);
  while (!/[A-Z[-~]/.test(log().replaceAll("up\n", ""))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill();
  await ended;
  return log().replaceAll("up\n", "").charCodeAt(0) - 64;
}

async function round(at: TestProject, next: (below: number) => number, count: number): Promise<number> {
  const command = COMMANDS[next(COMMANDS.length)]!;
  const { ended } = at.start(...command);
  await new Promise((resolve) => setTimeout(resolve, next(WITHIN)));
  if (at.supervisor !== undefined) await at.kill();
  const { code, stderr } = await ended;
  if (code !== 0 && !(code === 2 && /^wasmvisor: .*[.?]$/m.test(stderr)))
    throw new Error(`${command.join(" ")}: ${code} ${stderr}`);
  const wrong = diskFault(at.state("machines/default/disk-0.qcow2"));
  if (wrong !== undefined) throw new Error(`${command.join(" ")}: ${wrong}`);
  const states = await at.states();
  const up = await at.run("up");
  if (up.code !== 0) throw new Error(`${command.join(" ")}, then up: ${up.stderr}`);
  const letter = await letterOf(at);
  // It went on from the state that was kept, or from a snapshot, or has booted.
  const isOld = command[0] === "restore" && letter <= count + 1;
  if (letter !== 1 && !(states.default === "suspended" && letter === count + 1) && !isOld)
    throw new Error(`${command.join(" ")}: the guest says ${letter} after ${count}, ${states.default}`);
  if (states.default === "suspended" && letter === 1 && command[0] === "suspend")
    throw new Error("a suspended state was there, and has not been used");
  const left = readdirSync(at.state("machines"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".part"),
  );
  if (left.length > 0) throw new Error(`${left.join(", ")} is left`);
  return letter > 40 ? reload(at) : letter;
}

/** Letters end. */
async function reload(at: TestProject): Promise<number> {
  await at.good("reload", "default");
  return 0;
}

/** Kills that many supervisors; false when something was wrong, which is printed. */
export async function killSupervisors(rounds: number, seed: number): Promise<boolean> {
  const next = random(seed);
  const at = new TestProject({ kernel: "counter.bin", bios: "none", memory: "2M", drives: [{ size: "16M" }] });
  writeFileSync(at.path("counter.bin"), COUNTER);
  try {
    await at.good("up");
    let count = 0;
    for (let done = 0; done < rounds; done++) {
      try {
        count = await round(at, next, count);
      } catch (error) {
        console.log(`round ${done} of seed ${seed}: ${(error as Error).message}`);
        return false;
      }
    }
    console.log(`${rounds} kills of a supervisor: the next one starts, and states are whole or not there`);
    return true;
  } finally {
    await at.end();
  }
}
