/** Asking a project's supervisor. */

import { WasmvisorError } from "../../error.ts";
import { startInBackground } from "../../host/background.ts";
import type { Connection } from "../../host/control-socket.ts";
import { askLocal, isAbsent, type LocalAnswer, type LocalAsk, upgradeLocal } from "../../host/local-http.ts";
import { makePrivateFolder, resolvePath, writeOnce } from "../../host/state-folder.ts";
import { isObject } from "../../lifecycle/schema.ts";
import { API_VERSION, CONTROL_PROTOCOL, LINES } from "../../lifecycle/routes.ts";
import type { Project } from "./project.ts";

/** What comes while something is done. */
export interface ProgressLine {
  readonly machine: string;
  /** What is done now. */
  readonly say?: string;
  /** What a step of `provision` prints. */
  readonly output?: string;
}

/** Bytes of a line of an answer. */
const LINE_MOST = 2 ** 24;

/** Attempts to start a supervisor, while another process starts or ends one: on a busy machine that takes seconds. */
const START_ATTEMPTS = 12;
/** Milliseconds between two attempts: more each time, and at most. */
const PAUSE = 200;
const LONGEST_PAUSE = 1000;

const fault = (sentence: string): WasmvisorError => new WasmvisorError("supervisor", sentence);

/** Whether the project's supervisor runs. */
export async function isRunning(project: Project): Promise<boolean> {
  const about = await askOrAbsent(project, { method: "GET", path: "/" });
  if (about === undefined) return false;
  const { api } = (await valueOf(about)) as { readonly api?: unknown };
  if (api === API_VERSION) return true;
  throw fault(
    `The supervisor in ${project.state} is of another version of wasmvisor; end it with that version's wasmvisor down --all.`,
  );
}

/**
 * Has a supervisor run.
 * @throws WasmvisorError `supervisor` when it does not start
 */
export async function ensureSupervisor(project: Project): Promise<void> {
  makePrivateFolder(project.state);
  // What is kept is nothing for version control.
  const ignore = resolvePath(project.state, ".gitignore");
  writeOnce(ignore, "*\n");
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (await isRunning(project)) return;
    const words = ["supervisor", "--project", project.folder];
    const { said } = await startInBackground(words, { folder: project.folder, log: project.log });
    if (said === "ready") return;
    if (said !== "" && said !== "taken") throw fault(said);
    if (said === "") throw fault(`The supervisor has ended at once; see ${project.log}.`);
    // Another one is being started, or is about to end.
    await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_PAUSE, PAUSE * (attempt + 1))));
  }
  if (await isRunning(project)) return;
  throw fault(`Another process holds ${project.state} and does not answer; end it, or see ${project.log}.`);
}

/**
 * Asks the supervisor; undefined when none runs.
 * @throws WasmvisorError as it says
 */
export async function ask(
  project: Project,
  method: LocalAsk["method"],
  path: string,
  body?: object,
  onProgress?: (line: ProgressLine) => void,
): Promise<unknown> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const accept = onProgress === undefined ? "application/json" : LINES;
  const answer = await askOrAbsent(project, { method, path, accept, ...json });
  return answer === undefined ? undefined : valueOf(answer, onProgress);
}

/**
 * As `ask`, of a supervisor that runs.
 * @throws WasmvisorError `supervisor` when none does
 */
export async function expectAnswer(...asked: Parameters<typeof ask>): Promise<unknown> {
  const value = await ask(...asked);
  if (value !== undefined) return value;
  throw fault("No machine of this project is up; start one with wasmvisor up.");
}

/**
 * A connection to a machine's control.
 * @throws WasmvisorError `supervisor` when no machine is up, `machine` when this one is not
 */
export async function dialMachine(project: Project, machine: string): Promise<Connection> {
  let answer: Connection | LocalAnswer;
  try {
    answer = await upgradeLocal(project.socket, `/machines/${machine}/control`, CONTROL_PROTOCOL);
  } catch (error) {
    if (!isAbsent(error)) throw error instanceof WasmvisorError ? error : endedEarly();
    const state = project.machine(machine).state;
    const is = state === "suspended" ? "suspended" : "not up";
    throw new WasmvisorError("machine", `The machine ${machine} is ${is}; start it with wasmvisor up ${machine}.`, {
      machine,
    });
  }
  if ("send" in answer) return answer;
  await valueOf(answer);
  throw fault("The supervisor does not say what it should; use the same wasmvisor for both.");
}

async function askOrAbsent(project: Project, asked: LocalAsk): Promise<LocalAnswer | undefined> {
  try {
    return await askLocal(project.socket, asked);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error instanceof WasmvisorError ? error : endedEarly();
  }
}

const endedEarly = (): WasmvisorError =>
  fault("The supervisor has ended before it could answer; see its log in .wasmvisor, and try again.");

/** The value at the end of an answer, after its progress. */
async function valueOf(answer: LocalAnswer, onProgress?: (line: ProgressLine) => void): Promise<unknown> {
  if (!/^application\/(json|x-ndjson)/.test(answer.type)) return textOf(answer);
  try {
    for await (const line of linesOf(answer.text)) {
      const said: unknown = JSON.parse(line);
      if (!isObject(said)) break;
      if ("error" in said) throw errorOf(said.error);
      if (answer.type.startsWith("application/json")) return said;
      if ("value" in said) return said.value ?? {};
      onProgress?.(said as unknown as ProgressLine);
    }
  } catch (error) {
    throw error instanceof WasmvisorError ? error : endedEarly();
  }
  throw endedEarly();
}

async function textOf(answer: LocalAnswer): Promise<string> {
  let text = "";
  for await (const part of answer.text) text += part;
  return text;
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let kept = "";
  for await (const part of text) {
    const lines = (kept + part).split("\n");
    kept = lines.pop()!;
    if (kept.length > LINE_MOST) return;
    for (const line of lines) if (line !== "") yield line;
  }
  if (kept !== "") yield kept;
}

function errorOf(error: unknown): WasmvisorError {
  const { code, message } = (isObject(error) ? error : {}) as { readonly code?: unknown; readonly message?: unknown };
  return new WasmvisorError(
    (typeof code === "string" ? code : "supervisor") as WasmvisorError["code"],
    String(message),
  );
}
