/** `wasmvisor.json`: the machines of a project. One table checks the file and is its JSON Schema. */

import { WasmvisorError } from "../error.ts";
import { parseJson } from "./json-text.ts";
import {
  anyText,
  described,
  either,
  isObject,
  listOf,
  mapOf,
  number,
  objectOf,
  oneOf,
  pattern,
  sentenceOf,
  text,
  truth,
  type ValueOf,
  whole,
} from "./schema.ts";

/** Its name. */
export const MACHINE_FILE = "wasmvisor.json";

/** What a machine may be called; names are folders' names, too. */
export const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/;
export const NAME_WORDS = "name: letters, digits, - and _, such as web-1";

/** The name of the only machine of a file that names none. */
export const USUAL_NAME = "default";

const MACHINES_MOST = 64;
const STEPS_MOST = 256;

const SIZE = pattern(/^\d{1,9}(\.\d{1,6})?[KMGT]$/, 'a size such as "256M" or "8G"');
/** Environment of a command. */
export const ENVIRONMENT = mapOf(/^[A-Za-z_][A-Za-z0-9_]*$/, "name of a variable", anyText(65_536), 256);

const DRIVE = objectOf(
  {},
  {
    file: described(
      "The image: a path from the machine file's folder, or an address (https://, nbd://). Without it, size makes an empty disk.",
      text(),
    ),
    size: described("The size of an empty disk, which is made in the machine's folder.", SIZE),
    format: described("Default: what the first bytes say.", oneOf("raw", "qcow2")),
    overlay: described(
      "Keeps what the guest changes in the machine's folder, so that the image stays as it is.",
      truth(),
      false,
    ),
    readonly: described("The guest may not change it.", truth(), false),
    forget: described("Forgets what the guest has changed when the machine goes down.", truth(), false),
    serial: described("By which the guest knows it: /dev/disk/by-id/virtio-….", text(20)),
  },
);

const FORWARD = pattern(
  /^(?:(?:\d{1,3}\.){3}\d{1,3}:|\[[0-9a-fA-F:]+\]:)?\d{1,5}:\d{1,5}(?:\/(?:tcp|udp))?$/,
  'a forward such as "8080:80", "0.0.0.0:8080:80" or "5353:53/udp"',
);

const NETWORK = objectOf(
  {
    type: described(
      "user: a NAT to what this computer reaches; lan: a switch that machines of this file share; vxlan: an Ethernet of several hosts; relay: the network of a wasmvisor relay.",
      oneOf("user", "lan", "vxlan", "relay"),
    ),
  },
  {
    name: described("lan: which one. Default: lan.", pattern(NAME, `a ${NAME_WORDS}`)),
    restrict: described("user: the guest reaches nothing outside.", truth(), false),
    wisp: described(
      "user: a Wisp relay by which it reaches the world, wss://…/; its account is in WASMVISOR_WISP_ACCOUNT.",
      text(),
    ),
    fetch: described("user: sites that fetch reaches are all that there is.", truth(), false),
    vni: described("vxlan: its identifier.", whole(0, 2 ** 24 - 1)),
    peers: described("vxlan: the other ends' addresses.", listOf(text(64), 64)),
    port: described("vxlan: its UDP port.", whole(1, 65_535)),
    url: described("relay: its address, wss://….", text()),
    mac: described(
      "The address that the guest finds.",
      pattern(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, 'an address such as "52:54:00:12:34:56"'),
    ),
    mtu: described("Bytes of the largest packet.", whole(68, 65_535)),
  },
);

const SHARE = objectOf(
  {
    folder: described("The folder, from the machine file's.", text()),
    tag: described("By which the guest mounts it.", pattern(/^[\w.-]{1,31}$/, "a tag: letters, digits, . - _")),
  },
  {
    mount: described("Where the agent mounts it each time the machine has booted.", text()),
    readonly: described("The guest may not change it.", truth(), false),
  },
);

const CPU = objectOf(
  {},
  {
    shares: described(
      "Its part when there is not enough for all, in proportion to the others'.",
      number(1, 10_000),
      100,
    ),
    reservation: described("The part of the thread that it gets at least.", number(0, 0.9), 0),
    cap: described("The part of the thread that it gets at most.", number(0.01, 1), 1),
  },
);

const GENERATION = pattern(
  /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  "true, false or a UUID such as 324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87",
);

const WATCHDOG = objectOf(
  {},
  {
    heartbeat: described("Milliseconds between two questions to the agent.", whole(10, 3_600_000), 5000),
    misses: described("Questions in a row that may stay without an answer.", whole(1, 1000), 6),
    boot: described("Milliseconds for the first answer.", whole(10, 86_400_000), 300_000),
  },
);

const CHECKPOINTS = objectOf(
  { every: described("Milliseconds from one to the next.", whole(100, 86_400_000)) },
  {
    file: described(
      "Whether they are kept in a file, too: when the process that holds the machine dies, the next one has it go on from there.",
      truth(),
      false,
    ),
  },
);

const STEP = objectOf(
  { run: described("A line for /bin/sh in the guest.", anyText(65_536)) },
  {
    user: described("Whom it runs as. Default: root.", text(64)),
    cwd: described("Where it starts.", text()),
    env: described("Variables of its environment.", ENVIRONMENT),
    always: described("Each time the machine has booted, and not the first time only.", truth(), false),
  },
);

const COPY = objectOf(
  {
    copy: described("A file or folder, from the machine file's.", text()),
    to: described("Where it goes in the guest; with / at the end: into that folder.", text()),
  },
  { always: truth() },
);

const PROVISION = listOf(
  either(
    anyText(65_536),
    (value) => !isObject(value),
    either(COPY, (value) => isObject(value) && "copy" in value, STEP),
  ),
  STEPS_MOST,
);

const MACHINE = objectOf(
  {},
  {
    linux: described("Boots a Linux that wasmvisor fetches, as wasmvisor linux does.", oneOf("debian")),
    kernel: described("ELF, Linux Image, U-Boot image or flat binary.", text()),
    initrd: described("The initial RAM disk.", text()),
    append: described("The kernel's command line.", anyText(65_536)),
    bios: described("builtin (the default), none, or firmware.", text()),
    memory: described("RAM.", SIZE, "256M"),
    memoryReservation: described(
      "Where the memory of the machines' process is short: how much of it this one keeps, once it has it. Counts from the start of that process on.",
      SIZE,
    ),
    memoryShares: described(
      "Where the memory of the machines' process is short: its part, in proportion to the others'. Counts from the start of that process on.",
      whole(1, 10_000),
      100,
    ),
    harts: described("Hardware threads.", whole(1, 8), 1),
    drives: described("Disks.", listOf(DRIVE, 8)),
    networks: described(
      "Network devices. Default: one of type user if there are forwards, else none.",
      listOf(NETWORK, 8),
    ),
    forwards: described(
      "Ports of this computer that lead to the guest by its first network of type user, as docker run -p has them.",
      listOf(FORWARD, 64),
    ),
    shares: described("Folders that the guest mounts (9p).", listOf(SHARE, 8)),
    cpu: described("Its part of the processor.", CPU),
    balloon: described("Gives the guest's free pages back to this computer.", truth(), false),
    agent: described("Whether wasmvisor's agent is in the guest. Default: with linux or an initrd.", truth()),
    engine: described("How instructions are executed.", oneOf("tiered", "interpreter")),
    restart: described('When a failure has ended the machine it starts again: "onFailure": "restart".', truth(), false),
    onFailure: described(
      "What becomes of the machine when a failure has ended it: it stays off, starts again, or goes back to its last checkpoint.",
      oneOf("stop", "restart", "restore"),
      "stop",
    ),
    watchdogTimer: described(
      "A watchdog timer in the machine (Linux: the module sunxi_wdt): a guest that has begun to restart it, and does not in time, counts as failed.",
      truth(),
      false,
    ),
    generationId: described(
      "Whether the guest can see that it has been cloned or set back, or the identifier that it finds first.",
      either(truth(), (value) => typeof value === "boolean", GENERATION),
      false,
    ),
    watchdog: described(
      "Whether a guest counts as failed when its agent does not answer any more, or it resets itself after a panic.",
      either(truth(), (value) => !isObject(value), WATCHDOG),
      false,
    ),
    checkpoints: described(
      'What the machine is is kept, again and again: in memory for "onFailure": "restore", and perhaps in a file.',
      CHECKPOINTS,
    ),
    provision: described(
      "What is done in the guest when it has booted for the first time: lines for /bin/sh, or files to copy.",
      PROVISION,
    ),
  },
);

/** What a machine is like. */
export type MachineDescription = ValueOf<typeof MACHINE>;
export type DriveDescription = ValueOf<typeof DRIVE>;
export type NetworkDescription = ValueOf<typeof NETWORK>;
/** A step of `provision`. */
export type ProvisionStep = string | ValueOf<typeof STEP> | ValueOf<typeof COPY>;

const SCHEMA_LINK = described("Where editors find what may stand here.", text());
const FILE = objectOf(
  { machines: described("Machines, by name.", mapOf(NAME, NAME_WORDS, MACHINE, MACHINES_MOST)) },
  { $schema: SCHEMA_LINK },
);

/** Machines by name. */
export type Machines = ReadonlyMap<string, MachineDescription>;

/** The JSON Schema of the file, for editors. */
export function machineFileSchema(): Readonly<Record<string, unknown>> {
  const { properties, ...rest } = MACHINE.json as { readonly properties: object };
  const one = { ...rest, properties: { $schema: SCHEMA_LINK.json, ...properties } };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "wasmvisor.json: the machines of a project",
    description: "One machine, or machines by name.",
    if: { required: ["machines"] },
    then: FILE.json,
    else: one,
  };
}

/**
 * The machines that a file describes.
 * @param file - what messages call it
 * @throws WasmvisorError `machine-file`, with line and column
 */
export function parseMachineFile(json: string, file = MACHINE_FILE): Machines {
  const placed = parseJson(json, file);
  const { value } = placed;
  const isMany = isObject(value) && "machines" in value;
  const { $schema: _schema, ...one } = isObject(value) ? value : {};
  const fault = isMany ? FILE.fault(value, []) : MACHINE.fault(isObject(value) ? one : value, []);
  if (fault === undefined) {
    const machines = isMany ? (value as ValueOf<typeof FILE>).machines : { [USUAL_NAME]: one as MachineDescription };
    if (Object.keys(machines).length === 0)
      throw faultIn(file, placed.placeOf(["machines"]), "machines is empty; describe one");
    for (const [name, machine] of Object.entries(machines)) {
      const wrong = contradiction(machine);
      if (wrong === undefined) continue;
      const path = [...(isMany ? ["machines", name] : []), ...wrong.path];
      throw faultIn(file, placed.placeOf(path), sentenceOf({ path, why: wrong.why }));
    }
    return new Map(Object.entries(machines));
  }
  throw faultIn(file, placed.placeOf(fault.path), sentenceOf(fault));
}

/**
 * A machine's description as it was kept.
 * @throws WasmvisorError `machine-file`
 */
export function checkMachine(value: unknown, what: string): MachineDescription {
  const fault = MACHINE.fault(value, []) ?? contradiction(value as MachineDescription);
  if (fault === undefined) return value as MachineDescription;
  throw new WasmvisorError("machine-file", `${what}: ${sentenceOf(fault)}.`);
}

function faultIn(file: string, place: { readonly line: number; readonly column: number }, why: string): WasmvisorError {
  const sentence = `${file}, line ${place.line}, column ${place.column}: ${why}.`;
  return new WasmvisorError("machine-file", sentence, { ...place });
}

interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly why: string;
}

/** What cannot be beside each other. */
function contradiction(machine: MachineDescription): Contradiction | undefined {
  const { linux, kernel, initrd, bios, drives = [], networks = [], forwards = [] } = machine;
  if (linux !== undefined && (kernel ?? initrd ?? bios) !== undefined)
    return { path: ["linux"], why: "brings its own kernel; leave kernel, initrd and bios out" };
  if (linux === undefined && kernel === undefined && (bios === undefined || ["builtin", "none"].includes(bios)))
    return { path: [], why: 'boots nothing; add "linux": "debian" or a kernel' };
  for (const [index, drive] of drives.entries()) {
    const why = driveContradiction(drive) ?? unkept(drive, machine);
    if (why !== undefined) return { path: ["drives", index], why };
  }
  for (const [index, network] of networks.entries()) {
    const why = networkContradiction(network);
    if (why !== undefined) return { path: ["networks", index], why };
  }
  const cure = cureContradiction(machine);
  if (cure !== undefined) return cure;
  if (forwards.length > 0 && networks.length > 0 && !networks.some(takesForwards))
    return { path: ["forwards"], why: 'needs a network of type "user", without wisp and fetch' };
  const wrong = forwards.findIndex((forward) => forwardOf(forward) === undefined);
  return wrong < 0 ? undefined : { path: ["forwards", wrong], why: "has a port above 65535" };
}

function cureContradiction(machine: MachineDescription): Contradiction | undefined {
  const { restart, onFailure, watchdog = false } = machine;
  if (restart === true && onFailure !== undefined && onFailure !== "restart")
    return { path: ["restart"], why: `is "onFailure": "restart"; leave it out beside "${onFailure}"` };
  if (watchdog !== false && !hasAgent(machine))
    return { path: ["watchdog"], why: 'asks the agent, which the machine does not have; write "agent": true' };
  return undefined;
}

/** A disk's file does not go back with the memory. */
function unkept({ readonly, forget }: DriveDescription, machine: MachineDescription): string | undefined {
  if (readonly === true || forget === true) return undefined;
  if (keepsState(machine))
    return 'is written to its file, which cannot go back with "checkpoints": { "file": true }; make it readonly or forget, or leave that out';
  if (machine.onFailure !== "restore") return undefined;
  return 'is written to its file, which cannot go back with "onFailure": "restore"; make it readonly or forget, or use "restart"';
}

/** Whether the machine goes on from a file when the process that holds it has died. */
export function keepsState({ checkpoints }: MachineDescription): boolean {
  return checkpoints?.file === true;
}

/** What becomes of a machine that has failed. */
export function failureActionOf({ restart, onFailure }: MachineDescription): "stop" | "restart" | "restore" {
  return onFailure ?? (restart === true ? "restart" : "stop");
}

function driveContradiction({ file, size, overlay, readonly, forget }: DriveDescription): string | undefined {
  if ((file === undefined) === (size === undefined)) return "has a file or a size, one of them";
  if (size !== undefined && (overlay === true || readonly === true))
    return "is made empty for the guest to write to; leave overlay and readonly out";
  const kept = [overlay, readonly, forget].filter(Boolean);
  return kept.length > 1 ? "has one of overlay, readonly and forget" : undefined;
}

/** Which types have which entries. */
const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  name: ["lan"],
  restrict: ["user"],
  wisp: ["user"],
  fetch: ["user"],
  vni: ["vxlan"],
  peers: ["vxlan"],
  port: ["vxlan"],
  url: ["relay"],
};

function networkContradiction(network: NetworkDescription): string | undefined {
  const { type, vni, peers = [], url, wisp, fetch = false } = network;
  const other = Object.keys(network).find((name) => OF_TYPE[name]?.includes(type) === false);
  if (other !== undefined) return `is of type ${type}, which has no ${other}`;
  if (wisp !== undefined && fetch) return "has wisp or fetch, one of them";
  if (type === "vxlan" && (vni === undefined || peers.length === 0)) return "of type vxlan needs vni and peers";
  return type === "relay" && url === undefined ? "of type relay needs a url" : undefined;
}

/** Whether ports of this computer's may lead to the guest by it: nobody reaches it by a relay. */
export function takesForwards({ type, wisp, fetch = false }: NetworkDescription): boolean {
  return type === "user" && wisp === undefined && !fetch;
}

/** A port that leads to the guest. */
export interface Forward {
  readonly protocol: "tcp" | "udp";
  readonly hostAddress?: string;
  readonly hostPort: number;
  readonly guestPort: number;
}

/** What `8080:80` means; undefined when a port is none. */
export function forwardOf(words: string): Forward | undefined {
  const match = /^(?:(\[[^\]]+\]|[\d.]+):)?(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(words);
  if (match === null) return undefined;
  const [, address, from, to, protocol = "tcp"] = match;
  const [hostPort, guestPort] = [Number(from), Number(to)];
  if (hostPort > 65_535 || guestPort > 65_535 || guestPort === 0) return undefined;
  const hostAddress = address?.replace(/^\[(.*)\]$/, "$1");
  return {
    protocol: protocol as Forward["protocol"],
    ...(hostAddress === undefined ? {} : { hostAddress }),
    hostPort,
    guestPort,
  };
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes of a size such as `8G`, in whole sectors. */
export function sizeOf(words: string): number {
  return Math.ceil((Number(words.slice(0, -1)) * UNITS[words.at(-1)!]!) / 512) * 512;
}

/** Whether the guest has the agent. */
export function hasAgent({ agent, linux, initrd }: MachineDescription): boolean {
  return agent ?? (linux ?? initrd) !== undefined;
}
