/** Hosts, in a page or in a worker of its own: tests send it the bodies of functions, which have `wasmvisor` and what they may have made before. */

import * as wasmvisor from "../../../src/index.ts";

interface Scope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

const scope = globalThis as unknown as Scope;

/** Milliseconds after which what has not come is looked for again. */
const AGAIN = 5;

/** Resolves when it is so. */
async function until(is: () => unknown): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, AGAIN));
}

/** Does it. */
export function act(body: string): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- that is what it is for
  const made = new Function("wasmvisor", "until", `return (async () => { ${body} })()`) as (
    ...args: unknown[]
  ) => unknown;
  return made(wasmvisor, until);
}

/** What a page calls. */
Object.assign(scope, { act });

/** What a worker is told: text alone; what a host's worker hears is none. */
scope.addEventListener("message", ({ data }) => {
  if (typeof data !== "string") return;
  Promise.resolve(act(data)).then(
    (value) => scope.postMessage({ value }),
    (error: unknown) => scope.postMessage({ error: String(error) }),
  );
});
