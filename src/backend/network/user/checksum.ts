/** The checksum of the Internet: a sum of 16-bit numbers with the carries added to it. (RFC 1071) */

import type { Ip } from "./address.ts";

/** The sum of bytes, before `finish`; `sum` is that of what lies before them, of an even length. */
export function sumBytes(bytes: Uint8Array, at: number, length: number, sum = 0): number {
  const end = at + (length & ~1);
  // A sum of 65,535 numbers of 16 bits, and what was there before, stays below 2^53 without carries.
  let total = sum;
  for (let i = at; i < end; i += 2) total += (bytes[i]! << 8) | bytes[i + 1]!;
  if (length & 1) total += bytes[end]! << 8;
  return total;
}

/** The sum of the pseudo-header of TCP, UDP and ICMPv6. (RFC 9293, "Header Format"; RFC 8200, "Upper-Layer Checksums") */
export function sumPseudoHeader(source: Ip, destination: Ip, protocol: number, length: number): number {
  let sum = protocol + (length >>> 16) + (length & 0xffff) + sumWord(source.w3) + sumWord(destination.w3);
  if (!source.isV4) {
    sum += sumWord(source.w0) + sumWord(source.w1) + sumWord(source.w2);
    sum += sumWord(destination.w0) + sumWord(destination.w1) + sumWord(destination.w2);
  }
  return sum;
}

function sumWord(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** A sum of 16 bits, with its carries in it. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = Math.floor(folded / 0x1_0000) + (folded % 0x1_0000);
  return folded;
}

/** What belongs into a header for a sum of all else. */
export function finish(sum: number): number {
  return ~fold(sum) & 0xffff;
}
