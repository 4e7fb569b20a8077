/** Makes Linux images. */

/** An `Image` of 100 bytes. */
export function linuxImage({ textOffset = 0x20_0000n, imageSize = 0x10_0000n, flags = 0n } = {}): Uint8Array {
  const bytes = new Uint8Array(100).fill(0x13);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setBigUint64(24, flags, true);
  bytes.set(new TextEncoder().encode("RISCV\0\0\0RSC\x05"), 48);
  return bytes;
}

/** A self-extracting EFI image around `payload`. */
export function zboot(payload: Uint8Array, compression = "gzip"): Uint8Array {
  const bytes = new Uint8Array(64 + payload.length + 7);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("MZ\0\0zimg"));
  view.setUint32(8, 64, true);
  view.setUint32(12, payload.length, true);
  bytes.set(new TextEncoder().encode(compression), 24);
  bytes.set(payload, 64);
  return bytes;
}
