/** A project: the folder of a machine file, and what wasmvisor keeps beside it (docs/design/lifecycle.md). */

import { WasmvisorError } from "../../error.ts";
import { currentFolder } from "../../host/background.ts";
import {
  exists,
  findUpwards,
  namesIn,
  readSmallText,
  resolvePath,
  statusOf,
  writeWhole,
} from "../../host/state-folder.ts";
import { parseJson } from "../../lifecycle/json-text.ts";
import {
  checkMachine,
  MACHINE_FILE,
  type MachineDescription,
  type Machines,
  NAME,
  parseMachineFile,
} from "../../lifecycle/machine-file.ts";
import { nearest } from "../../nearest.ts";

const FILE_MOST = 2 ** 20;

/** What is known of a machine that has been up. */
export interface MachineRecord {
  /** What it was made as; what its suspended state and its snapshots need. */
  readonly machine: MachineDescription;
  /** Whether its steps have been done. */
  readonly provisioned: boolean;
  /** Whether a supervisor that starts has it go on: its last one was ended while it ran. */
  readonly resume: boolean;
  /** Of which machine it is a clone; such a one is not in the machine file. */
  readonly cloneOf?: string;
}

/** A machine without a supervisor. */
export type RestingState = "absent" | "off" | "suspended";

/** Where a machine's files are. */
export class MachineFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return resolvePath(this.path, name);
  }

  get suspended(): string {
    return this.file("suspended.snap");
  }

  get console(): string {
    return this.file("console.log");
  }

  get snapshots(): string {
    return this.file("snapshots");
  }

  disk(index: number): string {
    return this.file(`disk-${index}.qcow2`);
  }

  get state(): RestingState {
    if (exists(this.suspended)) return "suspended";
    return exists(this.file("machine.json")) ? "off" : "absent";
  }

  /**
   * What was written of it; undefined when it has not been up.
   * @throws WasmvisorError `machine-file`, `file-unreadable`
   */
  get record(): MachineRecord | undefined {
    const name = this.file("machine.json");
    const json = readSmallText(name, FILE_MOST);
    if (json === undefined) return undefined;
    const { version, machine, provisioned, resume, cloneOf } = parseJson(json, name).value as Record<string, unknown>;
    if (version !== 1) {
      const sentence = `${name} is of another version of wasmvisor; use that, or remove the machine with wasmvisor destroy.`;
      throw new WasmvisorError("machine-file", sentence);
    }
    return {
      machine: checkMachine(machine, name),
      provisioned: provisioned === true,
      resume: resume === true,
      ...(typeof cloneOf === "string" ? { cloneOf } : {}),
    };
  }

  /** @throws WasmvisorError `file-unwritable` */
  keep(record: MachineRecord): void {
    writeWhole(this.file("machine.json"), `${JSON.stringify({ version: 1, ...record }, null, 2)}\n`);
  }

  /** The names of its snapshots. */
  get snapshotNames(): string[] {
    return namesIn(this.snapshots).filter((name) => NAME.test(name));
  }

  snapshot(name: string): string {
    return resolvePath(this.snapshots, name);
  }

  /** When each snapshot was taken, in milliseconds since 1970, and its bytes without its disks. */
  get snapshotList(): { readonly name: string; readonly taken: number; readonly bytes: number }[] {
    return this.snapshotNames.map((name) => {
      const { modified = 0, size = 0 } = statusOf(resolvePath(this.snapshot(name), "state.snap")) ?? {};
      return { name, taken: modified, bytes: size };
    });
  }
}

/** A folder with a machine file. */
export class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * The project that a folder is in.
   * @param from - default: the present folder
   * @param advice - what else can be done
   * @throws WasmvisorError `machine-file` when there is none
   */
  static find(from: string = currentFolder(), advice = ""): Project {
    const start = resolvePath(currentFolder(), from);
    const folder = findUpwards(start, MACHINE_FILE);
    if (folder !== undefined) return new Project(folder);
    const sentence = `There is no ${MACHINE_FILE} in ${start} or above; make one with wasmvisor init${advice}.`;
    throw new WasmvisorError("machine-file", sentence, { folder: start });
  }

  get file(): string {
    return resolvePath(this.folder, MACHINE_FILE);
  }

  /** What wasmvisor keeps. */
  get state(): string {
    return resolvePath(this.folder, ".wasmvisor");
  }

  get socket(): string {
    return resolvePath(this.state, "supervisor.sock");
  }

  get log(): string {
    return resolvePath(this.state, "supervisor.log");
  }

  get machines(): string {
    return resolvePath(this.state, "machines");
  }

  machine(name: string): MachineFolder {
    return new MachineFolder(resolvePath(this.machines, name));
  }

  /**
   * What the machine file says now.
   * @throws WasmvisorError `machine-file`, `file-unreadable`
   */
  describe(): Machines {
    return parseMachineFile(readSmallText(this.file, FILE_MOST) ?? "", MACHINE_FILE);
  }

  /** The machines that have been up. */
  get kept(): string[] {
    return namesIn(this.machines).filter((name) => NAME.test(name));
  }

  /**
   * All machines: those of the file, and those that have been up.
   * @throws WasmvisorError as `describe`
   */
  get names(): string[] {
    return [...new Set([...this.describe().keys(), ...this.kept])];
  }

  /** @throws WasmvisorError `machine` when there is none of that name */
  expect(name: string): string {
    const names = this.names;
    if (names.includes(name)) return name;
    const meant = nearest(name, names);
    const advice = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
    throw new WasmvisorError(
      "machine",
      `There is no machine "${name}" in ${MACHINE_FILE}; ${advice}${advice.endsWith("?") ? "" : "."}`,
      { name },
    );
  }

  /**
   * The machine that is meant when none is named.
   * @throws WasmvisorError `machine` when there are several
   */
  only(name?: string): string {
    if (name !== undefined) return this.expect(name);
    const names = this.names;
    if (names.length === 1) return names[0]!;
    throw new WasmvisorError(
      "machine",
      `There are several machines, ${names.join(", ")}; name one with --machine NAME.`,
    );
  }
}
