/**
 * Ethernet over a WebSocket: the binary messages between a VM's network device and a relay (docs/design/tunnels.md). Numbers are big-endian.
 *
 * ```
 *  HELLO     0 version offers  mtu(2)  mac(6)  token …              from the VM, first
 *  WELCOME   1 version offers                                       the relay's answer, or it closes
 *  FRAME     2  frame …
 *  UNDONE    3 flags gso segment(2) headers(2) start(2) offset(2)  frame …      for ends that offer it
 *  TAKEN     4 bytes(4)                                             of frames, which have left the window
 * ```
 */

import { type FrameInfo, type FrameOffers, Gso, MAX_FRAME, Offload } from "../../backend/network/network.ts";
import { get16, put16, put32 } from "../../backend/network/headers.ts";

export const VERSION = 1;
export const Kind = { HELLO: 0, WELCOME: 1, FRAME: 2, UNDONE: 3, TAKEN: 4 } as const;

/** Bytes of frames that are under way in one direction before the other end must have taken some. */
export const WINDOW = 2 ** 21;
/** The subprotocol that both ends name. */
export const SUBPROTOCOL = "wasmvisor-ethernet";
/** The largest message that makes sense. */
export const MAX_MESSAGE = 12 + MAX_FRAME;
const MAX_TOKEN = 4096;

/** Why a relay closes a connection: codes of a WebSocket's for applications. (RFC 6455, "Reserved Status Code Ranges") */
export const Close = {
  /** What was said makes no sense. */
  PROTOCOL: 4000,
  /** The token is not known. */
  REFUSED: 4001,
  /** There are too many already. */
  LIMIT: 4002,
  /** The relay goes away. */
  GOING: 4003,
  /** Nothing was heard for too long. */
  SILENT: 4004,
} as const;

/** What a VM says first. */
export interface Hello {
  readonly offers: FrameOffers;
  readonly mtu: number;
  readonly mac: Uint8Array;
  readonly token: string;
}

const OFFERS = ["checksum", "tcp4", "tcp6", "udp"] as const;

function bitsOf(offers: FrameOffers): number {
  return OFFERS.reduce((bits, name, index) => bits | (offers[name] ? 1 << index : 0), 0);
}

function offersOf(bits: number): FrameOffers {
  const [checksum, tcp4, tcp6, udp] = OFFERS.map((_, index) => (bits & (1 << index)) !== 0);
  return { checksum: checksum!, tcp4: tcp4! && checksum!, tcp6: tcp6! && checksum!, udp: udp! && checksum! };
}

export function helloMessage({ offers, mtu, mac, token }: Hello): Uint8Array {
  const text = new TextEncoder().encode(token);
  const message = new Uint8Array(11 + text.length);
  message.set([Kind.HELLO, VERSION, bitsOf(offers)]);
  put16(message, 3, mtu);
  message.set(mac.subarray(0, 6), 5);
  message.set(text, 11);
  return message;
}

/** Undefined when it is none, or of a version that is not known. */
export function parseHello(message: Uint8Array): Hello | undefined {
  if (message.length < 11 || message.length > 11 + MAX_TOKEN) return undefined;
  if (message[0] !== Kind.HELLO || message[1] !== VERSION) return undefined;
  return {
    offers: offersOf(message[2]!),
    mtu: get16(message, 3),
    mac: message.slice(5, 11),
    token: new TextDecoder().decode(message.subarray(11)),
  };
}

export function welcomeMessage(offers: FrameOffers): Uint8Array {
  return Uint8Array.of(Kind.WELCOME, VERSION, bitsOf(offers));
}

/** Undefined when it is none, or of a version that is not known. */
export function parseWelcome(message: Uint8Array): FrameOffers | undefined {
  if (message.length < 3 || message[0] !== Kind.WELCOME || message[1] !== VERSION) return undefined;
  return offersOf(message[2]!);
}

export function takenMessage(bytes: number): Uint8Array {
  const message = new Uint8Array(5);
  message[0] = Kind.TAKEN;
  put32(message, 1, bytes);
  return message;
}

/** A frame of whoever has agreed on what is still to be done in it. */
export function frameMessage(bytes: Uint8Array, at: number, length: number, info: FrameInfo): Uint8Array {
  const isPlain = (info.flags & Offload.NEEDS_CHECKSUM) === 0 && info.gso === Gso.NONE;
  const head = isPlain ? 1 : 11;
  const message = new Uint8Array(head + length);
  message[0] = isPlain ? Kind.FRAME : Kind.UNDONE;
  if (!isPlain) {
    message[1] = info.flags & Offload.NEEDS_CHECKSUM;
    message[2] = info.gso;
    put16(message, 3, info.segmentBytes);
    put16(message, 5, info.headerBytes);
    put16(message, 7, info.checksumStart);
    put16(message, 9, info.checksumOffset);
  }
  message.set(bytes.subarray(at, at + length), head);
  return message;
}

/**
 * Where in a message its frame begins, with what belongs to it in `info`; -1 when it makes no sense, or asks for more than `offers`.
 */
export function readFrame(message: Uint8Array, offers: FrameOffers, info: FrameInfo): number {
  const isPlain = message[0] === Kind.FRAME;
  const head = isPlain ? 1 : 11;
  const length = message.length - head;
  info.flags = 0;
  info.gso = Gso.NONE;
  info.segmentBytes = info.headerBytes = info.checksumStart = info.checksumOffset = 0;
  if (length < 14 || length > MAX_FRAME) return -1;
  if (isPlain) return head;
  const gso = message[2]!;
  const kind = gso & ~Gso.ECN;
  info.segmentBytes = get16(message, 3);
  info.headerBytes = get16(message, 5);
  info.checksumStart = get16(message, 7);
  info.checksumOffset = get16(message, 9);
  info.gso = gso;
  info.flags = Offload.NEEDS_CHECKSUM;
  const isOffered =
    kind === Gso.NONE
      ? gso === Gso.NONE
      : (kind === Gso.TCP4 && offers.tcp4) || (kind === Gso.TCP6 && offers.tcp6) || (kind === Gso.UDP_L4 && offers.udp);
  const isSound =
    message[1] === Offload.NEEDS_CHECKSUM &&
    info.checksumStart + info.checksumOffset + 2 <= length &&
    (kind === Gso.NONE || info.segmentBytes > 0);
  return offers.checksum && isOffered && isSound ? head : -1;
}
