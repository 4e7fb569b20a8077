/** The options of `wasmvisor exec`, `cp`, `logs`, `snapshot`, `migrate` and `top`. */

import { type OptionSpec, readArguments } from "../arguments.ts";
import { migrationPlace } from "../migration.ts";
import { usage } from "../usage.ts";

/** What one of them was asked to do. */
export type ControlCommand = TopCommand | OneCommand;

/** What several VMs are asked. */
export interface TopCommand {
  readonly kind: "top";
  readonly controls: readonly string[];
  readonly once: boolean;
  readonly json: boolean;
  /** Milliseconds between two looks. */
  readonly delay: number;
}

/** What one VM is asked to do. */
export type OneCommand = { readonly control: string } & (
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
  | { readonly kind: "snapshot"; readonly file: string; readonly disks: "reference" | "include" }
  | { readonly kind: "migrate"; readonly address: string; readonly options: MigrateChoice }
  | { readonly kind: "reclaim" }
);

/** How a VM is moved. */
export interface MigrateChoice {
  readonly disks?: "include";
  /** Bytes a second. */
  readonly bandwidth?: number;
  /** Milliseconds. */
  readonly downtime?: number;
}

/** A path of the guest's (`:PATH`), or one here. */
export interface Place {
  readonly isGuest: boolean;
  readonly path: string;
}

export const CONTROL_COMMANDS = ["exec", "cp", "logs", "snapshot", "migrate", "top"] as const;
export type ControlName = (typeof CONTROL_COMMANDS)[number];

const CONTROL = { control: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

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
  logs: { ...CONTROL, follow: { type: "boolean", short: "f" } },
  top: {
    ...CONTROL,
    control: { type: "string", multiple: true },
    once: { type: "boolean" },
    json: { type: "boolean" },
    delay: { type: "string" },
  },
  snapshot: { ...CONTROL, disks: { type: "boolean" } },
  migrate: {
    ...CONTROL,
    disks: { type: "boolean" },
    bandwidth: { type: "string" },
    downtime: { type: "string" },
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
  const control = one("control") ?? usual;
  if (control === undefined)
    throw usage(`wasmvisor ${name} needs --control SOCKET, as the VM was started with; or set WASMVISOR_CONTROL.`);
  if (name === "top") {
    if (positionals.length > 0)
      throw usage(`wasmvisor top takes no words beside its options, such as ${positionals[0]}.`);
    const delay = milliseconds("delay", one("delay") ?? "2");
    return {
      kind: "top",
      controls: values.get("control") ?? [control],
      once: values.has("once"),
      json: values.has("json"),
      delay,
    };
  }
  if (name === "logs") return { kind: "logs", control, follow: values.has("follow") };
  if (name === "snapshot") {
    const [file, surplus] = positionals;
    if (file === undefined || surplus !== undefined)
      throw usage("wasmvisor snapshot takes the file to write, such as wasmvisor snapshot vm.snap.");
    return { kind: "snapshot", control, file, disks: values.has("disks") ? "include" : "reference" };
  }
  if (name === "migrate") return migrateCommand(control, values, positionals);
  if (name === "cp") {
    const [from, to, surplus] = positionals.map(placeOf);
    if (from === undefined || to === undefined || surplus !== undefined || from.isGuest === to.isGuest)
      throw usage("wasmvisor cp takes two paths, one of them the guest's, such as wasmvisor cp file :/root/.");
    return { kind: "cp", control, from, to };
  }
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
  return { kind: "exec", control, command, ...tty, options };
}

function migrateCommand(
  control: string,
  values: ReadonlyMap<string, readonly string[]>,
  [address, surplus]: readonly string[],
): OneCommand {
  const isReclaim = values.has("reclaim");
  if (isReclaim !== (address === undefined) || surplus !== undefined)
    throw usage("wasmvisor migrate takes where the VM goes, such as wasmvisor migrate tcp:HOST:4444, or --reclaim.");
  if (address === undefined) return { kind: "reclaim", control };
  migrationPlace(address);
  const [bandwidth, downtime] = [values.get("bandwidth")?.at(-1), values.get("downtime")?.at(-1)];
  const options = {
    ...(values.has("disks") ? { disks: "include" as const } : {}),
    ...(bandwidth === undefined ? {} : { bandwidth: bytesASecond(bandwidth) }),
    ...(downtime === undefined ? {} : { downtime: milliseconds("downtime", downtime) }),
  };
  return { kind: "migrate", control, address, options };
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
