/** What a host and the agent in its guest say to each other (docs/design/agent.md); `guests/agent/agent.h` has the same numbers. */

/** The version that this host speaks. An agent answers with the lower one of this and its own. */
export const VERSION = 1;

/** Bytes of a frame beside its payload: length of that, id, type, channel, two of nothing. */
export const HEADER_BYTES = 12;
export const PAYLOAD_MOST = 65_536;

/** Bytes of data from which on it matters to the guest where they lie: its kernel copies what is aligned in a quarter of the instructions. */
const MUCH = 4096;

/** What a frame is. Those from 64 on come from the agent alone; DATA, END and CREDIT go both ways, and a HELLO is answered by one. */
export enum FrameType {
  HELLO = 1,
  EXEC = 2,
  DATA = 3,
  END = 4,
  CREDIT = 5,
  SIGNAL = 6,
  RESIZE = 7,
  CANCEL = 8,
  READ = 16,
  WRITE = 17,
  LIST = 18,
  STAT = 19,
  MKDIR = 20,
  SYMLINK = 21,
  READLINK = 22,
  REMOVE = 23,
  CHANGE = 24,
  RENAME = 25,
  SHUTDOWN = 32,
  CLOCK = 33,
  FREEZE = 34,
  THAW = 35,
  /** Wants an answer, whatever it is: an agent that does not know it says so. */
  PING = 36,
  STARTED = 64,
  DONE = 65,
}

/** Bits of EXEC. */
export enum ExecFlag {
  TTY = 1,
  INPUT = 2,
  /** No variables but those that are given. */
  CLEAN = 4,
}

/** Bits of WRITE. */
export enum WriteFlag {
  CREATE = 1,
  TRUNCATE = 2,
  APPEND = 4,
  EXCLUSIVE = 8,
}

/** Bits of CHANGE: what is to be changed. */
export enum ChangeFlag {
  MODE = 1,
  OWNER = 2,
  TIME = 4,
}

/** Where a HELLO is found among whatever else is on the line. */
export const MAGIC: Uint8Array = new TextEncoder().encode("wasmvisor-agent\0");

/** Bytes of a HELLO's payload: magic, nonce, version, and the largest payload that the agent sends. */
export const HELLO_BYTES = 32;

/** Bytes that an agent may send unasked when a process has exited: what its pipe held. */
export const UNASKED_BYTES = 65_536;

const encoder = new TextEncoder();

/** A payload that is made piece by piece; little-endian. */
export class Payload {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  u32(value: number): this {
    const piece = new Uint8Array(4);
    new DataView(piece.buffer).setUint32(0, value, true);
    return this.bytes(piece);
  }

  u64(value: number | bigint): this {
    const piece = new Uint8Array(8);
    new DataView(piece.buffer).setBigUint64(0, BigInt(value), true);
    return this.bytes(piece);
  }

  /** Text that ends with a zero byte. It has none of its own (`textFits`). */
  text(value: string): this {
    return this.bytes(encoder.encode(`${value}\0`));
  }

  bytes(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    return this;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#bytes;
  }

  /** The frame with this payload. One with much data follows an empty one, which puts its payload at a multiple of eight. */
  frame(id: number, type: FrameType, channel = 0): Uint8Array {
    const begin = type === FrameType.DATA && this.#bytes >= MUCH ? HEADER_BYTES : 0;
    const frame = new Uint8Array(begin + HEADER_BYTES + this.#bytes);
    const view = new DataView(frame.buffer);
    for (let at = 0; at <= begin; at += HEADER_BYTES) {
      view.setUint32(at, at < begin ? 0 : this.#bytes, true);
      view.setUint32(at + 4, id, true);
      frame[at + 8] = type;
      frame[at + 9] = channel;
    }
    this.#pieces.reduce((at, piece) => (frame.set(piece, at), at + piece.length), begin + HEADER_BYTES);
    return frame;
  }
}

/** A frame that has come. The payload is good for as long as somebody wants it. */
export interface Frame {
  readonly id: number;
  readonly type: number;
  readonly channel: number;
  readonly payload: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Pieces of a frame that are kept apart, for guests that send single bytes. */
const PIECES_MOST = 64;

/**
 * Cuts what comes from an agent into frames. The other side is not to be trusted: no more than one frame is kept, and what cannot be a
 * frame ends the session.
 */
export class FrameParser {
  readonly #onFrame: (frame: Frame) => void;
  readonly #onBroken: () => void;
  /** What a HELLO to us begins with; undefined: found. */
  #sought: Uint8Array | undefined = NOTHING;
  /** What has come of a frame, `#held` bytes; it is looked at when there are `#wanted`. */
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wanted = 0;

  /** @param onBroken - called once when what comes makes no sense; nothing more is heard before `seek` */
  constructor(onFrame: (frame: Frame) => void, onBroken: () => void) {
    this.#onFrame = onFrame;
    this.#onBroken = onBroken;
  }

  /** Drops all that comes before the HELLO with this nonce. */
  seek(nonce: bigint): void {
    const hello = new Payload().bytes(MAGIC).u64(nonce).u32(0).u32(0).frame(0, FrameType.HELLO);
    this.#sought = hello.slice(0, -8);
    this.#keep(NOTHING, 0);
  }

  feed(chunk: Uint8Array): void {
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) {
      if (this.#pieces.length >= PIECES_MOST) this.#pieces = [joined(this.#pieces, this.#held)];
      return;
    }
    let bytes = this.#pieces.length === 1 ? chunk : joined(this.#pieces, this.#held);
    this.#keep(NOTHING, 0);
    while (bytes.length > 0) {
      if (this.#sought !== undefined) {
        if (this.#sought.length === 0) return;
        const at = indexOf(bytes, this.#sought);
        // Its beginning may be the end of these.
        if (at < 0) return this.#keep(bytes.slice(Math.max(0, bytes.length - this.#sought.length + 1)), 0);
        this.#sought = undefined;
        bytes = bytes.subarray(at);
      }
      const taken = this.#takeFrame(bytes);
      if (taken === 0) return this.#keep(bytes.slice(), frameBytes(bytes));
      bytes = bytes.subarray(taken);
    }
  }

  #keep(bytes: Uint8Array, wanted: number): void {
    this.#pieces = bytes.length > 0 ? [bytes] : [];
    this.#held = bytes.length;
    this.#wanted = wanted;
  }

  /** How many bytes the first frame takes; 0 when it is not all there. */
  #takeFrame(bytes: Uint8Array): number {
    if (bytes.length < HEADER_BYTES) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const length = view.getUint32(0, true);
    if (length > PAYLOAD_MOST) {
      this.#sought = NOTHING;
      this.#onBroken();
      return bytes.length;
    }
    const end = HEADER_BYTES + length;
    if (bytes.length < end) return 0;
    const payload = bytes.subarray(HEADER_BYTES, end);
    this.#onFrame({ id: view.getUint32(4, true), type: bytes[8]!, channel: bytes[9]!, payload });
    return end;
  }
}

/** Bytes of the frame that `bytes` begin, as far as they say. */
function frameBytes(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES) return HEADER_BYTES;
  return HEADER_BYTES + new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES).getUint32(0, true);
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  pieces.reduce((at, piece) => (all.set(piece, at), at + piece.length), 0);
  return all;
}

/** Where `wanted` begins in `bytes`; -1: nowhere. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}

/** Reads a payload from the agent: what is not there is 0, or "". */
export class PayloadReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** There was less than was wanted. */
  short = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number {
    return this.#has(4) ? this.#view.getUint32((this.#at += 4) - 4, true) : 0;
  }

  u64(): bigint {
    return this.#has(8) ? this.#view.getBigUint64((this.#at += 8) - 8, true) : 0n;
  }

  /** Text up to a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) {
      this.short = true;
      return "";
    }
    const text = new TextDecoder().decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  #has(bytes: number): boolean {
    if (this.left < bytes) this.short = true;
    return !this.short;
  }
}
