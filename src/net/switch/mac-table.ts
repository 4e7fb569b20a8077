/** Which port an address was last heard at. (IEEE 802.1Q, "Filtering Database") */

/** An address as a number: 48 bits. */
export function macNumber(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0;
  return ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 + low;
}

/** Whether it is one of a group: the lowest bit of the first byte. */
export const isGroup = (bytes: Uint8Array, at: number): boolean => (bytes[at]! & 1) !== 0;

/** Milliseconds between two looks for what is too old, when there is no room. */
const SWEEP_EVERY = 1000;

interface Entry {
  port: number;
  /** Milliseconds, of the switch's clock. */
  seen: number;
}

/** What has become of an address that was heard. */
export type Learned = "known" | "new" | "moved" | "full";

/** An address and where it is, for people. */
export interface MacEntry {
  readonly vlan: number;
  readonly mac: string;
  readonly port: number;
  /** Milliseconds since it was last heard. */
  readonly age: number;
}

/** Addresses by VLAN. It is bounded, in all and for each port, and forgets what it has not heard for some time. */
export class MacTable {
  readonly #vlans = new Map<number, Map<number, Entry>>();
  readonly #ofPort = new Map<number, number>();
  readonly #ageing: number;
  readonly #most: number;
  readonly #mostOfPort: number;
  #size = 0;
  #sweptAt = 0;

  /** @param ageing - milliseconds @param most - addresses in all @param mostOfPort - addresses at one port */
  constructor(ageing: number, most: number, mostOfPort: number) {
    this.#ageing = ageing;
    this.#most = most;
    this.#mostOfPort = mostOfPort;
  }

  /** An address has been heard at a port. A new one is not learned when there are too many already. */
  learn(vlan: number, mac: number, port: number, now: number): Learned {
    const entry = this.#vlans.get(vlan)?.get(mac);
    if (entry !== undefined) {
      const isMoved = entry.port !== port && now - entry.seen <= this.#ageing;
      if (entry.port !== port) {
        if (!this.#hasRoom(port)) return "full";
        this.#count(entry.port, -1);
        this.#count(port, 1);
        entry.port = port;
      }
      entry.seen = now;
      return isMoved ? "moved" : "known";
    }
    if (!this.#hasRoom(port) || this.#size >= this.#most) {
      if (now - this.#sweptAt >= SWEEP_EVERY) this.sweep(now);
      if (!this.#hasRoom(port) || this.#size >= this.#most) return "full";
    }
    let macs = this.#vlans.get(vlan);
    if (macs === undefined) this.#vlans.set(vlan, (macs = new Map<number, Entry>()));
    macs.set(mac, { port, seen: now });
    this.#size++;
    this.#count(port, 1);
    return "new";
  }

  /** The port that an address is at; -1 when that is not known. */
  find(vlan: number, mac: number, now: number): number {
    const entry = this.#vlans.get(vlan)?.get(mac);
    return entry === undefined || now - entry.seen > this.#ageing ? -1 : entry.port;
  }

  /** Forgets what is too old, and with `port` all that is there. */
  sweep(now: number, port?: number): void {
    this.#sweptAt = now;
    for (const [vlan, macs] of this.#vlans) {
      for (const [mac, entry] of macs) {
        if (entry.port !== port && now - entry.seen <= this.#ageing) continue;
        macs.delete(mac);
        this.#size--;
        this.#count(entry.port, -1);
      }
      if (macs.size === 0) this.#vlans.delete(vlan);
    }
  }

  /** All that is known. */
  entries(now: number): MacEntry[] {
    this.sweep(now);
    return [...this.#vlans].flatMap(([vlan, macs]) =>
      [...macs].map(([mac, { port, seen }]) => ({ vlan, mac: macText(mac), port, age: now - seen })),
    );
  }

  #hasRoom(port: number): boolean {
    return (this.#ofPort.get(port) ?? 0) < this.#mostOfPort;
  }

  #count(port: number, by: number): void {
    const count = (this.#ofPort.get(port) ?? 0) + by;
    if (count > 0) this.#ofPort.set(port, count);
    else this.#ofPort.delete(port);
  }
}

/** An address in the usual form. */
export function macText(mac: number): string {
  const digits = mac.toString(16).padStart(12, "0");
  return digits.replaceAll(/(..)(?!$)/g, "$1:");
}

/** The number of an address in the usual form; undefined when it is none. */
export function parseMacNumber(text: string): number | undefined {
  const plain = typeof text === "string" ? text.replaceAll(/[:-]/g, "") : "";
  return /^[0-9a-f]{12}$/i.test(plain) ? parseInt(plain, 16) : undefined;
}
