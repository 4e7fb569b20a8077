/**
 * Machine files and requests of clients that make no sense: each is refused in a sentence, or is what it should be. `npm run fuzz -- machine-file`,
 * `npm run fuzz -- control`.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { Project } from "../../src/cli/lifecycle/project.ts";
import { Supervisor } from "../../src/cli/lifecycle/supervisor.ts";
import { WasmvisorError } from "../../src/error.ts";
import { Random } from "../../src/isa/random/values.ts";
import { parseMachineFile } from "../../src/lifecycle/machine-file.ts";
import { ROUTES } from "../../src/lifecycle/routes.ts";
import { askLocal } from "../../src/host/local-http.ts";
import { makePrivateFolder } from "../../src/host/state-folder.ts";
import { Host } from "../../src/index.ts";
import { parseJson } from "../../src/lifecycle/json-text.ts";
import { COUNTER, TestProject } from "../support/lifecycle.ts";
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

let supervisor: Supervisor | undefined;
let at: TestProject | undefined;

/** A supervisor with a machine whose guest counts keys. */
async function socketOf(): Promise<string> {
  if (at === undefined || supervisor === undefined) {
    at = new TestProject({ kernel: "counter.bin", bios: "none", memory: "2M", drives: [{ size: "1M" }] });
    writeFileSync(at.path("counter.bin"), COUNTER);
    const project = new Project(at.folder);
    makePrivateFolder(project.state);
    supervisor = new Supervisor(project, await Host.create(), "fuzz");
    await supervisor.listen();
  }
  return at.state("supervisor.sock");
}

/** What the supervisor has noted as its own mistake. */
function ownError(): string | undefined {
  const log = at!.state("supervisor.log");
  return existsSync(log) ? /error: [^]*/.exec(readFileSync(log, "utf8"))?.[0] : undefined;
}

const BODIES = [
  '{"name":"x"}',
  "{}",
  '{"command":["a","b"],"env":{"A":"b"},"timeout":1}',
  '{"force":true,"timeout":3}',
  "{}",
];

const NAMES = ["default", "default", "default", "x", "x", "..", "a%00b", "y".repeat(80), ""];

function requestFor(random: Random): Buffer {
  const route = ROUTES[random.between(0, ROUTES.length - 1)]!;
  const target = route.path.replace(/\{\w+\}/g, () => NAMES[random.between(0, NAMES.length - 1)]!);
  const isSound = random.between(0, 1) === 0;
  const broken = (text: string): string => (isSound ? text : damaged(text, random));
  const body = broken(
    route.id === "clone" || route.id === "snapshot" ? '{"name":"x"}' : BODIES[random.between(0, BODIES.length - 1)]!,
  );
  const isUpgrade = route.id === "control" || random.between(0, 9) === 0;
  const length = random.between(0, 9) === 0 ? random.between(0, 100) : Buffer.byteLength(body);
  const headers = isUpgrade ? "Connection: Upgrade\r\nUpgrade: x\r\n" : `Content-Length: ${length}\r\n`;
  const head = broken(`${route.method} ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  return Buffer.concat([Buffer.from(head), isUpgrade ? framesFor(random) : Buffer.from(body)]);
}

const OPS = ["exec", "logs", "console", "accounting", "snapshot", "files", "none"];

function framesFor(random: Random): Buffer {
  const frames: Buffer[] = [];
  for (let count = random.between(0, 4); count > 0; count--) {
    const op = OPS[random.between(0, OPS.length - 1)]!;
    const sound = `{"wasmvisor":1,"op":"${op}","command":["x"],"options":{},"disks":"reference","method":"read","args":["x"]}`;
    const payload = Buffer.from(random.between(0, 1) === 0 ? sound : damaged(sound, random));
    const header = Buffer.alloc(5);
    header.writeUInt32LE(random.between(0, 5) === 0 ? random.between(0, 2 ** 31 - 1) : payload.length);
    header[4] = random.between(0, 6);
    frames.push(header, payload);
  }
  return Buffer.concat(frames);
}

/** Milliseconds for an answer. */
const PATIENCE = 2000;

/** One connection. */
export async function fuzzControl(seed: number): Promise<void> {
  const socket = await socketOf();
  const bytes = requestFor(new Random(seed));
  await new Promise<void>((resolve) => {
    const client = connect({ path: socket, allowHalfOpen: true });
    client.on("error", () => resolve());
    client.on("close", () => resolve());
    client.resume();
    client.on("end", () => client.destroy());
    client.end(bytes);
    // Who follows a console does so until one of both goes.
    setTimeout(() => client.destroy(), PATIENCE).unref();
  });
  const wrong = ownError();
  if (wrong !== undefined) throw new Error(wrong);
  if (seed % 50 === 0) await expectServed(socket);
}

/** Others are served as before. */
async function expectServed(socket: string): Promise<void> {
  const { status } = await askLocal(socket, { method: "GET", path: "/" }).catch((cause: unknown) => {
    throw new Error("nobody is served any more", { cause });
  });
  if (status !== 200) throw new Error(`others are answered ${status}`);
}

/** Ends what `fuzzControl` has made. */
async function endFuzzControl(): Promise<void> {
  await supervisor?.close();
  await at?.end();
  supervisor = at = undefined;
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
