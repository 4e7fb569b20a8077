/** A TCP of the tests' own, for one connection: small, slow and independent of the one that is tested. */

import type { Got, Guest } from "./rig.ts";
import { GUEST, ipFrame, readIp } from "./rig.ts";

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

export interface Tcp {
  readonly source: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly options: Buffer;
  readonly data: Buffer;
}

/** Reads a TCP segment; undefined when it is none. */
export function readTcp(got: Got): Tcp | undefined {
  const ip = readIp(got);
  if (ip?.protocol !== 6) return undefined;
  const tcp = ip.payload;
  const header = (tcp[12]! >> 4) * 4;
  return {
    source: ip.source,
    sourcePort: tcp.readUInt16BE(0),
    destinationPort: tcp.readUInt16BE(2),
    seq: tcp.readUInt32BE(4),
    ack: tcp.readUInt32BE(8),
    flags: tcp[13]!,
    window: tcp.readUInt16BE(14),
    options: tcp.subarray(20, header),
    data: tcp.subarray(header),
  };
}

export interface Fields {
  readonly seq: number;
  readonly ack?: number;
  readonly flags: number;
  readonly window?: number;
  readonly options?: Uint8Array;
  readonly data?: Uint8Array;
}

/** A TCP segment without a checksum: `ipFrame` puts it in. */
export function tcpBytes(sourcePort: number, destinationPort: number, fields: Fields): Buffer {
  const { seq, ack = 0, flags, window = 65_535, options = Buffer.alloc(0), data = Buffer.alloc(0) } = fields;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt32BE(ack >>> 0, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  header[13] = flags;
  header.writeUInt16BE(window, 14);
  return Buffer.concat([header, options, data]);
}

const behind = (a: number, b: number) => (a - b) | 0;

export type Fate = "lost" | "twice" | "late" | "well";

export interface PeerOptions {
  readonly guest?: string;
  readonly remote?: string;
  readonly port?: number;
  readonly remotePort?: number;
  readonly scale?: number;
  readonly sack?: boolean;
  readonly mss?: number;
  /** Bytes that are taken before the test reads them. */
  readonly windowBytes?: number;
  /** What becomes of a frame on its way; a late one comes with the next tick. */
  readonly fate?: () => Fate;
  /** Milliseconds until what has got no answer is sent again. */
  readonly timeout?: number;
}

/** One end of a connection. It sends with go-back-n, and keeps what comes out of order. */
export class Peer {
  readonly guest: Guest;
  readonly o: Required<PeerOptions>;
  state: "closed" | "syn" | "open" | "reset" = "closed";
  seq: number;
  una: number;
  next = 0;
  peerWindow = 0;
  peerScale = 0;
  peerSack = false;
  received: Buffer[] = [];
  receivedBytes = 0;
  isFinReceived = false;
  isFinAcked = false;
  /** Bytes that the reader has not taken; they make the window smaller. */
  unread = 0;
  reads = true;
  readonly segments: Tcp[] = [];
  #out = Buffer.alloc(0);
  #isClosing = false;
  readonly #early = new Map<number, Buffer>();
  #sentAt = 0;
  #finAt: number | undefined;
  #late: (() => void)[] = [];

  constructor(guest: Guest, options: PeerOptions = {}) {
    this.guest = guest;
    this.o = {
      guest: GUEST,
      remote: "198.51.100.7",
      port: 40_000,
      remotePort: 80,
      scale: 7,
      sack: true,
      mss: 1460,
      windowBytes: 2 ** 20,
      fate: () => "well",
      timeout: 300,
      ...options,
    };
    this.seq = 0xffff_ff00;
    this.una = this.seq;
    guest.onFrame = (got) => this.#arrive(got);
  }

  #window(): number {
    return Math.max(0, Math.min(65_535 << this.o.scale, this.o.windowBytes - this.unread));
  }

  emit(flags: number, seq: number, data: Uint8Array = Buffer.alloc(0), options?: Uint8Array): void {
    const window = flags & SYN ? Math.min(65_535, this.#window()) : this.#window() >> this.o.scale;
    const fields = {
      seq,
      flags,
      window,
      data,
      options: options ?? this.#sackOption(),
      ack: flags & ACK ? this.next : 0,
    };
    const bytes = tcpBytes(this.o.port, this.o.remotePort, fields);
    this.#carry(() => this.guest.frame(ipFrame(this.o.guest, this.o.remote, 6, bytes)));
  }

  #carry(arrive: () => void): void {
    const fate = this.o.fate();
    if (fate === "late") this.#late.push(arrive);
    else if (fate !== "lost") arrive();
    if (fate === "twice") arrive();
  }

  #sackOption(): Buffer {
    if (!this.o.sack || !this.peerSack || this.#early.size === 0) return Buffer.alloc(0);
    const blocks = [...this.#early].map(([seq, data]) => [seq, seq + data.length]).slice(-3);
    const option = Buffer.alloc(4 + 8 * blocks.length);
    option.set([1, 1, 5, 2 + 8 * blocks.length]);
    blocks.forEach(([begin, end], i) => {
      option.writeUInt32BE(begin! >>> 0, 4 + 8 * i);
      option.writeUInt32BE(end! >>> 0, 8 + 8 * i);
    });
    return option;
  }

  #synOptions(): Buffer {
    const { mss, sack, scale } = this.o;
    const options = [2, 4, mss >> 8, mss & 255];
    if (sack) options.push(1, 1, 4, 2);
    if (scale > 0) options.push(1, 3, 3, scale);
    return Buffer.from(options);
  }

  connect(): void {
    this.state = "syn";
    this.#sentAt = this.guest.clock.time;
    this.emit(SYN, this.seq, undefined, this.#synOptions());
  }

  send(data: Uint8Array): void {
    this.#out = Buffer.concat([this.#out, data]);
    this.#push();
  }

  close(): void {
    this.#isClosing = true;
    this.#push();
  }

  /** The reader takes what has come. */
  read(): void {
    this.unread = 0;
    this.emit(ACK, this.una);
  }

  get text(): string {
    return Buffer.concat(this.received).toString("latin1");
  }

  /** What is late comes, the last of it first; what has waited too long is sent again. */
  tick(): void {
    for (const arrive of this.#late.splice(0).toReversed()) arrive();
    if (this.guest.clock.time - this.#sentAt < this.o.timeout) return;
    this.#sentAt = this.guest.clock.time;
    if (this.state === "syn") this.emit(SYN, this.seq, undefined, this.#synOptions());
    else if (this.state === "open" && behind(this.#end(), this.una) > 0) this.#push();
  }

  #end(): number {
    return (this.una + this.#out.length + (this.#isClosing && !this.isFinAcked ? 1 : 0)) | 0;
  }

  /** Sends all that the window allows, from the first that is not acknowledged. */
  #push(): void {
    if (this.state !== "open") return;
    this.#sentAt = this.guest.clock.time;
    const window = this.peerWindow;
    let at = 0;
    while (at < this.#out.length && at < Math.max(window, 1)) {
      const part = this.#out.subarray(at, Math.min(at + this.o.mss, Math.max(window, 1)));
      this.emit(ACK | PSH, this.una + at, part);
      at += part.length;
    }
    if (at === this.#out.length && this.#isClosing && !this.isFinAcked) this.emit(FIN | ACK, this.una + at);
  }

  #arrive(got: Got): boolean {
    const tcp = readTcp(got);
    if (tcp?.destinationPort !== this.o.port || tcp.sourcePort !== this.o.remotePort) return false;
    this.#carry(() => {
      this.segments.push(tcp);
      queueMicrotask(() => this.#handle(tcp));
    });
    return true;
  }

  #handle(tcp: Tcp): void {
    if (tcp.flags & RST) {
      this.state = "reset";
      return;
    }
    if (tcp.flags & SYN) {
      this.next = (tcp.seq + 1) >>> 0;
      if (this.state === "syn") {
        this.state = "open";
        this.una = tcp.ack;
        const { options } = tcp;
        for (let at = 0; at < options.length; at += options[at] === 1 ? 1 : options[at + 1]!) {
          if (options[at] === 3) this.peerScale = options[at + 2]!;
          if (options[at] === 4) this.peerSack = true;
        }
        this.peerWindow = tcp.window;
      }
      this.emit(ACK, this.una);
      this.#push();
      return;
    }
    if (this.state !== "open") return;
    const fresh = behind(tcp.ack, this.una);
    this.peerWindow = tcp.window << this.peerScale;
    if (fresh > 0) {
      if (fresh > this.#out.length) this.isFinAcked = true;
      this.#out = this.#out.subarray(Math.min(fresh, this.#out.length));
      this.una = tcp.ack;
      this.#sentAt = this.guest.clock.time;
      // The window moves on: what it has made room for is sent now, the rest by the clock.
      if (this.#out.length > 0 && this.peerWindow > 0) this.#push();
    }
    const size = tcp.data.length + (tcp.flags & FIN ? 1 : 0);
    if (size === 0) return;
    if (tcp.flags & FIN) this.#finAt = (tcp.seq + tcp.data.length) >>> 0;
    const room = this.#window();
    const from = behind(this.next, tcp.seq);
    const end = Math.min(tcp.data.length, from + room);
    if (from >= 0 && end > from) this.#accept(tcp.data.subarray(from, end));
    else if (from < 0 && -from + tcp.data.length <= room) this.#early.set(tcp.seq, tcp.data);
    for (const [seq, data] of this.#early) {
      const known = behind(this.next, seq);
      if (known < 0) continue;
      this.#early.delete(seq);
      if (known < data.length) this.#accept(data.subarray(known));
    }
    if (this.#finAt === this.next && !this.isFinReceived) {
      this.next = (this.next + 1) >>> 0;
      this.isFinReceived = true;
    }
    this.emit(ACK, this.una);
  }

  #accept(data: Buffer): void {
    this.received.push(Buffer.from(data));
    this.receivedBytes += data.length;
    this.next = (this.next + data.length) >>> 0;
    if (!this.reads) this.unread += data.length;
  }
}
