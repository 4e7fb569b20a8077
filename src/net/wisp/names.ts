/** Addresses that stand for names, where names are resolved only at the far end of a proxy. */

import type { DnsRecord, DnsRecordType, DnsResult } from "../../backend/network/user/host-network.ts";

/** 198.18.0.0/15, which no host of the Internet has. (RFC 2544, RFC 6890) */
const FIRST = 198 * 2 ** 24 + 18 * 2 ** 16;
/** Names that have addresses; the oldest gives its own up. Less than the network has: the first and the last ones are left out. */
const MOST = 2 ** 16;
/** Seconds for which a guest may believe an address. */
const TTL = 300;

/** The names of one proxy. */
export class NameAddresses {
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #next = 0;

  /** The name that an address stands for. */
  nameOf(address: string): string | undefined {
    return this.#names.get(address);
  }

  /** What a resolver answers: every name exists, and has an IPv4 address. */
  answer(name: string, type: DnsRecordType): DnsResult {
    if (type !== "A") return [];
    const record: DnsRecord = { type: "A", address: this.#addressOf(name), ttl: TTL };
    return [record];
  }

  #addressOf(name: string): string {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const number = FIRST + 256 + (this.#next++ % MOST);
    const address = [24, 16, 8, 0].map((shift) => (number / 2 ** shift) & 255).join(".");
    const before = this.#names.get(address);
    if (before !== undefined) this.#addresses.delete(before);
    this.#names.set(address, name);
    this.#addresses.set(name, address);
    return address;
  }
}
