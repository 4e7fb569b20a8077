/** One TCP connection between the guest and a stream of the host's. (RFC 9293; RFC 5681, 6298, 6675, 7323) */

import type { HostStream, StreamEvents, StreamFailure } from "../host-network.ts";
import type { Ip } from "../../address.ts";
import { type Link, type Neighbor, PAYLOAD } from "../link.ts";
import type { Timed } from "../timers.ts";
import { put16, put32 } from "../../headers.ts";
import { copyOf, random32, TCP_BYTES } from "../wire.ts";
import { Reorder, Scoreboard, SendQueue } from "./queues.ts";
import { after, Flag, Option, type Segment } from "./segment.ts";
import { DELAYED_ACK, Turns } from "./turns.ts";

/** Where a connection is. What RFC 9293 tells apart after ESTABLISHED is told by who has sent and received a FIN. */
export enum Phase {
  /** The guest has sent a SYN; the host connects, and the guest is not answered before it has. */
  CONNECTING,
  /** The host has accepted somebody for the guest, which gets a SYN. */
  SYN_SENT,
  SYN_RECEIVED,
  OPEN,
  /** Both sides have closed, the host first: what the guest may repeat is answered for a while. */
  TIME_WAIT,
  CLOSED,
}

/** Milliseconds. (RFC 6298, "The Basic Algorithm"; the granularity is that of a machine's slices) */
const RTO_FIRST = 1000;
const RTO_LEAST = 200;
const RTO_MOST = 60_000;
const TIME_WAIT = 10_000;
/** Times that a segment is sent again before the guest is given up; a SYN is given up earlier. */
const MOST_RETRIES = 12;
const MOST_SYN_RETRIES = 6;
/** A guest that has been silent for so long is asked whether it is there, so often. (RFC 1122, "TCP Keep-Alives") */
const KEEP_ALIVE_AFTER = 7_200_000;
const KEEP_ALIVE_INTERVAL = 75_000;
const MOST_KEEP_ALIVES = 9;

/** The window that is sent is a multiple of 2^SCALE bytes. */
const SCALE = 7;
/** Payload bytes of a segment that the device cuts. */
const MOST_SEGMENT = 65_535 - 60 - 60;
/** Least and most bytes of a segment that a guest may ask for. */
const LEAST_MSS = 64;
const DEFAULT_MSS = 536;
/** Bytes of options that tell of what came out of order. */
const MOST_SACK_BYTES = 36;

/** Where congestion control begins and ends: the cable loses nothing unless the guest's driver does. */
const FIRST_CONGESTION_WINDOW = 2 ** 20;
const MOST_CONGESTION_WINDOW = 2 ** 23;

/** What all connections share. */
export interface TcpContext {
  readonly link: Link;
  /** Bytes that a connection may hold for each direction. */
  readonly windowBytes: number;
  /** Bytes that all connections hold, and may hold. */
  heldBytes: number;
  readonly mostHeldBytes: number;
  /** Something may have to be sent. */
  ready(connection: Connection): void;
  setDeadline(connection: Connection, deadline: number): void;
  /** The guest has answered: the connection does not count as one in the making any more. */
  opened(connection: Connection): void;
  /** It is over; nothing is called after it. */
  closed(connection: Connection): void;
  /** Something was heard: it is not the oldest idle one any more. */
  touched(connection: Connection): void;
  /** A stream waits because all of them hold too much. */
  waitForMemory(connection: Connection): void;
  /** The host cannot reach the other end: the guest is told by ICMP. */
  unreachable(connection: Connection): void;
  /** Sends a RST with these numbers. */
  sendReset(connection: Connection, seq: number, ack: number, hasAck: boolean): void;
  /** Somebody must ask for the guest's hardware address. */
  solicit(neighbor: Neighbor): void;
  now(): number;
}

const runs = new Int32Array(8);

export class Connection implements Timed, StreamEvents {
  readonly context: TcpContext;
  readonly neighbor: Neighbor;
  readonly remote: Ip;
  readonly guestPort: number;
  readonly remotePort: number;
  phase: Phase;
  stream: HostStream | undefined;

  // Places in the table of connections, in the list by idleness, among those that have something to send, and among deadlines.
  nextInBucket: Connection | undefined = undefined;
  older: Connection | undefined = undefined;
  newer: Connection | undefined = undefined;
  isReady = false;
  deadline = Infinity;
  heapIndex = -1;
  heapTime = 0;

  // Sending. (RFC 9293, "Send Sequence Variables")
  readonly #iss: number;
  readonly #send = new SendQueue();
  #una: number;
  #next: number;
  /** One beyond the highest number that was sent: `#next` goes back after a timeout. */
  #most: number;
  #window = 0;
  #windowSeq = 0;
  #windowAck = 0;
  #windowScale = 0;
  #mss = DEFAULT_MSS;
  #finQueued = false;
  #finAcked = false;

  // Loss. (RFC 5681, RFC 6675)
  #mayUseSack = false;
  #scoreboard: Scoreboard | undefined;
  #congestionWindow = FIRST_CONGESTION_WINDOW;
  #threshold = MOST_CONGESTION_WINDOW;
  #duplicates = 0;
  #isRecovering = false;
  #recover: number;
  #repeatNext = 0;
  /** Bytes that may be sent again now. */
  #repeatBudget = 0;

  // Round-trip times. (RFC 6298)
  #smoothed = -1;
  #variance = 0;
  #rto = RTO_FIRST;
  #isTiming = false;
  #timedSeq = 0;
  #timedAt = 0;
  #retries = 0;
  #keepAlives = 0;

  // Receiving. (RFC 9293, "Receive Sequence Variables")
  #received = 0;
  /** The first number beyond the window that was told; it never goes back. */
  #edge = 0;
  #scales = false;
  #reorder: Reorder | undefined;
  #finAt: number | undefined;
  #finReceived = false;
  #firstFin = false;

  // What is to be sent.
  #synDue = false;
  #ackDue = false;
  #ackNow = false;
  #probeDue = false;
  #unacked = 0;
  readonly #turns = new Turns();

  // When.
  #repeatAt = Infinity;
  #ackAt = Infinity;
  #heardAt: number;
  #endAt = Infinity;

  #held = 0;
  #isPaused = false;

  constructor(
    context: TcpContext,
    neighbor: Neighbor,
    remote: Ip,
    guestPort: number,
    remotePort: number,
    phase: Phase.CONNECTING | Phase.SYN_SENT,
  ) {
    this.context = context;
    this.neighbor = neighbor;
    this.remote = remote;
    this.guestPort = guestPort;
    this.remotePort = remotePort;
    this.phase = phase;
    this.#iss = this.#una = this.#next = this.#most = this.#recover = random32();
    this.#heardAt = context.now();
    if (phase === Phase.SYN_SENT) this.#synDue = true;
  }

  // ─── the guest ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes the SYN that the guest has begun with. */
  opening(segment: Segment): void {
    this.#received = (segment.seq + 1) | 0;
    // With a SYN of ours the guest was told of a window already.
    const told = this.phase === Phase.SYN_SENT ? Math.min(65_535, this.context.windowBytes) : 0;
    this.#edge = (this.#received + told) | 0;
    this.#readSynOptions(segment);
    this.#window = segment.window;
    this.#windowSeq = segment.seq;
  }

  #readSynOptions(segment: Segment): void {
    const most = this.context.link.mtu - (this.remote.isV4 ? 40 : 60);
    this.#mss = Math.max(LEAST_MSS, Math.min(segment.mss === 0 ? DEFAULT_MSS : segment.mss, most));
    this.#scales = segment.scale >= 0;
    this.#windowScale = Math.max(0, segment.scale);
    this.#mayUseSack = segment.mayUseSack;
  }

  /** Takes a segment of the guest's. (RFC 9293, "SEGMENT ARRIVES") */
  take(segment: Segment): void {
    this.#heardAt = this.context.now();
    this.#keepAlives = 0;
    this.context.touched(this);
    if (this.phase === Phase.CONNECTING) {
      if (segment.has(Flag.RST)) this.abort();
      return;
    }
    if (this.phase === Phase.SYN_SENT) this.#takeInSynSent(segment);
    else this.#takeSynchronized(segment);
    if (this.phase === Phase.CLOSED) return;
    this.#account();
    this.#arm();
    this.#readyIfDue();
  }

  /** (RFC 9293, "SYN-SENT STATE") */
  #takeInSynSent(segment: Segment): void {
    const acks = segment.has(Flag.ACK);
    if (acks && segment.ack !== ((this.#iss + 1) | 0)) {
      if (!segment.has(Flag.RST)) this.context.sendReset(this, segment.ack, 0, false);
      return;
    }
    if (segment.has(Flag.RST)) {
      if (acks) this.#breakOff(false);
      return;
    }
    if (!segment.has(Flag.SYN)) return;
    this.opening(segment);
    if (acks) {
      this.#una = this.#next = this.#most = segment.ack;
      this.#windowAck = segment.ack;
      this.#opened();
      this.#ackDue = this.#ackNow = true;
    } else {
      // Both have begun at once.
      this.phase = Phase.SYN_RECEIVED;
      this.#synDue = true;
    }
  }

  #takeSynchronized(segment: Segment): void {
    const { seq, length } = segment;
    const size = length + (segment.has(Flag.FIN) ? 1 : 0);
    const room = after(this.#edge, this.#received);
    const begin = after(seq, this.#received);
    const isAcceptable = size === 0 ? begin >= 0 && begin <= room : begin < room && begin + size > 0;
    if (!isAcceptable) {
      if (segment.has(Flag.RST)) return;
      // A guest that never got the answer to its SYN sends it again.
      if (segment.has(Flag.SYN) && this.phase === Phase.SYN_RECEIVED) this.#synDue = true;
      // With no room, all but its acknowledgment is left, as RFC 9293 asks for in "Other States".
      else if (segment.has(Flag.ACK) && begin <= room && begin >= 0) this.#takeAck(segment);
      this.#ackDue = this.#ackNow = true;
      return;
    }
    if (segment.has(Flag.RST)) {
      // Only the very next number is believed. (RFC 5961, "Blind Reset Attack Using the RST Bit")
      if (begin === 0) this.#breakOff(false);
      else this.#ackDue = this.#ackNow = true;
      return;
    }
    if (segment.has(Flag.SYN)) {
      this.#ackDue = this.#ackNow = true;
      return;
    }
    if (!segment.has(Flag.ACK)) return;
    if (this.phase === Phase.SYN_RECEIVED) {
      if (segment.ack !== ((this.#iss + 1) | 0)) {
        this.context.sendReset(this, segment.ack, 0, false);
        return;
      }
      this.#una = this.#next = this.#most = segment.ack;
      this.#windowAck = segment.ack;
      this.#windowSeq = seq;
      this.#window = segment.window << this.#windowScale;
      this.#opened();
    } else if (!this.#takeAck(segment)) return;
    if (this.phase !== Phase.OPEN) {
      if (size > 0) this.#ackDue = this.#ackNow = true;
      if (segment.has(Flag.FIN) && this.phase === Phase.TIME_WAIT) this.#endAt = this.context.now() + TIME_WAIT;
      return;
    }
    if (size > 0) this.#takeData(segment, begin, room);
  }

  #opened(): void {
    this.phase = Phase.OPEN;
    this.#repeatAt = Infinity;
    this.#retries = 0;
    this.#rto = this.#timeout();
    this.#recover = this.#una;
    this.context.opened(this);
    this.stream?.resume();
  }

  /** False when it acknowledges what was never sent: nothing of such a segment counts. (RFC 9293, "Fifth, check the ACK field") */
  #takeAck(segment: Segment): boolean {
    const { ack, seq } = segment;
    if (after(ack, this.#most) > 0) {
      this.#ackDue = this.#ackNow = true;
      return false;
    }
    const fresh = after(ack, this.#una);
    if (fresh < 0) return true;
    const wasWindow = this.#window;
    if (
      after(seq, this.#windowSeq) > 0 ||
      (seq === this.#windowSeq && after(ack, this.#windowAck) >= 0) ||
      // One that comes with a new acknowledgment is never older than what is known.
      fresh > 0
    ) {
      this.#window = segment.window << this.#windowScale;
      this.#windowSeq = seq;
      this.#windowAck = ack;
    }
    if (this.#mayUseSack && segment.sackCount > 0) this.#takeSack(segment);
    if (fresh > 0) this.#takeFresh(ack, fresh);
    else if (after(this.#most, this.#una) > 0 && segment.length === 0 && !segment.has(Flag.FIN)) {
      const isDuplicate = this.#window === wasWindow && this.#window > 0;
      if (isDuplicate || segment.sackCount > 0) this.#takeDuplicate();
    }
    // A window that has opened ends probing.
    if (this.#window > 0 && wasWindow === 0) {
      this.#retries = 0;
      this.#rto = this.#timeout();
      this.#repeatAt = after(this.#next, this.#una) > 0 ? this.context.now() + this.#rto : Infinity;
    } else if (this.#window === 0) this.#retries = 0;
    if (this.#finAcked) this.#finished();
    return true;
  }

  #takeSack(segment: Segment): void {
    for (let i = 0; i < segment.sackCount; i++) {
      const begin = segment.sack[2 * i]!;
      const end = segment.sack[2 * i + 1]!;
      if (after(end, begin) <= 0 || after(begin, this.#una) <= 0 || after(end, this.#most) > 0) continue;
      (this.#scoreboard ??= new Scoreboard()).add(begin, end);
    }
  }

  #takeFresh(ack: number, fresh: number): void {
    const bytes = Math.min(fresh, this.#send.bytes);
    this.#send.drop(bytes);
    if (fresh > bytes) this.#finAcked = true;
    this.#una = ack;
    if (after(this.#next, ack) < 0) this.#next = ack;
    this.#scoreboard?.drop(ack);
    if (this.#scoreboard?.isEmpty) this.#scoreboard = undefined;
    this.#retries = 0;
    this.#duplicates = 0;
    if (this.#isTiming && after(ack, this.#timedSeq) >= 0) this.#measure();
    else this.#rto = this.#timeout();
    this.#repeatAt = after(this.#most, ack) > 0 ? this.context.now() + this.#rto : Infinity;
    if (this.#isRecovering) {
      if (after(ack, this.#recover) >= 0) {
        this.#isRecovering = false;
        this.#congestionWindow = this.#threshold;
        this.#repeatBudget = 0;
      } else {
        this.#repeatBudget += 2 * this.#mss;
        if (this.#scoreboard === undefined) this.#repeatNext = ack;
      }
    } else if (this.#congestionWindow < this.#threshold) this.#congestionWindow += bytes;
    else this.#congestionWindow += Math.ceil((this.#mss * bytes) / this.#congestionWindow);
    if (this.#congestionWindow > MOST_CONGESTION_WINDOW) this.#congestionWindow = MOST_CONGESTION_WINDOW;
    if (this.#isPaused && this.#send.bytes <= this.context.windowBytes / 2) this.unpause();
  }

  /** (RFC 6298, "The Basic Algorithm") */
  #measure(): void {
    this.#isTiming = false;
    const time = this.context.now() - this.#timedAt;
    if (this.#smoothed < 0) {
      this.#smoothed = time;
      this.#variance = time / 2;
    } else {
      this.#variance = 0.75 * this.#variance + 0.25 * Math.abs(this.#smoothed - time);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * time;
    }
    this.#rto = this.#timeout();
  }

  #timeout(): number {
    if (this.#smoothed < 0) return RTO_FIRST;
    return Math.min(RTO_MOST, Math.max(RTO_LEAST, this.#smoothed + Math.max(1, 4 * this.#variance)));
  }

  /** (RFC 5681, "Fast Retransmit/Fast Recovery"; RFC 6675, "Processing and Acting Upon SACK Information") */
  #takeDuplicate(): void {
    this.#duplicates++;
    if (this.#isRecovering) {
      this.#repeatBudget += this.#mss;
      return;
    }
    const isLost = this.#duplicates >= 3 || (this.#scoreboard?.bytes ?? 0) >= 3 * this.#mss;
    if (!isLost || after(this.#una, this.#recover) < 0) return;
    this.#isRecovering = true;
    this.#recover = this.#most;
    this.#threshold = Math.max(after(this.#most, this.#una) / 2, 2 * this.#mss);
    this.#congestionWindow = this.#threshold + 3 * this.#mss;
    this.#repeatNext = this.#una;
    this.#repeatBudget = this.#mss;
    this.#isTiming = false;
  }

  /** (RFC 9293, "Seventh, process the segment text", "Eighth, check the FIN bit") */
  #takeData(segment: Segment, begin: number, room: number): void {
    if (this.#finReceived) {
      this.#ackDue = this.#ackNow = true;
      return;
    }
    const { bytes, at, length, seq } = segment;
    const from = Math.max(0, -begin);
    const until = Math.min(length, room - begin);
    if (segment.has(Flag.FIN) && until === length) this.#finAt = (seq + length) | 0;
    this.#ackDue = true;
    if (until > from) {
      const { context } = this;
      if (context.heldBytes > context.mostHeldBytes) {
        // It is sent again when there is room.
        if (this.#finAt === ((seq + length) | 0)) this.#finAt = undefined;
        return;
      }
      if (this.#finAt !== undefined && after((seq + until) | 0, this.#finAt) > 0) return;
      const text = bytes.subarray(at + from, at + until);
      if (begin > 0) {
        (this.#reorder ??= new Reorder()).insert(seq, text);
        this.#ackNow = true;
        return;
      }
      this.#turns.guest(context.now());
      if (!this.#deliver(copyOf(text))) return;
      for (let more = this.#reorder?.take(this.#received); more !== undefined;) {
        if (!this.#deliver(more)) return;
        this.#ackNow = true;
        more = this.#reorder!.take(this.#received);
      }
      if (this.#reorder?.isEmpty) this.#reorder = undefined;
    } else if (begin !== 0 || length > 0) this.#ackNow = true;
    if (this.#received === this.#finAt) {
      this.#received = (this.#received + 1) | 0;
      if (after(this.#edge, this.#received) < 0) this.#edge = this.#received;
      this.#finReceived = true;
      this.#ackNow = true;
      this.#firstFin = !this.#finQueued;
      this.stream?.end();
      if (this.#finAcked) this.#finished();
    }
  }

  /** Gives bytes to the host. False when nobody is there to take them, and the connection was broken off. */
  #deliver(bytes: Uint8Array): boolean {
    this.#received = (this.#received + bytes.length) | 0;
    this.#unacked += bytes.length;
    if (this.stream === undefined) {
      this.#breakOff(true);
      return false;
    }
    this.stream.write(bytes);
    return true;
  }

  /** All of ours is acknowledged. */
  #finished(): void {
    if (!this.#finReceived || this.phase !== Phase.OPEN) return;
    if (this.#firstFin) {
      this.#close();
      return;
    }
    this.phase = Phase.TIME_WAIT;
    this.#repeatAt = Infinity;
    this.#endAt = this.context.now() + TIME_WAIT;
    this.stream = undefined;
    this.#reorder = undefined;
    this.#send.clear();
  }

  /** Whether a SYN in TIME_WAIT begins a new connection. (RFC 9293, "TIME-WAIT STATE") */
  isReplacedBy(segment: Segment): boolean {
    return (
      this.phase === Phase.TIME_WAIT &&
      (segment.flags & (Flag.SYN | Flag.ACK | Flag.RST)) === Flag.SYN &&
      after(segment.seq, this.#received) > 0
    );
  }

  // ─── the host ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The host has connected: now the guest is answered. */
  connected(): void {
    if (this.phase !== Phase.CONNECTING) return;
    this.phase = Phase.SYN_RECEIVED;
    this.#synDue = true;
    this.stream?.pause();
    this.#readyIfDue();
  }

  data(bytes: Uint8Array): void {
    if (this.phase === Phase.CLOSED || this.phase === Phase.TIME_WAIT) return;
    this.#send.push(bytes);
    this.#account();
    const { context } = this;
    if (this.#send.bytes >= context.windowBytes || context.heldBytes > context.mostHeldBytes) {
      this.#isPaused = true;
      this.stream?.pause();
      if (this.#send.bytes < context.windowBytes) context.waitForMemory(this);
    }
    this.#readyIfDue();
  }

  /** There is memory again. */
  unpause(): void {
    if (!this.#isPaused || this.#send.bytes >= this.context.windowBytes) return;
    this.#isPaused = false;
    this.stream?.resume();
  }

  end(): void {
    if (this.phase === Phase.CLOSED || this.phase === Phase.TIME_WAIT) return;
    this.#finQueued = true;
    this.#readyIfDue();
  }

  drain(): void {
    if (this.phase === Phase.CLOSED) return;
    this.#account();
    this.#readyIfDue();
  }

  close(why?: StreamFailure): void {
    this.stream = undefined;
    if (this.phase === Phase.CLOSED || this.phase === Phase.TIME_WAIT) return;
    if (this.phase === Phase.CONNECTING) {
      if (why === "unreachable") this.context.unreachable(this);
      if (why === "timeout") this.#close();
      else if (why === "unreachable") this.#close();
      else this.#breakOff(true);
    } else if (why !== undefined || !this.#finQueued) this.#breakOff(true);
  }

  /** Breaks it off towards both sides. */
  destroy(): void {
    if (this.phase !== Phase.CLOSED) this.#breakOff(this.phase !== Phase.TIME_WAIT);
  }

  /** The guest's hardware address is known: the SYN need not wait for its next time. */
  greet(): void {
    if (this.phase !== Phase.SYN_SENT) return;
    this.#synDue = true;
    this.#retries = 0;
    this.#rto = RTO_FIRST;
    this.#readyIfDue();
  }

  /** Ends it without a word to the guest. */
  abort(): void {
    if (this.phase !== Phase.CLOSED) this.#breakOff(false);
  }

  #breakOff(tellGuest: boolean): void {
    if (tellGuest) {
      const isAnswer = this.phase === Phase.CONNECTING;
      const hasAck = this.phase !== Phase.SYN_SENT;
      // A number within the window, or the guest would not believe it.
      this.context.sendReset(this, isAnswer ? 0 : this.#next, this.#received, hasAck);
    }
    const { stream } = this;
    this.stream = undefined;
    this.#close();
    stream?.reset();
  }

  #close(): void {
    if (this.phase === Phase.CLOSED) return;
    this.phase = Phase.CLOSED;
    this.#send.clear();
    this.#reorder = undefined;
    this.#scoreboard = undefined;
    this.stream = undefined;
    this.#account();
    this.context.closed(this);
  }

  // ─── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what can be sent. False when the device is full. */
  output(): boolean {
    if (this.phase === Phase.CLOSED || this.phase === Phase.CONNECTING) return true;
    if (this.phase === Phase.SYN_SENT || this.phase === Phase.SYN_RECEIVED) return this.#outputSyn();
    this.#account();
    if (this.phase === Phase.OPEN && !(this.#outputRepeats() && this.#outputData() && this.#outputProbe()))
      return false;
    if (!this.#outputAck()) return false;
    this.#arm();
    return true;
  }

  #outputSyn(): boolean {
    if (!this.#synDue) return true;
    if (this.neighbor.mac === undefined) this.context.solicit(this.neighbor);
    else {
      const flags = this.phase === Phase.SYN_SENT ? Flag.SYN : Flag.SYN | Flag.ACK;
      if (!this.#emit(flags, this.#iss, 0)) return false;
    }
    this.#synDue = false;
    this.#most = this.#next = (this.#iss + 1) | 0;
    this.#repeatAt = this.context.now() + this.#rto;
    this.#arm();
    return true;
  }

  /** Sends again what seems to be lost, first. */
  #outputRepeats(): boolean {
    while (this.#isRecovering && this.#repeatBudget > 0) {
      let seq = after(this.#repeatNext, this.#una) < 0 ? this.#una : this.#repeatNext;
      const { scoreboard, until } = this.#hole(seq);
      if (scoreboard !== undefined) seq = scoreboard.endAt(seq);
      const length = Math.max(0, Math.min(this.#piece(), after(until, seq), this.#unsent(seq)));
      if (length === 0 && !this.#isFinLost(seq, until)) break;
      if (!this.#emit(length === 0 ? Flag.FIN | Flag.ACK : Flag.ACK, seq, length)) return false;
      this.#repeatNext = (seq + Math.max(1, length)) | 0;
      this.#repeatBudget -= Math.max(1, length);
    }
    return true;
  }

  /** How far a hole reaches that begins at or behind `seq`. Without reports it is one segment. */
  #hole(seq: number): { readonly scoreboard: Scoreboard | undefined; readonly until: number } {
    const scoreboard = this.#scoreboard;
    if (scoreboard === undefined) return { scoreboard, until: seq === this.#una ? (seq + this.#mss) | 0 : seq };
    const begin = scoreboard.endAt(seq);
    return { scoreboard, until: scoreboard.nextAfter(begin) ?? begin };
  }

  #isFinLost(seq: number, until: number): boolean {
    return (
      this.#finQueued &&
      after(until, seq) > 0 &&
      this.#unsent(seq) === 0 &&
      after(this.#most, seq) > 0 &&
      !this.#finAcked
    );
  }

  /** Bytes in the queue from `seq` on. */
  #unsent(seq: number): number {
    return this.#send.bytes - after(seq, this.#una);
  }

  #outputData(): boolean {
    const { port } = this.context.link;
    const offers = port?.offers;
    const isCut = offers !== undefined && offers.checksum && (this.remote.isV4 ? offers.tcp4 : offers.tcp6);
    const piece = this.#piece();
    const most = isCut ? Math.floor(MOST_SEGMENT / piece) * piece : piece;
    for (;;) {
      if (this.#scoreboard !== undefined && after(this.#next, this.#most) < 0)
        this.#next = this.#scoreboard.endAt(this.#next);
      const offset = after(this.#next, this.#una);
      const left = this.#send.bytes - offset;
      const usable = Math.min(this.#window, this.#congestionWindow) - offset;
      const length = Math.min(left, usable, most);
      const isLast = this.#isFinWaiting() && left >= 0 && length === left && usable > left;
      if (length < 0 || (length === 0 && !isLast)) break;
      // Small pieces are not sent while more of the window is to come. (RFC 9293, "Sender's Algorithm -- When to Send Data")
      if (length < left && length < piece && offset > 0) break;
      const flags = Flag.ACK | (length === left ? Flag.PSH : 0) | (isLast ? Flag.FIN : 0);
      if (!this.#emit(flags, this.#next, length)) return false;
      this.#sent(length + (isLast ? 1 : 0));
      if (isLast) break;
    }
    const isStuck = this.#window === 0 && this.#next === this.#una && (this.#send.bytes > 0 || this.#isFinWaiting());
    if (isStuck && this.#repeatAt === Infinity) this.#repeatAt = this.context.now() + this.#rto;
    return true;
  }

  #isFinWaiting(): boolean {
    return this.#finQueued && !this.#finAcked;
  }

  #sent(size: number): void {
    const now = this.context.now();
    const isNew = after((this.#next + size) | 0, this.#most) > 0;
    this.#next = (this.#next + size) | 0;
    if (isNew) {
      if (!this.#isTiming && this.#retries === 0) {
        this.#isTiming = true;
        this.#timedSeq = this.#next;
        this.#timedAt = now;
      }
      this.#most = this.#next;
    }
    if (this.#repeatAt === Infinity) this.#repeatAt = now + this.#rto;
  }

  /** Asks a guest whose window is closed with one byte beyond it, or a silent one with one before what it waits for. */
  #outputProbe(): boolean {
    if (!this.#probeDue) return true;
    if (this.#window === 0 && this.#next === this.#una && this.#send.bytes > 0) {
      if (!this.#emit(Flag.ACK, this.#una, 1)) return false;
      const end = (this.#una + 1) | 0;
      if (after(end, this.#most) > 0) this.#most = end;
    } else if (!this.#emit(Flag.ACK, (this.#una - 1) | 0, 0)) return false;
    this.#probeDue = false;
    return true;
  }

  #outputAck(): boolean {
    if (this.#isWindowToTell()) this.#ackDue = this.#ackNow = true;
    if (!this.#ackDue) return true;
    if (!this.#ackNow && this.#turns.areTaken && this.#unacked < 2 * this.#mss) {
      if (this.#ackAt === Infinity) this.#ackAt = this.context.now() + DELAYED_ACK;
      return true;
    }
    const isInWindow = after(this.#most, this.#una) <= this.#window;
    return this.#emit(Flag.ACK, isInWindow ? this.#most : this.#next, 0);
  }

  /** Bytes of payload in a segment that fits the guest's link, with what else it may have to tell. */
  #piece(): number {
    return this.#reorder !== undefined && this.#mayUseSack ? this.#mss - MOST_SACK_BYTES : this.#mss;
  }

  /** Sends a segment. What it tells is remembered only when it was taken. */
  #emit(flags: number, seq: number, length: number): boolean {
    const { link } = this.context;
    const { mac } = this.neighbor;
    if (mac === undefined) return true;
    const { bytes } = link;
    const isSyn = (flags & Flag.SYN) !== 0;
    const hasAck = (flags & Flag.ACK) !== 0;
    const header = TCP_BYTES + (isSyn ? this.#putSynOptions(bytes) : this.#putSack(bytes));
    const edge = this.#newEdge();
    // The window of a SYN is not scaled.
    const window = isSyn ? Math.min(65_535, after(edge, this.#received)) : this.#windowField(edge);
    put16(bytes, PAYLOAD, this.remotePort);
    put16(bytes, PAYLOAD + 2, this.guestPort);
    put32(bytes, PAYLOAD + 4, seq);
    put32(bytes, PAYLOAD + 8, hasAck ? this.#received : 0);
    bytes[PAYLOAD + 12] = header << 2;
    bytes[PAYLOAD + 13] = flags;
    put16(bytes, PAYLOAD + 14, hasAck || isSyn ? window : 0);
    put32(bytes, PAYLOAD + 16, 0);
    if (length > 0) this.#send.copy(after(seq, this.#una), length, bytes, PAYLOAD + header);
    if (!link.sendTcp(mac, this.remote, this.neighbor.ip, header, header + length, this.#piece())) return false;
    if (hasAck) {
      if (length > 0) this.#turns.host(this.context.now());
      this.#edge = isSyn ? (this.#received + window) | 0 : edge;
      this.#ackDue = this.#ackNow = false;
      this.#unacked = 0;
      this.#ackAt = Infinity;
    }
    return true;
  }

  #putSynOptions(bytes: Uint8Array): number {
    const isFirst = this.phase === Phase.SYN_SENT;
    let at = PAYLOAD + TCP_BYTES;
    const mss = this.context.link.mtu - (this.remote.isV4 ? 40 : 60);
    put32(bytes, at, (Option.MSS << 24) | (4 << 16) | mss);
    at += 4;
    if (isFirst || this.#scales) {
      put32(bytes, at, (Option.NOP << 24) | (Option.SCALE << 16) | (3 << 8) | SCALE);
      at += 4;
    }
    if (isFirst || this.#mayUseSack) {
      put32(bytes, at, (Option.NOP << 24) | (Option.NOP << 16) | (Option.SACK_PERMITTED << 8) | 2);
      at += 4;
    }
    return at - PAYLOAD - TCP_BYTES;
  }

  #putSack(bytes: Uint8Array): number {
    if (this.#reorder === undefined || !this.#mayUseSack) return 0;
    const count = this.#reorder.runs(runs, 4);
    if (count === 0) return 0;
    let at = PAYLOAD + TCP_BYTES;
    put32(bytes, at, (Option.NOP << 24) | (Option.NOP << 16) | (Option.SACK << 8) | (2 + 8 * count));
    for (let i = 0; i < 2 * count; i++) put32(bytes, (at += 4), runs[i]!);
    return 4 + 8 * count;
  }

  /** How far the window would reach that is told now. It never goes back. (RFC 9293, "Managing the Window") */
  #newEdge(): number {
    const { context } = this;
    const isOver = context.heldBytes > context.mostHeldBytes;
    const held = (this.stream?.pending ?? 0) + (this.#reorder?.held ?? 0);
    let room = isOver || this.phase === Phase.TIME_WAIT ? 0 : Math.max(0, context.windowBytes - held);
    if (!this.#scales) room = Math.min(room, 65_535);
    const edge = (this.#received + room) | 0;
    return after(edge, this.#edge) > 0 ? edge : this.#edge;
  }

  #windowField(edge: number): number {
    const room = after(edge, this.#received);
    return Math.min(65_535, this.#scales ? room >> SCALE : room);
  }

  /** Whether the guest would gain by being told of the window. (RFC 9293, "Receiver's Algorithm -- When to Send a Window Update") */
  #isWindowToTell(): boolean {
    if (this.phase !== Phase.OPEN || this.#finReceived) return false;
    const gain = after(this.#newEdge(), this.#edge);
    if (gain <= 0) return false;
    const most = this.#scales ? this.context.windowBytes : 65_535;
    const left = after(this.#edge, this.#received);
    return gain >= most / 2 || (left < 2 * this.#mss && gain >= Math.min(most / 4, 8 * this.#mss));
  }

  /** Whether something may be sent now; if so, the connection gets its chance. */
  #readyIfDue(): void {
    if (this.phase !== Phase.CLOSED && this.phase !== Phase.CONNECTING) this.context.ready(this);
  }

  // ─── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #arm(): void {
    const idleAt =
      this.phase === Phase.OPEN && this.#repeatAt === Infinity
        ? this.#heardAt + KEEP_ALIVE_AFTER + this.#keepAlives * KEEP_ALIVE_INTERVAL
        : Infinity;
    this.context.setDeadline(this, Math.min(this.#repeatAt, this.#ackAt, this.#endAt, idleAt));
  }

  expire(now: number): void {
    if (this.phase === Phase.CLOSED) return;
    if (now >= this.#endAt) {
      this.#close();
      return;
    }
    if (now >= this.#ackAt) {
      this.#ackAt = Infinity;
      this.#turns.late();
      this.#ackNow = this.#ackDue;
    }
    if (now >= this.#repeatAt) this.#timedOut(now);
    else if (
      this.phase === Phase.OPEN &&
      this.#repeatAt === Infinity &&
      now >= this.#heardAt + KEEP_ALIVE_AFTER + this.#keepAlives * KEEP_ALIVE_INTERVAL
    ) {
      if (this.#keepAlives++ >= MOST_KEEP_ALIVES) this.#breakOff(true);
      this.#probeDue = true;
    }
    if (!this.#isOver()) {
      this.#arm();
      this.#readyIfDue();
    }
  }

  #isOver(): boolean {
    return this.phase === Phase.CLOSED;
  }

  /** (RFC 6298, "Managing the RTO Timer"; RFC 9293, "Zero-Window Probing") */
  #timedOut(now: number): void {
    const isSyn = this.phase === Phase.SYN_SENT || this.phase === Phase.SYN_RECEIVED;
    if (this.#retries++ >= (isSyn ? MOST_SYN_RETRIES : MOST_RETRIES)) {
      this.#breakOff(true);
      return;
    }
    this.#rto = Math.min(RTO_MOST, this.#rto * 2);
    this.#repeatAt = now + this.#rto;
    this.#isTiming = false;
    if (isSyn) {
      this.#synDue = true;
      return;
    }
    if (this.#window === 0) {
      this.#next = this.#una;
      this.#probeDue = true;
      return;
    }
    if (this.#most === this.#una) {
      this.#repeatAt = Infinity;
      return;
    }
    this.#threshold = Math.max(after(this.#most, this.#una) / 2, 2 * this.#mss);
    this.#congestionWindow = this.#mss;
    this.#isRecovering = false;
    this.#repeatBudget = 0;
    this.#duplicates = 0;
    this.#recover = this.#most;
    // The guest may have thrown away what it has told of. (RFC 2018, "Data Sender Behavior")
    this.#scoreboard = undefined;
    this.#next = this.#una;
  }

  // ─── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Counts anew what is held. */
  #account(): void {
    const held = this.#send.bytes + (this.stream?.pending ?? 0) + (this.#reorder?.held ?? 0);
    this.context.heldBytes += held - this.#held;
    this.#held = held;
  }

  /** The number of the guest's SYN, as long as nothing has come after it: the guest believes no error that does not quote it. */
  get synSeq(): number {
    return (this.#received - 1) | 0;
  }

  /** Where it is, in RFC 9293's words. */
  get state(): string {
    if (this.phase !== Phase.OPEN) return Phase[this.phase].replace("_", "-");
    if (!this.#finQueued) return this.#finReceived ? "CLOSE-WAIT" : "ESTABLISHED";
    if (this.#finReceived) return this.#firstFin ? "LAST-ACK" : "CLOSING";
    return this.#finAcked ? "FIN-WAIT-2" : "FIN-WAIT-1";
  }
}
