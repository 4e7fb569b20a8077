/** What the command needs of the process it is: files to write, terminal, signals, and ways out. */

import { randomBytes } from "node:crypto";
import { access, type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { WasmvisorError } from "../error.ts";

/** Writes a text file; compressed when it is called `.gz`. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, path.endsWith(".gz") ? await promisify(gzip)(text, { level: 9 }) : text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * All of a file.
 * @throws WasmvisorError `file-unreadable`
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new WasmvisorError(
      "file-unreadable",
      `The file ${path} cannot be read; check the path.`,
      { path },
      { cause },
    );
  }
}

/** A file that is written when there is something to write, and known to be writable before. */
export class OutputFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #isNew: boolean;

  private constructor(path: string, handle: FileHandle, isNew: boolean) {
    this.#path = path;
    this.#handle = handle;
    this.#isNew = isNew;
  }

  /**
   * Opens it; what is in it stays until `write`.
   * @throws WasmvisorError `file-unwritable`
   */
  static async open(path: string): Promise<OutputFile> {
    const isNew = await access(path).then(
      () => false,
      () => true,
    );
    try {
      return new OutputFile(path, await open(path, "a"), isNew);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Writes all of it, and closes it. */
  async write(text: string): Promise<void> {
    try {
      // Pipes and terminals cannot be cut.
      await this.#handle.truncate(0).catch(() => undefined);
      await this.#handle.writeFile(text);
      await this.#handle.close();
      this.#isNew = false;
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  /** Closes it as it was. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#isNew) await rm(this.#path, { force: true });
  }
}

/**
 * Writes what a stream brings into a file, in place of what is there.
 * @throws WasmvisorError `file-unwritable`
 */
export async function writeStream(path: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  try {
    const handle = await open(path, "w");
    try {
      const reader = stream.getReader();
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
        await handle.writeFile(chunk.value);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    await stream.cancel().catch(() => undefined);
    throw unwritable(path, cause);
  }
}

/**
 * Finds out before much work whether files can be written; leaves them as they are.
 * @throws WasmvisorError `file-unwritable`
 */
export async function expectWritable(paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) if (path !== undefined) await (await OutputFile.open(path)).discard();
}

function unwritable(path: string, cause: unknown): WasmvisorError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const sentence = `The file ${path} cannot be written (${reason}); name another.`;
  return new WasmvisorError("file-unwritable", sentence, { path }, { cause });
}

/** Bytes that a compressed text may unpack to. */
const MOST_TEXT = 2 ** 28;

/**
 * Reads a text file, which may be compressed by gzip.
 * @throws WasmvisorError `file-unreadable`
 */
export async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (packed ? await promisify(gunzip)(bytes, { maxOutputLength: MOST_TEXT }) : bytes).toString("utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new WasmvisorError(
      "file-unreadable",
      `The file ${path} cannot be read (${reason}); check the path.`,
      { path },
      { cause },
    );
  }
}

/** The version of this package. */
export async function packageVersion(): Promise<string> {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const text = await readFile(new URL(up, import.meta.url), "utf8").catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return "unknown";
}

/** The arguments after the command's name. */
export function commandLine(): string[] {
  return process.argv.slice(2);
}

/** Writes to stdout and waits until the system has taken it. False when nobody reads any more. */
export function print(data: Uint8Array | string): Promise<boolean> {
  return write(process.stdout, data);
}

/** Writes to stderr. */
export function printError(text: Uint8Array | string): Promise<boolean> {
  return write(process.stderr, text);
}

function write(stream: NodeJS.WriteStream, data: Uint8Array | string): Promise<boolean> {
  return new Promise((resolve) => stream.write(data, (error) => resolve(!error)));
}

/** A closed pipe is noticed by `print`; without a listener the stream would end the process with a stack trace. */
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/** True when people see stderr. */
export function stderrIsTerminal(): boolean {
  return process.stderr.isTTY;
}

/** True when people see stdout. */
export function stdoutIsTerminal(): boolean {
  return process.stdout.isTTY;
}

/** Rows and columns of the terminal, when there is one. */
export function terminalSize(): { readonly rows: number; readonly columns: number } | undefined {
  const { isTTY, rows, columns } = process.stdout;
  return isTTY && rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

/** True when stdin is a terminal. */
export function stdinIsTerminal(): boolean {
  return process.stdin.isTTY;
}

/** Passes on what comes in on stdin. */
export function onStdin(receive: (bytes: Uint8Array) => void): void {
  process.stdin.on("data", receive);
  // A terminal that has gone away reads as an error; the VM runs on without input.
  process.stdin.on("error", () => {});
}

/** Calls `ended` when no more will come in on stdin. */
export function onStdinEnd(ended: () => void): void {
  process.stdin.on("end", ended);
}

/** Tells the size of the terminal whenever it changes. */
export function onResize(resized: (size: { readonly rows: number; readonly columns: number }) => void): void {
  process.stdout.on("resize", () => {
    const size = terminalSize();
    if (size !== undefined) resized(size);
  });
}

/** Asks at the terminal; true for a word that begins with y. */
export async function confirm(question: string): Promise<boolean> {
  await printError(question);
  return new Promise((resolve) => {
    process.stdin.once("data", (bytes) => {
      process.stdin.pause();
      resolve(/^\s*y/i.test(String(bytes)));
    });
    process.stdin.once("end", () => resolve(false));
  });
}

/** Stops and continues reading stdin, so that a pipe fills no faster than the guest reads. */
export function holdStdin(hold: boolean): void {
  if (hold) process.stdin.pause();
  else process.stdin.resume();
}

/** Every key goes to the program, until `restoreTerminal` or the end of the process, in whatever way that comes. */
export function makeTerminalRaw(): void {
  if (!process.stdin.isTTY) return;
  process.stdin.setRawMode(true);
  process.once("exit", restoreTerminal);
}

/** Puts the terminal back into the state that shells leave it in. */
export function restoreTerminal(): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
}

/** Signals that end a program, and their numbers. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** The exit code of what took too long, as timeout(1) has it. */
export const TIMED_OUT = 124;

/** Calls `handle` with the exit code that a shell shows for the signal; returns what ends that. */
export function onSignal(handle: (exitCode: number) => void): () => void {
  const handlers = Object.entries(SIGNALS).map(([name, number]) => [name, () => handle(128 + number)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}

/** A word that nobody guesses: 128 bits. */
export function randomToken(): string {
  return randomBytes(16).toString("hex");
}

/** A variable of the environment; undefined also when it is empty. */
export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** Ends the process at once; the terminal is as it was before. */
export function exit(code: number): never {
  process.exit(code);
}
