/** What is done in a guest that has booted: its shares are mounted, and the steps of its description are done. */

import { WasmvisorError } from "../../error.ts";
import type { Vm } from "../../index.ts";
import type { MachineDescription, ProvisionStep } from "../../lifecycle/machine-file.ts";
import type { Report } from "./report.ts";

/** Who does steps for whom. */
export interface Provisioning {
  readonly name: string;
  readonly report: Report;
  copy(from: string, to: string): Promise<unknown>;
}

/** Characters of a step that people are shown. */
const SHOWN = 60;

/** Copies a file or folder into the guest. */
export function copyIn(vm: Vm, from: string, to: string): Promise<unknown> {
  return vm.copyTo(from, to);
}

/** A guest that restarts while it is being made ready has its shares mounted once. */
const MOUNT = 'grep -qF " $2 9p " /proc/mounts || { mkdir -p "$2" && mount -t 9p -o "$3" "$1" "$2"; }';

/**
 * Mounts the shares that say where.
 * @throws WasmvisorError as `vm.exec` does
 */
export async function mountShares(vm: Vm, { shares = [] }: MachineDescription, report: Report): Promise<void> {
  for (const { tag, mount, readonly } of shares) {
    if (mount === undefined) continue;
    const options = `trans=virtio,version=9p2000.L${readonly === true ? ",ro" : ""}`;
    const { code, stderr } = await vm.exec(["sh", "-c", MOUNT, "sh", tag, mount, options]);
    if (code !== 0) report.say(`cannot mount ${tag} at ${mount}: ${stderr.trim()}`);
  }
}

/**
 * Does steps one after another, until one fails.
 * @throws WasmvisorError `machine` when one fails; as `vm.exec` and `vm.copyTo` do
 */
export async function runSteps(vm: Vm, steps: readonly ProvisionStep[], doing: Provisioning): Promise<void> {
  for (const [index, step] of steps.entries()) {
    doing.report.say(`step ${index + 1} of ${steps.length}: ${titleOf(step)}`);
    await runStep(vm, step, doing, index + 1);
  }
}

function titleOf(step: ProvisionStep): string {
  const text = typeof step === "string" ? step : "copy" in step ? `copy ${step.copy} to ${step.to}` : step.run;
  const line = text.trim().split("\n")[0]!;
  return line.length > SHOWN || line !== text.trim() ? `${line.slice(0, SHOWN)}…` : line;
}

async function runStep(vm: Vm, step: ProvisionStep, doing: Provisioning, number: number): Promise<void> {
  if (typeof step === "object" && "copy" in step) {
    await doing.copy(step.copy, step.to);
    return;
  }
  const { run, user, cwd, env } =
    typeof step === "string"
      ? ({ run: step } as Exclude<ProvisionStep, string> & {
          run: string;
          user?: string;
          cwd?: string;
          env?: Record<string, string>;
        })
      : step;
  const options = {
    ...(user === undefined ? {} : { user }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  };
  const process = await vm.spawn(["sh", "-c", run], options);
  await process.stdin.close();
  await Promise.all([tell(process.stdout, doing.report), tell(process.stderr, doing.report)]);
  const { code } = await process.exited;
  if (code === 0) return;
  throw new WasmvisorError(
    "machine",
    `Step ${number} of the machine ${doing.name} (${titleOf(step)}) has ended with ${code}; correct it, and use wasmvisor provision ${doing.name}.`,
    { machine: doing.name, step: number, code },
  );
}

async function tell(stream: ReadableStream<Uint8Array>, report: Report): Promise<void> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
    report.output(decoder.decode(chunk.value, { stream: true }));
}
