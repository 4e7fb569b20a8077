/** The socket device: streams between ports of the guest and of its host. (Virtual I/O Device Specification, "Socket Device") */

import { type Field, flag, record } from "../../../state/table.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";
import { BUFFER_BYTES, VsockConnection, type VsockEnd } from "./connection.ts";
import {
  EVENT_TRANSPORT_RESET,
  Header,
  HEADER_BYTES,
  HOST_CID,
  SHUTDOWN_RECEIVE,
  SHUTDOWN_SEND,
  TYPE_STREAM,
  VSOCK,
  VsockOp,
  VsockQueue,
} from "./protocol.ts";

const QUEUE_SIZE = 128;
/** Streams at once. */
const CONNECTIONS_MOST = 1024;
/** Packets without data that wait for a driver's buffers; then nothing more is taken from it. */
const ANSWERS_MOST = 256;
/** Packets that are taken before the machine goes on. */
const PACKETS_AT_ONCE = 256;

interface VsockState {
  /** The driver is still to be told that its connections are gone. */
  readonly reset: boolean;
}

/** A packet without data. */
interface Answer {
  readonly hostPort: number;
  readonly guestPort: number;
  readonly op: VsockOp;
  readonly flags: number;
  readonly type: number;
  readonly connection: VsockConnection | undefined;
}

/** Whom a guest's request for a port of the host's is put to; undefined refuses it. */
export type VsockAccept = (port: number, from: number) => VsockEnd | undefined;

/** The device. What its owner calls must be called with the machine at rest. */
export class Vsock implements VirtioModel<VsockState> {
  readonly id = 19;
  readonly features = VSOCK.STREAM;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE];
  readonly configBytes = 8;
  readonly table: Field<VsockState> = record({ reset: flag() });
  readonly #cid: number;
  readonly #accept: VsockAccept;
  readonly #connections = new Map<string, VsockConnection>();
  readonly #answers: Answer[] = [];
  readonly #chain = new Chain();
  readonly #header = new DataView(new ArrayBuffer(HEADER_BYTES));
  #host: VirtioHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #resumeAt: bigint | undefined;
  #mustTell = false;

  constructor(cid: number, accept: VsockAccept) {
    this.#cid = cid;
    this.#accept = accept;
  }

  begin(host: VirtioHost, _features: bigint, queues: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#queues = queues;
  }

  notify(index: number): void {
    if (index === VsockQueue.EVENT) return this.#tellReset();
    this.#work();
  }

  reset(): void {
    this.#queues = [];
    this.#resumeAt = undefined;
    this.#mustTell = false;
    this.#drop();
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  update(): void {
    const host = this.#host;
    if (host === undefined || this.#resumeAt === undefined || host.clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    this.#tellReset();
    this.#work();
  }

  readConfig(into: DataView): void {
    into.setBigUint64(0, BigInt(this.#cid), true);
  }

  save(): VsockState {
    return { reset: this.#mustTell || this.#connections.size > 0 };
  }

  /** Streams are not restored: the driver is told that they are gone. ("Device Events") */
  restore(): void {
    this.#drop();
    if (this.#queues.length === 0) return;
    this.#mustTell = true;
    this.#resumeSoon();
  }

  /** Asks the guest for a stream to one of its ports; undefined when there are too many, or nobody listens to the device. */
  connect(hostPort: number, guestPort: number, end: VsockEnd): VsockConnection | undefined {
    if (this.#queues.length === 0 || this.#connections.size >= CONNECTIONS_MOST) return undefined;
    const connection = new VsockConnection(hostPort, guestPort, end);
    if (this.#connections.has(keyOf(hostPort, guestPort))) return undefined;
    this.#connections.set(keyOf(hostPort, guestPort), connection);
    this.#say(connection, VsockOp.REQUEST);
    this.#work();
    return connection;
  }

  /** Sends bytes, as the guest has room for them. They are the device's from now on. */
  send(connection: VsockConnection, bytes: Uint8Array): void {
    if (!this.#has(connection) || connection.ends || bytes.length === 0) return;
    connection.pieces.push(bytes);
    connection.waiting += bytes.length;
    this.#work();
  }

  /** Sends no more after what waits. */
  endSending(connection: VsockConnection): void {
    if (!this.#has(connection) || connection.ends) return;
    connection.ends = true;
    this.#work();
  }

  /** So many of the guest's bytes have been used: it may send more. */
  used(connection: VsockConnection, bytes: number): void {
    if (!this.#has(connection)) return;
    connection.forwarded = (connection.forwarded + bytes) >>> 0;
    // Told when it makes a difference.
    if ((connection.forwarded - connection.told) >>> 0 < BUFFER_BYTES / 4) return;
    this.#say(connection, VsockOp.CREDIT_UPDATE);
    this.#work();
  }

  /** Ends a stream at once. */
  abort(connection: VsockConnection): void {
    if (!this.#has(connection)) return;
    this.#say(connection, VsockOp.RST);
    this.#close(connection);
    this.#work();
  }

  #has({ hostPort, guestPort }: VsockConnection): boolean {
    return this.#connections.has(keyOf(hostPort, guestPort));
  }

  #drop(): void {
    this.#answers.length = 0;
    for (const connection of [...this.#connections.values()]) this.#close(connection);
  }

  #close(connection: VsockConnection): void {
    this.#connections.delete(keyOf(connection.hostPort, connection.guestPort));
    connection.pieces.length = 0;
    connection.end.closed();
  }

  #resumeSoon(): void {
    this.#resumeAt ??= this.#host!.clock.ticks() + 1n;
  }

  #tellReset(): void {
    const [host, queue] = [this.#host, this.#queues[VsockQueue.EVENT]];
    if (!this.#mustTell || host === undefined || queue === undefined || !queue.pop(this.#chain)) return;
    this.#mustTell = false;
    const event = new Uint8Array(4);
    event[0] = EVENT_TRANSPORT_RESET;
    const written = this.#chain.writable.write(host.memory, 0, event) ? event.length : 0;
    queue.push(this.#chain, written);
    host.interrupt(queue);
  }

  /** Takes what the driver has sent, and sends what there is, until neither goes on. */
  #work(): void {
    this.#transmit();
    const wasFull = this.#answers.length >= ANSWERS_MOST;
    this.#receive();
    if (wasFull && this.#answers.length < ANSWERS_MOST) this.#resumeSoon();
  }

  #transmit(): void {
    const [host, queue] = [this.#host, this.#queues[VsockQueue.TX]];
    if (host === undefined || queue === undefined) return;
    for (let count = 0; this.#answers.length < ANSWERS_MOST; count++) {
      if (count === PACKETS_AT_ONCE) {
        this.#resumeSoon();
        break;
      }
      // What a packet does may have the device reset.
      if (this.#queues.length === 0 || !queue.pop(this.#chain)) break;
      this.#take(host);
      queue.push(this.#chain, 0);
    }
    host.interrupt(queue);
  }

  /** Takes the packet in hand. */
  #take({ memory }: VirtioHost): void {
    const { readable } = this.#chain;
    const header = this.#header;
    if (!readable.read(memory, 0, new Uint8Array(header.buffer))) return;
    const cids = [header.getBigUint64(Header.SRC_CID, true), header.getBigUint64(Header.DST_CID, true)];
    const [guestPort, hostPort] = [header.getUint32(Header.SRC_PORT, true), header.getUint32(Header.DST_PORT, true)];
    const [type, op] = [header.getUint16(Header.TYPE, true), header.getUint16(Header.OP, true) as VsockOp];
    const [length, flags] = [header.getUint32(Header.LEN, true), header.getUint32(Header.FLAGS, true)];
    // Packets of, or for, somebody else are dropped.
    if (cids[0] !== BigInt(this.#cid) || cids[1] !== BigInt(HOST_CID)) return;
    const connection = this.#connections.get(keyOf(hostPort, guestPort));
    if (type !== TYPE_STREAM) return this.#refuse(hostPort, guestPort, op, type);
    if (connection === undefined) {
      if (op !== VsockOp.REQUEST) return this.#refuse(hostPort, guestPort, op, type);
      return this.#request(hostPort, guestPort);
    }
    this.#note(connection);
    switch (op) {
      case VsockOp.RESPONSE:
        if (connection.isOpen) return this.#fail(connection);
        connection.isOpen = true;
        return connection.end.opened();
      case VsockOp.RST:
        return this.#close(connection);
      case VsockOp.SHUTDOWN:
        return this.#shutdown(connection, flags);
      case VsockOp.RW:
        return this.#data(connection, length);
      case VsockOp.CREDIT_UPDATE:
        return;
      case VsockOp.CREDIT_REQUEST:
        return this.#say(connection, VsockOp.CREDIT_UPDATE);
      default:
        return this.#fail(connection);
    }
  }

  /** Each packet says how much room its sender has. */
  #note(connection: VsockConnection): void {
    const had = connection.credit;
    connection.peerAlloc = this.#header.getUint32(Header.BUF_ALLOC, true);
    connection.peerForwarded = this.#header.getUint32(Header.FWD_CNT, true);
    if (had === 0 && connection.credit > 0) connection.end.room();
  }

  #request(hostPort: number, guestPort: number): void {
    const full = this.#connections.size >= CONNECTIONS_MOST;
    const end = full ? undefined : this.#accept(hostPort, guestPort);
    if (end === undefined) return this.#refuse(hostPort, guestPort, VsockOp.REQUEST, TYPE_STREAM);
    const connection = new VsockConnection(hostPort, guestPort, end);
    this.#connections.set(keyOf(hostPort, guestPort), connection);
    this.#note(connection);
    connection.isOpen = true;
    this.#say(connection, VsockOp.RESPONSE);
    this.onAccepted(connection);
    end.opened();
  }

  /** Tells who has accepted which connection it is. */
  onAccepted: (connection: VsockConnection) => void = () => undefined;

  #data(connection: VsockConnection, length: number): void {
    const { readable } = this.#chain;
    const isMore = length > BUFFER_BYTES - connection.unread || length > readable.bytes - HEADER_BYTES;
    if (!connection.isOpen || !connection.peerSends || isMore) return this.#fail(connection);
    const host = this.#host!;
    for (let done = 0; done < length;) {
      const view = readable.view(host.memory, HEADER_BYTES + done, length - done, false);
      if (view === undefined) return this.#fail(connection);
      connection.received = (connection.received + view.length) >>> 0;
      done += view.length;
      connection.end.data(view);
    }
  }

  #shutdown(connection: VsockConnection, flags: number): void {
    if ((flags & SHUTDOWN_RECEIVE) !== 0) connection.peerTakes = false;
    if ((flags & SHUTDOWN_SEND) !== 0 && connection.peerSends) {
      connection.peerSends = false;
      connection.end.ended();
    }
    // Neither way is left: RST says that all is understood.
    if (!connection.peerSends && (!connection.peerTakes || connection.hasEnded)) this.#fail(connection);
  }

  #fail(connection: VsockConnection): void {
    this.#say(connection, VsockOp.RST);
    this.#close(connection);
  }

  /** RST for what belongs to nothing; never for an RST. */
  #refuse(hostPort: number, guestPort: number, op: VsockOp, type: number): void {
    if (op === VsockOp.RST) return;
    this.#answers.push({ hostPort, guestPort, op: VsockOp.RST, flags: 0, type, connection: undefined });
  }

  #say(connection: VsockConnection, op: VsockOp, flags = 0): void {
    const { hostPort, guestPort } = connection;
    const isSaid = (answer: Answer): boolean => answer.connection === connection && answer.op === op;
    if (this.#answers.some(isSaid)) return;
    this.#answers.push({ hostPort, guestPort, op, flags, type: TYPE_STREAM, connection });
  }

  /** Fills the driver's buffers: first what has no data, then a packet of each stream in turn. */
  #receive(): void {
    const [host, queue] = [this.#host, this.#queues[VsockQueue.RX]];
    if (host === undefined || queue === undefined) return;
    let goesOn = true;
    while (goesOn && this.#answers.length > 0) {
      goesOn = queue.pop(this.#chain);
      if (!goesOn) break;
      const { hostPort, guestPort, op, flags, type, connection } = this.#answers.shift()!;
      this.#put(host, queue, { hostPort, guestPort, op, flags, type, connection }, undefined);
    }
    while (goesOn) {
      goesOn = false;
      for (const connection of this.#connections.values()) {
        const most = connection.isOpen && connection.peerTakes ? Math.min(connection.waiting, connection.credit) : 0;
        const isEnd = connection.ends && !connection.hasEnded && connection.waiting === 0 && connection.isOpen;
        if ((most === 0 && !isEnd) || !queue.pop(this.#chain)) continue;
        goesOn = true;
        if (most > 0) this.#putData(host, queue, connection, most);
        else this.#putEnd(host, queue, connection);
      }
    }
    host.interrupt(queue);
  }

  #putData(host: VirtioHost, queue: Queue, connection: VsockConnection, most: number): void {
    const room = Math.min(most, this.#chain.writable.bytes - HEADER_BYTES);
    const { hostPort, guestPort, pieces } = connection;
    const first = pieces[0]!;
    const part = first.subarray(connection.at, connection.at + Math.max(0, room));
    connection.at += part.length;
    connection.waiting -= part.length;
    connection.sent = (connection.sent + part.length) >>> 0;
    if (connection.at === first.length) {
      pieces.shift();
      connection.at = 0;
    }
    this.#put(host, queue, { hostPort, guestPort, op: VsockOp.RW, flags: 0, type: TYPE_STREAM, connection }, part);
    connection.end.room();
  }

  #putEnd(host: VirtioHost, queue: Queue, connection: VsockConnection): void {
    const { hostPort, guestPort } = connection;
    connection.hasEnded = true;
    const isOver = !connection.peerSends;
    const [op, flags] = isOver ? [VsockOp.RST, 0] : [VsockOp.SHUTDOWN, SHUTDOWN_SEND];
    this.#put(host, queue, { hostPort, guestPort, op, flags, type: TYPE_STREAM, connection }, undefined);
    if (isOver) this.#close(connection);
  }

  #put(host: VirtioHost, queue: Queue, answer: Answer, data: Uint8Array | undefined): void {
    const { hostPort, guestPort, op, flags, type, connection } = answer;
    const header = this.#header;
    header.setBigUint64(Header.SRC_CID, BigInt(HOST_CID), true);
    header.setBigUint64(Header.DST_CID, BigInt(this.#cid), true);
    header.setUint32(Header.SRC_PORT, hostPort, true);
    header.setUint32(Header.DST_PORT, guestPort, true);
    header.setUint32(Header.LEN, data?.length ?? 0, true);
    header.setUint16(Header.TYPE, type, true);
    header.setUint16(Header.OP, op, true);
    header.setUint32(Header.FLAGS, flags, true);
    header.setUint32(Header.BUF_ALLOC, connection === undefined ? 0 : BUFFER_BYTES, true);
    header.setUint32(Header.FWD_CNT, connection?.forwarded ?? 0, true);
    if (connection !== undefined) connection.told = connection.forwarded;
    const { writable } = this.#chain;
    const fits =
      writable.write(host.memory, 0, new Uint8Array(header.buffer)) &&
      (data === undefined || writable.write(host.memory, HEADER_BYTES, data));
    queue.push(this.#chain, fits ? HEADER_BYTES + (data?.length ?? 0) : 0);
  }
}

const keyOf = (hostPort: number, guestPort: number): string => `${hostPort}:${guestPort}`;
