/** The owner's side of the line: requests and their answers. */

import { WasmvisorError } from "../error.ts";
import type { Thread } from "../host/thread.ts";
import { decodeError } from "./codec.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** What is done with a message from a VM. */
export type EventReceiver = (event: Extract<FromWorker, { type: "event" }>) => void;

/** The answer to a request. */
export interface Answered {
  readonly value: unknown;
  readonly printed: number;
}

/** What may come with a request. */
export interface RequestOptions {
  readonly transfer?: readonly object[];
  readonly signal?: AbortSignal | undefined;
  /** Whether the worker says what has become of it when it is given up. Default: it fails at once. */
  readonly waits?: boolean;
  readonly onProgress?: ((progress: never) => void) | undefined;
}

interface Pending {
  readonly onProgress: RequestOptions["onProgress"];
  resolve(answered: Answered): void;
  reject(error: unknown): void;
}

/** A request before it has its number. */
export type Asked = ToWorker extends infer Message ? (Message extends unknown ? Omit<Message, "id"> : never) : never;

/** Sends requests and hands out their answers. */
export class Link {
  readonly #thread: Thread;
  readonly #pending = new Map<number, Pending>();
  readonly #onLost: (error: WasmvisorError) => void;
  #lastId = 0;
  #closed: WasmvisorError | undefined;

  /**
   * @param onEvent - gets what VMs tell
   * @param onLost - called once when the worker could not be started, or has died
   */
  constructor(thread: Thread, onEvent: EventReceiver, onLost: (error: WasmvisorError) => void) {
    this.#thread = thread;
    this.#onLost = onLost;
    thread.onMessage((message) => this.#receive(message as FromWorker, onEvent));
    thread.onFailure((cause) => this.#lost(cause));
  }

  /**
   * Asks the worker.
   * @throws what the worker throws; WasmvisorError `host-closed`, `worker`, `worker-message`; the signal's reason
   */
  async request(asked: Asked, options: RequestOptions = {}): Promise<Answered> {
    const { signal, transfer = [], onProgress, waits = false } = options;
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    const id = ++this.#lastId;
    const answer = new Promise<Answered>((resolve, reject) => this.#pending.set(id, { onProgress, resolve, reject }));
    const giveUp = () => {
      if (!waits) this.#pending.get(id)?.reject(signal?.reason);
      this.#post({ type: "abort", id });
    };
    signal?.addEventListener("abort", giveUp);
    try {
      this.#post({ ...asked, id }, transfer);
      return await answer;
    } catch (error) {
      // A reason does not travel.
      if (signal?.aborted === true && (error as Error).name === "AbortError") throw signal.reason;
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#pending.delete(id);
    }
  }

  /** Ends the worker; all that is under way fails with `error`. */
  close(error: WasmvisorError): void {
    if (this.#closed !== undefined) return;
    this.#refuse(error);
    this.#thread.terminate();
  }

  /**
   * As `close`, but gives the worker time to close its disks: until that is done, or `patience` milliseconds are over.
   * @throws what goes wrong in that; WasmvisorError `worker` when it takes too long
   */
  async closeDisks(error: WasmvisorError, patience: number): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#refuse(error);
    const id = ++this.#lastId;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { onProgress: undefined, resolve, reject });
        timer = setTimeout(() => reject(tooSlow(patience)), patience);
        this.#post({ type: "close", id });
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
      this.#thread.terminate();
    }
  }

  /** Nothing is asked for any more. */
  #refuse(error: WasmvisorError): void {
    this.#closed ??= error;
    for (const { reject } of [...this.#pending.values()]) reject(error);
  }

  #post(message: ToWorker, transfer: readonly object[] = []): void {
    try {
      this.#thread.post(message, transfer);
    } catch (cause) {
      throw new WasmvisorError(
        "worker-message",
        `This cannot be sent to a worker (${String(cause)}); leave it out, or make the host without one.`,
        {},
        { cause },
      );
    }
  }

  #receive(message: FromWorker, onEvent: EventReceiver): void {
    if (message.type === "event") return onEvent(message);
    const pending = this.#pending.get(message.id);
    if (message.type === "progress") pending?.onProgress?.(message.progress as never);
    else if (message.type === "done") pending?.resolve(message);
    else pending?.reject(decodeError(message.error));
  }

  #lost(cause: unknown): void {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    const error = new WasmvisorError(
      "worker",
      `The worker could not be started or has died${why}; check its address, or pass one that runs wasmvisor/worker.`,
      {},
      { cause },
    );
    // The only one that is left waits for disks to be closed.
    if (this.#closed !== undefined) return this.#refuse(error);
    this.close(error);
    this.#onLost(error);
  }
}

function tooSlow(patience: number): WasmvisorError {
  return new WasmvisorError(
    "worker",
    `The disks could not be closed within ${patience / 1000} s; check where they are, for what was not flushed may be lost.`,
  );
}
