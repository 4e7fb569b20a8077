/** A place of a pool: a host in a worker, and another one when that has died. */

import { WasmvisorError } from "../error.ts";
import type { WorkerHost } from "../worker/worker-host.ts";
import type { HostLoad } from "./plan.ts";

/** Milliseconds before a worker that has died soon after its start is replaced: twice as long each time. */
const PATIENCE_LEAST = 100;
const PATIENCE_MOST = 30_000;

/** Milliseconds after which a worker counts as one that works. */
const SOUND_AFTER = 60_000;

/** Keeps a host there. */
export class Place {
  readonly #make: () => Promise<WorkerHost>;
  host: WorkerHost | undefined;
  /** The host that is there next, or is there. */
  opening: Promise<WorkerHost> = Promise.reject(closed());
  failures = 0;
  /** Bytes and VMs that are on their way here. */
  #expectedBytes = 0;
  #expectedVms = 0;
  #patience = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(make: () => Promise<WorkerHost>) {
    this.#make = make;
    this.opening.catch(() => undefined);
  }

  /** Starts it. @throws WasmvisorError as `Host.create` does */
  open(): Promise<WorkerHost> {
    this.opening = this.#open();
    this.opening.catch(() => undefined);
    return this.opening;
  }

  async #open(): Promise<WorkerHost> {
    const host = await this.#make();
    if (this.#isClosed) {
      await host.close();
      throw closed();
    }
    const madeAt = performance.now();
    host.onLost = () => {
      this.host = undefined;
      if (performance.now() - madeAt >= SOUND_AFTER) this.#patience = 0;
      this.#replace();
    };
    this.host = host;
    return host;
  }

  /** It has died, or could not be started. */
  #replace(): void {
    this.failures++;
    if (this.#isClosed) return;
    const again = (): void => void this.open().catch(() => this.#replace());
    if (this.#patience === 0) again();
    else this.#timer = setTimeout(again, this.#patience);
    this.#patience = Math.min(PATIENCE_MOST, Math.max(PATIENCE_LEAST, 2 * this.#patience));
  }

  /** Something comes here, or is here; in bytes of RAM and VMs. */
  expect(bytes: number, vms: number): void {
    this.#expectedBytes += bytes;
    this.#expectedVms += vms;
  }

  /** What is on its way here counts as what is here. */
  expected<Load extends HostLoad>(load: Load): Load {
    const { expected, freeBytes } = load;
    return { ...load, expected: expected + this.#expectedVms, freeBytes: freeBytes - this.#expectedBytes };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const { host } = this;
    this.host = undefined;
    await host?.close();
  }
}

/** The pool that it is of is no more. */
export function closed(): WasmvisorError {
  return new WasmvisorError("host-closed", "The pool has been closed; make another one with HostPool.create.");
}
