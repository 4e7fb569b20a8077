/** `wasmvisor relay`: the user network for VMs that come by WebSocket. */

import * as host from "../host/process.ts";
import { serveWebSockets } from "../host/relay-server.ts";
import {
  MAX_RELAY_MESSAGE,
  openUserNetwork,
  Relay,
  type RelayEvent,
  type RelayTenant,
  type UserNetworkOptions,
} from "../index.ts";
import type { RelayCommand } from "./relay-options.ts";
import { usage } from "./usage.ts";

/** Bytes that the connections of one VM may hold. */
const HELD_BYTES = 32 << 20;
const MIN_TOKEN = 8;

/**
 * Serves until a signal comes; the exit code.
 * @throws WasmvisorError as `serveWebSockets` does; `usage` when the file of tokens makes no sense
 */
export async function runRelay(command: RelayCommand): Promise<number> {
  const made = command.token === undefined && command.tokens === undefined ? host.randomToken() : undefined;
  const named = await namesAndTokens(command, made);
  const relay = new Relay({
    tenants: named.map(([name, token]) => tenantOf(command, name, token)),
    onEvent: (event) => void host.printError(`${lineOf(event)}\n`),
  });
  const server = await serveWebSockets({
    ...command,
    maxMessage: MAX_RELAY_MESSAGE,
    accept: (socket, from) => relay.accept(socket, { from }),
  });
  const place = command.address.includes(":") ? `[${command.address}]` : command.address;
  const url = `${command.tls === undefined ? "ws" : "wss"}://${place}:${server.port}/`;
  await host.print(`wasmvisor: the relay is at ${url}${made === undefined ? "" : `, with the token ${made}`}\n`);
  const code = await new Promise<number>((resolve) => void host.onSignal(resolve));
  await relay.close();
  server.close();
  return code;
}

/** Who may come. */
async function namesAndTokens(command: RelayCommand, made: string | undefined): Promise<(readonly [string, string])[]> {
  if (command.tokens === undefined) return [checked("all", command.token ?? made!)];
  const lines = (await host.readText(command.tokens)).split("\n").map((line) => line.trim());
  const named = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name, token, ...more] = line.split(/\s+/);
      if (name === undefined || token === undefined || more.length > 0)
        throw usage(`Each line of ${command.tokens} is a name and a token, such as "alice 4fd0c1a97b", not "${line}".`);
      return checked(name, token);
    });
  if (named.length === 0)
    throw usage(`There is no token in ${command.tokens}; write lines such as "alice 4fd0c1a97b".`);
  return named;
}

function checked(name: string, token: string): readonly [string, string] {
  if (token.length >= MIN_TOKEN) return [name, token];
  throw usage(`The token of ${name} is short enough to be guessed; use one of ${MIN_TOKEN} letters or more.`);
}

/** Each VM has a NAT of its own, and reaches public addresses, or what it is allowed. */
function tenantOf({ allow, sessions, limits, connections }: RelayCommand, name: string, token: string): RelayTenant {
  const options: UserNetworkOptions = {
    policy: allow === undefined ? { default: "allow" } : { rules: allow },
    limits: { connections, bytes: HELD_BYTES },
  };
  return {
    name,
    token,
    limits,
    network: () => openUserNetwork(options),
    ...(sessions === undefined ? {} : { sessions }),
  };
}

function lineOf(event: RelayEvent): string {
  switch (event.type) {
    case "opened":
      return `wasmvisor: VM ${event.session} of ${event.tenant} is there, from ${event.from}`;
    case "closed":
      return `wasmvisor: VM ${event.session} of ${event.tenant} has gone (${event.reason})`;
    case "refused":
      return `wasmvisor: ${event.from} was not let in (${event.reason})`;
    case "error":
      return `wasmvisor: the network of VM ${event.session} of ${event.tenant} has failed (${String(event.error)})`;
  }
}
