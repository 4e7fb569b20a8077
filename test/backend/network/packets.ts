/** Packets made by hand, for tests. */

import {
  checksumOf,
  get16,
  Protocol,
  pseudoSum,
  put16,
  put32,
  sumBytes,
} from "../../../src/backend/network/headers.ts";

export interface TcpOptions {
  readonly version?: 4 | 6;
  readonly payload?: number;
  readonly flags?: number;
  readonly seq?: number;
  readonly vlan?: number;
  /** Bytes of TCP options. */
  readonly options?: number;
  readonly seed?: number;
}

/** Where things are in a frame of `tcp`. */
export interface Tcp {
  readonly bytes: Uint8Array;
  readonly ip: number;
  readonly tcp: number;
  readonly head: number;
}

/** A TCP segment of any size, whose checksum is that of the pseudo-header, as a driver hands it over. */
export function tcp(options: TcpOptions = {}): Tcp {
  const { version = 4, payload = 100, flags = 0x18, seq = 1, vlan, options: extra = 0, seed = 7 } = options;
  const ip = vlan === undefined ? 14 : 18;
  const at = ip + (version === 4 ? 20 : 40);
  const head = at + 20 + extra;
  const bytes = new Uint8Array(head + payload);
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
  if (vlan !== undefined) {
    put16(bytes, 12, 0x8100);
    put16(bytes, 14, vlan);
  }
  put16(bytes, ip - 2, version === 4 ? 0x0800 : 0x86dd);
  const length = bytes.length - at;
  if (version === 4) {
    bytes.set([0x45, 0, 0, 0, 0x12, 0xff, 0x40, 0, 64, Protocol.TCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], ip);
    put16(bytes, ip + 2, (bytes.length - ip) & 0xffff);
    put16(bytes, ip + 10, checksumOf(sumBytes(bytes, ip, at)));
  } else {
    bytes.set([0x60, 0, 0, 0, 0, 0, Protocol.TCP, 64], ip);
    put16(bytes, ip + 4, length & 0xffff);
    for (let i = 0; i < 32; i++) bytes[ip + 8 + i] = i * 5;
  }
  put16(bytes, at, 1000);
  put16(bytes, at + 2, 2000);
  put32(bytes, at + 4, seq);
  put32(bytes, at + 8, 99);
  bytes[at + 12] = ((20 + extra) / 4) << 4;
  bytes[at + 13] = flags;
  put16(bytes, at + 14, 512);
  for (let i = 0; i < extra; i++) bytes[at + 20 + i] = 1;
  for (let i = head; i < bytes.length; i++) bytes[i] = ((i - head) * seed + ((i - head) >> 8)) & 0xff;
  put16(bytes, at + 16, pseudoSum(bytes, ip, version, Protocol.TCP, length));
  return { bytes, ip, tcp: at, head };
}

/** Whether the checksums of a frame without anything left to do are right. */
export function isRight(bytes: Uint8Array, ip: number, version: number, transport: number): boolean {
  if (version === 4 && sumBytes(bytes, ip, transport) !== 0xffff) return false;
  const sum = pseudoSum(bytes, ip, version, Protocol.TCP, bytes.length - transport);
  return sumBytes(bytes, transport, bytes.length, sum) === 0xffff;
}

/** The length that the IP header says, from its own beginning. */
export function ipLength(bytes: Uint8Array, ip: number, version: number): number {
  return version === 4 ? get16(bytes, ip + 2) : get16(bytes, ip + 4) + 40;
}
