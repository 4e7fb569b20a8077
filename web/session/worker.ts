/** The worker in which the machine runs, so that the page stays responsive whatever the guest does. */

import { ENGINE_NAMES, WasmvisorError } from "../../src/index.ts";
import { type Events, type Message, PageError, type Problem, type Request } from "./protocol.ts";
import { Session } from "./session.ts";

/** The part of a dedicated worker's global scope that is used here. */
interface Scope {
  postMessage(message: Message, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Request>) => void): void;
}

const scope = globalThis as unknown as Scope;

function emit<Name extends keyof Events>(event: Name, detail: Events[Name]): void {
  scope.postMessage({ event, detail } as Message, detail instanceof Uint8Array ? [detail.buffer] : []);
}

function problemOf(error: unknown): Problem {
  if (error instanceof WasmvisorError || error instanceof PageError)
    return { code: error.code, message: error.message };
  return { code: "failure", message: error instanceof Error ? error.message : String(error) };
}

const session = new Session(emit);

async function serve({ id, call, args }: Request): Promise<void> {
  try {
    const method = session[call] as (...args: unknown[]) => unknown;
    const value: unknown = await method.apply(session, args);
    scope.postMessage({ id, value });
  } catch (error) {
    scope.postMessage({ id, problem: problemOf(error) });
  }
}

scope.addEventListener("message", ({ data }) => void serve(data));
emit("ready", { engines: ENGINE_NAMES });
