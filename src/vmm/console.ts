/** The far end of a VM's serial line, as programs use it: streams, and waiting for text. */

import type { ConsoleBackend } from "../backend/console/console.ts";
import { bytes, table, u32, type ValuesIn } from "../state/table.ts";
import type { Part } from "../state/saved.ts";
import { QueueConsole } from "../backend/console/queue-console.ts";
import { WasmvisorError } from "../error.ts";

/** What `waitFor` has found. */
export interface ConsoleMatch {
  /** The text that matched. */
  readonly text: string;
  /** What the guest printed before it, from where the previous `waitFor` ended. */
  readonly before: string;
  /** Capture groups of the pattern. */
  readonly groups: readonly (string | undefined)[];
}

/** What ends the waiting for text. */
export interface WaitLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly pattern: RegExp;
  /** Where it looks from, counted from the beginning of all output. */
  readonly from: number;
  timer?: ReturnType<typeof setTimeout>;
  readonly signal: AbortSignal | undefined;
  giveUp?: () => void;
  resolve(match: ConsoleMatch): void;
  reject(error: Error): void;
}

/** Text that `waitFor` can still look back at. */
const TRANSCRIPT_LENGTH = 2 ** 20;

/** Bytes that wait for a slow or missing reader of `output`. */
const BACKLOG_BYTES = 2 ** 20;

/** Bytes after which the guest waits until they have been handed over. */
const FRESH_BYTES = 2 ** 16;

const TABLE = table(1, { typed: bytes(), sinceRelief: u32(FRESH_BYTES) });

/**
 * The console of a VM.
 *
 * ```ts
 * await vm.console.waitFor("login: ", 20_000);
 * await vm.console.write("root\n");
 * const { groups } = await vm.console.waitFor(/load average: (\S+),/);
 * ```
 */
export class VmConsole {
  /**
   * What the guest prints. While somebody reads it, the guest waits when the reader falls a MiB behind; while nobody
   * does, only the last MiB is kept.
   */
  readonly output: ReadableStream<Uint8Array>;
  /**
   * What the guest is to read; writes resolve when the guest's UART has taken the bytes. What is written while the guest has ended is
   * lost; when the VM is destroyed, writes fail with `console-closed`.
   */
  readonly input: WritableStream<Uint8Array | string>;
  /** What the UART stands on. @internal */
  readonly backend: ConsoleBackend;

  readonly #queue: QueueConsole;
  readonly #onOutput: (bytes: Uint8Array) => void;
  readonly #onFull: () => void;
  #fresh = new Uint8Array(1024);
  #freshLength = 0;
  /** Bytes printed since the guest last had to wait for them to be handed over. */
  #sinceRelief = 0;
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #arrived: (() => void) | undefined;
  #final = false;
  #drained: (() => void)[] = [];
  readonly #decoder = new TextDecoder();
  /** The latest output, and how much came before it. */
  #transcript = "";
  #forgotten = 0;
  /** Where the latest match ended, counted from the beginning of all output. */
  #cursor = 0;
  #waiters: Waiter[] = [];
  #taken: { left: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  #closed: string | undefined;
  #inputController: WritableStreamDefaultController | undefined;

  /**
   * @param onOutput - called with every chunk the guest has printed
   * @param onFull - called when `full` becomes true
   * @param onInput - called when the guest's end has taken something @internal
   */
  constructor(
    onOutput: (bytes: Uint8Array) => void,
    onFull: () => void = () => undefined,
    onInput: () => void = () => undefined,
  ) {
    this.#onOutput = onOutput;
    this.#onFull = onFull;
    this.#queue = new QueueConsole((byte) => this.#print(byte));
    this.backend = {
      write: (byte) => this.#queue.write(byte),
      ready: () => this.#queue.ready(),
      onInput: (receive) =>
        this.#queue.onInput((bytes) => {
          const count = receive(bytes);
          if (count > 0) onInput();
          this.#accepted(count);
          return count;
        }),
    };
    this.output = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#drop(),
      },
      { highWaterMark: 0 },
    );
    this.input = new WritableStream<Uint8Array | string>({
      start: (controller) => void (this.#inputController = controller),
      write: (data) => this.#writeWhileOpen(data),
    });
  }

  /**
   * Types `data` (text goes as UTF-8). Resolves when the guest's UART has taken all of it.
   * Terminals send `"\r"` for the enter key; most guests take `"\n"` as well.
   *
   * @throws WasmvisorError `console-closed` when the VM ends first, or has ended; nothing happens when nobody awaits that
   */
  write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const written = new Promise<void>((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#unreadError());
      if (bytes.length === 0) return resolve();
      this.#taken.push({ left: bytes.length, resolve, reject });
      this.#queue.type(bytes);
    });
    // Keys go on being pressed after the end: not everybody wants to hear of it.
    written.catch(() => undefined);
    return written;
  }

  /** The stream outlives the guest's end, because the VM may be reset. */
  async #writeWhileOpen(data: Uint8Array | string): Promise<void> {
    await this.write(data).catch((error: unknown) => {
      if (this.#final) throw error;
    });
  }

  /**
   * Waits until the guest prints `pattern`, looking from where the latest match ended (so what was printed before the
   * call counts too). Several may wait at once, as in `Promise.race([waitFor("login:"), waitFor("panic")])`.
   *
   * @param limits - milliseconds, or those and a signal; without them, until the VM ends
   * @throws WasmvisorError `console-timeout` when the time is over, `console-closed` when the VM has ended first; the
   * signal's reason
   */
  waitFor(pattern: string | RegExp, limits: number | WaitLimits = {}): Promise<ConsoleMatch> {
    const { timeoutMs, signal } = typeof limits === "number" ? { timeoutMs: limits } : limits;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiter: Waiter = { pattern: asPattern(pattern), from: this.#cursor, signal, resolve, reject };
      this.#waiters.push(waiter);
      this.#match();
      if (!this.#waiters.includes(waiter)) return;
      if (this.#closed !== undefined) return this.#giveUp(waiter, this.#closedError(pattern));
      waiter.giveUp = () => this.#giveUp(waiter, signal?.reason as Error);
      signal?.addEventListener("abort", waiter.giveUp);
      if (timeoutMs === undefined) return;
      const timeOut = () => this.#giveUp(waiter, this.#timeoutError(pattern, timeoutMs));
      waiter.timer = setTimeout(timeOut, timeoutMs);
    });
  }

  /** What the guest has printed since the last match, at most the last MiB. */
  get pending(): string {
    return this.#after(this.#cursor);
  }

  /** Whether a reader of `output` has fallen behind. @internal */
  get congested(): boolean {
    return this.output.locked && this.#backlogBytes >= BACKLOG_BYTES;
  }

  /** Resolves when `congested` may have become false. @internal */
  drained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /**
   * Whether the guest has printed so much that it should wait until `relieve` has handed it over. Depends on what it prints alone, and
   * not on when `flush` is called. @internal
   */
  get full(): boolean {
    return this.#sinceRelief >= FRESH_BYTES;
  }

  /** Hands over what has been printed; `full` is false afterwards. @internal */
  relieve(): void {
    this.#sinceRelief = 0;
    this.flush();
  }

  /** Hands over what has been printed since the last call. The run loop calls it between slices. @internal */
  flush(): void {
    if (this.#freshLength === 0) return;
    const bytes = this.#fresh.slice(0, this.#freshLength);
    this.#freshLength = 0;
    this.#transcript += this.#decoder.decode(bytes, { stream: true });
    // Not at every call: it copies what is kept.
    if (this.#transcript.length >= 2 * TRANSCRIPT_LENGTH) {
      this.#forgotten += this.#transcript.length - TRANSCRIPT_LENGTH;
      this.#transcript = this.#transcript.slice(-TRANSCRIPT_LENGTH);
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    if (!this.output.locked) this.#forgetOldest();
    this.#arrived?.();
    this.#onOutput(bytes);
    this.#match();
  }

  /** The VM has ended: `waitFor` and `write` give up, and with `final` the streams end. @internal */
  close(why: string, final: boolean): void {
    this.flush();
    this.#closed = why;
    this.#final = final;
    for (const waiter of [...this.#waiters]) this.#giveUp(waiter, this.#closedError(waiter.pattern));
    this.#queue.clear();
    for (const { reject } of this.#taken.splice(0)) reject(this.#unreadError());
    if (!final) return;
    this.#inputController?.error(this.#unreadError());
    this.#arrived?.();
  }

  /** The VM runs again. @internal */
  reopen(): void {
    this.#closed = undefined;
  }

  /**
   * What has been typed and not taken, and how much the guest may still print before it waits. What it has printed is handed over
   * before, and belongs to who reads it. @internal
   */
  get saved(): Part {
    return {
      name: "console",
      table: TABLE,
      save: () => ({ typed: this.#queue.peek(), sinceRelief: this.#sinceRelief }),
      restore: ({ typed, sinceRelief }: ValuesIn<typeof TABLE>) => this.#restore(typed, sinceRelief),
    };
  }

  #restore(typed: Uint8Array, sinceRelief: number): void {
    for (const { reject } of this.#taken.splice(0)) reject(this.#replacedError());
    this.#queue.replace(typed);
    this.#sinceRelief = sinceRelief;
    // Nobody here waits for these to be taken.
    if (typed.length > 0) this.#taken.push({ left: typed.length, resolve: () => undefined, reject: () => undefined });
  }

  #print(byte: number): void {
    if (this.#freshLength === this.#fresh.length) {
      const larger = new Uint8Array(this.#fresh.length * 2);
      larger.set(this.#fresh);
      this.#fresh = larger;
    }
    this.#fresh[this.#freshLength++] = byte;
    if (++this.#sinceRelief === FRESH_BYTES) this.#onFull();
  }

  #accepted(count: number): void {
    for (let left = count; left > 0;) {
      const first = this.#taken[0];
      if (first === undefined) return;
      const part = Math.min(left, first.left);
      first.left -= part;
      left -= part;
      if (first.left > 0) return;
      this.#taken.shift();
      first.resolve();
    }
  }

  /** The reader wants a chunk: the oldest, or the next one that comes. */
  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#backlog.length === 0 && !this.#final) await new Promise<void>((resolve) => (this.#arrived = resolve));
    const next = this.#backlog.shift();
    if (next === undefined) return controller.close();
    this.#backlogBytes -= next.length;
    controller.enqueue(next);
    if (this.#backlogBytes < BACKLOG_BYTES) this.#drained.splice(0).forEach((resolve) => resolve());
  }

  #forgetOldest(): void {
    while (this.#backlogBytes > BACKLOG_BYTES && this.#backlog.length > 1) {
      this.#backlogBytes -= this.#backlog.shift()?.length ?? 0;
    }
  }

  #drop(): void {
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#drained.splice(0).forEach((resolve) => resolve());
  }

  #match(): void {
    for (const waiter of [...this.#waiters]) {
      const text = this.#after(waiter.from);
      const found = waiter.pattern.exec(text);
      if (found === null) continue;
      this.#forget(waiter);
      const [match, ...groups] = found;
      const start = this.#forgotten + this.#transcript.length - text.length + found.index;
      this.#cursor = Math.max(this.#cursor, start + match.length);
      waiter.resolve({ text: match, groups, before: text.slice(0, found.index) });
    }
  }

  /** What was printed from `position` on, as far as it is kept. */
  #after(position: number): string {
    const { length } = this.#transcript;
    return this.#transcript.slice(Math.max(0, length - TRANSCRIPT_LENGTH, position - this.#forgotten));
  }

  #giveUp(waiter: Waiter, error: Error): void {
    this.#forget(waiter);
    waiter.reject(error);
  }

  #forget(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    clearTimeout(waiter.timer);
    if (waiter.giveUp !== undefined) waiter.signal?.removeEventListener("abort", waiter.giveUp);
  }

  #timeoutError(pattern: string | RegExp, timeoutMs: number): WasmvisorError {
    return new WasmvisorError(
      "console-timeout",
      `The guest has not printed ${shown(pattern)} within ${timeoutMs} ms; it last printed ${this.#tail()}.`,
      { pattern: String(pattern), timeoutMs },
    );
  }

  #closedError(pattern: string | RegExp): WasmvisorError {
    return new WasmvisorError(
      "console-closed",
      `The guest has not printed ${shown(pattern)} before it ended (${this.#closed}); it last printed ${this.#tail()}.`,
      { pattern: String(pattern) },
    );
  }

  #unreadError(): WasmvisorError {
    return new WasmvisorError(
      "console-closed",
      `The guest has ended (${this.#closed}) and reads nothing any more; type while it runs, or reset the VM.`,
    );
  }

  #replacedError(): WasmvisorError {
    return new WasmvisorError(
      "console-closed",
      "The VM has been restored to a state in which this was not typed; type it again.",
    );
  }

  #tail(): string {
    return JSON.stringify(this.#transcript.slice(-80));
  }
}

function shown(pattern: string | RegExp): string {
  return typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
}

function asPattern(pattern: string | RegExp): RegExp {
  if (typeof pattern === "string") return new RegExp(pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
}
