/** Commands in a guest. */

import { WasmvisorError } from "../../error.ts";
import type { AgentClient, Exchange } from "./client.ts";
import { programError } from "./errors.ts";
import { Inflow, Outflow, WINDOW } from "./flow.ts";
import { Gathered } from "../pieces.ts";
import { ExecFlag, type Frame, FrameType, Payload, PayloadReader, UNASKED_BYTES } from "./protocol.ts";

/** How a command is run. */
export interface SpawnOptions {
  /** Arguments. With them, even with none, the command is a program; without, it is a line for `/bin/sh`. */
  readonly args?: readonly string[];
  /** Variables beside the usual ones (PATH, HOME, USER, LOGNAME), or in place of them. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether there are no variables but those of `env`. Default false. */
  readonly cleanEnv?: boolean;
  /** The folder that it starts in. Default: the user's own. */
  readonly cwd?: string;
  /** Whom it runs as: a name, or a number. Default: root. */
  readonly user?: string | number;
  /** A terminal in place of pipes: `true`, or its size in characters. What the command prints is all in `stdout` then. */
  readonly tty?: boolean | { readonly columns: number; readonly rows: number };
  /** Milliseconds of the guest's after which it is killed, with all of its process group. Default: no limit. */
  readonly timeout?: number;
  /** Kills it, and makes what waits for it reject with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a command is run to its end. */
export interface ExecOptions extends SpawnOptions {
  /** What it reads. Default: nothing. */
  readonly stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  /** Bytes that it may print, on stdout and on stderr each. Default 16 MiB. */
  readonly maxOutput?: number;
  /** How its output is given: `"utf-8"` (the default) as text, in which what is no UTF-8 is replaced, or `"bytes"`. */
  readonly encoding?: "utf-8" | "bytes";
}

/** How a command ended. */
export interface ProcessExit {
  /** Its exit code; 128 and the signal's number when a signal has ended it. */
  readonly code: number;
  /** The name of that signal, such as `"SIGKILL"`. */
  readonly signal: string | undefined;
  /** Whether it was killed because its time was over. */
  readonly timedOut: boolean;
}

/** How a command ended, and what it has printed. */
export interface ExecResult<Output = string> extends ProcessExit {
  readonly stdout: Output;
  /** Nothing with a terminal. */
  readonly stderr: Output;
}

/** Linux's signals on RISC-V, by number from 1 on. */
const SIGNALS = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ " +
  "VTALRM PROF WINCH IO PWR SYS"
)
  .split(" ")
  .map((name) => `SIG${name}`);

/**
 * The number of a signal.
 * @throws WasmvisorError `option`
 */
export function signalNumber(signal: string | number): number {
  const number = typeof signal === "number" ? signal : SIGNALS.indexOf(signal) + 1;
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw fault(`There is no signal ${signal}; use a name such as SIGTERM, or a number from 1 to 64.`, signal);
}

const signalName = (number: number): string => SIGNALS[number - 1] ?? `SIG${number}`;

const MAX_STRINGS = 1024;
const TIMEOUT_MOST = 2 ** 31;
/** Bytes of input that a frame carries. */
const FRAME_INPUT = 32_768;

const NO_EXIT: ProcessExit = { code: 0, signal: undefined, timedOut: false };

/**
 * A command that runs in a guest.
 *
 * ```ts
 * const top = await vm.spawn("top", { args: [], tty: { columns: 80, rows: 24 } });
 * void top.stdout.pipeTo(terminal);
 * await top.kill("SIGTERM");
 * console.log(await top.exited);
 * ```
 */
export class GuestProcess {
  /** Its number in the guest. */
  readonly pid: number;
  /** What it prints. It waits while 256 KiB wait here for a reader. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** What it prints to stderr; nothing with a terminal. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** What it reads; to close it is the end of that. */
  readonly stdin: WritableStream<Uint8Array | string>;
  /** How it ended. Rejects when the agent is gone before that. */
  readonly exited: Promise<ProcessExit>;
  readonly #running: Running;

  /** @internal */
  constructor(running: Running, pid: number) {
    this.#running = running;
    this.pid = pid;
    const [stdout, stderr] = running.outputs;
    this.stdout = stdout.stream(() => running.discard(0));
    this.stderr = stderr.stream(() => running.discard(1));
    this.stdin = running.input();
    this.exited = running.exited;
  }

  /**
   * Sends a signal to its process group; nothing happens when it has ended. Default `"SIGTERM"`.
   * @throws WasmvisorError `option` when there is no such signal
   */
  kill(signal: string | number = "SIGTERM"): void {
    this.#running.say(FrameType.SIGNAL, new Payload().u32(signalNumber(signal)));
  }

  /** Tells it the size of its terminal, in characters. */
  resize(columns: number, rows: number): void {
    this.#running.say(FrameType.RESIZE, new Payload().u32(packedSize({ columns, rows })));
  }

  /** Kills it, and forgets it: its streams end. */
  [Symbol.dispose](): void {
    this.#running.cancel(new DOMException("It has been disposed of.", "AbortError"));
  }
}

/** A request to run a command, while it lasts. @internal */
export class Running implements Exchange {
  readonly outputs: readonly [Inflow, Inflow];
  readonly exited: Promise<ProcessExit>;
  readonly started: Promise<number>;
  readonly #client: AgentClient;
  readonly #program: string;
  readonly #stdin: Outflow;
  #id: number | undefined;
  #discards = [false, false];
  /** Bytes that nobody has read, and that the agent has not been told of. */
  readonly #dropped = [0, 0];
  #resolveStarted: (pid: number) => void = () => undefined;
  #rejectStarted: (error: unknown) => void = () => undefined;
  #resolve: (exit: ProcessExit) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(client: AgentClient, program: string) {
    this.#client = client;
    this.#program = program;
    const most = WINDOW + UNASKED_BYTES;
    this.outputs = [
      new Inflow((bytes) => this.#credit(0, bytes), most),
      new Inflow((bytes) => this.#credit(1, bytes), most),
    ];
    this.#stdin = new Outflow((bytes) => this.say(FrameType.DATA, new Payload().bytes(bytes)));
    this.started = new Promise((...both) => ([this.#resolveStarted, this.#rejectStarted] = both));
    this.exited = new Promise((...both) => ([this.#resolve, this.#reject] = both));
    this.started.catch(() => undefined);
    this.exited.catch(() => undefined);
  }

  /** It has its number. */
  begun(id: number): void {
    this.#id = id;
  }

  say(type: FrameType, payload?: Payload, channel?: number): void {
    if (this.#id !== undefined) this.#client.say(this.#id, type, payload, channel);
  }

  /** Kills it; who waits is told `error`. */
  cancel(error: unknown): void {
    if (this.#id !== undefined) this.#client.cancel(this.#id);
    this.fail(error);
  }

  take({ type, channel, payload }: Frame): boolean {
    const reader = new PayloadReader(payload);
    switch (type) {
      case FrameType.STARTED:
        this.#resolveStarted(reader.u32());
        return true;
      case FrameType.DATA:
        if (channel > 1) return false;
        if (!this.#discards[channel]) return this.outputs[channel]!.take(payload);
        this.#drop(channel, payload.length);
        return true;
      case FrameType.END:
        this.outputs[channel]?.end();
        return channel <= 1;
      case FrameType.CREDIT:
        this.#stdin.allow(reader.u32());
        return true;
      default:
        return false;
    }
  }

  done(errno: number, result: PayloadReader): void {
    if (errno !== 0) return this.fail(programError(this.#program, errno));
    const [code, signal, late] = [result.u32(), result.u32(), result.u32()];
    const exit = signal === 0 ? { ...NO_EXIT, code } : { ...NO_EXIT, code: 128 + signal, signal: signalName(signal) };
    for (const output of this.outputs) output.end();
    this.#stdin.fail(new DOMException("The command has ended.", "AbortError"));
    this.#resolveStarted(0);
    this.#resolve({ ...exit, timedOut: late !== 0 });
  }

  fail(error: unknown): void {
    for (const output of this.outputs) output.fail(error);
    this.#stdin.fail(error);
    this.#rejectStarted(error);
    this.#reject(error);
  }

  /** Nobody reads the rest of it: the command goes on. */
  discard(channel: number): void {
    this.#discards[channel] = true;
    this.#credit(channel, WINDOW);
  }

  /** Sends all of `bytes` as the command reads it. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#stdin.write(bytes, FRAME_INPUT);
  }

  endInput(): void {
    this.say(FrameType.END);
  }

  input(): WritableStream<Uint8Array | string> {
    return new WritableStream<Uint8Array | string>({
      write: (data) => this.write(typeof data === "string" ? new TextEncoder().encode(data) : data),
      close: () => this.endInput(),
      abort: () => this.endInput(),
    });
  }

  /** The agent is told of many at once, so that it does not say a byte and hear of each. */
  #drop(channel: number, bytes: number): void {
    this.#dropped[channel]! += bytes;
    if (this.#dropped[channel]! < WINDOW / 4) return;
    this.#credit(channel, this.#dropped[channel]!);
    this.#dropped[channel] = 0;
  }

  #credit(channel: number, bytes: number): void {
    this.say(FrameType.CREDIT, new Payload().u32(bytes), channel);
  }
}

/** What is sent for a command. */
function payloadOf(argv: readonly string[], options: SpawnOptions, hasInput: boolean): Payload {
  const { env = {}, cleanEnv = false, cwd = "", user = "", tty = false, timeout = 0 } = options;
  if (!Number.isFinite(timeout) || timeout < 0 || timeout > TIMEOUT_MOST) {
    throw fault(`A command's timeout is a number of milliseconds up to ${TIMEOUT_MOST}, not ${timeout}.`, timeout);
  }
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if (Object.keys(env).some((name) => name === "" || name.includes("="))) {
    throw fault('A variable of a command\'s environment has a name without "="; give it one.', env);
  }
  const strings = [String(user), cwd, ...argv, ...variables];
  if (argv.length === 0 || argv.length > MAX_STRINGS || variables.length > MAX_STRINGS) {
    throw fault(`A command has 1 to ${MAX_STRINGS} words, and up to ${MAX_STRINGS} variables; use fewer.`, argv.length);
  }
  checkTexts(strings);
  const size = tty === true ? { columns: 80, rows: 24 } : tty;
  const flags = (tty === false ? 0 : ExecFlag.TTY) | (hasInput ? ExecFlag.INPUT : 0) | (cleanEnv ? ExecFlag.CLEAN : 0);
  const payload = new Payload()
    .u32(flags)
    .u32(size === false ? 0 : packedSize(size))
    .u32(Math.ceil(timeout))
    .u32(WINDOW)
    .u32(argv.length | (variables.length << 16));
  for (const text of strings) payload.text(text);
  checkLength(payload);
  return payload;
}

function packedSize({ columns, rows }: { readonly columns: number; readonly rows: number }): number {
  for (const count of [columns, rows]) {
    if (!Number.isInteger(count) || count < 0 || count > 0xffff) {
      throw fault(`A terminal has a whole number of columns and rows, not ${columns} and ${rows}.`, [columns, rows]);
    }
  }
  return ((rows & 0xffff) | (columns << 16)) >>> 0;
}

/** What a command is: a line for a shell, or a program and its arguments. */
export function argumentsOf(command: string | readonly string[], args?: readonly string[]): readonly string[] {
  if (typeof command !== "string") return [...command, ...(args ?? [])];
  return args === undefined ? ["/bin/sh", "-c", command] : [command, ...args];
}

/** Starts a command; resolves when it runs. @internal */
export async function spawn(
  client: AgentClient,
  command: string | readonly string[],
  options: SpawnOptions,
): Promise<GuestProcess> {
  const running = await start(client, command, options, true);
  return new GuestProcess(running, await running.started);
}

async function start(
  client: AgentClient,
  command: string | readonly string[],
  options: SpawnOptions,
  hasInput: boolean,
): Promise<Running> {
  const { signal } = options;
  const argv = argumentsOf(command, options.args);
  const running = new Running(client, argv[0] ?? "");
  running.begun(await client.begin(FrameType.EXEC, payloadOf(argv, options, hasInput), running, signal));
  if (signal !== undefined) {
    const giveUp = (): void => running.cancel(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    const forget = (): void => signal.removeEventListener("abort", giveUp);
    running.exited.then(forget, forget);
  }
  return running;
}

/** Runs a command to its end. @internal */
export async function exec(
  client: AgentClient,
  command: string | readonly string[],
  options: ExecOptions,
): Promise<ExecResult<string | Uint8Array>> {
  const { stdin, maxOutput = 2 ** 24, encoding = "utf-8" } = options;
  const running = await start(client, command, options, stdin !== undefined);
  if (stdin !== undefined) void feed(running, stdin);
  const outputs = await Promise.all(running.outputs.map((output) => all(running, output, maxOutput)));
  const [stdout, stderr] = outputs.map((bytes) => (encoding === "bytes" ? bytes : new TextDecoder().decode(bytes)));
  return { ...(await running.exited), stdout: stdout!, stderr: stderr! };
}

/** Sends what a command is to read. That it does not read all of it is its own affair. */
async function feed(running: Running, stdin: NonNullable<ExecOptions["stdin"]>): Promise<void> {
  try {
    if (typeof stdin === "string") await running.write(new TextEncoder().encode(stdin));
    else if (stdin instanceof Uint8Array) await running.write(stdin);
    else {
      const reader = stdin.getReader();
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) await running.write(chunk.value);
    }
    running.endInput();
  } catch (error) {
    if (stdin instanceof ReadableStream) await stdin.cancel(error).catch(() => undefined);
    running.endInput();
  }
}

async function all(running: Running, output: Inflow, most: number): Promise<Uint8Array> {
  const gathered = new Gathered();
  for (let chunk = await output.read(); chunk !== undefined; chunk = await output.read()) {
    if (gathered.length + chunk.length > most) {
      const sentence = `The command has printed more than ${most} bytes; allow more with maxOutput, or read it with vm.spawn.`;
      const error = new WasmvisorError("agent-output", sentence, { maxOutput: most });
      running.cancel(error);
      throw error;
    }
    gathered.add(chunk);
  }
  return gathered.take();
}

/**
 * Texts that the guest can be told.
 * @throws WasmvisorError `option`
 */
export function checkTexts(texts: readonly string[]): void {
  const wrong = texts.find((text) => typeof text !== "string" || text.includes("\0"));
  if (wrong !== undefined)
    throw fault("A path, a word of a command or a variable is text without zero bytes; give that.", wrong);
}

/** @throws WasmvisorError `option` */
function checkLength({ length }: Payload): void {
  if (length > 2 ** 16) throw fault("A command with its variables has up to 64 KiB; put more into a file.", length);
}

function fault(sentence: string, value: unknown): WasmvisorError {
  return new WasmvisorError("option", sentence, { value });
}
