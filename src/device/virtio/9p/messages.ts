/** Messages of 9P: little-endian integers, and text with its length in front. */

import { Errno, ShareError } from "../../../backend/share/share.ts";
import { HEADER_BYTES, QID_BYTES, type QidType } from "./protocol.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a request. What is not all there is EINVAL. */
export class RequestReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;

  /** From the first byte behind the header on. */
  begin(message: Uint8Array): void {
    this.#bytes = message;
    this.#view = new DataView(message.buffer, message.byteOffset, message.length);
    this.#at = HEADER_BYTES;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  text(): string {
    const length = this.u16();
    const at = this.#take(length);
    try {
      return decoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      // What is no UTF-8 can have no name here.
      throw new ShareError(Errno.EINVAL);
    }
  }

  #take(count: number): number {
    if (count > this.#bytes.length - this.#at) throw new ShareError(Errno.EINVAL);
    this.#at += count;
    return this.#at - count;
  }
}

/** What names a file to a driver. */
export interface Qid {
  readonly type: QidType;
  readonly version: number;
  readonly path: bigint;
}

/** Writes an answer. It has always room: who writes much asks first. */
export class AnswerWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = HEADER_BYTES;

  constructor(most: number) {
    this.bytes = new Uint8Array(most);
    this.#view = new DataView(this.bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  begin(): void {
    this.#at = HEADER_BYTES;
  }

  /** Puts the header of a message of `length` bytes before it. */
  finish(type: number, tag: number, length = this.#at): void {
    this.#view.setUint32(0, length, true);
    this.#view.setUint8(4, type);
    this.#view.setUint16(5, tag, true);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at++, value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16((this.#at += 2) - 2, value, true);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32((this.#at += 4) - 4, value, true);
    return this;
  }

  u64(value: bigint): this {
    this.#view.setBigUint64((this.#at += 8) - 8, BigInt.asUintN(64, value), true);
    return this;
  }

  text(value: string): this {
    return this.counted(encoder.encode(value));
  }

  /** Bytes with their number in front. */
  counted(text: Uint8Array): this {
    this.u16(text.length);
    this.bytes.set(text, this.#at);
    this.#at += text.length;
    return this;
  }

  qid({ type, version, path }: Qid): this {
    return this.u8(type).u32(version).u64(path);
  }

  /** Writes a number at a place that was left for it. */
  patch32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }
}

/** Bytes of a name in the answer to READDIR. */
export const entryBytes = (name: Uint8Array): number => QID_BYTES + 8 + 1 + 2 + name.length;
