/** IP packets of the guest's: headers are checked, fragments put together. */

import { Ip } from "../address.ts";
import { get16, signed32, sumBytes } from "../headers.ts";
import { copyOf, IPV4_BYTES, IPV6_BYTES } from "./wire.ts";

/** Extension headers of IPv6. (RFC 8200, "IPv6 Extension Headers") */
const Extension = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, NONE: 59, DESTINATION: 60 } as const;

/** Extension headers in a packet. */
const MOST_EXTENSIONS = 8;

/** A packet of the guest's. One object is used again from packet to packet. */
export class Packet {
  readonly source = new Ip();
  readonly destination = new Ip();
  protocol = 0;
  /** Time to live, or hop limit. */
  hops = 0;
  bytes: Uint8Array = new Uint8Array(0);
  /** Where what it carries lies in `bytes`. */
  at = 0;
  end = 0;
  /** Whether it was put together from fragments. */
  isReassembled = false;
  readonly #fragments = new Reassembly();

  /**
   * Takes the packet that lies in a frame between two places. False when it is malformed, or a fragment and not the last one that was missing.
   * @param now - milliseconds, for fragments that never come
   */
  read(bytes: Uint8Array, at: number, end: number, now: number): boolean {
    this.bytes = bytes;
    this.isReassembled = false;
    if (at >= end) return false;
    const version = bytes[at]! >> 4;
    if (version === 4) return this.#read4(at, end, now);
    return version === 6 && this.#read6(at, end, now);
  }

  /** (RFC 791, "Internet Header Format") */
  #read4(at: number, end: number, now: number): boolean {
    const { bytes } = this;
    if (end - at < IPV4_BYTES) return false;
    const header = (bytes[at]! & 15) * 4;
    const length = get16(bytes, at + 2);
    if (header < IPV4_BYTES || length < header || at + length > end) return false;
    if (sumBytes(bytes, at, at + header) !== 0xffff) return false;
    this.source.read4(bytes, at + 12);
    this.destination.read4(bytes, at + 16);
    this.protocol = bytes[at + 9]!;
    this.hops = bytes[at + 8]!;
    this.at = at + header;
    this.end = at + length;
    const field = get16(bytes, at + 6);
    if ((field & 0x3fff) === 0) return true;
    const key = `${this.source.toString()} ${this.destination.toString()} ${this.protocol} ${get16(bytes, at + 4)}`;
    return this.#takeFragment(key, (field & 0x1fff) * 8, (field & 0x2000) !== 0, now);
  }

  /** (RFC 8200, "IPv6 Header Format") */
  #read6(at: number, end: number, now: number): boolean {
    const { bytes } = this;
    if (end - at < IPV6_BYTES) return false;
    const length = get16(bytes, at + 4);
    if (at + IPV6_BYTES + length > end) return false;
    this.source.read6(bytes, at + 8);
    this.destination.read6(bytes, at + 24);
    this.hops = bytes[at + 7]!;
    this.protocol = bytes[at + 6]!;
    this.at = at + IPV6_BYTES;
    this.end = at + IPV6_BYTES + length;
    // An address in the form of an IPv4 one has no business on a wire. (RFC 4942, "IPv4-Mapped IPv6 Addresses")
    if (this.source.isV4 || this.destination.isV4) return false;
    return this.#readExtensions(now);
  }

  #readExtensions(now: number): boolean {
    const { bytes } = this;
    for (let count = 0; count < MOST_EXTENSIONS; count++) {
      const { protocol, at } = this;
      const isExtension =
        protocol === Extension.HOP_BY_HOP ||
        protocol === Extension.ROUTING ||
        protocol === Extension.FRAGMENT ||
        protocol === Extension.DESTINATION;
      if (!isExtension) return protocol !== Extension.NONE;
      if (this.end - at < 8) return false;
      this.protocol = bytes[at]!;
      if (protocol === Extension.FRAGMENT) {
        this.at += 8;
        const field = get16(bytes, at + 2);
        if ((field & 0xfff9) === 0) continue;
        const key = `${this.source.toString()} ${this.destination.toString()} ${signed32(bytes, at + 4)}`;
        if (!this.#takeFragment(key, field & 0xfff8, (field & 1) !== 0, now)) return false;
        // What lies in it may begin with further headers.
        return this.#readExtensionsOf(now);
      }
      // Packets are not sent around by the guest's choice. (RFC 5095)
      if (protocol === Extension.ROUTING && bytes[at + 3] !== 0) return false;
      this.at += 8 + bytes[at + 1]! * 8;
      if (this.at > this.end) return false;
    }
    return false;
  }

  /** Of a packet that was put together; fragments in fragments are none. */
  #readExtensionsOf(now: number): boolean {
    return this.protocol !== Extension.FRAGMENT && this.#readExtensions(now);
  }

  #takeFragment(key: string, offset: number, more: boolean, now: number): boolean {
    const part = this.bytes.subarray(this.at, this.end);
    const whole = this.#fragments.take(key, offset, more, this.protocol, part, now);
    if (whole === undefined) return false;
    this.bytes = whole.bytes;
    this.protocol = whole.protocol;
    this.at = 0;
    this.end = whole.bytes.length;
    this.isReassembled = true;
    return true;
  }

  /** Fragments that wait for others are dropped. */
  reset(): void {
    this.#fragments.clear();
  }
}

/** Packets that are put together at once, bytes and pieces of them, and milliseconds that their parts are waited for. */
const MOST_PACKETS = 64;
const MOST_BYTES = 2 ** 20;
const MOST_PIECES = 512;
const PATIENCE = 30_000;

interface Whole {
  readonly bytes: Uint8Array;
  readonly protocol: number;
}

interface Partial {
  readonly pieces: { readonly at: number; readonly bytes: Uint8Array }[];
  readonly since: number;
  held: number;
  /** Of the whole; undefined until its last piece has come. */
  length: number | undefined;
  protocol: number;
}

/** Fragments that wait for others. One that lies over another makes all of its packet worthless. (RFC 5722) */
export class Reassembly {
  readonly #partials = new Map<string, Partial>();
  /** Bytes that are held. */
  held = 0;

  /** Takes a piece; returns the whole when it was the last one that was missing. */
  take(key: string, at: number, more: boolean, protocol: number, part: Uint8Array, now: number): Whole | undefined {
    this.#forgetOld(now);
    const partial = this.#partials.get(key) ?? this.#add(key, protocol, now);
    const end = at + part.length;
    // All but the last one are multiples of 8 bytes.
    const isOdd = part.length === 0 || end > 65_535 || (more && part.length % 8 !== 0);
    const isBeyond = partial.length !== undefined && (end > partial.length || !more);
    if (isOdd || isBeyond || partial.pieces.length >= MOST_PIECES || !this.#insert(partial, at, part)) {
      this.#drop(key);
      return undefined;
    }
    if (!more) partial.length = end;
    if (at === 0) partial.protocol = protocol;
    const { pieces, length } = partial;
    if (length === undefined) return undefined;
    if (pieces.at(-1)!.at + pieces.at(-1)!.bytes.length > length) {
      this.#drop(key);
      return undefined;
    }
    const sum = pieces.reduce((total, { bytes }) => total + bytes.length, 0);
    if (sum < length) return undefined;
    const bytes = new Uint8Array(length);
    for (const piece of pieces) bytes.set(piece.bytes, piece.at);
    this.#drop(key);
    return { bytes, protocol: partial.protocol };
  }

  clear(): void {
    this.#partials.clear();
    this.held = 0;
  }

  #add(key: string, protocol: number, now: number): Partial {
    if (this.#partials.size >= MOST_PACKETS) this.#dropOldest();
    const partial: Partial = { pieces: [], since: now, held: 0, length: undefined, protocol };
    this.#partials.set(key, partial);
    return partial;
  }

  /** False when it lies over another one. */
  #insert(partial: Partial, at: number, part: Uint8Array): boolean {
    const { pieces } = partial;
    let index = pieces.length;
    while (index > 0 && pieces[index - 1]!.at >= at) index--;
    const before = pieces[index - 1];
    const next = pieces[index];
    if (before !== undefined && before.at + before.bytes.length > at) return false;
    if (next !== undefined && next.at < at + part.length) return false;
    pieces.splice(index, 0, { at, bytes: copyOf(part) });
    partial.held += part.length;
    this.held += part.length;
    while (this.held > MOST_BYTES) this.#dropOldest();
    return true;
  }

  #forgetOld(now: number): void {
    for (const [key, { since }] of this.#partials) {
      if (now - since < PATIENCE) return;
      this.#drop(key);
    }
  }

  #dropOldest(): void {
    const [key] = this.#partials.keys();
    this.#drop(key!);
  }

  #drop(key: string): void {
    this.held -= this.#partials.get(key)?.held ?? 0;
    this.#partials.delete(key);
  }
}
