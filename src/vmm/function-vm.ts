/** A guest as a function: each call runs in a clone of a template, which is the template again afterwards. */

import { WasmvisorError } from "../error.ts";
import type { ExecOptions, ExecResult } from "./agent/process.ts";
import { known } from "./known.ts";
import type { CloneOptions, Template } from "./snapshot/template.ts";

/** How calls are run. */
export interface FunctionVmOptions {
  /** Clones that are kept for calls, at most; they are made at the start. From 0 to 256, default 1. */
  readonly idle?: number;
  /** Calls that run at once, at most; others wait in their order. From 1 to 4096, default 8. */
  readonly concurrency?: number;
  /** Calls that wait, at most; more are refused. Default 1024. */
  readonly waiting?: number;
  /** Milliseconds of the host's that a call may run, from when it has its clone; the clone is destroyed then. Default 60,000. */
  readonly timeout?: number;
  /** What each clone has of its own. */
  readonly clone?: CloneOptions;
}

/** How a clone is used. */
export interface FunctionUse {
  /** As `FunctionVmOptions.timeout`, for this use. */
  readonly timeout?: number;
  /** Gives up waiting for a clone. */
  readonly signal?: AbortSignal;
}

/** One call. */
export interface FunctionCall extends Omit<ExecOptions, "timeout" | "encoding"> {
  /** As `FunctionVmOptions.timeout`, for this call. */
  readonly timeout?: number;
}

/** What has been done so far, and what is being done. */
export interface FunctionVmStatistics {
  /** Calls that have been answered. */
  readonly calls: number;
  /** Calls that run now, and that wait for one of these to end. */
  readonly running: number;
  readonly waiting: number;
  /** Clones that wait for a call. */
  readonly idle: number;
  /** Clones that were made, and how often one became the template again. */
  readonly made: number;
  readonly resets: number;
}

/** What a clone must be able to do, as a `Vm` is. */
export interface FunctionClone {
  start(): void;
  exec(command: string | readonly string[], options?: ExecOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

const MOST_IDLE = 256;
const MOST_CALLS = 4096;
const MOST_WAITING = 2 ** 20;
/** What a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Errors of a command after which the clone is as good as after an answer. */
const HARMLESS = new Set(["guest-program", "agent-output", "option"]);

/** Calls that run in clones of one template. Made by `functionVm`. */
export class FunctionVm<Clone extends FunctionClone = FunctionClone> {
  readonly #template: Pick<Template<Clone>, "clone" | "reset">;
  readonly #options: Required<FunctionVmOptions>;
  readonly #idle: Clone[] = [];
  /** Resolved in their order, each when it may run. */
  readonly #queue: { readonly go: () => void; readonly refuse: (error: unknown) => void }[] = [];
  /** All clones that there are. */
  readonly #clones = new Set<Clone>();
  /** What is being done that `close` waits for. */
  readonly #under = new Set<Promise<unknown>>();
  #filling: Promise<void> | undefined;
  #making = 0;
  #running = 0;
  #calls = 0;
  #made = 0;
  #resets = 0;
  #isClosed = false;

  /** @internal */
  constructor(template: Pick<Template<Clone>, "clone" | "reset">, options: FunctionVmOptions) {
    this.#template = template;
    this.#options = checked(options);
  }

  /** What has been done, and what is being done. */
  get statistics(): FunctionVmStatistics {
    return {
      calls: this.#calls,
      running: this.#running,
      waiting: this.#queue.length,
      idle: this.#idle.length,
      made: this.#made,
      resets: this.#resets,
    };
  }

  /**
   * Runs a command in a clone, as `Vm.exec` does. Nothing that it does to the guest is seen by another call.
   *
   * ```ts
   * const { code, stdout } = await f.call("sort", { args: ["-n"], stdin: "2\n1\n" });
   * ```
   *
   * @throws WasmvisorError `function-vm` when it takes longer than it may, too many calls wait, or it has been closed; as `Template.clone` and
   * `Vm.exec` do; the signal's reason
   */
  async call(command: string | readonly string[], options: FunctionCall = {}): Promise<ExecResult> {
    const { timeout, ...how } = options;
    return this.use((clone) => clone.exec(command, how), { ...(timeout === undefined ? {} : { timeout }), ...how });
  }

  /**
   * Has a clone for as long as `act` takes: for calls that copy files, or run several commands. Nothing may use the clone afterwards.
   *
   * ```ts
   * const text = await f.use(async (vm) => {
   *   await vm.writeFile("/tmp/in", source);
   *   await vm.exec("sort /tmp/in > /tmp/out");
   *   return vm.readFile("/tmp/out");
   * });
   * ```
   *
   * @throws WasmvisorError as `call` does; what `act` throws
   */
  async use<Value>(act: (clone: Clone) => Promise<Value>, options: FunctionUse = {}): Promise<Value> {
    const { timeout = this.#options.timeout, signal } = options;
    expectTimeout(timeout);
    await this.#enter(signal);
    let clone: Clone | undefined;
    let isWhole = false;
    try {
      const mine = (clone = this.#idle.pop() ?? (await this.#make()));
      const result = await this.#run(async () => act(mine), timeout);
      isWhole = true;
      this.#calls++;
      return result;
    } catch (error) {
      isWhole = error instanceof WasmvisorError && HARMLESS.has(error.code);
      throw error;
    } finally {
      this.#follow(this.#leave(clone, isWhole));
    }
  }

  /**
   * Makes clones until as many wait as may.
   * @throws WasmvisorError as `Template.clone` does
   * @internal
   */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  async #fill(): Promise<void> {
    // Those that run a call come back.
    while (!this.#isClosed && this.#clones.size + this.#making < this.#options.idle)
      this.#idle.push(await this.#make());
  }

  /** Destroys all clones; calls that run or wait are rejected. The template stays its owner's. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { refuse } of this.#queue.splice(0)) refuse(closed());
    this.#idle.length = 0;
    await Promise.all([...this.#clones].map((clone) => this.#drop(clone)));
    await Promise.all(this.#under);
  }

  /** `await using f = …` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when the call may run. */
  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { concurrency, waiting } = this.#options;
    if (this.#running < concurrency) {
      this.#running++;
      return;
    }
    if (this.#queue.length >= waiting)
      throw fault(`${waiting} calls wait already; make fewer at once, or allow more by waiting.`);
    await this.#wait(signal);
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    let abort: (() => void) | undefined;
    const turn = new Promise<void>((go, refuse) => {
      const place = { go, refuse };
      this.#queue.push(place);
      abort = () => {
        const index = this.#queue.indexOf(place);
        if (index < 0) return;
        this.#queue.splice(index, 1);
        refuse(signal!.reason as Error);
      };
    });
    signal?.addEventListener("abort", abort!);
    try {
      await turn;
    } finally {
      signal?.removeEventListener("abort", abort!);
    }
  }

  async #make(): Promise<Clone> {
    this.#making++;
    const clone = await this.#template.clone(this.#options.clone).finally(() => this.#making--);
    if (this.#isClosed) {
      await clone.close();
      throw closed();
    }
    this.#made++;
    this.#clones.add(clone);
    clone.start();
    return clone;
  }

  async #run<Value>(act: () => Promise<Value>, timeout: number): Promise<Value> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const sentence = `The call has taken longer than ${timeout} ms, and its VM was destroyed; allow more by timeout.`;
        reject(fault(sentence, { timeout }));
      }, timeout);
    });
    const done = act();
    // Nobody may be left who waits for it.
    done.catch(() => undefined);
    try {
      return await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The clone is the template again, or goes; then the next call has its turn. */
  async #leave(clone: Clone | undefined, isWhole: boolean): Promise<void> {
    if (clone !== undefined && !(isWhole && (await this.#reuse(clone)))) await this.#drop(clone);
    const next = this.#queue.shift();
    if (next !== undefined) return next.go();
    this.#running--;
    // Who calls next is told what is wrong.
    await this.fill().catch(() => undefined);
  }

  async #reuse(clone: Clone): Promise<boolean> {
    const isWanted = (): boolean =>
      !this.#isClosed && (this.#queue.length > 0 || this.#idle.length < this.#options.idle);
    if (!isWanted()) return false;
    try {
      await this.#template.reset(clone);
    } catch {
      return false;
    }
    this.#resets++;
    if (!isWanted()) return false;
    this.#idle.push(clone);
    return true;
  }

  async #drop(clone: Clone): Promise<void> {
    if (!this.#clones.delete(clone)) return;
    // What its disks had not written is wanted by nobody.
    await clone.close().catch(() => undefined);
  }

  #follow(promise: Promise<unknown>): void {
    const forget = (): void => void this.#under.delete(promise);
    this.#under.add(promise);
    promise.then(forget, forget);
  }
}

/**
 * Makes a function of a template: each call of it runs a command in a clone, which is reset to the template afterwards, or destroyed. The
 * template's VM needs an agent; it stays its owner's, who closes it after the function.
 *
 * ```ts
 * const f = await functionVm(await vm.template(), { idle: 4 });
 * const { stdout } = await f.call("wc -c", { stdin: "hello" });
 * await f.close();
 * ```
 *
 * @throws WasmvisorError `option`; as `Template.clone` does
 */
export async function functionVm<Clone extends FunctionClone>(
  template: Template<Clone>,
  options: FunctionVmOptions = {},
): Promise<FunctionVm<Clone>> {
  const made = new FunctionVm<Clone>(template, options);
  try {
    await made.fill();
    return made;
  } catch (error) {
    await made.close();
    throw error;
  }
}

const KEYS = Object.keys({ idle: 0, concurrency: 0, waiting: 0, timeout: 0, clone: 0 } satisfies Record<
  keyof FunctionVmOptions,
  0
>);

function checked(options: FunctionVmOptions): Required<FunctionVmOptions> {
  known({ code: "option", where: "functionVm" }, options, KEYS);
  const { idle = 1, concurrency = 8, waiting = 1024, timeout = 60_000, clone = {} } = options;
  expectCount("idle", idle, 0, MOST_IDLE);
  expectCount("concurrency", concurrency, 1, MOST_CALLS);
  expectCount("waiting", waiting, 0, MOST_WAITING);
  expectTimeout(timeout);
  return { idle, concurrency, waiting, timeout, clone };
}

function expectCount(key: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new WasmvisorError("option", `${key} is a whole number from ${least} to ${most}, not ${String(value)}.`, {
    key,
  });
}

function expectTimeout(timeout: number): void {
  if (Number.isFinite(timeout) && timeout > 0 && timeout <= LONGEST_TIMEOUT) return;
  const sentence = `timeout is a number of milliseconds from 1 to ${LONGEST_TIMEOUT}, not ${String(timeout)}.`;
  throw new WasmvisorError("option", sentence, { timeout });
}

function fault(sentence: string, data: Readonly<Record<string, unknown>> = {}): WasmvisorError {
  return new WasmvisorError("function-vm", sentence, data);
}

function closed(): WasmvisorError {
  return fault("The function has been closed; make another one with functionVm.");
}
