/** The checksum of U-Boot's images, gzip and xz. (ITU-T V.42; IEEE 802.3) */

const POLYNOMIAL = 0xedb8_8320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum;
});

/** The table's index by the highest byte of its entry. */
const BACK = new Uint8Array(256);
TABLE.forEach((entry, index) => (BACK[entry >>> 24] = index));

/** What `before` must have been for the sum of `bytes` to be `sum`. */
export function crc32Before(bytes: Uint8Array, sum: number): number {
  let before = ~sum >>> 0;
  for (let at = bytes.length - 1; at >= 0; at--) {
    const index = BACK[before >>> 24]!;
    before = (((before ^ TABLE[index]!) << 8) | (index ^ bytes[at]!)) >>> 0;
  }
  return ~before >>> 0;
}

/** The sum of `bytes`, after that of what came before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let sum = ~before;
  for (const byte of bytes) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff]!;
  return ~sum >>> 0;
}
