/** All TCP connections: finding them, making them, letting them send in order, and the limits they share. */

import type { AcceptedStream, HostStream, StreamEvents } from "../host-network.ts";
import type { Ip } from "../../address.ts";
import { type Link, type Neighbor, PAYLOAD, type RecentEnd } from "../link.ts";
import { type Timers } from "../timers.ts";
import { put16, put32, Protocol } from "../../headers.ts";
import { TCP_BYTES } from "../wire.ts";
import { Connection, Phase, type TcpContext } from "./connection.ts";
import { Flag, Segment } from "./segment.ts";

/** What the connections need of the network around them. */
export interface TcpSurroundings {
  readonly link: Link;
  readonly timers: Timers;
  /** Something waits to be sent. */
  wake(): void;
  /**
   * Makes a connection for the guest, or says why not; a promise when that is not known yet. `connection` takes the stream's events.
   */
  connect(connection: Connection): Opening | Promise<Opening>;
  unreachable(connection: Connection): void;
  prohibited(connection: Connection): void;
  solicit(neighbor: Neighbor): void;
  /** The oldest idle connection was closed to make room. */
  evicted(connection: Connection): void;
}

/** A stream; or "refused": nobody is there; "prohibited": the policy is against it; "dropped": the guest hears nothing. */
export type Opening = HostStream | "refused" | "prohibited" | "dropped";

/** Limits of TCP. */
export interface TcpLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once that one side has not answered yet. */
  readonly connecting: number;
  /** Bytes that one connection may hold for each direction. */
  readonly connectionBytes: number;
  /** Bytes that all connections may hold together. */
  readonly bytes: number;
}

export class Tcp implements TcpContext {
  readonly link: Link;
  readonly windowBytes: number;
  readonly mostHeldBytes: number;
  heldBytes = 0;
  readonly #surroundings: TcpSurroundings;
  readonly #limits: TcpLimits;
  readonly #segment = new Segment();
  /** Connections by a hash of their addresses and ports, chained by `nextInBucket`. */
  readonly #table = new Map<number, Connection>();
  #count = 0;
  readonly #opening = new Set<Connection>();
  readonly #ready: Connection[] = [];
  readonly #waitForMemory = new Set<Connection>();
  /** The ends of the list by idleness. */
  #oldest: Connection | undefined;
  #newest: Connection | undefined;

  constructor(surroundings: TcpSurroundings, limits: TcpLimits) {
    this.#surroundings = surroundings;
    this.#limits = limits;
    this.link = surroundings.link;
    this.windowBytes = limits.connectionBytes;
    this.mostHeldBytes = limits.bytes;
  }

  /** Connections that there are. */
  get count(): number {
    return this.#count;
  }

  /** All of them, the one that was idle longest first. */
  *connections(): IterableIterator<Connection> {
    for (let at = this.#oldest; at !== undefined; at = at.newer) yield at;
  }

  /** Those that were heard last, at most so many. */
  recent(most: number): RecentEnd[] {
    const ends: RecentEnd[] = [];
    for (let at = this.#newest; at !== undefined && ends.length < most; at = at.older) {
      const { neighbor, remote, guestPort, remotePort, state } = at;
      ends.push({ protocol: "tcp", neighbor, guestPort, remote, port: remotePort, state });
    }
    return ends;
  }

  /** Takes a segment of the guest's, whose checksum was found right. */
  take(neighbor: Neighbor, remote: Ip, bytes: Uint8Array, at: number, end: number): void {
    const segment = this.#segment;
    if (!segment.read(bytes, at, end)) return;
    let connection = this.#find(neighbor.ip, remote, segment.guestPort, segment.remotePort);
    if (connection?.isReplacedBy(segment)) {
      connection.abort();
      connection = undefined;
    }
    if (connection !== undefined) {
      connection.take(segment);
      return;
    }
    if ((segment.flags & (Flag.SYN | Flag.ACK | Flag.RST | Flag.FIN)) === Flag.SYN)
      this.#begin(neighbor, remote, segment);
    else if (!segment.has(Flag.RST)) this.#refuse(neighbor, remote, segment);
  }

  #begin(neighbor: Neighbor, remote: Ip, segment: Segment): void {
    // The guest asks again for what is not answered now.
    if (this.#opening.size >= this.#limits.connecting) return;
    const { guestPort, remotePort } = segment;
    const connection = new Connection(this, neighbor, remote.copy(), guestPort, remotePort, Phase.CONNECTING);
    connection.opening(segment);
    this.#add(connection);
    const opening = this.#surroundings.connect(connection);
    if (opening instanceof Promise) void opening.then((found) => this.#connect(connection, found));
    else this.#connect(connection, opening);
  }

  #connect(connection: Connection, opening: Opening): void {
    if (typeof opening !== "string") {
      // The guest may have given up meanwhile.
      if (connection.phase === Phase.CLOSED) opening.reset();
      else connection.stream = opening;
    } else if (opening === "refused") connection.destroy();
    else {
      if (opening === "prohibited" && connection.phase !== Phase.CLOSED) this.#surroundings.prohibited(connection);
      connection.abort();
    }
  }

  /**
   * Hands the guest a connection that somebody has made to the host.
   * @param remote - who the guest sees; another port is taken when there is a connection from that one already
   */
  accept(neighbor: Neighbor, remote: Ip, guestPort: number, accepted: AcceptedStream): void {
    const refuse: StreamEvents = { connected() {}, data() {}, end() {}, drain() {}, close() {} };
    let { port } = accepted;
    for (let tries = 0; port === 0 || this.#find(neighbor.ip, remote, guestPort, port) !== undefined; tries++) {
      if (tries === 100) {
        accepted.take(refuse).reset();
        return;
      }
      port = 1024 + Math.floor(Math.random() * 64_512);
    }
    if (this.#opening.size >= this.#limits.connecting) {
      accepted.take(refuse).reset();
      return;
    }
    const connection = new Connection(this, neighbor, remote, guestPort, port, Phase.SYN_SENT);
    this.#add(connection);
    connection.stream = accepted.take(connection);
    this.ready(connection);
  }

  /** The guest's hardware address is known now. */
  resolved(neighbor: Neighbor): void {
    for (const connection of this.#opening) if (connection.neighbor === neighbor) connection.greet();
  }

  /** Lets everybody send until the device is full. */
  output(): void {
    const ready = this.#ready;
    let done = 0;
    while (done < ready.length && !this.link.isFull) {
      const connection = ready[done]!;
      connection.isReady = false;
      if (!connection.output()) {
        connection.isReady = connection.phase !== Phase.CLOSED;
        break;
      }
      done++;
    }
    ready.splice(0, done);
    if (this.#waitForMemory.size > 0 && this.heldBytes < this.mostHeldBytes * 0.75) {
      const waiting = [...this.#waitForMemory];
      this.#waitForMemory.clear();
      for (const connection of waiting) connection.unpause();
    }
  }

  /** Whether somebody waits for the device to have room. */
  get isWaiting(): boolean {
    return this.#ready.length > 0;
  }

  /** Breaks off all connections, without a word to the guest. */
  close(): void {
    for (const connection of [...this.connections()]) connection.abort();
  }

  // ─── what connections ask for ────────────────────────────────────────────────────────────────────────────────────

  ready(connection: Connection): void {
    if (connection.isReady) return;
    connection.isReady = true;
    this.#ready.push(connection);
    this.#surroundings.wake();
  }

  setDeadline(connection: Connection, deadline: number): void {
    this.#surroundings.timers.set(connection, deadline);
  }

  opened(connection: Connection): void {
    this.#opening.delete(connection);
  }

  closed(connection: Connection): void {
    this.#surroundings.timers.remove(connection);
    this.#opening.delete(connection);
    this.#waitForMemory.delete(connection);
    this.#unlink(connection);
    this.#remove(connection);
  }

  touched(connection: Connection): void {
    if (this.#newest === connection) return;
    this.#unlink(connection);
    this.#link(connection);
  }

  waitForMemory(connection: Connection): void {
    this.#waitForMemory.add(connection);
  }

  unreachable(connection: Connection): void {
    this.#surroundings.unreachable(connection);
  }

  solicit(neighbor: Neighbor): void {
    this.#surroundings.solicit(neighbor);
  }

  now(): number {
    return this.#surroundings.timers.now();
  }

  sendReset(connection: Connection, seq: number, ack: number, hasAck: boolean): void {
    const { neighbor, remote, guestPort, remotePort } = connection;
    this.#queueReset(neighbor, remote, guestPort, remotePort, seq, ack, hasAck);
  }

  // ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Answers what belongs to no connection. (RFC 9293, "CLOSED STATE") */
  #refuse(neighbor: Neighbor, remote: Ip, segment: Segment): void {
    const { guestPort, remotePort } = segment;
    if (segment.has(Flag.ACK)) this.#queueReset(neighbor, remote, guestPort, remotePort, segment.ack, 0, false);
    else {
      const size = segment.length + (segment.has(Flag.SYN) ? 1 : 0) + (segment.has(Flag.FIN) ? 1 : 0);
      this.#queueReset(neighbor, remote, guestPort, remotePort, 0, (segment.seq + size) | 0, true);
    }
  }

  #queueReset(
    neighbor: Neighbor,
    remote: Ip,
    guestPort: number,
    remotePort: number,
    seq: number,
    ack: number,
    hasAck: boolean,
  ): void {
    const { bytes } = this.link;
    put16(bytes, PAYLOAD, remotePort);
    put16(bytes, PAYLOAD + 2, guestPort);
    put32(bytes, PAYLOAD + 4, seq);
    put32(bytes, PAYLOAD + 8, hasAck ? ack : 0);
    put16(bytes, PAYLOAD + 12, (TCP_BYTES << 10) | Flag.RST | (hasAck ? Flag.ACK : 0));
    put16(bytes, PAYLOAD + 14, 0);
    put32(bytes, PAYLOAD + 16, 0);
    this.link.queueIp(neighbor, remote, Protocol.TCP, TCP_BYTES, 16);
  }

  #find(guest: Ip, remote: Ip, guestPort: number, remotePort: number): Connection | undefined {
    let found = this.#table.get(hash(guest, remote, guestPort, remotePort));
    while (found !== undefined) {
      if (
        found.guestPort === guestPort &&
        found.remotePort === remotePort &&
        found.remote.equals(remote) &&
        found.neighbor.ip.equals(guest)
      )
        return found;
      found = found.nextInBucket;
    }
    return undefined;
  }

  #add(connection: Connection): void {
    while (this.#count >= this.#limits.connections) {
      const oldest = this.#oldest!;
      this.#surroundings.evicted(oldest);
      oldest.destroy();
    }
    const key = hashOf(connection);
    connection.nextInBucket = this.#table.get(key);
    this.#table.set(key, connection);
    this.#count++;
    this.#opening.add(connection);
    this.#link(connection);
  }

  #remove(connection: Connection): void {
    const key = hashOf(connection);
    const first = this.#table.get(key);
    if (first === connection) {
      if (connection.nextInBucket === undefined) this.#table.delete(key);
      else this.#table.set(key, connection.nextInBucket);
    } else {
      let before = first;
      while (before !== undefined && before.nextInBucket !== connection) before = before.nextInBucket;
      if (before === undefined) return;
      before.nextInBucket = connection.nextInBucket;
    }
    connection.nextInBucket = undefined;
    this.#count--;
  }

  #link(connection: Connection): void {
    connection.older = this.#newest;
    connection.newer = undefined;
    if (this.#newest === undefined) this.#oldest = connection;
    else this.#newest.newer = connection;
    this.#newest = connection;
  }

  #unlink(connection: Connection): void {
    const { older, newer } = connection;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    connection.older = connection.newer = undefined;
  }
}

function hashOf({ neighbor, remote, guestPort, remotePort }: Connection): number {
  return hash(neighbor.ip, remote, guestPort, remotePort);
}

/** Made unforeseeable by a number of the process's, so that a guest cannot choose ports that fall together. */
function hash(guest: Ip, remote: Ip, guestPort: number, remotePort: number): number {
  let mixed = Math.imul(seed ^ ((guestPort << 16) | remotePort), 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ remote.w3, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ remote.w2 ^ remote.w1 ^ remote.w0, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16) ^ guest.w3;
}

const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
