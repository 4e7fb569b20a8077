/** The options of `wasmvisor relay`. */

import type { EgressRule } from "../index.ts";
import { type OptionSpec, readArguments } from "./arguments.ts";
import { usage } from "./usage.ts";

/** What `wasmvisor relay` was asked to do. */
export interface RelayCommand {
  readonly address: string;
  readonly port: number;
  /** Undefined: one is made up and printed. */
  readonly token?: string;
  /** A file of names and tokens, in place of the token. */
  readonly tokens?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly origins?: readonly string[];
  /** Undefined: all public addresses. */
  readonly allow?: readonly EgressRule[];
  readonly sessions?: number;
  readonly limits: { readonly bytes?: number; readonly packets?: number };
  readonly connections: number;
}

const FLAGS = {
  listen: { type: "string" },
  token: { type: "string" },
  tokens: { type: "string" },
  allow: { type: "string", multiple: true },
  sessions: { type: "string" },
  connections: { type: "string" },
  bps: { type: "string" },
  pps: { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  origin: { type: "string", multiple: true },
  help: { type: "boolean", short: "h" },
} as const satisfies Record<string, OptionSpec>;

/**
 * Understands the words after the command's name; undefined: help is wanted.
 * @param usualToken - the token where none is given
 * @throws WasmvisorError `usage`
 */
export function parseRelay(args: readonly string[], usualToken: string | undefined): RelayCommand | undefined {
  const { values, positionals } = readArguments(args, FLAGS);
  if (values.has("help")) return undefined;
  if (positionals.length > 0) throw usage(`wasmvisor relay takes no "${positionals[0]}"; see wasmvisor relay --help.`);
  const one = (name: keyof typeof FLAGS): string | undefined => values.get(name)?.at(-1);
  const [cert, key, token, tokens] = [one("tls-cert"), one("tls-key"), one("token") ?? usualToken, one("tokens")];
  if ((cert === undefined) !== (key === undefined))
    throw usage("TLS takes --tls-cert FILE and --tls-key FILE; give both.");
  if (one("token") !== undefined && tokens !== undefined) throw usage("Give --token or --tokens, not both.");
  const [allow, origins] = [values.get("allow"), values.get("origin")];
  const [bytes, packets, sessions] = [
    count("bps", one("bps")),
    count("pps", one("pps")),
    count("sessions", one("sessions")),
  ];
  return {
    ...listenAt(one("listen") ?? "127.0.0.1:8765"),
    ...(tokens !== undefined ? { tokens } : token !== undefined ? { token } : {}),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(origins === undefined ? {} : { origins }),
    ...(allow === undefined ? {} : { allow: allow.map(ruleOf) }),
    ...(sessions === undefined ? {} : { sessions }),
    limits: { ...(bytes === undefined ? {} : { bytes }), ...(packets === undefined ? {} : { packets }) },
    connections: count("connections", one("connections")) ?? 1024,
  };
}

function listenAt(text: string): { readonly address: string; readonly port: number } {
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw usage(`--listen takes an address and port such as 127.0.0.1:8765, not "${text}".`);
  const address = match[1] ?? match[2] ?? "";
  return { address: address === "" ? "127.0.0.1" : address, port };
}

/** `TO` or `TO:PORTS`: `*.example.org:443`, `10.0.0.0/8`, `[fd00::]/8:80-90`. */
function ruleOf(text: string): EgressRule {
  const match = /^(\[[^\]]+\](?:\/\d+)?|[^:]+)(?::(\d+(?:-\d+)?))?$/.exec(text);
  if (match === null)
    throw usage(`--allow takes a name or address, perhaps with ports, such as *.example.org:443, not "${text}".`);
  const to = match[1]!.replace(/^\[(.*)\]/, "$1");
  return { allow: true, to, ...(match[2] === undefined ? {} : { ports: match[2] }) };
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw usage(`--${name} takes a whole number from 1 up, not "${text}".`);
}
