/** `wasmvisor init`, `up`, `status`, … `destroy`: what people ask of a project's machines. */

import { WasmvisorError } from "../../error.ts";
import { currentFolder } from "../../host/background.ts";
import * as host from "../../host/process.ts";
import { exists, removeFolder, resolvePath } from "../../host/state-folder.ts";
import { MACHINE_FILE, NAME, NAME_WORDS } from "../../lifecycle/machine-file.ts";
import { usage } from "../usage.ts";
import { ask, ensureSupervisor, expectAnswer, isRunning, type ProgressLine } from "./client.ts";
import type { MachineStatus } from "./machine.ts";
import type { LifecycleCommand } from "./options.ts";
import { Project } from "./project.ts";
import { expectSnapshot } from "./snapshots.ts";

/** Does it; the exit code. */
export async function runLifecycle(command: LifecycleCommand): Promise<number> {
  const { kind } = command;
  if (kind === "init") return init(command);
  if (kind === "supervisor") return (await import("./supervisor.ts")).runSupervisor(command);
  const project = Project.find(command.project);
  switch (kind) {
    case "status":
      return status(project, command);
    case "up":
    case "resume":
    case "reload":
      return start(project, command);
    case "restore":
      return restore(project, command);
    case "clone":
      return clone(project, command);
    case "destroy":
      return destroy(project, command);
    case "down":
      return down(project, command);
    default:
      return each(project, command, {});
  }
}

/** The address of the schema in this package, for editors. */
const SCHEMA = "./node_modules/wasmvisor/dist/wasmvisor.schema.json";

async function init({ kernel, initrd, append, memory, force, project = "." }: LifecycleCommand): Promise<number> {
  const folder = resolvePath(currentFolder(), project);
  const file = resolvePath(folder, MACHINE_FILE);
  if (force !== true && exists(file))
    throw new WasmvisorError(
      "machine-file",
      `There is a ${file} already; edit it, or write another with wasmvisor init --force.`,
    );
  const boots = kernel === undefined ? { linux: "debian" } : { kernel };
  const images = { ...(initrd === undefined ? {} : { initrd }), ...(append === undefined ? {} : { append }) };
  const schema = exists(resolvePath(folder, SCHEMA)) ? { $schema: SCHEMA } : {};
  const machine = { ...schema, ...boots, ...images, memory: memory ?? "256M" };
  const { parseMachineFile } = await import("../../lifecycle/machine-file.ts");
  const text = `${JSON.stringify(machine, null, 2)}\n`;
  parseMachineFile(text, MACHINE_FILE);
  await host.writeText(file, text);
  await host.print(`${file} describes a machine; start it with wasmvisor up\n`);
  return 0;
}

/** The machines that are meant. @throws WasmvisorError `machine` */
function chosen(project: Project, names: readonly string[], all: () => readonly string[]): readonly string[] {
  return names.length > 0 ? [...new Set(names.map((name) => project.expect(name)))] : all();
}

/** Tells what is done, a line for each machine. */
function teller(): (line: ProgressLine) => void {
  return ({ machine, say, output }) => {
    if (say !== undefined) void host.printError(`${machine === "" ? "" : `${machine}: `}${say}\n`);
    if (output !== undefined) void host.printError(output);
  };
}

/** Does something with several machines; one that fails does not keep the others. */
async function together(names: readonly string[], act: (name: string) => Promise<void>): Promise<number> {
  const ends = await Promise.allSettled(names.map(act));
  const faults = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
  const [first, ...others] = faults;
  for (const other of others)
    await host.printError(`wasmvisor: ${other instanceof Error ? other.message : String(other)}\n`);
  if (faults.length > 0) throw first;
  return 0;
}

async function start(project: Project, { kind, names, provision, cold }: LifecycleCommand): Promise<number> {
  const described = [...project.describe().keys()];
  const machines =
    names.length === 0 && kind === "resume" ? await resting(project) : chosen(project, names, () => described);
  if (machines.length === 0)
    throw new WasmvisorError("machine", "No machine is paused or suspended; start one with wasmvisor up.");
  await ensureSupervisor(project);
  const body =
    kind === "resume"
      ? {}
      : { ...(provision === undefined ? {} : { provision }), ...(cold === undefined ? {} : { cold }) };
  return together(machines, async (name) => {
    const value = await expectAnswer(project, "POST", `/machines/${name}/${kind}`, body, teller());
    const { state, forwards = [] } = value as MachineStatus;
    const ports = forwards.length === 0 ? "" : `; ports ${forwards.join(", ")}`;
    await host.print(`${name}: ${state}${ports}\n`);
  });
}

/** Machines that `resume` is for. */
async function resting(project: Project): Promise<string[]> {
  const all = await statuses(project);
  return all.filter(({ state }) => state === "paused" || state === "suspended").map(({ name }) => name);
}

async function each(project: Project, { kind, names }: LifecycleCommand, body: object): Promise<number> {
  const machines = chosen(project, names, () => project.names);
  if (names.length > 0 || machines.length === 1)
    return together(machines, async (name) => {
      await expectAnswer(project, "POST", `/machines/${name}/${kind}`, body, teller());
      await sayState(project, name);
    });
  const states = await statuses(project);
  const up = states.filter(({ state }) => state === "running" || state === "paused").map(({ name }) => name);
  if (up.length === 0) throw new WasmvisorError("machine", "No machine is up; start one with wasmvisor up.");
  return together(up, async (name) => {
    await expectAnswer(project, "POST", `/machines/${name}/${kind}`, body, teller());
    await sayState(project, name);
  });
}

async function sayState(project: Project, name: string): Promise<void> {
  const { state } = ((await ask(project, "GET", `/machines/${name}`)) ?? project.machine(name)) as {
    readonly state: string;
  };
  await host.print(`${name}: ${state}\n`);
}

async function down(project: Project, command: LifecycleCommand): Promise<number> {
  const { all, force, timeout } = command;
  const body = { ...(force === undefined ? {} : { force }), ...(timeout === undefined ? {} : { timeout }) };
  if (!(await isRunning(project))) {
    await host.print("No machine is up.\n");
    return 0;
  }
  if (all === true) {
    await expectAnswer(project, "POST", "/shutdown", body, teller());
    await host.print("All machines are off.\n");
    return 0;
  }
  const machines = chosen(project, command.names, () => project.names);
  return together(machines, async (name) => {
    await expectAnswer(project, "POST", `/machines/${name}/down`, body, teller());
    await sayState(project, name);
  });
}

/** What is known of all machines, from the supervisor or from what it has left. */
async function statuses(project: Project): Promise<readonly MachineStatus[]> {
  const answer = (await ask(project, "GET", "/machines")) as
    | { readonly machines: readonly MachineStatus[] }
    | undefined;
  return answer?.machines ?? project.names.map((name) => ({ name, state: project.machine(name).state }));
}

async function status(project: Project, { names, json }: LifecycleCommand): Promise<number> {
  const wanted = chosen(project, names, () => project.names);
  const all = (await statuses(project)).filter(({ name }) => wanted.includes(name));
  if (json === true) {
    await host.print(`${JSON.stringify(all)}\n`);
    return 0;
  }
  const rows = [["MACHINE", "STATE", "MEMORY", "UP", "NOTES"], ...all.map(cells)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  await host.print(
    rows
      .map(
        (row) =>
          `${row
            .map((cell, column) => cell.padEnd(widths[column]!))
            .join("  ")
            .trimEnd()}\n`,
      )
      .join(""),
  );
  return 0;
}

const STATES: Readonly<Record<string, string>> = { absent: "not created" };

function cells({ name, state, memoryBytes, upMilliseconds, exit, cloneOf, forwards = [] }: MachineStatus): string[] {
  const notes = [
    ...(exit === undefined ? [] : [`the guest ended (${exit.reason}, code ${exit.code})`]),
    ...(cloneOf === undefined ? [] : [`clone of ${cloneOf}`]),
    ...(forwards.length === 0 ? [] : [`ports ${forwards.join(", ")}`]),
  ];
  const memory = memoryBytes === undefined ? "" : `${(memoryBytes / 2 ** 20).toFixed(0)}M`;
  const up = upMilliseconds === undefined ? "" : duration(upMilliseconds / 1000);
  return [name, STATES[state] ?? state, memory, up, notes.join("; ")];
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

async function restore(project: Project, { names }: LifecycleCommand): Promise<number> {
  const [snapshot, machine] = [names.at(-1)!, names.length > 1 ? names[0] : undefined];
  const name = project.only(machine);
  expectSnapshot(project.machine(name), name, snapshot);
  await ensureSupervisor(project);
  await expectAnswer(project, "POST", `/machines/${name}/snapshots/${snapshot}/restore`, {}, teller());
  await sayState(project, name);
  return 0;
}

async function clone(project: Project, { names }: LifecycleCommand): Promise<number> {
  const [other, machine] = [names.at(-1)!, names.length > 1 ? names[0] : undefined];
  const name = project.only(machine);
  if (!NAME.test(other)) throw usage(`"${other}" is no ${NAME_WORDS}.`);
  await expectAnswer(project, "POST", `/machines/${name}/clone`, { name: other }, teller());
  await sayState(project, other);
  return 0;
}

async function destroy(project: Project, { names, force }: LifecycleCommand): Promise<number> {
  const machines = chosen(project, names, () => project.kept);
  if (machines.length === 0)
    throw new WasmvisorError("machine", "There is nothing to destroy; no machine has been up.");
  if (force !== true) {
    if (!host.stdinIsTerminal())
      throw usage(`This would remove the disks and snapshots of ${machines.join(", ")}; add --force.`);
    if (!(await host.confirm(`Remove ${machines.join(", ")} with disks and snapshots? [y/N] `))) return 1;
  }
  return together(machines, async (name) => {
    const done = await ask(project, "POST", `/machines/${name}/destroy`, {}, teller());
    if (done === undefined) removeFolder(project.machine(name).path);
    await host.print(`${name}: destroyed\n`);
  });
}
