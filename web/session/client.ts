/** The page's end of the line to the worker. */

import type { Calls, Events, Message, Problem } from "./protocol.ts";

/** What went wrong in the worker, with the sentence for people. */
export class SessionError extends Error {
  readonly code: string;

  constructor({ code, message }: Problem) {
    super(message);
    this.code = code;
  }
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Starts the worker at once. */
export class SessionClient {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "machine" });
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<keyof Events, ((detail: never) => void)[]>();
  #next = 0;
  /** Events from before there were listeners. */
  #early: Message[] | undefined = [];

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Message>) => this.#receive(data));
    this.#worker.addEventListener("error", (event) => this.#fail(event.message));
  }

  /** Listens to an event of the worker. Nothing is heard before `listen`. */
  on<Name extends keyof Events>(event: Name, listener: (detail: Events[Name]) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** All listeners are there: they hear what has happened until now, and from now on. */
  listen(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#receive(message);
  }

  /**
   * Has the worker do something.
   * @throws SessionError
   */
  call<Name extends keyof Calls>(call: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>> {
    const id = this.#next++;
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, args });
    }) as Promise<ReturnType<Calls[Name]>>;
  }

  #receive(message: Message): void {
    if ("event" in message) {
      if (this.#early !== undefined) {
        this.#early.push(message);
        return;
      }
      for (const listener of this.#listeners.get(message.event) ?? []) listener(message.detail as never);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ("problem" in message) pending?.reject(new SessionError(message.problem));
    else pending?.resolve(message.value);
  }

  /** The worker itself did not load, or broke: nothing that was asked for will be answered. */
  #fail(message: string): void {
    const why = message || "it could not be loaded";
    const error = new SessionError({
      code: "worker",
      message: `The worker that runs the machine has failed (${why}); reload the page.`,
    });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
