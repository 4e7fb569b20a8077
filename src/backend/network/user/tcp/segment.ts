/** A TCP segment of the guest's, as its header says. (RFC 9293, "Header Format") */

import { get16, signed32 } from "../../headers.ts";
import { TCP_BYTES } from "../wire.ts";

export enum Flag {
  FIN = 1,
  SYN = 2,
  RST = 4,
  PSH = 8,
  ACK = 16,
}

/** Kinds of options that are understood. */
export const Option = { END: 0, NOP: 1, MSS: 2, SCALE: 3, SACK_PERMITTED: 4, SACK: 5 } as const;

/** Scales above are taken as this one. (RFC 7323, "Using the Window Scale Option") */
const MOST_SCALE = 14;

/** How far sequence number `a` lies behind `b`; negative when it lies before it. Numbers wrap at 2^32. */
export function after(a: number, b: number): number {
  return (a - b) | 0;
}

/** One object is used again from segment to segment. */
export class Segment {
  bytes: Uint8Array = new Uint8Array(0);
  guestPort = 0;
  remotePort = 0;
  seq = 0;
  ack = 0;
  flags = 0;
  /** As it stands in the header: not scaled. */
  window = 0;
  /** Where the payload lies in `bytes`. */
  at = 0;
  end = 0;
  /** 0: not said. */
  mss = 0;
  /** -1: not said. */
  scale = -1;
  mayUseSack = false;
  /** Begins and ends of what has been received out of order: `sackCount` pairs. */
  readonly sack = new Int32Array(8);
  sackCount = 0;

  /** Takes the segment between two places; false when it is malformed. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < TCP_BYTES) return false;
    const header = (bytes[at + 12]! >> 4) * 4;
    if (header < TCP_BYTES || at + header > end) return false;
    this.bytes = bytes;
    this.guestPort = get16(bytes, at);
    this.remotePort = get16(bytes, at + 2);
    this.seq = signed32(bytes, at + 4);
    this.ack = signed32(bytes, at + 8);
    this.flags = bytes[at + 13]!;
    this.window = get16(bytes, at + 14);
    this.at = at + header;
    this.end = end;
    this.mss = 0;
    this.scale = -1;
    this.mayUseSack = false;
    this.sackCount = 0;
    if (header > TCP_BYTES) this.#readOptions(at + TCP_BYTES, at + header);
    return this.guestPort !== 0 && this.remotePort !== 0;
  }

  has(flag: Flag): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Bytes of payload. */
  get length(): number {
    return this.end - this.at;
  }

  /** Options that are malformed end the list. */
  #readOptions(from: number, end: number): void {
    const { bytes } = this;
    for (let at = from; at < end;) {
      const kind = bytes[at]!;
      if (kind === Option.END) return;
      if (kind === Option.NOP) {
        at++;
        continue;
      }
      const length = at + 1 < end ? bytes[at + 1]! : 0;
      if (length < 2 || at + length > end) return;
      if (kind === Option.MSS && length === 4) this.mss = get16(bytes, at + 2);
      else if (kind === Option.SCALE && length === 3) this.scale = Math.min(MOST_SCALE, bytes[at + 2]!);
      else if (kind === Option.SACK_PERMITTED && length === 2) this.mayUseSack = true;
      else if (kind === Option.SACK && length % 8 === 2) {
        this.sackCount = Math.min(4, (length - 2) / 8);
        for (let i = 0; i < this.sackCount * 2; i++) this.sack[i] = signed32(bytes, at + 2 + i * 4);
      }
      at += length;
    }
  }
}
