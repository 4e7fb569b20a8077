/** The way to the guest: frames are built here and handed to the device, or wait in a short queue. */

import { type FrameInfo, Gso, MAX_FRAME, type NetworkPort, Offload } from "../network.ts";
import type { Ip } from "../address.ts";
import { checksumOf, ETHERNET_BYTES, EtherType, Protocol, put16, put32, sumBytes } from "../headers.ts";
import { sumPseudoHeader } from "./checksum.ts";
import { copyOf, IPV4_BYTES, IPV6_BYTES, random32 } from "./wire.ts";

/** Where what an IP packet carries begins in `Link.bytes`: there is room for the largest headers before it. */
export const PAYLOAD = ETHERNET_BYTES + IPV6_BYTES;

/** Frames and bytes that wait for room in the device; TCP's are not among them, they are made when there is room. */
const MOST_FRAMES = 1024;
const MOST_BYTES = 2 ** 20;

/** Somebody on the guest's side: the guest, or what it bridges. */
export interface Neighbor {
  readonly ip: Ip;
  /** 6 bytes; undefined as long as nobody has said them. */
  mac: Uint8Array | undefined;
}

/** What of somebody's traffic is told to those who look on. */
export interface RecentEnd {
  readonly protocol: "tcp" | "udp";
  readonly neighbor: Neighbor;
  readonly guestPort: number;
  readonly remote: Ip;
  readonly port: number;
  readonly state?: string;
}

const MOST_NEIGHBORS = 1024;

export class Link {
  port: NetworkPort | undefined;
  /** Where frames are built. What IP carries lies at `PAYLOAD`. */
  readonly bytes = new Uint8Array(PAYLOAD + MAX_FRAME);
  readonly #info: FrameInfo = {
    flags: 0,
    gso: Gso.NONE,
    segmentBytes: 0,
    headerBytes: 0,
    checksumStart: 0,
    checksumOffset: 0,
  };
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  readonly #neighbors = new Map<string | number, Neighbor>();
  readonly #wake: () => void;
  /** The device has refused a frame and has not said `onRoom` since. */
  isFull = false;
  /** Frames that were lost because nobody took them. */
  dropped = 0;
  /** Bytes of the largest IP packet. */
  mtu = 1500;

  /** Calls `wake` when something waits to be sent. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** The neighbor of an address; made, if it is new. The oldest ones are forgotten. */
  neighbor(ip: Ip): Neighbor {
    const key = ip.isV4 ? ip.w3 : ip.toString();
    let neighbor = this.#neighbors.get(key);
    if (neighbor === undefined) {
      if (this.#neighbors.size >= MOST_NEIGHBORS) {
        const [oldest] = this.#neighbors.keys();
        this.#neighbors.delete(oldest!);
      }
      neighbor = { ip: ip.copy(), mac: undefined };
      this.#neighbors.set(key, neighbor);
    }
    return neighbor;
  }

  /** An address has been seen with a hardware address, 6 bytes at `at`. */
  learn(ip: Ip, bytes: Uint8Array, at: number): Neighbor {
    const neighbor = this.neighbor(ip);
    const { mac } = neighbor;
    if (mac?.every((byte, i) => byte === bytes[at + i])) return neighbor;
    neighbor.mac = copyOf(bytes, at, at + 6);
    return neighbor;
  }

  /** All addresses with a hardware address. */
  *neighbors(): IterableIterator<Neighbor> {
    yield* this.#neighbors.values();
  }

  /** Sends what waits, until the device is full. */
  flush(): void {
    const info = this.#info;
    let sent = 0;
    for (const frame of this.#queue) {
      if (this.isFull) break;
      info.flags = 0;
      info.gso = Gso.NONE;
      if (!this.#send(frame, 0, frame.length)) break;
      this.#queuedBytes -= frame.length;
      sent++;
    }
    this.#queue.splice(0, sent);
  }

  /** What waits is of no use any more. */
  clear(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.isFull = false;
  }

  /** Queues an Ethernet frame whose payload of `length` bytes lies at `ETHERNET_BYTES` of `frame`; its header is written. */
  queue(frame: Uint8Array, mac: Uint8Array, from: Ip, etherType: number): void {
    putEthernet(frame, 0, mac, from, etherType);
    if (this.#queue.length >= MOST_FRAMES || this.#queuedBytes + frame.length > MOST_BYTES) {
      this.dropped++;
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#wake();
  }

  /**
   * Queues an IP packet whose payload of `length` bytes lies at `PAYLOAD` in `bytes`, in pieces if it is too long. Its checksum at
   * `checksumAt` (from `PAYLOAD` on) is written, unless that is negative.
   */
  queueIp(neighbor: Neighbor, source: Ip, protocol: number, length: number, checksumAt: number, hops = 64): void {
    const { mac, ip } = neighbor;
    if (mac === undefined) {
      this.dropped++;
      return;
    }
    const { bytes, mtu } = this;
    if (checksumAt >= 0) {
      put16(bytes, PAYLOAD + checksumAt, 0);
      const pseudo = protocol === Protocol.ICMP ? 0 : sumPseudoHeader(source, ip, protocol, length);
      const sum = checksumOf(sumBytes(bytes, PAYLOAD, PAYLOAD + length, pseudo));
      // In UDP 0 means that there is none. (RFC 768, "Fields")
      put16(bytes, PAYLOAD + checksumAt, sum === 0 && protocol === Protocol.UDP ? 0xffff : sum);
    }
    const isV4 = source.isV4;
    const header = isV4 ? IPV4_BYTES : IPV6_BYTES;
    if (header + length <= mtu) {
      const start = PAYLOAD - header;
      putIp(bytes, start, source, ip, protocol, length, hops);
      const frame = new Uint8Array(ETHERNET_BYTES + header + length);
      frame.set(bytes.subarray(start, PAYLOAD + length), ETHERNET_BYTES);
      this.queue(frame, mac, source, isV4 ? EtherType.IPV4 : EtherType.IPV6);
    } else if (isV4) this.#queueFragments4(mac, source, ip, protocol, length, hops);
    else this.#queueFragments6(mac, source, ip, protocol, length, hops);
  }

  /** (RFC 791, "An Example Fragmentation Procedure") */
  #queueFragments4(mac: Uint8Array, source: Ip, ip: Ip, protocol: number, length: number, hops: number): void {
    const id = random32();
    const most = (this.mtu - IPV4_BYTES) & ~7;
    for (let at = 0; at < length; at += most) {
      const part = Math.min(most, length - at);
      const frame = new Uint8Array(ETHERNET_BYTES + IPV4_BYTES + part);
      const head = ETHERNET_BYTES;
      putIp(frame, head, source, ip, protocol, part, hops);
      put16(frame, head + 4, id);
      put16(frame, head + 6, (at + part < length ? 0x2000 : 0) | (at >> 3));
      put16(frame, head + 10, 0);
      put16(frame, head + 10, checksumOf(sumBytes(frame, head, head + IPV4_BYTES)));
      frame.set(this.bytes.subarray(PAYLOAD + at, PAYLOAD + at + part), head + IPV4_BYTES);
      this.queue(frame, mac, source, EtherType.IPV4);
    }
  }

  /** (RFC 8200, "Fragment Header") */
  #queueFragments6(mac: Uint8Array, source: Ip, ip: Ip, protocol: number, length: number, hops: number): void {
    const id = random32();
    const most = (this.mtu - IPV6_BYTES - 8) & ~7;
    for (let at = 0; at < length; at += most) {
      const part = Math.min(most, length - at);
      const frame = new Uint8Array(ETHERNET_BYTES + IPV6_BYTES + 8 + part);
      putIp(frame, ETHERNET_BYTES, source, ip, 44, 8 + part, hops);
      const head = ETHERNET_BYTES + IPV6_BYTES;
      frame[head] = protocol;
      put16(frame, head + 2, (at & ~7) | (at + part < length ? 1 : 0));
      put32(frame, head + 4, id);
      frame.set(this.bytes.subarray(PAYLOAD + at, PAYLOAD + at + part), head + 8);
      this.queue(frame, mac, source, EtherType.IPV6);
    }
  }

  /**
   * Sends a TCP segment of `length` bytes at `PAYLOAD` in `bytes`, of which `header` are its header: at once. False when the device is
   * full.
   * @param mss - payload bytes of each piece, if it is to be cut
   */
  sendTcp(mac: Uint8Array, source: Ip, destination: Ip, header: number, length: number, mss: number): boolean {
    if (this.isFull || this.port === undefined) return false;
    const { bytes } = this;
    const isV4 = source.isV4;
    const start = PAYLOAD - (isV4 ? IPV4_BYTES : IPV6_BYTES) - ETHERNET_BYTES;
    putEthernet(bytes, start, mac, source, isV4 ? EtherType.IPV4 : EtherType.IPV6);
    putIp(bytes, start + ETHERNET_BYTES, source, destination, 6, length, 64);
    const info = this.#info;
    const pseudo = sumPseudoHeader(source, destination, 6, length);
    const sumAt = PAYLOAD + 16;
    const isLong = length - header > mss;
    if (isLong || this.port.offers.checksum) {
      put16(bytes, sumAt, pseudo);
      info.flags = Offload.NEEDS_CHECKSUM;
      info.checksumStart = PAYLOAD - start;
      info.checksumOffset = sumAt - PAYLOAD;
    } else {
      put16(bytes, sumAt, 0);
      put16(bytes, sumAt, checksumOf(sumBytes(bytes, PAYLOAD, PAYLOAD + length, pseudo)));
      info.flags = 0;
    }
    info.gso = isLong ? (isV4 ? Gso.TCP4 : Gso.TCP6) : Gso.NONE;
    info.segmentBytes = isLong ? mss : 0;
    info.headerBytes = isLong ? PAYLOAD - start + header : 0;
    return this.#send(bytes, start, PAYLOAD - start + length);
  }

  #send(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.port === undefined) return false;
    if (this.port.send(bytes, at, length, this.#info)) return true;
    this.isFull = true;
    return false;
  }
}

/** Frames come from a hardware address that is made of the sender's IP address, as QEMU's do. */
function putEthernet(bytes: Uint8Array, at: number, to: Uint8Array, from: Ip, etherType: number): void {
  bytes.set(to, at);
  putMac(bytes, at + 6, from);
  put16(bytes, at + 12, etherType);
}

/** The hardware address of an address of ours. */
export function putMac(bytes: Uint8Array, at: number, ip: Ip): void {
  bytes[at] = 0x52;
  bytes[at + 1] = 0x55;
  put32(bytes, at + 2, ip.isV4 ? ip.w3 : ip.w3 ^ 0x0600_0000);
}

/** Whether frames to a hardware address, 6 bytes at `at`, are for this network: one of its own, or many. */
export function isOurs(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & 1) === 1 || (bytes[at] === 0x52 && bytes[at + 1] === 0x55);
}

/** Writes an IP header for a payload of `length` bytes. */
function putIp(
  bytes: Uint8Array,
  at: number,
  source: Ip,
  destination: Ip,
  protocol: number,
  length: number,
  hops: number,
): void {
  if (source.isV4) {
    bytes[at] = 0x45;
    bytes[at + 1] = 0;
    put16(bytes, at + 2, IPV4_BYTES + length);
    put16(bytes, at + 4, 0);
    // Whole packets say that nobody may cut them, and need no number for it. (RFC 6864, "Updates to Existing Specifications")
    put16(bytes, at + 6, 0x4000);
    bytes[at + 8] = hops;
    bytes[at + 9] = protocol;
    put16(bytes, at + 10, 0);
    source.write4(bytes, at + 12);
    destination.write4(bytes, at + 16);
    put16(bytes, at + 10, checksumOf(sumBytes(bytes, at, at + IPV4_BYTES)));
  } else {
    put32(bytes, at, 0x6000_0000);
    put16(bytes, at + 4, length);
    bytes[at + 6] = protocol;
    bytes[at + 7] = hops;
    source.write6(bytes, at + 8);
    destination.write6(bytes, at + 24);
  }
}
