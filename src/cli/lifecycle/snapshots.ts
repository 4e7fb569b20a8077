/** `wasmvisor snapshot NAME`, `--list` and `--delete`: what a machine of a project was at some moment. */

import { print } from "../../host/process.ts";
import { NAME, NAME_WORDS } from "../../lifecycle/machine-file.ts";
import { removeFolder } from "../../host/state-folder.ts";
import { WasmvisorError } from "../../error.ts";
import { nearest } from "../../nearest.ts";
import type { ControlCommand } from "../control/options.ts";
import { usage } from "../usage.ts";
import { ask, expectAnswer } from "./client.ts";
import { type MachineFolder, Project } from "./project.ts";

type SnapshotCommand = Extract<ControlCommand, { kind: "snapshot" | "snapshot-list" | "snapshot-delete" }>;

/** Takes one, or says which there are, or removes one. */
export async function keepSnapshot(command: SnapshotCommand): Promise<void> {
  const { asked } = command;
  if (asked.control !== undefined)
    throw usage("A VM at --control SOCKET has no list of snapshots; its snapshots are the files that you have named.");
  const project = Project.find(asked.project);
  const machine = project.only(asked.machine);
  const folder = project.machine(machine);
  if (command.kind === "snapshot-list") return list(folder);
  if (command.kind === "snapshot-delete") {
    expectSnapshot(folder, machine, command.name);
    const done = await ask(project, "DELETE", `/machines/${machine}/snapshots/${command.name}`);
    if (done === undefined) removeFolder(folder.snapshot(command.name));
    return;
  }
  if (!NAME.test(command.file))
    throw usage(`"${command.file}" is no ${NAME_WORDS}; for a file, write its path, such as ./${command.file}.`);
  if (command.disks === "include")
    throw usage("A snapshot in the machine's folder has its disks with it; leave --disks out, or name a file.");
  await expectAnswer(project, "POST", `/machines/${machine}/snapshots`, { name: command.file });
}

async function list(folder: MachineFolder): Promise<void> {
  const lines = folder.snapshotList.map(({ name, taken, bytes }) => {
    return `${name}  ${new Date(taken).toISOString()}  ${(bytes / 2 ** 20).toFixed(1)} MiB\n`;
  });
  await print(lines.length === 0 ? "There are no snapshots; take one with wasmvisor snapshot NAME.\n" : lines.join(""));
}

/** @throws WasmvisorError `machine` when there is no such snapshot */
export function expectSnapshot(folder: MachineFolder, machine: string, name: string): void {
  const names = folder.snapshotNames;
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  const advice =
    meant !== undefined
      ? `did you mean ${meant}?`
      : names.length === 0
        ? "it has none yet; take one with wasmvisor snapshot NAME."
        : `it has ${names.join(", ")}.`;
  throw new WasmvisorError("machine", `The machine ${machine} has no snapshot "${name}"; ${advice}`, { machine, name });
}
