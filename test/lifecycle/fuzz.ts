/**
 * Machine files and requests of clients that make no sense: each is refused in a sentence, or is what it should be. `npm run fuzz -- machine-file`,
 * `npm run fuzz -- control`.
 */

import { connect } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WasmvisorError } from "../../src/error.ts";
import { Random } from "../../src/isa/random/values.ts";
import { parseMachineFile } from "../../src/lifecycle/machine-file.ts";
import { bodyFor, matchRoute, ROUTES } from "../../src/lifecycle/routes.ts";
import { type LocalServer, serveLocal } from "../../src/host/local-http.ts";
import { parseJson } from "../../src/lifecycle/json-text.ts";
import { framesOf, jsonOf } from "../../src/cli/control/frames.ts";
import { fuzzMany } from "../support/fuzz-many.ts";

const SOUND = JSON.stringify(
  {
    machines: {
      web: {
        linux: "debian",
        memory: "512M",
        cpu: { shares: 200, cap: 0.5 },
        drives: [{ file: "base.qcow2", overlay: true }, { size: "1.5G" }],
        networks: [{ type: "user" }, { type: "vxlan", vni: 1, peers: ["192.0.2.7"] }],
        forwards: ["8080:80", "[::1]:53:53/udp"],
        shares: [{ folder: ".", tag: "src", mount: "/src" }],
        provision: ["x", { run: "y", env: { A: "b" } }, { copy: "a", to: "b" }],
      },
      db: { kernel: "k", harts: 2, agent: false },
    },
  },
  null,
  1,
);

const PIECES = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\",
  "\\u00",
  "/*",
  "#",
  "null",
  "-1",
  "1e999",
  "0.1",
  "true",
  '"__proto__"',
  "\0",
  "\ufeff",
  "\ud800",
  "\n",
  '"x"',
  '"../x"',
  "[".repeat(50),
];

/** Text with pieces cut out, repeated, and put in. */
function damaged(text: string, random: Random): string {
  let result = text;
  for (let count = random.between(0, 5); count > 0; count--) {
    const at = random.between(0, result.length);
    const end = Math.min(result.length, at + random.between(0, 1 << random.between(0, 7)));
    const piece = PIECES[random.between(0, PIECES.length - 1)]!;
    const middle = [piece, "", result.slice(at, end).repeat(2), JSON.stringify(result.slice(at, end))][
      random.between(0, 3)
    ]!;
    result = result.slice(0, at) + middle + result.slice(end);
  }
  return result;
}

/** An error must be a sentence of ours. */
function expectSentence(error: unknown): void {
  if (!(error instanceof WasmvisorError)) throw error;
  if (!/^\S.*[.?]$/s.test(error.message) || /NaN|undefined|\[object/.test(error.message) || error.message.length > 1500)
    throw new Error(`no sentence: ${error.message}`, { cause: error });
}

/** A text that JSON.parse takes and this parser does not, or the other way round, is wrong; names that are there twice apart. */
function compareWithJson(text: string): void {
  let ours: unknown;
  let fault: WasmvisorError | undefined;
  try {
    ours = parseJson(text, "x").value;
  } catch (error) {
    expectSentence(error);
    fault = error as WasmvisorError;
  }
  let theirs: unknown;
  try {
    theirs = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    if (fault === undefined) throw new Error(`JSON.parse refuses ${text}`);
    return;
  }
  if (fault !== undefined) {
    if (!/there twice|deep in each other/.test(fault.message)) throw fault;
  } else if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(`it is read otherwise: ${text}`);
}

/** One machine file. */
export async function fuzzMachineFile(seed: number): Promise<void> {
  const text = damaged(SOUND, new Random(seed));
  compareWithJson(text);
  try {
    const machines = parseMachineFile(text);
    if (machines.size === 0) throw new Error("a file without machines");
  } catch (error) {
    expectSentence(error);
  }
  await Promise.resolve();
}

let server: LocalServer | undefined;
let folder: string | undefined;
/** What the handlers have let out. */
let escaped: unknown;

/** A supervisor without machines: everything up to what a route does. */
async function socketOf(): Promise<string> {
  folder ??= mkdtempSync(path.join(tmpdir(), "wasmvisor-fuzz-"));
  const socket = path.join(folder, "s");
  server ??= await serveLocal(socket, {
    async handle(request, reply) {
      try {
        const matched = matchRoute(request.method, request.path);
        if (matched === undefined || !("route" in matched)) return reply.send(404, "text/plain", "");
        bodyFor(matched.route, await request.body());
        reply.send(200, "text/plain", "");
      } catch (error) {
        try {
          expectSentence(error);
        } catch (other) {
          // A client that goes in the middle is no error of ours.
          if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") escaped = other;
        }
        reply.send(400, "text/plain", "");
      }
    },
    upgrade(_request, link) {
      const connection = link.accept("x");
      const read = async (): Promise<void> => {
        for await (const frame of framesOf(connection)) jsonOf(frame);
        connection.end();
      };
      read().catch((error: unknown) => (escaped = error));
    },
  });
  return socket;
}

const BODIES = [
  '{"name":"x"}',
  '{"command":["a","b"],"env":{"A":"b"},"timeout":1}',
  '{"force":true,"timeout":3}',
  "{}",
];

function requestFor(random: Random): Buffer {
  const route = ROUTES[random.between(0, ROUTES.length - 1)]!;
  const target = route.path.replace(
    /\{\w+\}/g,
    () => ["web", "..", "a%00b", "x".repeat(80), ""][random.between(0, 4)]!,
  );
  const body = damaged(BODIES[random.between(0, BODIES.length - 1)]!, random);
  const isUpgrade = random.between(0, 4) === 0;
  const length = random.between(0, 9) === 0 ? random.between(0, 100) : Buffer.byteLength(body);
  const headers = isUpgrade ? "Connection: Upgrade\r\nUpgrade: x\r\n" : `Content-Length: ${length}\r\n`;
  const head = damaged(`${route.method} ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`, random);
  return Buffer.concat([Buffer.from(head), isUpgrade ? framesFor(random) : Buffer.from(body)]);
}

function framesFor(random: Random): Buffer {
  const frames: Buffer[] = [];
  for (let count = random.between(0, 4); count > 0; count--) {
    const payload = Buffer.from(damaged('{"wasmvisor":1,"op":"exec","command":["x"]}', random));
    const header = Buffer.alloc(5);
    header.writeUInt32LE(random.between(0, 5) === 0 ? random.between(0, 2 ** 31 - 1) : payload.length);
    header[4] = random.between(0, 6);
    frames.push(header, payload);
  }
  return Buffer.concat(frames);
}

/** One connection. */
export async function fuzzControl(seed: number): Promise<void> {
  const socket = await socketOf();
  const bytes = requestFor(new Random(seed));
  escaped = undefined;
  await new Promise<void>((resolve) => {
    const client = connect({ path: socket, allowHalfOpen: true });
    client.on("error", () => resolve());
    client.on("close", () => resolve());
    client.resume();
    client.on("end", () => client.destroy());
    client.end(bytes);
  });
  if (escaped !== undefined) throw escaped instanceof Error ? escaped : new Error(JSON.stringify(escaped));
}

/** Ends what `fuzzControl` has made. */
export async function endFuzzControl(): Promise<void> {
  await server?.close();
  server = undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

/** Run many; print the first that goes wrong. */
export const fuzzMachineFileMany = fuzzMany(
  "machine-file",
  fuzzMachineFile,
  "machine files: read as JSON is, or refused in a sentence",
);
const controlMany = fuzzMany("control", fuzzControl, "clients: nothing but answers");
export const fuzzControlMany = async (...args: Parameters<typeof controlMany>): Promise<boolean> => {
  try {
    return await controlMany(...args);
  } finally {
    await endFuzzControl();
  }
};
