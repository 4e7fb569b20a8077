/** Changing fields of a frame, with the checksums that cover them. */

import { FrameHeaders, get16, Protocol, put16, put32 } from "../../backend/network/headers.ts";
import { type FrameInfo, MAX_FRAME, Offload } from "../../backend/network/network.ts";
import { plainInfo } from "../../backend/network/segment.ts";
import type { CompiledFields } from "./flow.ts";

const TAG_BYTES = 4;

/** A copy of a frame that may be changed; used again from frame to frame. */
export class EditedFrame {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo = plainInfo();
  readonly #headers = new FrameHeaders();
  length = 0;

  /** @param most - bytes of the longest frame */
  constructor(most = MAX_FRAME) {
    this.bytes = new Uint8Array(most);
  }

  /** Takes a copy. */
  load(bytes: Uint8Array, at: number, length: number, info: FrameInfo): void {
    this.bytes.set(bytes.subarray(at, at + length));
    this.length = length;
    Object.assign(this.info, info);
  }

  set({ ethSrc, ethDst, ipSrc, ipDst, srcPort, dstPort }: CompiledFields): void {
    const { bytes } = this;
    if (ethDst !== undefined) putMac(bytes, 0, ethDst);
    if (ethSrc !== undefined) putMac(bytes, 6, ethSrc);
    this.#headers.read(bytes, 0, this.length);
    const { version, network, protocol, transport, end } = this.#headers;
    if (version !== 4) return;
    if (ipSrc !== undefined) this.#setAddress(network + 12, ipSrc);
    if (ipDst !== undefined) this.#setAddress(network + 16, ipDst);
    if ((protocol !== Protocol.TCP && protocol !== Protocol.UDP) || transport + 8 > end) return;
    if (srcPort !== undefined) this.#setPort(transport, srcPort);
    if (dstPort !== undefined) this.#setPort(transport + 2, dstPort);
  }

  /** Puts a tag in behind the addresses; false when there is no room for it. */
  push(vlan: number): boolean {
    const { bytes, length, info } = this;
    if (length + TAG_BYTES > MAX_FRAME) return false;
    bytes.copyWithin(12 + TAG_BYTES, 12, length);
    put16(bytes, 12, 0x8100);
    put16(bytes, 14, vlan);
    this.length += TAG_BYTES;
    this.#move(info, TAG_BYTES);
    return true;
  }

  /** Takes the first tag out, if there is one. */
  pop(): void {
    const { bytes, length, info } = this;
    if (length < 18 || get16(bytes, 12) !== 0x8100) return;
    // What is to be summed lies behind the tag.
    if ((info.flags & Offload.NEEDS_CHECKSUM) !== 0 && info.checksumStart < 12 + TAG_BYTES) return;
    bytes.copyWithin(12, 12 + TAG_BYTES, length);
    this.length -= TAG_BYTES;
    this.#move(info, -TAG_BYTES);
  }

  #move(info: FrameInfo, by: number): void {
    if ((info.flags & Offload.NEEDS_CHECKSUM) !== 0) info.checksumStart += by;
    if (info.gso !== 0) info.headerBytes = Math.max(0, info.headerBytes + by);
  }

  #setAddress(at: number, address: number): void {
    const { bytes } = this;
    const { network, protocol, transport, end } = this.#headers;
    const before = [get16(bytes, at), get16(bytes, at + 2)] as const;
    put32(bytes, at, address);
    for (const [i, old] of before.entries()) {
      const now = get16(bytes, at + 2 * i);
      replaced(bytes, network + 10, old, now, false);
      const sum = this.#sumAt(protocol, transport, end);
      if (sum > 0) replaced(bytes, sum, old, now, (this.info.flags & Offload.NEEDS_CHECKSUM) !== 0);
    }
  }

  #setPort(at: number, port: number): void {
    const { bytes, info } = this;
    const { protocol, transport, end } = this.#headers;
    const old = get16(bytes, at);
    put16(bytes, at, port);
    const sum = this.#sumAt(protocol, transport, end);
    // A sum that is still to be finished is of the pseudo-header, which has no ports.
    if (sum > 0 && (info.flags & Offload.NEEDS_CHECKSUM) === 0) replaced(bytes, sum, old, port, false);
  }

  /** Where the checksum of TCP or UDP is; 0 for none. */
  #sumAt(protocol: number, transport: number, end: number): number {
    const at = transport + (protocol === Protocol.TCP ? 16 : 6);
    if ((protocol !== Protocol.TCP && protocol !== Protocol.UDP) || at + 2 > end) return 0;
    return protocol === Protocol.UDP && get16(this.bytes, at) === 0 ? 0 : at;
  }
}

/** Brings a checksum up to date after a half of what it covers has changed (RFC 1624); a `partial` one is a sum, not its complement. */
function replaced(bytes: Uint8Array, at: number, old: number, now: number, partial: boolean): void {
  const before = partial ? get16(bytes, at) : ~get16(bytes, at) & 0xffff;
  let sum = before + (~old & 0xffff) + now;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  put16(bytes, at, partial ? sum : ~sum & 0xffff);
}

function putMac(bytes: Uint8Array, at: number, mac: number): void {
  put16(bytes, at, Math.floor(mac / 2 ** 32));
  put32(bytes, at + 2, mac % 2 ** 32);
}
