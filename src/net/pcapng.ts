/** Blocks of a capture file, as Wireshark opens it. (IETF draft-ietf-opsawg-pcapng) */

const SECTION = 0x0a0d_0d0a;
const INTERFACE = 1;
const PACKET = 6;
const BYTE_ORDER = 0x1a2b_3c4d;
const LINKTYPE_ETHERNET = 1;

/** Codes of options. */
const OPTION = {
  END: 0,
  SHB_APPLICATION: 4,
  IF_NAME: 2,
  IF_MAC: 6,
  IF_TIME_RESOLUTION: 9,
  EPB_FLAGS: 2,
  EPB_DROPS: 4,
} as const;

/** Which way a frame went, as seen by the machine. */
export const Direction = { RECEIVED: 1, SENT: 2 } as const;

/** What comes before all else. */
export function sectionBlock(application: string): Uint8Array {
  const text = new TextEncoder().encode(application);
  const { bytes, view } = block(SECTION, 16 + optionBytes(text.length) + 4);
  view.setUint32(8, BYTE_ORDER, true);
  view.setUint16(12, 1, true);
  // How long the section is: not known.
  view.setBigUint64(16, 0xffff_ffff_ffff_ffffn, true);
  putOption(bytes, view, 24, OPTION.SHB_APPLICATION, text);
  return bytes;
}

/** Describes an interface, which is number 0, 1 … in the order of these blocks. Times are nanoseconds. */
export function interfaceBlock(name: string, mac: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(name);
  const { bytes, view } = block(INTERFACE, 8 + optionBytes(text.length) + optionBytes(6) + optionBytes(1) + 4);
  view.setUint16(8, LINKTYPE_ETHERNET, true);
  let at = putOption(bytes, view, 16, OPTION.IF_NAME, text);
  at = putOption(bytes, view, at, OPTION.IF_MAC, mac);
  putOption(bytes, view, at, OPTION.IF_TIME_RESOLUTION, Uint8Array.of(9));
  return bytes;
}

/** What belongs to a frame in a capture. */
export interface PacketInfo {
  readonly interface: number;
  readonly nanoseconds: bigint;
  /** One of `Direction`. */
  readonly direction: number;
  /** Frames that were lost between this one and the one before. */
  readonly drops: number;
}

/** Where the frame begins in its block. */
export const PACKET_DATA_AT = 28;

/** One frame: `bytes[at] … bytes[at + length - 1]`. */
export function packetBlock(bytes: Uint8Array, at: number, length: number, info: PacketInfo): Uint8Array {
  const drops = info.drops > 0 ? optionBytes(8) : 0;
  const made = block(PACKET, 20 + padded(length) + optionBytes(4) + drops + 4);
  const { view } = made;
  view.setUint32(8, info.interface, true);
  view.setUint32(12, Number((info.nanoseconds >> 32n) & 0xffff_ffffn), true);
  view.setUint32(16, Number(info.nanoseconds & 0xffff_ffffn), true);
  view.setUint32(20, length, true);
  view.setUint32(24, length, true);
  made.bytes.set(bytes.subarray(at, at + length), PACKET_DATA_AT);
  let option = PACKET_DATA_AT + padded(length);
  option = putOption(made.bytes, view, option, OPTION.EPB_FLAGS, Uint8Array.of(info.direction, 0, 0, 0));
  if (info.drops === 0) return made.bytes;
  const count = new Uint8Array(8);
  new DataView(count.buffer).setBigUint64(0, BigInt(info.drops), true);
  putOption(made.bytes, view, option, OPTION.EPB_DROPS, count);
  return made.bytes;
}

const padded = (length: number): number => (length + 3) & ~3;
const optionBytes = (length: number): number => 4 + padded(length);

/** A block with `length` bytes between its length and the length that is said again; zeros, so that options end. */
function block(type: number, length: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(12 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  view.setUint32(bytes.length - 4, bytes.length, true);
  return { bytes, view };
}

/** Puts an option at `at`; where the next one goes. */
function putOption(bytes: Uint8Array, view: DataView, at: number, code: number, value: Uint8Array): number {
  view.setUint16(at, code, true);
  view.setUint16(at + 2, value.length, true);
  bytes.set(value, at + 4);
  return at + optionBytes(value.length);
}
