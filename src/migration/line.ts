/** The line of a migration: blocks in both directions, in order, encrypted if there is a key, and an end to all waiting. */

import { settle } from "../disk/steps.ts";
import { WasmvisorError } from "../error.ts";
import { decodeHeader } from "../snapshot/bytes.ts";
import type { Cipher, SnapshotKey } from "../snapshot/cipher.ts";
import { BlockKind, HEADER_BYTES } from "../snapshot/format.ts";
import { Bytes, opened } from "../snapshot/read.ts";
import { type Plain, sealed } from "../snapshot/write.ts";
import {
  decodeNote,
  encodeNote,
  garbled,
  ID_BYTES,
  lost,
  migrationError,
  type Note,
  PROLOGUE_BYTES,
  refusal,
} from "./format.ts";
import { Pace } from "./pace.ts";
import {
  decodeLinePrologue,
  Direction,
  directionCipher,
  encodeLinePrologue,
  expectSameKeys,
  type LinePrologue,
} from "./prologue.ts";

/**
 * Bytes in both directions, as two web streams: of a socket (node's `Duplex.toWeb`; not of one with `allowHalfOpen`, whose end is not seen), of two
 * `TransformStream`s, of whatever has both.
 */
export interface ByteStreams {
  /** A `ReadableStream` of `Uint8Array`. Node and the DOM have different types for them. */
  readonly readable: {
    readonly locked: boolean;
    getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> };
  };
  /** A `WritableStream` of `Uint8Array`. */
  readonly writable: { readonly locked: boolean; getWriter(): { write(bytes: Uint8Array): Promise<void> } };
}

/** How a line is opened. */
export interface LineOptions {
  readonly isSource: boolean;
  readonly key: SnapshotKey | undefined;
  /** Milliseconds of silence after which the other side counts as gone. */
  readonly patience: number;
  /** Bytes a second at most; may be infinite. */
  readonly bandwidth: number;
  readonly compress: boolean;
}

/** A block that has come. */
export interface LineBlock {
  readonly kind: BlockKind;
  readonly bytes: Uint8Array;
}

/** Blocks that are compressed at once. */
const AT_ONCE = 4;
/** Bytes that are written at once, so that a slow line is never silent for long. */
const PIECE_BYTES = 2 ** 16;
/** Milliseconds that the other side has to read what was said last. */
const LINGER = 5000;

interface Ciphers {
  readonly own: Cipher | undefined;
  readonly theirs: Cipher | undefined;
}

const PLAIN: Ciphers = { own: undefined, theirs: undefined };

/** One side's end of it. */
export class Line {
  readonly #bytes: Bytes;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #options: LineOptions;
  readonly #pace: Pace;
  #ciphers = PLAIN;
  #sent = 0;
  #received = 0;
  /** What has been written, when it settles, and what is on its way there. */
  #tail: Promise<void> = Promise.resolve();
  #underWay: Promise<void>[] = [];
  #broken: { readonly error: unknown } | undefined;
  readonly #waiting = new Set<(error: unknown) => void>();
  /** Bytes that have been given to the connection. */
  bytesSent = 0;

  /** Nothing is sent or received before `open`. */
  constructor(streams: ByteStreams, options: LineOptions) {
    this.#options = options;
    this.#pace = new Pace(options.bandwidth);
    this.#writer = (streams.writable as WritableStream<Uint8Array>).getWriter();
    this.#bytes = new Bytes(streams.readable as ReadableStream<Uint8Array>);
    // What cannot be written is seen when it is: what has come before is read first.
    this.#writer.closed.catch(() => undefined);
  }

  /** @throws WasmvisorError `migration-damaged`, `migration-version`, `migration-key`, `migration-lost` */
  async open(): Promise<void> {
    const { isSource, key } = this.#options;
    const own: LinePrologue = {
      isEncrypted: key !== undefined,
      id: crypto.getRandomValues(new Uint8Array(ID_BYTES)),
    };
    if (isSource) await this.#write(encodeLinePrologue(own));
    const bytes = await translated(() => this.#within(this.#bytes.take(PROLOGUE_BYTES)));
    // Whatever it is, the other side learns the version that is spoken here, if it listens.
    if (!isSource) await this.#write(encodeLinePrologue(own)).catch(() => undefined);
    const theirs = decodeLinePrologue(bytes);
    expectSameKeys(own.isEncrypted, theirs.isEncrypted);
    if (key === undefined) return;
    const ids = isSource ? ([own.id, theirs.id] as const) : ([theirs.id, own.id] as const);
    const [down, up] = await Promise.all([
      directionCipher(key, ...ids, Direction.TO_DESTINATION),
      directionCipher(key, ...ids, Direction.TO_SOURCE),
    ]);
    this.#ciphers = isSource ? { own: down, theirs: up } : { own: up, theirs: down };
  }

  /** Why nothing goes on, if it does not. */
  get broken(): { readonly error: unknown } | undefined {
    return this.#broken;
  }

  /** Whoever waits, or comes later, gets this error. */
  break(error: unknown): void {
    this.#broken ??= { error };
    for (const fail of [...this.#waiting]) fail(this.#broken.error);
  }

  /**
   * Sends a block after those before it; resolves when there is room for more.
   * @throws WasmvisorError `migration-lost`, and what the line is broken by
   */
  async send({ kind, bytes }: Plain): Promise<void> {
    const block = sealed(
      { kind, bytes },
      this.#sent++,
      this.#options.compress && kind !== BlockKind.NOTE,
      this.#ciphers.own,
    );
    const before = this.#tail;
    const write = async (): Promise<void> => {
      await before;
      await this.#write(await block);
    };
    block.catch(() => undefined);
    this.#tail = write();
    this.#tail.catch(() => undefined);
    this.#underWay.push(this.#tail);
    if (this.#underWay.length >= AT_ONCE) await this.#underWay.shift();
  }

  /** Says something, and resolves when all before it and it itself have been written. @throws as `send` does */
  async note(note: Note): Promise<void> {
    await this.send({ kind: BlockKind.NOTE, bytes: encodeNote(note) });
    this.#underWay = [];
    await this.#tail;
  }

  /**
   * The next block.
   * @throws WasmvisorError `migration-damaged`, `migration-key`, `migration-lost`, `migration-refused` when it is a no, and what the line is
   * broken by
   */
  async receive(): Promise<LineBlock> {
    const number = this.#received++;
    const header = await translated(async () => decodeHeader(await this.#take(HEADER_BYTES), number, BlockKind.LATER));
    const stored = await this.#take(header.stored);
    const bytes = await translated(() => settle(opened(header, stored, number, this.#ciphers.theirs)));
    if (header.kind === BlockKind.NOTE) {
      const note = decodeNote(bytes);
      if (note.is === "no") throw refusal(note);
    }
    return { kind: header.kind, bytes };
  }

  /** Waits for something else, but not on a broken line, nor longer than for the other side. @throws as `send` does */
  until<Value>(promise: Promise<Value>): Promise<Value> {
    return this.#within(promise);
  }

  /**
   * Ends the line after an error, and says no if the other side can hear it: on a line that was broken at this end, after whole blocks. Resolves
   * when that has been said; the streams are free some time later.
   */
  async refuse(error: unknown): Promise<void> {
    const code = error instanceof WasmvisorError ? error.code : "";
    if (code === "migration-refused" || code === "migration-lost") return this.end("dropped");
    const why = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    try {
      await this.#tail;
      const bytes = encodeNote({ is: "no", why, code });
      const block = await sealed({ kind: BlockKind.NOTE, bytes }, this.#sent++, false, this.#ciphers.own);
      this.#writer.write(block).catch(() => undefined);
      this.end("said");
    } catch {
      // It has not heard all of a block, and hears that the line ends.
      this.end("dropped");
    }
  }

  /**
   * Ends the line: "said": the last word was said here, and the other side, which drops the line when it has heard it, needs time for that;
   * "dropped": nobody waits for a word.
   */
  end(how: "said" | "dropped"): void {
    void this.#end(how);
  }

  async #end(how: "said" | "dropped"): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const linger = new Promise<void>((resolve) => (timer = setTimeout(resolve, LINGER)));
    // The streams are not closed: node's of a socket that the other side has ended meanwhile end the process then.
    if (how === "said") await Promise.race([this.#drain(), linger]);
    clearTimeout(timer);
    await Promise.allSettled([this.#bytes.close(), this.#writer.abort()]);
  }

  /** What comes is not wanted any more; who cancels would have a socket forget what was written to it. */
  async #drain(): Promise<void> {
    try {
      while ((await this.#bytes.take(PIECE_BYTES)).length === PIECE_BYTES);
    } catch {
      // It is gone.
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    const bytes = await translated(() => this.#within(this.#bytes.take(length)));
    if (bytes.length < length) throw lost("the other side has ended it");
    return bytes;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.slice(at, at + PIECE_BYTES);
      const wait = this.#pace.wait(piece.length, performance.now());
      if (wait > 0) await this.#within(new Promise((resolve) => void setTimeout(resolve, wait)));
      await this.#within(this.#writer.ready);
      this.#writer.write(piece).catch(() => undefined);
      this.bytesSent += piece.length;
    }
  }

  /** Waits, but not longer than patience lasts, nor on a broken line. */
  #within<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
        reject(error instanceof Error ? error : lost("it failed", error));
      };
      const done = (value: Value): void => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
        resolve(value);
      };
      const silent = lost(`nothing has come for ${this.#options.patience / 1000} s`);
      const timer = setTimeout(() => fail(silent), this.#options.patience);
      this.#waiting.add(fail);
      if (this.#broken !== undefined) return fail(this.#broken.error);
      promise.then(done, (cause: unknown) => fail(cause instanceof WasmvisorError ? cause : lost("it failed", cause)));
    });
  }
}

/**
 * Blocks are a snapshot's, and their errors too; here they are the connection's.
 * @throws WasmvisorError `migration-damaged`, `migration-key`, and others as they are
 */
export async function translated<Value>(read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof WasmvisorError)) throw cause;
    if (cause.code === "snapshot-damaged") throw garbled("something was changed on its way", cause);
    if (cause.code !== "snapshot-key") throw cause;
    const sentence =
      "The other side of the migration has another key, or somebody has changed what it said; give both sides the same one.";
    throw migrationError("migration-key", sentence, {}, cause);
  }
}
