/** Sizes of headers, random numbers, copies: what the parts of the user network share beside headers.ts. */

/** Bytes of headers without options. */
export const IPV4_BYTES = 20;
export const IPV6_BYTES = 40;
export const UDP_BYTES = 8;
export const TCP_BYTES = 20;

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
