/** The options of `wasmvisor exec`, `cp`, `logs`, `console`, `snapshot`, `migrate`, `memory` and `top`. */

import { defined } from "../../defined.ts";
import { type Arguments, type OptionSpec, readArguments } from "../arguments.ts";
import type { MigrationMode } from "../../index.ts";
import { migrationPlace } from "../migration.ts";
import { usage } from "../usage.ts";
import type { MigrateChoice } from "./frames.ts";

/** What one of them was asked to do. */
export type ControlCommand = TopCommand | OneCommand;

/** Which VM is asked: the one at a socket, or a machine of the project; the only one where none is named. */
export interface Asked {
  readonly control?: string;
  readonly machine?: string;
  /** The project's folder, or one in it. Default: the present one. */
  readonly project?: string;
}

/** What several VMs are asked; without sockets, the machines of the project. */
export interface TopCommand extends Pick<Asked, "project"> {
  readonly kind: "top";
  readonly controls: readonly string[];
  readonly once: boolean;
  readonly json: boolean;
  /** Milliseconds between two looks. */
  readonly delay: number;
}

/** What one VM is asked to do. */
export type OneCommand = { readonly asked: Asked } & (
  | {
      readonly kind: "exec";
      readonly command: readonly string[];
      /** Undefined: as this process has one. */
      readonly tty?: boolean;
      readonly options: {
        readonly env?: Readonly<Record<string, string>>;
        readonly cwd?: string;
        readonly user?: string;
        readonly timeout?: number;
      };
    }
  | { readonly kind: "cp"; readonly from: Place; readonly to: Place }
  | { readonly kind: "logs"; readonly follow: boolean }
  | { readonly kind: "console" }
  | { readonly kind: "snapshot"; readonly file: string; readonly disks: "reference" | "include" }
  | { readonly kind: "migrate"; readonly address: string; readonly options: MigrateChoice }
  | { readonly kind: "reclaim" }
  /** Without `size`, such as 128M, it is told how much it has. */
  | { readonly kind: "memory"; readonly size?: string }
  | { readonly kind: "snapshot-info"; readonly file: string; readonly json: boolean }
  | { readonly kind: "snapshot-list" }
  | { readonly kind: "snapshot-delete"; readonly name: string }
);

/** A path of the guest's (`:PATH`), or one here. */
export interface Place {
  readonly isGuest: boolean;
  readonly path: string;
}

export const CONTROL_COMMANDS = ["exec", "cp", "logs", "console", "snapshot", "migrate", "memory", "top"] as const;
export type ControlName = (typeof CONTROL_COMMANDS)[number];

const HELP = { help: { type: "boolean", short: "h" }, project: { type: "string" } } as const;
const CONTROL = { ...HELP, control: { type: "string" }, machine: { type: "string", short: "m" } } as const;

const FLAGS = {
  exec: {
    ...CONTROL,
    tty: { type: "boolean", short: "t" },
    "no-tty": { type: "boolean", short: "T" },
    user: { type: "string", short: "u" },
    cwd: { type: "string", short: "w" },
    env: { type: "string", short: "e", multiple: true },
    timeout: { type: "string" },
  },
  cp: CONTROL,
  console: CONTROL,
  logs: { ...CONTROL, follow: { type: "boolean", short: "f" } },
  top: {
    ...HELP,
    control: { type: "string", multiple: true },
    once: { type: "boolean" },
    json: { type: "boolean" },
    delay: { type: "string" },
  },
  snapshot: {
    ...CONTROL,
    disks: { type: "boolean" },
    list: { type: "boolean" },
    json: { type: "boolean" },
    delete: { type: "string" },
  },
  memory: { ...CONTROL },
  migrate: {
    ...CONTROL,
    disks: { type: "boolean" },
    mirror: { type: "boolean" },
    bandwidth: { type: "string" },
    downtime: { type: "string" },
    mode: { type: "string" },
    reclaim: { type: "boolean" },
  },
} as const satisfies Record<ControlName, Record<string, OptionSpec>>;

/**
 * Understands the words after the command's name; undefined: help is wanted.
 * @param usual - the socket where none is named
 * @throws WasmvisorError `usage`
 */
export function parseControl(
  name: ControlName,
  args: readonly string[],
  usual: string | undefined,
): ControlCommand | undefined {
  // What stands behind the command belongs to it.
  const own = name === "exec" ? wordsBefore(args) : args.length;
  const { values, positionals } = readArguments(args.slice(0, own), FLAGS[name]);
  if (values.has("help")) return undefined;
  const one = (key: string): string | undefined => values.get(key)?.at(-1);
  if (name === "top") return topCommand({ values, positionals }, usual);
  const asked = askedOf(name, values, usual);
  if (name === "logs" || name === "console") {
    const [surplus] = positionals;
    if (surplus !== undefined)
      throw usage(`wasmvisor ${name} takes no words beside its options; for a machine, write --machine ${surplus}.`);
    return name === "console" ? { kind: name, asked } : { kind: name, asked, follow: values.has("follow") };
  }
  if (name === "snapshot") return snapshotCommand({ values, positionals }, asked);
  if (name === "memory") return memoryCommand(positionals, asked);
  if (name === "migrate") return migrateCommand({ values, positionals }, asked);
  if (name === "cp") return copyCommand(positionals, asked);
  const command = args.slice(own);
  if (command[0] === "--") command.shift();
  if (command.length === 0) throw usage("wasmvisor exec needs a command, such as wasmvisor exec -- uname -a.");
  const [cwd, user] = [one("cwd"), one("user")];
  const tty = values.has("tty") ? { tty: true } : values.has("no-tty") ? { tty: false } : {};
  const options = {
    ...(values.has("env") ? { env: Object.fromEntries(values.get("env")!.map(variable)) } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(values.has("timeout") ? { timeout: milliseconds("timeout", one("timeout")!) } : {}),
  };
  return { kind: "exec", asked, command, ...tty, options };
}

function askedOf(name: ControlName, values: Arguments["values"], usual: string | undefined): Asked {
  const [control, machine, project] = ["control", "machine", "project"].map((key) => values.get(key)?.at(-1));
  if (control !== undefined && (machine ?? project) !== undefined)
    throw usage(`wasmvisor ${name} asks the VM at --control SOCKET or --machine NAME, not both; leave one out.`);
  if (machine !== undefined || project !== undefined) return defined({ machine, project });
  return defined({ control: control ?? usual });
}

function topCommand({ values, positionals }: Arguments, usual: string | undefined): TopCommand {
  if (positionals.length > 0)
    throw usage(`wasmvisor top takes no words beside its options, such as ${positionals[0]}.`);
  const [delay = "2", project] = ["delay", "project"].map((key) => values.get(key)?.at(-1));
  return {
    kind: "top",
    controls: values.get("control") ?? (usual === undefined || project !== undefined ? [] : [usual]),
    ...defined({ project }),
    once: values.has("once"),
    json: values.has("json"),
    delay: milliseconds("delay", delay),
  };
}

function snapshotCommand({ values, positionals }: Arguments, asked: Asked): ControlCommand {
  const [file, surplus] = positionals;
  const json = values.has("json");
  if (file === "info" && surplus !== undefined && positionals.length === 2)
    return { kind: "snapshot-info", asked, file: surplus, json };
  if (json) throw usage("--json is for wasmvisor snapshot info FILE.");
  const name = values.get("delete")?.at(-1);
  if (values.has("list") || name !== undefined) {
    if (file !== undefined)
      throw usage(`wasmvisor snapshot --list and --delete NAME take nothing more, such as ${file}.`);
    return name === undefined ? { kind: "snapshot-list", asked } : { kind: "snapshot-delete", asked, name };
  }
  if (file === undefined || surplus !== undefined)
    throw usage("wasmvisor snapshot takes a name, or the file to write, such as wasmvisor snapshot ./vm.snap.");
  return { kind: "snapshot", asked, file, disks: values.has("disks") ? "include" : "reference" };
}

function copyCommand(positionals: readonly string[], asked: Asked): ControlCommand {
  const [from, to, surplus] = positionals.map(placeOf);
  if (from === undefined || to === undefined || surplus !== undefined || from.isGuest === to.isGuest)
    throw usage("wasmvisor cp takes two paths, one of them the guest's, such as wasmvisor cp file :/root/.");
  return { kind: "cp", asked, from, to };
}

function memoryCommand([size, surplus]: readonly string[], asked: Asked): ControlCommand {
  if (surplus !== undefined) throw usage("wasmvisor memory takes one size, such as wasmvisor memory 128M.");
  return { kind: "memory", asked, ...defined({ size }) };
}

function migrateCommand({ values, positionals: [address, surplus] }: Arguments, asked: Asked): ControlCommand {
  const isReclaim = values.has("reclaim");
  if (isReclaim !== (address === undefined) || surplus !== undefined)
    throw usage("wasmvisor migrate takes where the VM goes, such as wasmvisor migrate tcp:HOST:4444, or --reclaim.");
  if (address === undefined) return { kind: "reclaim", asked };
  migrationPlace(address);
  const [bandwidth, downtime] = [values.get("bandwidth")?.at(-1), values.get("downtime")?.at(-1)];
  const mode = values.get("mode")?.at(-1);
  const options = {
    ...disksOf(values),
    ...(bandwidth === undefined ? {} : { bandwidth: bytesASecond(bandwidth) }),
    ...(downtime === undefined ? {} : { downtime: milliseconds("downtime", downtime) }),
    ...(mode === undefined ? {} : { mode: modeOf(mode) }),
  };
  return { kind: "migrate", asked, address, options };
}

function disksOf(values: Arguments["values"]): Pick<MigrateChoice, "disks"> {
  if (!values.has("mirror")) return values.has("disks") ? { disks: "include" } : {};
  if (values.has("disks")) throw usage("--mirror takes the disks along too; leave --disks out.");
  return { disks: "mirror" };
}

function modeOf(text: string): MigrationMode {
  if (text === "pre" || text === "post" || text === "auto") return text;
  throw usage(`--mode takes pre, post or auto, not "${text}".`);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function bytesASecond(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[unit.toUpperCase()]!);
  if (number !== "" && bytes >= 65_536) return bytes;
  throw usage(`--bandwidth takes bytes a second, 64K or more, such as 10M, not "${text}".`);
}

/** How many words belong to us: all before "--", or before the first that is neither an option nor its value. */
function wordsBefore(args: readonly string[]): number {
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === "--" || !word.startsWith("-")) return at;
    const [, name = "", value] = /^--?([^=]*)(=.*)?$/s.exec(word)!;
    const specs: Readonly<Record<string, OptionSpec>> = FLAGS.exec;
    const spec = Object.hasOwn(specs, name) ? specs[name] : Object.values(specs).find(({ short }) => short === name);
    if (spec?.type === "string" && value === undefined) at++;
  }
  return args.length;
}

function variable(text: string): readonly [name: string, value: string] {
  const [name = "", ...value] = text.split("=");
  if (name === "" || value.length === 0) throw usage(`--env takes NAME=VALUE, not "${text}".`);
  return [name, value.join("=")];
}

function milliseconds(option: string, text: string): number {
  const number = Number(text) * 1000;
  if (text.trim() !== "" && number > 0 && number <= 2 ** 31) return number;
  throw usage(`--${option} takes a number of seconds, such as 30, not "${text}".`);
}

const placeOf = (text: string): Place =>
  text.startsWith(":") ? { isGuest: true, path: text.slice(1) } : { isGuest: false, path: text };
