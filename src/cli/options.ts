/** The options of `wasmvisor run`. */

import type { WasmvisorError } from "../error.ts";
import { type OptionSpec, readArguments } from "./arguments.ts";
import { translatorOptions } from "./dbt-options.ts";
import {
  ENGINE_NAMES,
  type EngineName,
  MAX_HARTS,
  MEMORY_MODEL_NAMES,
  type MemoryModelName,
  type SerialOptions,
  type VmConfig,
} from "../index.ts";
import { type PortWords, portWords } from "./chardev-options.ts";
import { deviceOptions } from "./device-options.ts";
import { type FwCfgPath, fwCfgOptions } from "./fw-cfg-options.ts";
import { driveOptions, virtioLayout } from "./drive-options.ts";
import { networkOptions, type NetworkWords } from "./net-options.ts";
import { shareOptions } from "./share-options.ts";
import { firstWords, TOPICS, type Word } from "./command.ts";
import { nearest } from "../nearest.ts";
import type { MigrationPlace } from "../host/migration-socket.ts";
import { migrationPlace } from "./migration.ts";
import { hartCount, memorySize } from "./qemu-options.ts";
import { parseStudyCommand, type StudyCommand } from "./study-options.ts";
import { usage } from "./usage.ts";

/** What `wasmvisor run` was asked to do. */
export interface RunOptions {
  readonly vm: VmConfig;
  /** Seconds after which to give up. */
  readonly timeout?: number;
  /** Ends the run with 0 when the output matches. */
  readonly exitOn?: RegExp;
  /** Where to write the signature. */
  readonly signature?: string;
  /** Where to write a flame graph. */
  readonly profile?: string;
  /** Prints what was done, for people or as JSON. */
  readonly stats?: "text" | "json";
  /** Runs the interpreter beside the engine and compares. */
  readonly lockstep?: boolean;
  /** Instructions after which the lock-step stops. */
  readonly instructions?: number;
  /** What to do when the guest's kernel panics. Default: exit, but on a terminal run. */
  readonly onPanic?: "exit" | "run";
  /** Ends the run when the guest resets the machine. */
  readonly noReboot?: boolean;
  /** Files whose contents go to the firmware configuration device. */
  readonly fwCfgFiles?: readonly FwCfgPath[];
  /** Network devices. */
  readonly networks?: readonly NetworkWords[];
  /** Named serial ports, and what is at their far ends. */
  readonly ports?: readonly PortWords[];
  /** Where to write what they send and receive. */
  readonly pcap?: string;
  /** The snapshot to go on from. */
  readonly loadvm?: string;
  /** Where a VM is waited for that comes from another host. */
  readonly incoming?: MigrationPlace;
  /** The file with the key of migrations. */
  readonly migrationKey?: string;
  /** The socket at which other processes drive the guest. */
  readonly control?: string;
}

/** What `wasmvisor linux` was asked to do. */
export interface LinuxOptions {
  readonly run: RunOptions;
  /** The archive to fetch from. Default: DEBIAN_MIRROR, or Debian's own. */
  readonly mirror?: string;
  /** Fetches it even if it is there. */
  readonly update?: boolean;
}

/** What the command line asks for. */
export type Command =
  | Word
  | { readonly kind: "linux"; readonly options: LinuxOptions }
  | { readonly kind: "study"; readonly study: StudyCommand }
  | { readonly kind: "run"; readonly options: RunOptions };

const FLAGS = {
  kernel: { type: "string" },
  initrd: { type: "string" },
  append: { type: "string" },
  bios: { type: "string" },
  dtb: { type: "string" },
  memory: { type: "string", short: "m" },
  smp: { type: "string" },
  drive: { type: "string", multiple: true },
  device: { type: "string", multiple: true },
  chardev: { type: "string", multiple: true },
  virtfs: { type: "string", multiple: true },
  fsdev: { type: "string", multiple: true },
  agent: { type: "boolean" },
  control: { type: "string" },
  loadvm: { type: "string" },
  incoming: { type: "string" },
  "migration-key": { type: "string" },
  snapshot: { type: "boolean" },
  net: { type: "string", multiple: true },
  nic: { type: "string", multiple: true },
  netdev: { type: "string", multiple: true },
  pcap: { type: "string" },
  "fw-cfg": { type: "string", multiple: true },
  // QEMU's spelling of it.
  fw_cfg: { type: "string", multiple: true },
  global: { type: "string", multiple: true },
  engine: { type: "string" },
  dbt: { type: "string", multiple: true },
  "memory-model": { type: "string" },
  deterministic: { type: "boolean" },
  timeout: { type: "string" },
  "exit-on": { type: "string" },
  signature: { type: "string" },
  profile: { type: "string" },
  stats: { type: "string", usual: "text" },
  lockstep: { type: "boolean" },
  instructions: { type: "string" },
  "on-panic": { type: "string" },
  "no-reboot": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const satisfies Record<string, OptionSpec>;

/** Those of `wasmvisor linux`, beside those of `run`. */
const LINUX_FLAGS = {
  mirror: { type: "string" },
  update: { type: "boolean" },
} as const satisfies Record<string, OptionSpec>;

/** The flags that were given. */
type ValuesOf<Flags extends Record<string, OptionSpec>> = {
  -readonly [Flag in keyof Flags]?: Flags[Flag] extends { multiple: true }
    ? string[]
    : Flags[Flag]["type"] extends "string"
      ? string
      : boolean;
};

type Values = ValuesOf<typeof FLAGS>;

const SEE_HELP = "see wasmvisor run --help";

/**
 * Understands a command line.
 * @throws WasmvisorError `usage`
 */
export function parseCommandLine(args: readonly string[]): Command {
  const [command = "", ...rest] = args;
  const word = firstWords(args);
  if (word !== undefined) return word;
  if (command === "study") return { kind: "study", study: parseStudyCommand(rest) };
  if (command === "linux") return linuxCommand(rest);
  const isRun = command === "run";
  // As QEMU is called: wasmvisor -kernel Image …
  if (!isRun && !/^-./.test(command)) {
    throw noCommand(command);
  }
  const { values, positionals } = parse(isRun ? rest : args, FLAGS);
  if (values.help) return { kind: "help", topic: "run" };
  if (values.version) return { kind: "version" };
  return { kind: "run", options: runOptions(values, positionals) };
}

function noCommand(word: string): WasmvisorError {
  const meant = nearest(word, TOPICS);
  if (word === "ssh")
    return usage(
      'There is no command "ssh"; for a shell in a machine use wasmvisor exec -t -- sh, and for its console wasmvisor console.',
    );
  if (meant !== undefined) return usage(`There is no command "${word}"; did you mean wasmvisor ${meant}?`);
  // A file's name, or what looks like one.
  if (/[./\\]/.test(word)) return usage(`There is no command "${word}"; to boot that file, use wasmvisor run ${word}.`);
  return usage(
    `There is no command "${word}"; use wasmvisor run, linux, up, exec, cp, logs, snapshot, migrate, memory, top, img, relay or study, or see wasmvisor --help.`,
  );
}

function linuxCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args, { ...FLAGS, ...LINUX_FLAGS });
  if (values.help) return { kind: "help", topic: "linux" };
  if (values.version) return { kind: "version" };
  const { mirror, update, ...others } = values;
  const own = positionals[0] ?? (["kernel", "initrd"] as const).map((name) => others[name]).find(Boolean);
  if (own !== undefined)
    throw usage(`wasmvisor linux brings its own kernel and initrd; use wasmvisor run for "${own}".`);
  const options = { run: runOptions(others, []), ...given("mirror", mirror), ...given("update", update) };
  return { kind: "linux", options };
}

function parse<Flags extends Record<string, OptionSpec>>(
  args: readonly string[],
  flags: Flags,
): { values: ValuesOf<Flags>; positionals: readonly string[] } {
  const { values, positionals } = readArguments(args, flags);
  const entries = [...values].map(([name, all]) => [name, valueOf(flags[name]!, all)]);
  return { values: Object.fromEntries(entries) as ValuesOf<Flags>, positionals };
}

function valueOf({ type, multiple }: OptionSpec, values: readonly string[]): boolean | string | readonly string[] {
  if (type === "boolean") return true;
  return multiple ? values : values.at(-1)!;
}

function runOptions(values: Values, positionals: readonly string[]): RunOptions {
  const [file, surplus] = positionals;
  if (surplus !== undefined || (file !== undefined && values.kernel !== undefined)) {
    throw usage(`"${surplus ?? file}" is one kernel too many; ${SEE_HELP}.`);
  }
  const kernel = values.kernel ?? file;
  const { fwCfg, fwCfgFiles } = fwCfgOptions([...(values["fw-cfg"] ?? []), ...(values.fw_cfg ?? [])]);
  const { disks, nets, shares, ports: named, ...devices } = deviceOptions(values.device ?? []);
  const { net, nic, netdev, pcap } = values;
  const networks = networkOptions({ net, nic, netdev, devices: nets });
  if (values.lockstep && networks !== undefined)
    throw usage("What a network brings is never the same twice; leave the network out of --lockstep.");
  if (pcap !== undefined && networks === undefined)
    throw usage(`There is no network to capture in ${pcap}; add --net user, or leave --pcap out.`);
  const ports = portWords(named, values.chardev ?? []);
  const vm: VmConfig = {
    ...given("kernel", kernel),
    ...given("initrd", values.initrd),
    ...given("append", values.append),
    ...given("bios", values.bios === "default" ? undefined : values.bios),
    ...given("dtb", values.dtb),
    ...given("memory", values.memory === undefined ? undefined : memory(values.memory)),
    ...driveOptions(values.drive ?? [], disks, values.snapshot ?? false),
    ...devices,
    ...given("virtioSerial", withFarEnds(devices.virtioSerial, ports)),
    ...shareOptions(values.virtfs ?? [], values.fsdev ?? [], shares),
    ...given("agent", values.agent),
    ...given("fwCfg", fwCfg),
    ...given("virtio", virtioLayout(values.global ?? [])),
    ...given("harts", values.smp === undefined ? undefined : harts(values.smp)),
    ...given("engine", values.engine === undefined ? undefined : engineName(values.engine)),
    ...given("translator", values.dbt === undefined ? undefined : translatorOptions(values.dbt)),
    ...given("memoryModel", memoryModelName(values["memory-model"])),
    ...(values.deterministic ? { clock: "deterministic" } : {}),
  };
  return {
    vm,
    ...given("fwCfgFiles", fwCfgFiles),
    ...given("networks", networks),
    ...given("ports", ports.length > 0 ? ports : undefined),
    ...given("pcap", pcap),
    ...given("control", values.control),
    ...given("loadvm", values.loadvm),
    ...given("incoming", incoming(values)),
    ...given("migrationKey", values["migration-key"]),
    ...given("timeout", values.timeout === undefined ? undefined : seconds(values.timeout)),
    ...given("exitOn", values["exit-on"] === undefined ? undefined : pattern(values["exit-on"])),
    ...given("signature", values.signature),
    ...given("lockstep", values.lockstep),
    ...given("instructions", instructionLimit(values)),
    ...given("onPanic", values["on-panic"] === undefined ? undefined : panicPolicy(values["on-panic"])),
    ...given("noReboot", values["no-reboot"]),
    ...given("profile", values.profile),
    ...given("stats", values.stats === undefined ? undefined : statsForm(values.stats)),
  };
}

/** A VM comes from one place. */
function incoming({ incoming: text, loadvm, lockstep }: Values): MigrationPlace | undefined {
  if (text === undefined) return undefined;
  if (loadvm !== undefined || lockstep === true)
    throw usage(
      "A VM that comes by --incoming is no snapshot's and no lock-step's; leave --loadvm and --lockstep out.",
    );
  return migrationPlace(text);
}

/** Nobody is at the far end of a port's socket before somebody has come. */
function withFarEnds(serial: SerialOptions | undefined, words: readonly PortWords[]): SerialOptions | undefined {
  if (words.length === 0) return serial;
  return { ...serial, ports: words.map(({ name, chardev }) => ({ name, connected: chardev.kind !== "socket" })) };
}

/** An object with `name`, or without it when there is no value. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}

function memory(text: string): string {
  const size = memorySize(text);
  if (size !== undefined) return size;
  throw usage(`No memory can be plugged in later; write the size alone in place of -m ${text}, such as -m 256M.`);
}

function harts(text: string): number {
  const number = hartCount(text);
  if (number !== undefined && number >= 1 && number <= MAX_HARTS) return number;
  throw usage(`--smp takes a whole number from 1 to ${MAX_HARTS}, not "${text}".`);
}

function panicPolicy(text: string): "exit" | "run" {
  if (text === "exit" || text === "run") return text;
  throw usage(`--on-panic takes exit or run, not "${text}".`);
}

/** Only the lock-step can stop at a number of instructions. */
function instructionLimit({ instructions, lockstep }: Values): number | undefined {
  if (instructions === undefined) return undefined;
  if (!lockstep) throw usage(`--instructions goes with --lockstep; ${SEE_HELP}.`);
  const number = Number(instructions);
  if (/^\d+(e\d+)?$/i.test(instructions) && number >= 1 && number <= Number.MAX_SAFE_INTEGER) return number;
  throw usage(`--instructions takes a whole number such as 1000000 or 1e6, not "${instructions}".`);
}

function engineName(text: string): EngineName {
  const name = ENGINE_NAMES.find((engine) => engine === text);
  if (name === undefined) throw usage(`There is no engine "${text}"; use ${ENGINE_NAMES.join(", ")}.`);
  return name;
}

function memoryModelName(text: string | undefined): MemoryModelName | undefined {
  const name = MEMORY_MODEL_NAMES.find((model) => model === text);
  if (name !== undefined || text === undefined) return name;
  throw usage(`There is no memory model "${text}"; use ${MEMORY_MODEL_NAMES.join(", ")}.`);
}

function statsForm(text: string): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw usage(`--stats takes nothing or =json, not "${text}".`);
}

function seconds(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number <= 2 ** 31 / 1000) return number;
  throw usage(`--timeout takes a number of seconds, such as 30, not "${text}".`);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "m");
  } catch (error) {
    throw usage(`--exit-on takes a regular expression, which "${text}" is not.`, error);
  }
}
