/** Worker threads in node. */

import { parentPort, type Transferable, Worker } from "node:worker_threads";
import type { Port, Thread, WorkerChoice } from "./thread.ts";

/** Starts the worker. */
export function startThread(choice: WorkerChoice): Thread {
  const worker = workerOf(choice);
  let terminated = false;
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
    onMessage: (receive) => void worker.on("message", receive),
    onFailure(receive) {
      worker.on("error", receive);
      worker.on("messageerror", receive);
      worker.on("exit", (code) => {
        if (!terminated) receive(new Error(`The worker has ended with code ${code}.`));
      });
    },
    terminate() {
      terminated = true;
      void worker.terminate();
    },
  };
}

function workerOf(choice: WorkerChoice): Worker {
  if (choice === true) return new Worker(new URL("../worker/main.js", import.meta.url));
  if (choice instanceof URL) return new Worker(choice);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- it may come from another copy of the module
  return choice as Worker;
}

/** The far end, for the worker itself. */
export function ownPort(): Port {
  const port = parentPort;
  if (port === null)
    throw new TypeError("wasmvisor/worker runs in a worker; make one with Host.create({ worker: true }).");
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer as Transferable[]),
    onMessage: (receive) => void port.on("message", receive),
  };
}
