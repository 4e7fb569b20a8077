/** A disk on an NBD server. */

import { WasmvisorError } from "../../../error.ts";
import { silence, StallTimer } from "../../stall.ts";
import type { BlockBackend, BlockInfo, Done } from "../block.ts";
import { reasonOf } from "../reason.ts";
import { expectChange, expectInside, expectOpen, expectSize } from "../range.ts";
import { can, type Export, negotiate, Unusable } from "./negotiate.ts";
import { Can, Command, ERRORS, NO_HOLE, REPLY_MAGIC, REQUEST_MAGIC } from "./protocol.ts";
import { Incoming, type Transport, type TransportEvents } from "./transport.ts";

/** Connects; the events come from then on. Rejects when it cannot. */
export type Connect = (events: TransportEvents, signal: AbortSignal) => Promise<Transport>;

/** How a disk on an NBD server is used. */
export interface NbdBlockOptions {
  /** Name of the export. Default: the server's own choice. */
  readonly export?: string;
  /** Refuses everything that would change it. Default: as the server says. */
  readonly readonly?: boolean;
  /** Milliseconds without a byte from the server, while something is waited for, after which the connection is given up. Default: 30,000. */
  readonly stallTimeout?: number;
  /** The server for people. Default: `NBD server`. */
  readonly name?: string;
}

/** A request that the server has not answered. */
interface Pending {
  readonly command: Command;
  /** What a read fills. */
  readonly into?: Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

/** Requests that the server has at once; more wait here. */
const MOST_PENDING = 64;

/** Bytes of one request; larger ones are done in parts. */
const MOST_BYTES = 2 ** 21;

/**
 * An export of an NBD server. A connection that is lost, or silent for `stallTimeout`, is an I/O error for all that waits for it and all
 * that comes later: what had been written and not flushed may be lost with the server, so it is not connected anew.
 */
export class NbdBlock implements BlockBackend {
  readonly size: number;
  readonly readonly: boolean;
  readonly synchronous = false;
  readonly info: BlockInfo;
  declare readonly discard?: (at: number, length: number) => Done;
  declare readonly writeZeroes?: (at: number, length: number, mayUnmap: boolean) => Done;
  readonly #export: Export;
  readonly #transport: Transport;
  readonly #incoming: Incoming;
  readonly #watch: StallTimer;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: (() => void)[] = [];
  #cookie = 0;
  #failure: WasmvisorError | undefined;
  #open = true;
  #closed: Promise<void> | undefined;
  /** Writes of parts of blocks, one behind the other. */
  #partial: Promise<unknown> = Promise.resolve();

  private constructor(
    name: string,
    found: Export,
    transport: Transport,
    incoming: Incoming,
    watch: StallTimer,
    readonly: boolean,
  ) {
    this.#export = found;
    this.#transport = transport;
    this.#incoming = incoming;
    this.#watch = watch;
    this.size = found.size - (found.size % found.minimum);
    this.readonly = readonly || can(found, Can.READ_ONLY);
    this.info = { description: `disk of the ${name}` };
    // Zeros and discards of parts of blocks would have to be writes.
    if (can(found, Can.TRIM) && found.minimum === 1) this.discard = (at, length) => this.#discard(at, length);
    if (can(found, Can.WRITE_ZEROES) && found.minimum === 1)
      this.writeZeroes = (at, length, mayUnmap) => this.#writeZeroes(at, length, mayUnmap);
    void this.#receive();
  }

  /**
   * Connects and agrees on an export.
   * @throws WasmvisorError `source-unreadable` when there is no such server or export
   */
  static async open(connect: Connect, options: NbdBlockOptions = {}): Promise<NbdBlock> {
    const { stallTimeout = 30_000, name = "NBD server", readonly = false } = options;
    const giveUp = new AbortController();
    let transport: Transport | undefined;
    const watch = new StallTimer(stallTimeout, () => {
      const why = silence(stallTimeout);
      giveUp.abort(why);
      incoming.end(why);
      transport?.destroy();
    });
    const incoming = new Incoming(() => watch.progress());
    watch.begin();
    try {
      transport = await connect(incoming, giveUp.signal);
      incoming.transport = transport;
      const found = await negotiate(incoming, transport, options.export ?? "");
      expectSize(found.size);
      watch.end();
      return new NbdBlock(name, found, transport, incoming, watch, readonly);
    } catch (cause) {
      watch.end();
      transport?.destroy();
      const why =
        cause instanceof Unusable ? cause.message : `it cannot be reached (${reasonOf(cause)}); check the address`;
      throw new WasmvisorError(
        "source-unreadable",
        `The ${name} cannot be used: ${why}.`,
        { reason: reasonOf(cause) },
        { cause },
      );
    }
  }

  read(at: number, into: Uint8Array): Promise<void> {
    return this.#checked(at, into.length, false, () => this.#read(at, into));
  }

  write(at: number, from: Uint8Array): Promise<void> {
    return this.#checked(at, from.length, true, () => this.#write(at, from));
  }

  flush(): Done {
    expectOpen(this, this.#open);
    if (!this.readonly && can(this.#export, Can.FLUSH)) return this.#request(Command.FLUSH, 0, 0);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.flush();
    } finally {
      this.#open = false;
      this.#wakeAll();
      while (this.#pending.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#failure === undefined) {
        this.#transport.send(requestHead(Command.DISCONNECT, 0, 0, 0, 0));
        this.#transport.end();
      }
      this.#watch.end();
    }
  }

  /** All that is refused is refused by the promise. */
  async #checked(at: number, length: number, changes: boolean, act: () => Promise<void>): Promise<void> {
    if (changes) expectChange(this, this.#open, at, length);
    else {
      expectOpen(this, this.#open);
      expectInside(this, at, length);
    }
    if (length > 0) await act();
  }

  /** In whole blocks; what of them was not wanted is thrown away. */
  async #read(at: number, into: Uint8Array): Promise<void> {
    if (this.#isWhole(at, into.length)) return this.#inParts(Command.READ, at, into);
    const { start, blocks } = this.#around(at, into.length);
    await this.#inParts(Command.READ, start, blocks);
    into.set(blocks.subarray(at - start, at - start + into.length));
  }

  #isWhole(at: number, length: number): boolean {
    return at % this.#export.minimum === 0 && length % this.#export.minimum === 0;
  }

  /** Room for the whole blocks around bytes, and where they begin. */
  #around(at: number, length: number): { readonly start: number; readonly blocks: Uint8Array } {
    const { minimum } = this.#export;
    const start = at - (at % minimum);
    return { start, blocks: new Uint8Array(Math.ceil((at + length) / minimum) * minimum - start) };
  }

  /** Parts of blocks are read and written again with what is around them. */
  async #write(at: number, from: Uint8Array): Promise<void> {
    if (this.#export.minimum === 1) return this.#inParts(Command.WRITE, at, from);
    const done = this.#partial.then(async () => {
      if (this.#isWhole(at, from.length)) return this.#inParts(Command.WRITE, at, from);
      const { start, blocks } = this.#around(at, from.length);
      await this.#inParts(Command.READ, start, blocks);
      blocks.set(from, at - start);
      await this.#inParts(Command.WRITE, start, blocks);
    });
    this.#partial = done.catch(() => undefined);
    return done;
  }

  async #inParts(command: Command.READ | Command.WRITE, at: number, bytes: Uint8Array): Promise<void> {
    const { minimum, maximum } = this.#export;
    const most = Math.floor(Math.min(MOST_BYTES, maximum) / minimum) * minimum;
    for (let done = 0; done < bytes.length; done += most) {
      const part = bytes.subarray(done, done + most);
      await this.#request(command, at + done, part.length, 0, part);
    }
  }

  #discard(at: number, length: number): Promise<void> {
    return this.#checked(at, length, true, () => this.#long(Command.TRIM, at, length, 0));
  }

  #writeZeroes(at: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#checked(at, length, true, () => this.#long(Command.WRITE_ZEROES, at, length, mayUnmap ? 0 : NO_HOLE));
  }

  /** Requests without data may be long, but not longer than a word says. */
  async #long(command: Command, at: number, length: number, flags: number): Promise<void> {
    const most = 2 ** 30;
    for (let done = 0; done < length; done += most)
      await this.#request(command, at + done, Math.min(most, length - done), flags);
  }

  async #request(command: Command, at: number, length: number, flags = 0, bytes?: Uint8Array): Promise<void> {
    while (this.#pending.size >= MOST_PENDING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
    expectOpen(this, this.#open);
    const cookie = (this.#cookie = (this.#cookie + 1) >>> 0);
    return new Promise((resolve, reject) => {
      if (this.#pending.size === 0) this.#watch.begin();
      this.#pending.set(cookie, { command, resolve, reject, ...(command === Command.READ ? { into: bytes! } : {}) });
      this.#transport.send(requestHead(command, flags, cookie, at, length));
      if (command === Command.WRITE) this.#transport.send(bytes!);
    });
  }

  /** Takes answers until the connection ends. */
  async #receive(): Promise<void> {
    try {
      for (;;) {
        const head = await this.#incoming.take(16);
        // The upper half of a cookie is always 0.
        const cookie = head.getUint32(8) === 0 ? head.getUint32(12) : -1;
        const pending = this.#pending.get(cookie);
        if (head.getUint32(0) !== REPLY_MAGIC || pending === undefined)
          throw new Error("it answers what was not asked");
        const error = head.getUint32(4);
        if (error === 0 && pending.into !== undefined) await this.#incoming.fill(pending.into);
        this.#pending.delete(cookie);
        if (this.#pending.size === 0) this.#watch.end();
        if (error === 0) pending.resolve();
        else pending.reject(this.#answered(error, pending.command));
        if (this.#open) this.#waiting.shift()?.();
        else this.#wakeAll();
      }
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #fail(cause: unknown): void {
    this.#watch.end();
    const reason = reasonOf(cause);
    this.#failure = new WasmvisorError(
      "block-io",
      `The ${this.info.description} is lost (${reason}); start the VM again when the server is there.`,
      { reason },
      { cause },
    );
    this.#transport.destroy();
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #answered(error: number, command: Command): WasmvisorError {
    const reason = ERRORS.get(error) ?? `error ${error}`;
    const isFull = reason === "ENOSPC";
    const sentence = isFull
      ? `There is no room left for the ${this.info.description} (${reason}); make room on the server.`
      : `The ${this.info.description} cannot be ${command === Command.READ ? "read" : "written"} (${reason}); see what the server says.`;
    return new WasmvisorError(isFull ? "block-full" : "block-io", sentence, { reason });
  }
}

function requestHead(command: Command, flags: number, cookie: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST_MAGIC);
  view.setUint16(4, flags);
  view.setUint16(6, command);
  view.setUint32(12, cookie);
  view.setBigUint64(16, BigInt(at));
  view.setUint32(24, length);
  return bytes;
}
