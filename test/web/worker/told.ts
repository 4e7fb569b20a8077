/** A worker that does what it is told, with `wasmvisor/disk` at hand: tests send it the bodies of functions. */

import * as disk from "../../../src/disk/index.ts";

interface Scope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: string }) => void): void;
}

const scope = globalThis as unknown as Scope;

/** What a promise is refused with, as `code: sentence`; "none" when it is not. */
function codeOf(promise: PromiseLike<unknown>): PromiseLike<string> {
  return promise.then(
    () => "none",
    (error: unknown) => {
      const { code, name, message } = error as { code?: unknown; name: string; message: string };
      return `${typeof code === "string" ? code : name}: ${message}`;
    },
  );
}

/** Does it; for a page's own thread, which imports this file. */
export function told(body: string): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- that is what it is for
  const act = new Function("disk", "codeOf", `return (async () => { ${body} })()`) as (...args: unknown[]) => unknown;
  return act(disk, codeOf);
}

scope.addEventListener("message", ({ data }) => {
  Promise.resolve(told(data)).then(
    (value) => scope.postMessage({ value }),
    (error: unknown) => scope.postMessage({ error: String(error) }),
  );
});
