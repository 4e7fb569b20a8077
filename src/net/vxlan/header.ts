/**
 * The header in front of a tunnelled frame. (RFC 7348, "VXLAN Frame Format")
 *
 * ```
 *  0            1 … 3      4 … 6                      7
 *  R R R R I R R R | reserved | VXLAN network identifier | reserved | Ethernet frame without its check sequence …
 * ```
 */

export const VXLAN_BYTES = 8;
/** The flag I: the identifier is valid. All others are reserved, and looked at by nobody. */
const VALID = 0x08;

/** The largest VXLAN network identifier. */
export const MAX_VNI = 2 ** 24 - 1;

/** Writes the header at `at`. */
export function writeVxlan(bytes: Uint8Array, at: number, vni: number): void {
  bytes.fill(0, at, at + VXLAN_BYTES);
  bytes[at] = VALID;
  bytes[at + 4] = vni >> 16;
  bytes[at + 5] = (vni >> 8) & 0xff;
  bytes[at + 6] = vni & 0xff;
}

/** The identifier of a packet; -1 when it is no VXLAN packet. */
export function vniOf(bytes: Uint8Array): number {
  if (bytes.length < VXLAN_BYTES || (bytes[0]! & VALID) === 0) return -1;
  return (bytes[4]! << 16) | (bytes[5]! << 8) | bytes[6]!;
}
