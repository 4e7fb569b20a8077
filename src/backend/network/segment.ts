/** What a frame still needs where its taker does not do it: the checksum finished, TCP cut into segments. */

import { type FrameInfo, type FrameSink, Gso, MAX_FRAME, Offload } from "./network.ts";
import { checksumOf, FrameHeaders, get16, get32, Protocol, pseudoSum, put16, put32, sumBytes } from "./headers.ts";

/** Segments that one frame may become: a guest that asks for tiny ones has its frame dropped. */
export const SEGMENTS_MOST = 2048;

const TCP = { FIN: 1, PSH: 8, CWR: 0x80 } as const;

/** A frame that is as it goes over a wire. */
export function plainInfo(): FrameInfo {
  return { flags: 0, gso: Gso.NONE, segmentBytes: 0, headerBytes: 0, checksumStart: 0, checksumOffset: 0 };
}

/**
 * Hands frames to sinks, finished as each sink needs them. It has one frame's bytes of its own, and remembers how much of a frame that is cut
 * has been taken.
 */
export class Segmenter {
  readonly #headers = new FrameHeaders();
  readonly #info = plainInfo();
  #bytes = new Uint8Array(0);
  /** Payload bytes of the present frame that are gone, when it is being cut. */
  #done = 0;

  /** Forgets the frame that has been taken in part. */
  reset(): void {
    this.#done = 0;
  }

  /**
   * As `sink.send`. After false, the next call is with the same frame and sink, or after `reset`; segments that have been taken are not
   * sent again. A frame that cannot be finished is taken, and dropped.
   */
  send(sink: FrameSink, bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const { offers } = sink;
    const needsChecksum = (info.flags & Offload.NEEDS_CHECKSUM) !== 0;
    if (info.gso !== Gso.NONE) {
      const isTaken = offersGso(sink, info.gso) && (offers.checksum || !needsChecksum);
      return isTaken ? sink.send(bytes, at, length, info) : this.#cut(sink, bytes, at, length, info);
    }
    if (!needsChecksum || offers.checksum) return sink.send(bytes, at, length, info);
    return this.#finish(sink, bytes, at, length, info);
  }

  /** Room for a frame. */
  get #room(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(MAX_FRAME);
    return this.#bytes;
  }

  #finish(sink: FrameSink, bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const copy = this.#room;
    if (length > copy.length) return true;
    copy.set(bytes.subarray(at, at + length));
    if (!finishChecksum(copy, 0, length, info)) return true;
    this.#set(0);
    return sink.send(copy, 0, length, this.#info);
  }

  #set(flags: number): void {
    const info = this.#info;
    info.flags = flags;
    info.gso = Gso.NONE;
    info.segmentBytes = 0;
    info.headerBytes = 0;
  }

  /** Sends what has not been taken of a frame in segments. */
  #cut(sink: FrameSink, bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const headers = this.#headers;
    headers.read(bytes, at, length);
    const { network, transport, version } = headers;
    const headEnd = tcpHeadEnd(headers, bytes, info.gso);
    const end = at + length;
    const payload = end - headEnd;
    const { segmentBytes } = info;
    const out = this.#room;
    const isCuttable = headEnd >= 0 && payload > 0 && segmentBytes > 0 && payload <= segmentBytes * SEGMENTS_MOST;
    if (!isCuttable || length > out.length) {
      this.#done = 0;
      return true;
    }
    const head = headEnd - at;
    const [ip, tcp] = [network - at, transport - at];
    for (; this.#done < payload;) {
      const from = this.#done;
      const count = Math.min(segmentBytes, payload - from);
      out.set(bytes.subarray(at, headEnd));
      out.set(bytes.subarray(headEnd + from, headEnd + from + count), head);
      patchIp(out, ip, version, tcp, head + count, Math.floor(from / segmentBytes));
      put32(out, tcp + 4, (get32(bytes, transport + 4) + from) >>> 0);
      const gone = (from > 0 ? TCP.CWR : 0) | (from + count < payload ? TCP.FIN | TCP.PSH : 0);
      out[tcp + 13]! &= ~gone;
      if (!this.#sendSegment(sink, out, { ip, tcp, version, length: head + count })) return false;
      this.#done = from + count;
    }
    this.#done = 0;
    return true;
  }

  #sendSegment(
    sink: FrameSink,
    out: Uint8Array,
    { ip, tcp, version, length }: { ip: number; tcp: number; version: number; length: number },
  ): boolean {
    const sum = pseudoSum(out, ip, version, Protocol.TCP, length - tcp);
    const info = this.#info;
    if (sink.offers.checksum) {
      this.#set(Offload.NEEDS_CHECKSUM);
      info.checksumStart = tcp;
      info.checksumOffset = 16;
      put16(out, tcp + 16, sum);
    } else {
      this.#set(0);
      put16(out, tcp + 16, 0);
      put16(out, tcp + 16, checksumOf(sumBytes(out, tcp, length, sum)));
    }
    return sink.send(out, 0, length, info);
  }
}

/** Whether `sink` takes frames that are to be cut like this. */
export function offersGso({ offers }: FrameSink, gso: number): boolean {
  switch (gso & ~Gso.ECN) {
    case Gso.TCP4:
      return offers.tcp4;
    case Gso.TCP6:
      return offers.tcp6;
    case Gso.UDP_L4:
      return offers.udp;
    default:
      return false;
  }
}

/**
 * Finishes the checksum of a frame with `NEEDS_CHECKSUM`, in place.
 * @returns whether `info` names a place in the frame
 */
export function finishChecksum(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
  const { checksumStart: start, checksumOffset: offset } = info;
  if (start + offset + 2 > length) return false;
  const sum = checksumOf(sumBytes(bytes, at + start, at + length));
  // 0 would say that there is none, where UDP may have none; for all others both are the same. (RFC 768)
  put16(bytes, at + start + offset, sum === 0 ? 0xffff : sum);
  return true;
}

/** Where the payload of a frame begins that is to be cut as `gso` says; -1 when it is no such frame. */
function tcpHeadEnd({ version, protocol, transport, end }: FrameHeaders, bytes: Uint8Array, gso: number): number {
  const wanted = (gso & ~Gso.ECN) === Gso.TCP4 ? 4 : (gso & ~Gso.ECN) === Gso.TCP6 ? 6 : 0;
  if (version === 0 || version !== wanted || protocol !== Protocol.TCP || transport + 20 > end) return -1;
  const header = (bytes[transport + 12]! >> 4) * 4;
  return header >= 20 && transport + header <= end ? transport + header : -1;
}

/** Makes the IP header that of one segment: its length, and for IPv4 its number and checksum. */
function patchIp(out: Uint8Array, ip: number, version: number, transport: number, length: number, index: number): void {
  if (version === 6) {
    put16(out, ip + 4, length - ip - 40);
    return;
  }
  put16(out, ip + 2, length - ip);
  put16(out, ip + 4, (get16(out, ip + 4) + index) & 0xffff);
  put16(out, ip + 10, 0);
  put16(out, ip + 10, checksumOf(sumBytes(out, ip, transport)));
}
