/** What checksums are begun with. */

import { fold } from "../headers.ts";
import type { Ip } from "../address.ts";

/** The sum of the pseudo-header of TCP, UDP and ICMPv6. (RFC 9293, "Header Format"; RFC 8200, "Upper-Layer Checksums") */
export function sumPseudoHeader(source: Ip, destination: Ip, protocol: number, length: number): number {
  let sum = protocol + (length >>> 16) + (length & 0xffff) + sumWord(source.w3) + sumWord(destination.w3);
  if (!source.isV4) {
    sum += sumWord(source.w0) + sumWord(source.w1) + sumWord(source.w2);
    sum += sumWord(destination.w0) + sumWord(destination.w1) + sumWord(destination.w2);
  }
  return fold(sum);
}

function sumWord(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}
