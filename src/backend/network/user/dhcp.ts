/** A DHCP server. (RFC 2131, RFC 2132) */

import { Ip } from "../address.ts";
import type { Addresses, UserEvent, UserOptions } from "./options.ts";
import { get16, put16, put32, signed32 } from "../headers.ts";
import { ascii } from "./wire.ts";

/** Kinds of messages. (RFC 2132, "DHCP Message Type") */
export enum DhcpMessage {
  DISCOVER = 1,
  OFFER = 2,
  REQUEST = 3,
  DECLINE = 4,
  ACK = 5,
  NAK = 6,
  RELEASE = 7,
  INFORM = 8,
}

/** Options. (RFC 2132; RFC 3397) */
export const DhcpOption = {
  MASK: 1,
  ROUTER: 3,
  DNS: 6,
  HOSTNAME: 12,
  DOMAIN: 15,
  MTU: 26,
  BROADCAST: 28,
  REQUESTED_ADDRESS: 50,
  LEASE: 51,
  MESSAGE: 53,
  SERVER: 54,
  SEARCH: 119,
  END: 255,
} as const;

const MAGIC = 0x6382_5363;
const OPTIONS_AT = 240;
const LEASE_SECONDS = 86_400;
/** Addresses that are given out. */
const MOST_LEASES = 64;

/** A message of the guest's. */
interface Request {
  readonly message: number;
  readonly mac: string;
  /** The address that the guest has already. */
  readonly current: number;
  readonly requested: number | undefined;
  readonly server: number | undefined;
  readonly hostname: string | undefined;
}

export class Dhcp {
  readonly #addresses: Addresses;
  readonly #options: UserOptions;
  readonly #mtu: () => number;
  readonly #onEvent: (event: UserEvent) => void;
  /** Addresses by hardware address, the one that was used last at the end. */
  readonly #leases = new Map<string, number>();
  /** Addresses that a guest has found to be somebody else's. */
  readonly #declined = new Set<number>();

  constructor(addresses: Addresses, options: UserOptions, mtu: () => number, onEvent: (event: UserEvent) => void) {
    this.#addresses = addresses;
    this.#options = options;
    this.#mtu = mtu;
    this.#onEvent = onEvent;
  }

  /** The answer to a message that lies between two places; undefined when there is none. */
  answer(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
    const request = read(bytes, at, end);
    if (request === undefined) return undefined;
    const { message } = request;
    if (message === DhcpMessage.DISCOVER) {
      const address = this.#addressFor(request);
      return address === undefined ? undefined : this.#reply(bytes, at, DhcpMessage.OFFER, address);
    }
    if (message === DhcpMessage.REQUEST) return this.#request(bytes, at, request);
    if (message === DhcpMessage.INFORM) return this.#reply(bytes, at, DhcpMessage.ACK, 0);
    if (message === DhcpMessage.RELEASE) this.#leases.delete(request.mac);
    else if (message === DhcpMessage.DECLINE && request.requested !== undefined) {
      this.#leases.delete(request.mac);
      if (this.#declined.size < MOST_LEASES / 2) this.#declined.add(request.requested);
    }
    return undefined;
  }

  /** (RFC 2131, "DHCPREQUEST message") */
  #request(bytes: Uint8Array, at: number, request: Request): Uint8Array | undefined {
    const { gateway } = this.#addresses;
    if (request.server !== undefined && request.server !== gateway.w3) return undefined;
    const wanted = request.requested ?? request.current;
    const address = this.#addressFor({ ...request, requested: wanted });
    if (address === undefined || address !== wanted) return this.#reply(bytes, at, DhcpMessage.NAK, 0);
    this.#onEvent({
      type: "lease",
      address: String(Ip.v4(address)),
      mac: request.mac,
      ...(request.hostname === undefined ? {} : { hostname: request.hostname }),
    });
    return this.#reply(bytes, at, DhcpMessage.ACK, address);
  }

  /** The guest's address: the one it has, the one it asks for, or the first that is free. The oldest lease ends when none is. */
  #addressFor({ mac, requested }: Request): number | undefined {
    const { dhcpStart, broadcast } = this.#addresses;
    const known = this.#leases.get(mac);
    const taken = new Set(this.#leases.values());
    let address = known;
    if (address === undefined && requested !== undefined && this.#isFree(requested, taken)) address = requested;
    const most = Math.min(MOST_LEASES, (broadcast.w3 - dhcpStart.w3) | 0);
    for (let i = 0; address === undefined && i < most; i++) {
      const next = (dhcpStart.w3 + i) | 0;
      if (this.#isFree(next, taken)) address = next;
    }
    if (address === undefined) {
      const [oldest] = this.#leases;
      if (oldest === undefined) return undefined;
      this.#leases.delete(oldest[0]);
      address = oldest[1];
    }
    this.#leases.delete(mac);
    this.#leases.set(mac, address);
    return address;
  }

  #isFree(address: number, taken: ReadonlySet<number>): boolean {
    const { dhcpStart, broadcast, gateway, dns } = this.#addresses;
    const place = (address - dhcpStart.w3) | 0;
    return (
      place >= 0 &&
      place < MOST_LEASES &&
      ((broadcast.w3 - address) | 0) > 0 &&
      address !== gateway.w3 &&
      address !== dns.w3 &&
      !taken.has(address) &&
      !this.#declined.has(address) &&
      !(this.#options.guestfwd ?? []).some((forward) => Ip.parse(forward.address)?.w3 === address)
    );
  }

  #reply(bytes: Uint8Array, at: number, message: DhcpMessage, address: number): Uint8Array {
    const reply = new Uint8Array(548);
    reply[0] = 2;
    reply[1] = 1;
    reply[2] = 6;
    // Transaction, flags, relay and hardware address are the guest's.
    reply.set(bytes.subarray(at + 4, at + 8), 4);
    reply.set(bytes.subarray(at + 10, at + 12), 10);
    if (message === DhcpMessage.ACK) reply.set(bytes.subarray(at + 12, at + 16), 12);
    put32(reply, 16, address);
    if (message !== DhcpMessage.NAK) put32(reply, 20, this.#addresses.gateway.w3);
    reply.set(bytes.subarray(at + 24, at + 44), 24);
    put32(reply, 236, MAGIC);
    const end = this.#putOptions(reply, message, address !== 0);
    return reply.subarray(0, Math.max(300, end));
  }

  #putOptions(reply: Uint8Array, message: DhcpMessage, hasLease: boolean): number {
    const { gateway, dns, mask, broadcast } = this.#addresses;
    const { hostname, domainname, dnssearch = [], restrict = false } = this.#options;
    let at = OPTIONS_AT;
    const put = (option: number, value: Uint8Array) => {
      if (value.length === 0 || value.length > 255 || at + 2 + value.length >= reply.length) return;
      reply[at] = option;
      reply[at + 1] = value.length;
      reply.set(value, at + 2);
      at += 2 + value.length;
    };
    put(DhcpOption.MESSAGE, Uint8Array.of(message));
    put(DhcpOption.SERVER, word(gateway.w3));
    if (message !== DhcpMessage.NAK) {
      put(DhcpOption.MASK, word(mask.w3));
      if (!restrict) {
        put(DhcpOption.ROUTER, word(gateway.w3));
        put(DhcpOption.DNS, word(dns.w3));
      }
      put(DhcpOption.BROADCAST, word(broadcast.w3));
      if (hasLease) put(DhcpOption.LEASE, word(LEASE_SECONDS));
      const mtu = new Uint8Array(2);
      put16(mtu, 0, this.#mtu());
      put(DhcpOption.MTU, mtu);
      if (hostname !== undefined) put(DhcpOption.HOSTNAME, ascii(hostname));
      if (domainname !== undefined) put(DhcpOption.DOMAIN, ascii(domainname));
      put(DhcpOption.SEARCH, Uint8Array.from(dnssearch.flatMap((domain) => [...encodeDomain(domain)])));
    }
    reply[at++] = DhcpOption.END;
    return at;
  }
}

/** A domain as the DNS writes it, without compression: labels with their lengths, and a 0. Labels that are too long are cut. */
export function encodeDomain(domain: string): Uint8Array {
  const bytes: number[] = [];
  for (const label of domain.split(".").filter((part) => part !== "")) {
    const letters = ascii(label.slice(0, 63));
    if (bytes.length + letters.length > 252) break;
    bytes.push(letters.length, ...letters);
  }
  return Uint8Array.from([...bytes, 0]);
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  put32(bytes, 0, value);
  return bytes;
}

function read(bytes: Uint8Array, at: number, end: number): Request | undefined {
  // A request over Ethernet, with an address of 6 bytes.
  if (end - at < OPTIONS_AT || bytes[at] !== 1 || bytes[at + 1] !== 1 || bytes[at + 2] !== 6) return undefined;
  if (signed32(bytes, at + 236) !== MAGIC) return undefined;
  let message = 0;
  let requested: number | undefined;
  let server: number | undefined;
  let hostname: string | undefined;
  for (let place = at + OPTIONS_AT; place < end && bytes[place] !== DhcpOption.END;) {
    if (bytes[place] === 0) {
      place++;
      continue;
    }
    const length = place + 1 < end ? bytes[place + 1]! : 0;
    const value = place + 2;
    if (value + length > end) break;
    if (bytes[place] === DhcpOption.MESSAGE && length === 1) message = bytes[value]!;
    else if (bytes[place] === DhcpOption.REQUESTED_ADDRESS && length === 4) requested = signed32(bytes, value);
    else if (bytes[place] === DhcpOption.SERVER && length === 4) server = signed32(bytes, value);
    else if (bytes[place] === DhcpOption.HOSTNAME) hostname = nameOf(bytes.subarray(value, value + length));
    place = value + length;
  }
  const mac = Array.from(bytes.subarray(at + 28, at + 34), (byte) => byte.toString(16).padStart(2, "0")).join(":");
  return { message, mac, current: signed32(bytes, at + 12), requested, server, hostname };
}

function nameOf(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes);
  return /^[\w.-]{1,255}$/.test(text) ? text : undefined;
}

/** Whether the guest asks for its answer to be sent to all. (RFC 2131, "DHCP: Use of broadcast and unicast") */
export function wantsBroadcast(bytes: Uint8Array, at: number): boolean {
  return (get16(bytes, at + 10) & 0x8000) !== 0;
}
