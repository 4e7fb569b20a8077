/**
 * Packets of Wisp: TCP and UDP streams over one WebSocket. Numbers are little-endian. (Wisp protocol, version 2.0 draft 2)
 *
 * ```
 *  type  stream(4)  payload …
 *  1 CONNECT    kind (1 TCP, 2 UDP)  port(2)  host …
 *  2 DATA       bytes …
 *  3 CONTINUE   packets(4) that may be sent until the next one; for stream 0: what each stream begins with
 *  4 CLOSE      reason
 *  5 INFO       major  minor  { extension  length(4)  bytes … } …
 * ```
 */

export const Packet = { CONNECT: 1, DATA: 2, CONTINUE: 3, CLOSE: 4, INFO: 5 } as const;
export const StreamKind = { TCP: 1, UDP: 2 } as const;
export const Extension = { UDP: 1, PASSWORD: 2 } as const;
export const CloseReason = {
  VOLUNTARY: 0x02,
  NETWORK_ERROR: 0x03,
  INCOMPATIBLE: 0x04,
  INVALID: 0x41,
  UNREACHABLE: 0x42,
  TIMED_OUT: 0x43,
  REFUSED: 0x44,
  BLOCKED: 0x48,
  CLIENT_ERROR: 0x81,
} as const;

const HEAD = 5;

/** A packet with room for its payload. */
function packet(type: number, stream: number, payload: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(HEAD + payload);
  const view = new DataView(bytes.buffer);
  bytes[0] = type;
  view.setUint32(1, stream, true);
  return { bytes, view };
}

export function connectPacket(stream: number, kind: number, host: string, port: number): Uint8Array {
  const name = new TextEncoder().encode(host);
  const { bytes, view } = packet(Packet.CONNECT, stream, 3 + name.length);
  bytes[HEAD] = kind;
  view.setUint16(HEAD + 1, port, true);
  bytes.set(name, HEAD + 3);
  return bytes;
}

export function dataPacket(stream: number, data: Uint8Array): Uint8Array {
  const { bytes } = packet(Packet.DATA, stream, data.length);
  bytes.set(data, HEAD);
  return bytes;
}

export function closePacket(stream: number, reason: number): Uint8Array {
  const { bytes } = packet(Packet.CLOSE, stream, 1);
  bytes[HEAD] = reason;
  return bytes;
}

/** What a client says of itself: UDP, and a name with a password where they are asked for. */
export function infoPacket(
  hasUdp: boolean,
  account?: { readonly user: string; readonly password: string },
): Uint8Array {
  const extensions: Uint8Array[] = [];
  const add = (id: number, payload: Uint8Array): void => {
    const bytes = new Uint8Array(5 + payload.length);
    bytes[0] = id;
    new DataView(bytes.buffer).setUint32(1, payload.length, true);
    bytes.set(payload, 5);
    extensions.push(bytes);
  };
  if (hasUdp) add(Extension.UDP, new Uint8Array(0));
  if (account !== undefined) {
    const [user, password] = [account.user, account.password].map((text) => new TextEncoder().encode(text)) as [
      Uint8Array,
      Uint8Array,
    ];
    const payload = new Uint8Array(3 + user.length + password.length);
    payload[0] = user.length;
    payload[1] = password.length & 0xff;
    payload[2] = password.length >> 8;
    payload.set(user, 3);
    payload.set(password, 3 + user.length);
    add(Extension.PASSWORD, payload);
  }
  const { bytes } = packet(Packet.INFO, 0, 2 + extensions.reduce((sum, { length }) => sum + length, 0));
  bytes[HEAD] = 2;
  let at = HEAD + 2;
  for (const extension of extensions) {
    bytes.set(extension, at);
    at += extension.length;
  }
  return bytes;
}

/** A packet that has come. */
export interface WispPacket {
  readonly type: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Undefined when it is too short to be one. */
export function readPacket(bytes: Uint8Array): WispPacket | undefined {
  if (bytes.length < HEAD) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { type: bytes[0]!, stream: view.getUint32(1, true), payload: bytes.subarray(HEAD) };
}

/** The number of a CONTINUE packet; -1 when it has none. */
export function continueOf(payload: Uint8Array): number {
  if (payload.length < 4) return -1;
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0, true);
}

/** The extensions of an INFO packet; those that are cut off are left out. */
export function extensionsOf(payload: Uint8Array): Set<number> {
  const found = new Set<number>();
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 2; at + 5 <= payload.length;) {
    const length = view.getUint32(at + 1, true);
    if (at + 5 + length > payload.length) break;
    found.add(payload[at]!);
    at += 5 + length;
  }
  return found;
}
