/** What a supervisor can be asked, as a table: it is the router, the check of requests, and the OpenAPI description. */

import { WasmvisorError } from "../error.ts";
import { parseJson } from "./json-text.ts";
import { ENVIRONMENT, NAME, NAME_WORDS } from "./machine-file.ts";
import {
  anyText,
  described,
  listOf,
  number,
  objectOf,
  pattern,
  type Schema,
  sentenceOf,
  text,
  truth,
  type ValueOf,
  whole,
} from "./schema.ts";

/** The version of all of it. */
export const API_VERSION = 1;

/** The type of answers that come piece by piece, a JSON object a line. */
export const LINES = "application/x-ndjson";

/** What a connection carries after its upgrade: the frames of `--control`. */
export const CONTROL_PROTOCOL = "wasmvisor-control";

const NAMED = pattern(NAME, `a ${NAME_WORDS}`);
const NOTHING = objectOf({}, {});

const UP = objectOf(
  {},
  {
    provision: described("Whether steps are done when it has booted for the first time.", truth(), true),
    cold: described("Forgets a suspended state, and boots.", truth(), false),
  },
);
const DOWN = objectOf(
  {},
  {
    force: described("Switches it off at once.", truth(), false),
    timeout: described("Seconds that the guest has to shut down.", number(0.1, 86_400), 60),
  },
);
const EXEC = objectOf(
  { command: listOf(anyText(65_536), 1024) },
  {
    env: ENVIRONMENT,
    cwd: text(),
    user: text(64),
    stdin: anyText(2 ** 20),
    timeout: described("Seconds after which it is killed.", number(0.001, 2 ** 31 / 1000)),
    maxOutput: described("Bytes that it may print.", whole(0, 2 ** 24)),
  },
);

/** What is asked with each route. */
export interface Bodies {
  readonly up: ValueOf<typeof UP>;
  readonly down: ValueOf<typeof DOWN>;
  readonly exec: ValueOf<typeof EXEC>;
  readonly named: { readonly name: string };
}

/** One thing that can be asked. */
export interface Route {
  readonly id: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly body?: Schema;
  /** What the answer is. Default: `application/json`. */
  readonly type?: string;
  /** Whether progress comes as lines, when the client accepts that. */
  readonly lines?: boolean;
}

const machine = (id: string, summary: string, body: Schema = NOTHING): Route => ({
  id,
  method: "POST",
  path: `/machines/{machine}/${id}`,
  summary,
  body,
  lines: true,
});

/** All of them. */
export const ROUTES: readonly Route[] = [
  { id: "about", method: "GET", path: "/", summary: "Who answers." },
  { id: "openapi", method: "GET", path: "/openapi.json", summary: "This description." },
  {
    id: "metrics",
    method: "GET",
    path: "/metrics",
    summary: "Counters, for Prometheus.",
    type: "text/plain; version=0.0.4; charset=utf-8",
  },
  {
    id: "shutdown",
    method: "POST",
    path: "/shutdown",
    summary: "Takes all machines down, and ends the supervisor.",
    body: DOWN,
    lines: true,
  },
  { id: "list", method: "GET", path: "/machines", summary: "The machines and their states." },
  { id: "status", method: "GET", path: "/machines/{machine}", summary: "One machine's state." },
  machine("up", "Boots it, or has it go on from where it was suspended.", UP),
  machine("down", "Shuts it down.", DOWN),
  machine("reload", "Shuts it down, and boots it as the machine file says now.", UP),
  machine("pause", "Has it stand still."),
  machine("resume", "Has it go on after a pause, or from where it was suspended."),
  machine("suspend", "Writes its state to its folder, and switches it off."),
  machine("provision", "Does the steps of its file again."),
  machine("destroy", "Switches it off, and removes its disks, states and snapshots."),
  machine("clone", "Makes another machine that is as this one is now.", objectOf({ name: NAMED }, {})),
  {
    id: "exec",
    method: "POST",
    path: "/machines/{machine}/exec",
    summary: "Runs a command in the guest to its end.",
    body: EXEC,
  },
  {
    id: "logs",
    method: "GET",
    path: "/machines/{machine}/logs",
    summary: "What its console has printed, the last MiB of it.",
    type: "text/plain; charset=utf-8",
  },
  { id: "snapshots", method: "GET", path: "/machines/{machine}/snapshots", summary: "Its snapshots." },
  {
    id: "snapshot",
    method: "POST",
    path: "/machines/{machine}/snapshots",
    summary: "Keeps it as it is now, under a name.",
    body: objectOf({ name: NAMED }, {}),
    lines: true,
  },
  {
    id: "restore",
    method: "POST",
    path: "/machines/{machine}/snapshots/{snapshot}/restore",
    summary: "Has it be as it was then.",
    body: NOTHING,
    lines: true,
  },
  { id: "forget", method: "DELETE", path: "/machines/{machine}/snapshots/{snapshot}", summary: "Removes a snapshot." },
  {
    id: "control",
    method: "GET",
    path: "/machines/{machine}/control",
    summary: `Upgrades the connection to ${CONTROL_PROTOCOL}: commands with their streams, files, the console.`,
    type: CONTROL_PROTOCOL,
  },
];

/** A request that was understood. */
export interface Matched {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a request is for; the methods of its path when there is no such method; undefined when there is no such path. */
export function matchRoute(method: string, path: string): Matched | readonly string[] | undefined {
  const allowed: string[] = [];
  for (const route of ROUTES) {
    const parameters = matchPath(route.path, path);
    if (parameters === undefined) continue;
    if (route.method === method) return { route, parameters };
    allowed.push(route.method);
  }
  return allowed.length > 0 ? allowed : undefined;
}

function matchPath(form: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [form.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, word] of wanted.entries()) {
    const value = given[index]!;
    const name = /^\{(\w+)\}$/.exec(word)?.[1];
    if (name === undefined ? word !== value : !NAME.test(value)) return undefined;
    if (name !== undefined) parameters[name] = value;
  }
  return parameters;
}

/**
 * What a request carries.
 * @throws WasmvisorError `control` when it is not what the route takes
 */
export function bodyFor(route: Route, json: string): unknown {
  const { value } = parseJson(json.trim() === "" ? "{}" : json, "The request", "control");
  const fault = (route.body ?? NOTHING).fault(value, []);
  if (fault === undefined) return value;
  throw new WasmvisorError("control", `The request to ${route.method} ${route.path}: ${sentenceOf(fault)}.`, {
    path: fault.path,
  });
}

/** The description in OpenAPI 3.1. */
export function openApi(version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "wasmvisor supervisor",
      version,
      description: "What the machines of a project can be asked, at the Unix socket .wasmvisor/supervisor.sock.",
    },
    paths,
    components: { schemas: { Error: ERROR } },
  };
}

const ERROR = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string" },
        message: { type: "string", description: "A sentence that says what to do." },
      },
    },
  },
};

function operation({ id, summary, path, body, type, lines }: Route): Readonly<Record<string, unknown>> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const parameters = names.map((name) => ({ name, in: "path", required: true, schema: NAMED.json }));
  const json = { "application/json": { schema: { type: "object" } } };
  const answer = type === undefined ? json : { [type]: { schema: { type: "string" } } };
  const content = lines === true ? { ...answer, [LINES]: { schema: { type: "string" } } } : answer;
  const upgrade = type === CONTROL_PROTOCOL;
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: body.json } } } }),
    responses: {
      ...(upgrade
        ? { "101": { description: "The connection carries frames." } }
        : { "200": { description: "It is done.", content } }),
      default: {
        description: "What went wrong.",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}
