/** Workers of the built package: imported by a test, it is built first. */

import { Worker } from "node:worker_threads";
import { beforeAll, onTestFinished } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { Host, type WorkerHost } from "../../src/index.ts";

/** Node runs no TypeScript in workers. */
export const WORKER = new URL("../../dist/src/worker/main.js", import.meta.url);

beforeAll(() => buildDist(), 120_000);

/** It is told to take the built files. */
export const newWorker = (): Worker => new Worker(WORKER, { execArgv: [] });

/** A host in a worker, closed after the test. */
export async function workerHost(): Promise<WorkerHost> {
  const host = await Host.create({ worker: newWorker() });
  onTestFinished(() => host.close());
  return host;
}
