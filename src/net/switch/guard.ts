/** Keeps a port to its own addresses, so that nobody speaks in another's name. */

import { Ip } from "../../backend/network/address.ts";
import { EtherType, type FrameHeaders, get16, get32, Protocol } from "../../backend/network/headers.ts";
import { WasmvisorError } from "../../error.ts";
import { macNumber, parseMacNumber } from "./mac-table.ts";

/** Who may speak at a port. */
export interface GuardOptions {
  /** Ethernet addresses. Default: the device's own. */
  readonly macs?: readonly string[];
  /** IPv4 and IPv6 addresses, in ARP and neighbour discovery, too. Default: any. Link-local IPv6 addresses are always allowed. */
  readonly ips?: readonly string[];
}

/** The guard of one port. */
export class SourceGuard {
  readonly #macs = new Set<number>();
  readonly #ipv4: Set<number> | undefined;
  readonly #ipv6: Set<string> | undefined;
  readonly #isOwn: boolean;

  /** @throws WasmvisorError `switch` when an address is none */
  constructor({ macs, ips }: GuardOptions) {
    this.#isOwn = macs === undefined;
    for (const text of macs ?? []) this.#macs.add(parseMacNumber(text) ?? noAddress(text));
    if (ips === undefined) return;
    this.#ipv4 = new Set();
    this.#ipv6 = new Set();
    for (const text of ips) {
      const ip = (typeof text === "string" ? Ip.parse(text) : undefined) ?? noAddress(text);
      if (!text.includes(":")) this.#ipv4.add(ip.w3 >>> 0);
      // An IPv4 address in one of IPv6 is none that a neighbour has.
      else if (text.includes(".")) noAddress(text);
      else {
        const bytes = new Uint8Array(16);
        ip.write6(bytes, 0);
        this.#ipv6.add(ipv6Key(bytes, 0));
      }
    }
  }

  /** The device at the port has this address. */
  setOwn(mac: Uint8Array): void {
    if (!this.#isOwn) return;
    this.#macs.clear();
    this.#macs.add(macNumber(mac, 0));
  }

  /** Whether a frame says the truth of where it comes from. */
  allows(bytes: Uint8Array, at: number, headers: FrameHeaders): boolean {
    if (!this.#macs.has(macNumber(bytes, at + 6))) return false;
    const { etherType, network, version, end } = headers;
    if (etherType === EtherType.ARP) {
      // Of IPv4 over Ethernet; the sender's addresses.
      if (network + 28 > end || get32(bytes, network) !== 0x1_0800 || get16(bytes, network + 4) !== 0x604) return false;
      return this.#macs.has(macNumber(bytes, network + 8)) && this.#allowsIpv4(get32(bytes, network + 14));
    }
    if (version === 4) return this.#allowsIpv4(get32(bytes, network + 12));
    if (version === 6) return this.#allowsIpv6(bytes, network + 8) && this.#allowsNeighbour(bytes, headers);
    // What says to be IP and is not, or has more tags than are looked behind.
    return etherType !== EtherType.IPV4 && etherType !== EtherType.IPV6 && !isTag(etherType);
  }

  /** 0.0.0.0 is who has no address yet. */
  #allowsIpv4(address: number): boolean {
    return this.#ipv4 === undefined || address === 0 || this.#ipv4.has(address);
  }

  #allowsIpv6(bytes: Uint8Array, at: number): boolean {
    if (this.#ipv6 === undefined) return true;
    if (bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80) return true;
    const text = ipv6Key(bytes, at);
    return text === NOBODY || this.#ipv6.has(text);
  }

  /** A neighbour advertisement is of an address that is its sender's. */
  #allowsNeighbour(bytes: Uint8Array, { protocol, transport, end }: FrameHeaders): boolean {
    if (protocol !== Protocol.ICMPV6 || bytes[transport] !== 136) return true;
    return transport + 24 <= end && this.#allowsIpv6(bytes, transport + 8);
  }
}

const isTag = (type: number): boolean => type === EtherType.VLAN || type === EtherType.QINQ;

function ipv6Key(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let i = 0; i < 16; i += 2) text += `${get16(bytes, at + i).toString(16)}:`;
  return text;
}

const NOBODY = "0:".repeat(8);

function noAddress(text: string): never {
  throw new WasmvisorError("switch", `A guard's addresses are those of Ethernet or IP, and "${text}" is none.`, {
    address: text,
  });
}
