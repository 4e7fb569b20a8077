/** ICMP and ICMPv6: echoes, and the errors that a guest is told of. (RFC 792, RFC 4443) */

import type { Ip } from "../address.ts";
import { type Link, type Neighbor, PAYLOAD } from "./link.ts";
import { Protocol, put16, put32 } from "../headers.ts";
import { IPV4_BYTES, IPV6_BYTES } from "./wire.ts";

/** Errors, with their type and code in ICMP and in ICMPv6. */
export const IcmpError = {
  /** Nobody has a way there. */
  UNREACHABLE: [3, 1, 1, 3],
  PORT_UNREACHABLE: [3, 3, 1, 4],
  PROTOCOL_UNREACHABLE: [3, 2, 4, 1],
  PROHIBITED: [3, 13, 1, 1],
  TIME_EXCEEDED: [11, 0, 3, 0],
} as const;

export type IcmpErrorKind = (typeof IcmpError)[keyof typeof IcmpError];

/**
 * Tells the guest that a packet of its got nowhere. What is quoted of it is its IP header and 8 bytes, by which the guest finds out whose it was.
 * @param from - who tells
 * @param first - the first bytes of what the packet carried
 */
export function sendError(
  link: Link,
  neighbor: Neighbor,
  from: Ip,
  destination: Ip,
  protocol: number,
  first: Uint8Array,
  kind: IcmpErrorKind,
): void {
  const { bytes } = link;
  const isV4 = from.isV4;
  let at = PAYLOAD;
  put16(bytes, at, isV4 ? (kind[0] << 8) | kind[1] : (kind[2] << 8) | kind[3]);
  put16(bytes, at + 2, 0);
  put32(bytes, at + 4, 0);
  at += 8;
  const quoted = Math.min(8, first.length);
  if (isV4) {
    bytes.fill(0, at, at + IPV4_BYTES);
    bytes[at] = 0x45;
    put16(bytes, at + 2, IPV4_BYTES + 8);
    bytes[at + 8] = 1;
    bytes[at + 9] = protocol;
    neighbor.ip.write4(bytes, at + 12);
    destination.write4(bytes, at + 16);
    at += IPV4_BYTES;
  } else {
    put32(bytes, at, 0x6000_0000);
    put16(bytes, at + 4, 8);
    bytes[at + 6] = protocol;
    bytes[at + 7] = 1;
    neighbor.ip.write6(bytes, at + 8);
    destination.write6(bytes, at + 24);
    at += IPV6_BYTES;
  }
  bytes.fill(0, at, at + 8);
  bytes.set(first.subarray(0, quoted), at);
  sendIcmp(link, neighbor, from, at + 8 - PAYLOAD);
}

/** Answers an echo request, whose bytes from its type on are `request`. */
export function sendEchoReply(link: Link, neighbor: Neighbor, from: Ip, request: Uint8Array): void {
  link.bytes.set(request, PAYLOAD);
  link.bytes[PAYLOAD] = from.isV4 ? 0 : 129;
  sendIcmp(link, neighbor, from, request.length);
}

/** Sends the message of `length` bytes that lies at `PAYLOAD`. */
export function sendIcmp(link: Link, neighbor: Neighbor, from: Ip, length: number, hops = 64): void {
  if (from.isV4) link.queueIp(neighbor, from, Protocol.ICMP, length, 2, hops);
  else link.queueIp(neighbor, from, Protocol.ICMPV6, length, 2, hops);
}

/** The first 8 bytes of what a TCP segment or a UDP datagram was, for `sendError`. */
export function quoteOf(sourcePort: number, destinationPort: number, last = 0): Uint8Array {
  const bytes = new Uint8Array(8);
  put16(bytes, 0, sourcePort);
  put16(bytes, 2, destinationPort);
  put32(bytes, 4, last);
  return bytes;
}
