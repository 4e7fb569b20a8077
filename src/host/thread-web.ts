/** Web workers. */

import type { Port, Thread, WorkerChoice } from "./thread.ts";

interface WebPort {
  postMessage(message: unknown, transfer: readonly object[]): void;
  addEventListener(type: string, listener: (event: Event & { readonly data: unknown }) => void): void;
}

interface WebWorker extends WebPort {
  terminate(): void;
}

declare const Worker: new (url: URL, options: { readonly type: "module" }) => WebWorker;

/** Starts the worker. */
export function startThread(choice: WorkerChoice): Thread {
  const worker = workerOf(choice);
  return {
    ...portOf(worker),
    onFailure(receive) {
      worker.addEventListener("error", receive);
      worker.addEventListener("messageerror", receive);
    },
    terminate: () => worker.terminate(),
  };
}

/** Bundlers look for exactly this form of `new Worker`. */
function workerOf(choice: WorkerChoice): WebWorker {
  if (choice === true) return new Worker(new URL("../worker/main.js", import.meta.url), { type: "module" });
  return choice instanceof URL ? new Worker(choice, { type: "module" }) : (choice as unknown as WebWorker);
}

/** The far end, for the worker itself. */
export function ownPort(): Port {
  return portOf(globalThis as unknown as WebPort);
}

function portOf(port: WebPort): Port {
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage: (receive) => port.addEventListener("message", ({ data }) => receive(data)),
  };
}
