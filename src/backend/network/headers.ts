/** Headers of a frame, as far as a device or a network needs them. All numbers are big-endian. */

export const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;
/** VLAN tags that are looked behind. */
const MAX_TAGS = 2;

export const EtherType = { IPV4: 0x0800, ARP: 0x0806, VLAN: 0x8100, IPV6: 0x86dd, QINQ: 0x88a8 } as const;
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

export const get16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
export const get32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
/** As `get32`, signed: sequence numbers are compared so, and `Ip` has such words. */
export const signed32 = (bytes: Uint8Array, at: number): number => get32(bytes, at) | 0;

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Where the headers of a frame are; used again from frame to frame. Offsets are from the beginning of `bytes`. */
export class FrameHeaders {
  /** What the last tag, or the Ethernet header, says of what follows. */
  etherType = 0;
  /** Where that begins. */
  network = 0;
  /** 4 or 6; 0 when it is no whole IP packet's head. */
  version = 0;
  /** Of an IP packet: where it ends, by its own length; never behind the frame. */
  end = 0;
  /** The protocol behind IP's headers, and where it begins; -1 for a later fragment, and for headers that cannot be followed. */
  protocol = -1;
  transport = 0;

  /** Reads the frame at `bytes[at] … bytes[at + length - 1]`. False when it has no whole Ethernet header. */
  read(bytes: Uint8Array, at: number, length: number): boolean {
    this.version = 0;
    this.protocol = -1;
    if (length < ETHERNET_BYTES) return false;
    const end = at + length;
    this.end = end;
    let network = at + ETHERNET_BYTES;
    let type = get16(bytes, network - 2);
    for (let tags = 0; tags < MAX_TAGS && (type === EtherType.VLAN || type === EtherType.QINQ); tags++) {
      if (network + VLAN_BYTES > end) break;
      type = get16(bytes, network + 2);
      network += VLAN_BYTES;
    }
    this.etherType = type;
    this.network = network;
    if (type === EtherType.IPV4) this.#readIpv4(bytes, end);
    else if (type === EtherType.IPV6) this.#readIpv6(bytes, end);
    return true;
  }

  #readIpv4(bytes: Uint8Array, end: number): void {
    const { network } = this;
    if (network + 20 > end || bytes[network]! >> 4 !== 4) return;
    const header = (bytes[network]! & 0xf) * 4;
    if (header < 20 || network + header > end) return;
    this.version = 4;
    const total = get16(bytes, network + 2);
    if (total >= header && network + total < end) this.end = network + total;
    if ((get16(bytes, network + 6) & 0x1fff) !== 0) return;
    this.protocol = bytes[network + 9]!;
    this.transport = network + header;
  }

  #readIpv6(bytes: Uint8Array, end: number): void {
    const { network } = this;
    if (network + 40 > end || bytes[network]! >> 4 !== 6) return;
    this.version = 6;
    const payload = get16(bytes, network + 4);
    if (payload > 0 && network + 40 + payload < end) this.end = network + 40 + payload;
    let next = bytes[network + 6]!;
    let at = network + 40;
    // Hop-by-hop, routing and destination options; each is 8 bytes or more.
    for (let headers = 0; (next === 0 || next === 43 || next === 60) && headers < 8; headers++) {
      if (at + 8 > end) return;
      next = bytes[at]!;
      at += (bytes[at + 1]! + 1) * 8;
    }
    if (at > end || next === 0 || next === 43 || next === 44 || next === 60) return;
    this.protocol = next;
    this.transport = at;
  }
}

/** The sum of `bytes[from] … bytes[to - 1]` as big-endian halves in one's complement, added to `sum`, folded to 16 bits. (RFC 1071) */
export function sumBytes(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  let at = from;
  while (at < to) {
    // So many halves that the sum stays a small integer.
    const end = Math.min(to, at + 16_384);
    const pairs = end - ((end - at) & 1);
    for (; at < pairs; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
    if (at < end) sum += bytes[at++]! << 8;
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return fold(sum);
}

/** A sum of 32 bits with its carries added to it: 16 bits. */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** The checksum field that goes with a sum; UDP has no 0. */
export const checksumOf = (sum: number): number => ~sum & 0xffff;

/** The sum of the pseudo-header of `length` bytes of `protocol` in the packet whose IP header is at `network`. */
export function pseudoSum(
  bytes: Uint8Array,
  network: number,
  version: number,
  protocol: number,
  length: number,
): number {
  const [from, to] = version === 4 ? [network + 12, network + 20] : [network + 8, network + 40];
  return sumBytes(bytes, from, to, protocol + (length & 0xffff) + (length >>> 16));
}
