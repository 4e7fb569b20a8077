/** Internet addresses: IPv6 ones, among them the IPv4 ones as `::ffff:a.b.c.d`. */

import { put32, signed32 } from "./headers.ts";

/** The third word of an IPv4 address in the form of an IPv6 one. */
const MAPPED = 0xffff;

/** An address: four words of 32 bits, signed, the first one first. Nobody changes one that others hold. */
export class Ip {
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;

  /** The IPv4 address of a number of 32 bits. */
  static v4(number: number): Ip {
    const ip = new Ip();
    ip.w2 = MAPPED;
    ip.w3 = number | 0;
    return ip;
  }

  /** Reads an address as people write it; undefined when it is none. A zone (`%eth0`) is none. */
  static parse(text: string): Ip | undefined {
    if (text.includes(":")) return parse6(text);
    const number = parse4(text);
    return number === undefined ? undefined : Ip.v4(number);
  }

  get isV4(): boolean {
    return this.w0 === 0 && this.w1 === 0 && this.w2 === MAPPED;
  }

  /** Whether all its bits are 0. */
  get isUnspecified(): boolean {
    return this.w0 === 0 && this.w1 === 0 && (this.w2 === 0 || this.w2 === MAPPED) && this.w3 === 0;
  }

  equals(other: Ip): boolean {
    return this.w3 === other.w3 && this.w2 === other.w2 && this.w1 === other.w1 && this.w0 === other.w0;
  }

  /** Takes an IPv4 address from 4 bytes of a packet. */
  read4(bytes: Uint8Array, at: number): void {
    this.w0 = 0;
    this.w1 = 0;
    this.w2 = MAPPED;
    this.w3 = signed32(bytes, at);
  }

  /** Takes an IPv6 address from 16 bytes of a packet. */
  read6(bytes: Uint8Array, at: number): void {
    this.w0 = signed32(bytes, at);
    this.w1 = signed32(bytes, at + 4);
    this.w2 = signed32(bytes, at + 8);
    this.w3 = signed32(bytes, at + 12);
  }

  /** Writes 4 bytes. */
  write4(bytes: Uint8Array, at: number): void {
    put32(bytes, at, this.w3);
  }

  /** Writes 16 bytes. */
  write6(bytes: Uint8Array, at: number): void {
    put32(bytes, at, this.w0);
    put32(bytes, at + 4, this.w1);
    put32(bytes, at + 8, this.w2);
    put32(bytes, at + 12, this.w3);
  }

  copy(): Ip {
    const ip = new Ip();
    ip.w0 = this.w0;
    ip.w1 = this.w1;
    ip.w2 = this.w2;
    ip.w3 = this.w3;
    return ip;
  }

  /** Its numbers with other low bits: those of `host` from bit `prefix` on. */
  withHost(prefix: number, host: Ip): Ip {
    const ip = new Ip();
    ip.w0 = mixed(this.w0, host.w0, prefix);
    ip.w1 = mixed(this.w1, host.w1, prefix - 32);
    ip.w2 = mixed(this.w2, host.w2, prefix - 64);
    ip.w3 = mixed(this.w3, host.w3, prefix - 96);
    return ip;
  }

  /** As people write it, in the form of RFC 5952. */
  toString(): string {
    if (this.isV4) return [24, 16, 8, 0].map((shift) => (this.w3 >>> shift) & 255).join(".");
    const groups = [this.w0, this.w1, this.w2, this.w3].flatMap((part) => [part >>> 16, part & 0xffff]);
    let best = 0;
    let bestLength = 1;
    for (let at = 0; at < 8; at++) {
      let length = 0;
      while (groups[at + length] === 0) length++;
      if (length > bestLength) [best, bestLength] = [at, length];
    }
    const text = (from: readonly number[]) => from.map((group) => group.toString(16)).join(":");
    if (bestLength === 1) return text(groups);
    return `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`;
  }
}

/** A range of addresses: those that begin with the same bits. */
export class Prefix {
  readonly address: Ip;
  /** Bits that count, of 128. */
  readonly bits: number;

  constructor(address: Ip, bits: number) {
    this.bits = bits;
    this.address = address.withHost(bits, new Ip());
  }

  /** Reads `10.0.0.0/8`, `fc00::/7`, or a single address; undefined when it is none. */
  static parse(text: string): Prefix | undefined {
    const [, name, length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const address = name === undefined ? undefined : Ip.parse(name);
    if (address === undefined) return undefined;
    const most = text.includes(":") ? 128 : 32;
    const bits = Number(length ?? most);
    return bits > most ? undefined : new Prefix(address, bits + 128 - most);
  }

  has(ip: Ip): boolean {
    const { address, bits } = this;
    return (
      same(ip.w0, address.w0, bits) &&
      same(ip.w1, address.w1, bits - 32) &&
      same(ip.w2, address.w2, bits - 64) &&
      same(ip.w3, address.w3, bits - 96)
    );
  }

  toString(): string {
    return `${this.address.toString()}/${this.address.isV4 && this.bits >= 96 ? this.bits - 96 : this.bits}`;
  }
}

/** The upper `bits` bits of a word, from less than none to more than all. */
function mask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function same(a: number, b: number, bits: number): boolean {
  return ((a ^ b) & mask(bits)) === 0;
}

function mixed(upper: number, lower: number, bits: number): number {
  const upperBits = mask(bits);
  return (upper & upperBits) | (lower & ~upperBits);
}

function parse4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (parts === null) return undefined;
  let number = 0;
  for (const part of parts.slice(1)) {
    if (Number(part) > 255) return undefined;
    number = (number << 8) | Number(part);
  }
  return number;
}

function parse6(text: string): Ip | undefined {
  const last = text.slice(text.lastIndexOf(":") + 1);
  let groups = text;
  if (last.includes(".")) {
    const number = parse4(last);
    if (number === undefined) return undefined;
    groups = text.slice(0, -last.length) + `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
  }
  const halves = groups.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - front!.length - (back?.length ?? 0);
  if (back === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...front!, ...Array<string>(missing).fill("0"), ...(back ?? [])];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const bytes = Uint8Array.from(
    all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
  const ip = new Ip();
  ip.read6(bytes, 0);
  return ip;
}

/** What an address is for. */
export type Scope = "public" | "private" | "link-local" | "loopback" | "unusable";

const scopes: readonly (readonly [Scope, Prefix])[] = (
  [
    ["unusable", "0.0.0.0/8"],
    ["loopback", "127.0.0.0/8"],
    ["link-local", "169.254.0.0/16"],
    ["private", "10.0.0.0/8"],
    ["private", "172.16.0.0/12"],
    ["private", "192.168.0.0/16"],
    ["private", "100.64.0.0/10"],
    ["private", "198.18.0.0/15"],
    ["private", "192.0.0.0/24"],
    ["unusable", "224.0.0.0/3"],
    ["unusable", "::/128"],
    ["loopback", "::1/128"],
    ["link-local", "fe80::/10"],
    ["private", "fc00::/7"],
    ["private", "fec0::/10"],
    ["unusable", "ff00::/8"],
  ] as const
).map(([scope, text]) => [scope, Prefix.parse(text)!]);

/** Prefixes of IPv6 addresses that hold an IPv4 address, and the bit where it begins. (RFC 4291, RFC 6052, RFC 3056) */
const embedding: readonly (readonly [Prefix, number])[] = (
  [
    ["::/96", 96],
    ["::ffff:0:0:0/96", 96],
    ["64:ff9b::/96", 96],
    ["64:ff9b:1::/48", 96],
    ["2002::/16", 16],
  ] as const
).map(([text, bit]) => [Prefix.parse(text)!, bit]);

/** The IPv4 address that an IPv6 address stands for, if it does: packets to it may be carried on to that one. */
export function embedded(ip: Ip): Ip | undefined {
  if (ip.isV4) return undefined;
  for (const [prefix, bit] of embedding) {
    if (!prefix.has(ip)) continue;
    if (bit === 96) return ip.w0 === 0 && ip.w1 === 0 && ip.w2 === 0 && ip.w3 >>> 1 === 0 ? undefined : Ip.v4(ip.w3);
    return Ip.v4((ip.w0 << 16) | (ip.w1 >>> 16));
  }
  return undefined;
}

/** What an address is for; of one that stands for another, what that one is for. */
export function scopeOf(ip: Ip): Scope {
  const other = embedded(ip);
  if (other !== undefined) return scopeOf(other);
  for (const [scope, prefix] of scopes) if (prefix.has(ip)) return scope;
  return "public";
}
