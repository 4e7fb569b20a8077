/** Address resolution: ARP for IPv4, neighbor discovery and router advertisements for IPv6. (RFC 826, RFC 4861) */

import { Ip } from "../address.ts";
import { type Link, type Neighbor, PAYLOAD, putMac } from "./link.ts";
import { sendIcmp } from "./icmp.ts";
import type { Addresses } from "./options.ts";
import { encodeDomain } from "./dhcp.ts";
import type { Packet } from "./ip.ts";
import { ETHERNET_BYTES, EtherType, get16, put16, put32 } from "../headers.ts";
import { copyOf } from "./wire.ts";

const REQUEST = 1;
const REPLY = 2;
const ARP_BYTES = 28;
const BROADCAST = new Uint8Array(6).fill(0xff);

/** The smallest frame of Ethernet, without its check sequence. */
const LEAST_FRAME = 60;

/** Takes an ARP packet that lies between two places; the sender is learned, and asked-for addresses of `isOurs` are answered. */
export function takeArp(
  link: Link,
  bytes: Uint8Array,
  at: number,
  end: number,
  mayLearn: (ip: Ip) => boolean,
  isOurs: (ip: Ip) => boolean,
): Neighbor | undefined {
  // Ethernet and IPv4. (RFC 826, "Packet format")
  if (end - at < ARP_BYTES || get16(bytes, at) !== 1 || get16(bytes, at + 2) !== EtherType.IPV4) return undefined;
  if (bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return undefined;
  const sender = new Ip();
  const target = new Ip();
  sender.read4(bytes, at + 14);
  target.read4(bytes, at + 24);
  const neighbor = mayLearn(sender) ? link.learn(sender, bytes, at + 8) : undefined;
  if (get16(bytes, at + 6) === REQUEST && isOurs(target)) {
    const mac = copyOf(bytes, at + 8, at + 14);
    queueArp(link, REPLY, mac, mac, target, sender);
  }
  return neighbor;
}

/** Asks for the hardware address of a neighbor. */
export function solicit(link: Link, { gateway, linkLocal }: Addresses, { ip }: Neighbor): void {
  if (ip.isV4) queueArp(link, REQUEST, BROADCAST, new Uint8Array(6), gateway, ip);
  else {
    const { bytes } = link;
    put32(bytes, PAYLOAD, 135 << 24);
    put32(bytes, PAYLOAD + 4, 0);
    ip.write6(bytes, PAYLOAD + 8);
    bytes[PAYLOAD + 24] = 1;
    bytes[PAYLOAD + 25] = 1;
    putMac(bytes, PAYLOAD + 26, linkLocal);
    // The address of all those whose address ends alike. (RFC 4291, "Solicited-Node Address")
    const group = Ip.parse("ff02::1:ff00:0")!;
    group.w3 |= ip.w3 & 0xff_ffff;
    sendIcmp(link, manyOf(group), linkLocal, 32, 255);
  }
}

function queueArp(link: Link, operation: number, to: Uint8Array, targetMac: Uint8Array, sender: Ip, target: Ip): void {
  const frame = new Uint8Array(LEAST_FRAME);
  const at = ETHERNET_BYTES;
  put16(frame, at, 1);
  put16(frame, at + 2, EtherType.IPV4);
  frame[at + 4] = 6;
  frame[at + 5] = 4;
  put16(frame, at + 6, operation);
  putMac(frame, at + 8, sender);
  sender.write4(frame, at + 14);
  frame.set(targetMac, at + 18);
  target.write4(frame, at + 24);
  link.queue(frame, to, sender, EtherType.ARP);
}

/** A group of IPv6's with the hardware address that stands for it. (RFC 2464, "Address Mapping -- Multicast") */
function manyOf(group: Ip): Neighbor {
  const mac = new Uint8Array(6);
  put16(mac, 0, 0x3333);
  put32(mac, 2, group.w3);
  return { ip: group, mac };
}

/** Kinds of messages of neighbor discovery. (RFC 4861, "Message Formats") */
export const Discovery = { ROUTER_SOLICITATION: 133, NEIGHBOR_SOLICITATION: 135, NEIGHBOR_ADVERTISEMENT: 136 } as const;

/** Options. */
const SOURCE_LINK = 1;
const TARGET_LINK = 2;

/** Takes a message of neighbor discovery, whose checksum was found right; returns whom it has told of. */
export function takeDiscovery(
  link: Link,
  addresses: Addresses,
  packet: Packet,
  mac: number,
  frame: Uint8Array,
  mayLearn: (ip: Ip) => boolean,
  isOurs: (ip: Ip) => boolean,
  advertise: () => void,
): Neighbor | undefined {
  const { bytes, at, end, source } = packet;
  // What has passed a router is none. (RFC 4861, "Validation of Neighbor Solicitations")
  if (packet.hops !== 255 || bytes[at + 1] !== 0 || packet.isReassembled) return undefined;
  const kind = bytes[at]!;
  if (kind === Discovery.ROUTER_SOLICITATION) {
    advertise();
    return undefined;
  }
  if (end - at < 24) return undefined;
  const target = new Ip();
  target.read6(bytes, at + 8);
  if (kind === Discovery.NEIGHBOR_ADVERTISEMENT) {
    if (!mayLearn(target)) return undefined;
    const option = optionOf(bytes, at + 24, end, TARGET_LINK);
    return option < 0 ? link.learn(target, frame, mac) : link.learn(target, bytes, option);
  }
  if (!isOurs(target)) return undefined;
  const { bytes: out } = link;
  const isProbe = source.isUnspecified;
  put32(out, PAYLOAD, 136 << 24);
  // Router, solicited unless nobody is known to ask, override. (RFC 4861, "Neighbor Advertisement Message Format")
  put32(out, PAYLOAD + 4, isProbe ? 0xa000_0000 : 0xe000_0000);
  target.write6(out, PAYLOAD + 8);
  out[PAYLOAD + 24] = TARGET_LINK;
  out[PAYLOAD + 25] = 1;
  putMac(out, PAYLOAD + 26, target);
  const to = isProbe ? manyOf(Ip.parse("ff02::1")!) : { ip: source.copy(), mac: copyOf(frame, mac, mac + 6) };
  sendIcmp(link, to, target, 32, 255);
  if (isProbe || !mayLearn(source)) return undefined;
  const option = optionOf(bytes, at + 24, end, SOURCE_LINK);
  return option < 0 ? link.learn(source, frame, mac) : link.learn(source, bytes, option);
}

/** Where the hardware address of an option lies; negative when there is none. */
function optionOf(bytes: Uint8Array, from: number, end: number, kind: number): number {
  for (let at = from; at + 8 <= end;) {
    const length = bytes[at + 1]! * 8;
    if (length === 0 || at + length > end) return -1;
    if (bytes[at] === kind && length === 8) return at + 2;
    at += length;
  }
  return -1;
}

/** Seconds for which the guest may believe in the router, and in its addresses. */
const ROUTER_SECONDS = 1800;
const PREFIX_SECONDS = 86_400;

/** Tells all guests of the router, the network's prefix and the DNS. (RFC 4861, "Router Advertisement Message Format"; RFC 8106) */
export function advertiseRouter(
  link: Link,
  { net6, dns6, linkLocal }: Addresses,
  dnssearch: readonly string[],
  isRestricted: boolean,
): void {
  const { bytes } = link;
  let at = PAYLOAD;
  bytes.fill(0, at, at + 120);
  bytes[at] = 134;
  bytes[at + 4] = 64;
  // More is to be had by DHCPv6.
  bytes[at + 5] = 0x40;
  put16(bytes, at + 6, isRestricted ? 0 : ROUTER_SECONDS);
  at += 16;
  bytes[at] = 3;
  bytes[at + 1] = 4;
  bytes[at + 2] = 64;
  // On this link, and guests make their own addresses of it.
  bytes[at + 3] = 0xc0;
  put32(bytes, at + 4, PREFIX_SECONDS);
  put32(bytes, at + 8, PREFIX_SECONDS);
  net6.address.write6(bytes, at + 16);
  at += 32;
  bytes[at] = SOURCE_LINK;
  bytes[at + 1] = 1;
  putMac(bytes, at + 2, linkLocal);
  at += 8;
  bytes[at] = 5;
  bytes[at + 1] = 1;
  put32(bytes, at + 4, link.mtu);
  at += 8;
  if (!isRestricted) {
    bytes[at] = 25;
    bytes[at + 1] = 3;
    put32(bytes, at + 4, ROUTER_SECONDS);
    dns6.write6(bytes, at + 8);
    at += 24;
    at += putSearch(bytes, at, dnssearch);
  }
  sendIcmp(link, manyOf(Ip.parse("ff02::1")!), linkLocal, at - PAYLOAD, 255);
}

function putSearch(bytes: Uint8Array, at: number, dnssearch: readonly string[]): number {
  const names = Uint8Array.from(dnssearch.flatMap((domain) => [...encodeDomain(domain)]));
  const length = 8 + ((names.length + 7) & ~7);
  if (names.length === 0 || length > 512) return 0;
  bytes.fill(0, at, at + length);
  bytes[at] = 31;
  bytes[at + 1] = length / 8;
  put32(bytes, at + 4, ROUTER_SECONDS);
  bytes.set(names, at + 8);
  return length;
}
