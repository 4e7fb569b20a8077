/** Numbers of the protocols, and reading and writing them in network order. */

export const EtherType = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;

/** Protocols above IP. (IANA, "Assigned Internet Protocol Numbers") */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

/** Bytes of headers without options. */
export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const IPV6_BYTES = 40;
export const UDP_BYTES = 8;
export const TCP_BYTES = 20;

export function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** A number of 32 bits, signed. */
export function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

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

/** Random numbers that a guest cannot foresee: signed ones of 32 bits. */
export function random32(): number {
  if (randomAt === randoms.length) {
    crypto.getRandomValues(randoms);
    randomAt = 0;
  }
  return randoms[randomAt++]!;
}

const randoms = new Int32Array(64);
let randomAt = randoms.length;

/** A copy of some bytes. (`slice` of node's buffers makes none.) */
export function copyOf(bytes: Uint8Array, from = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(from, end));
}

/** Letters of a text of ASCII, as bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 127);
}
