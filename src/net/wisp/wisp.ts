/** The world by a Wisp relay: TCP and UDP of the user network over one WebSocket (docs/design/tunnels.md). */

import type {
  DatagramEvents,
  HostDatagrams,
  HostListener,
  HostNetwork,
  HostStream,
  StreamEvents,
  StreamFailure,
} from "../../backend/network/user/host-network.ts";
import { closeSocket, type FrameSocket, listenTo, type SocketMaker } from "../../backend/network/web-socket.ts";
import { WasmvisorError } from "../../error.ts";
import { NameAddresses } from "./names.ts";
import {
  closePacket,
  CloseReason,
  connectPacket,
  continueOf,
  dataPacket,
  Extension,
  extensionsOf,
  infoPacket,
  Packet,
  readPacket,
  StreamKind,
} from "./protocol.ts";

/** A relay that speaks Wisp. */
export interface WispOptions {
  /** The relay's address, with a slash at the end: `wss://relay.example.org/wisp/`. */
  readonly url: string;
  /** A name and password, for relays that ask for them. */
  readonly account?: { readonly user: string; readonly password: string };
  /** Makes the WebSocket. Default: the platform's, or that of the package `ws`. */
  readonly socket?: SocketMaker;
}

/** The sockets of a Wisp relay. */
export interface WispSockets extends HostNetwork {
  /** Ends all connections. */
  close(): void;
}

/** Bytes of one packet's data. */
const MOST_DATA = 65_536;
/** Bytes that may wait for one stream's turn to be sent, and that a stream which is paused keeps: Wisp has no way to stop a sender. */
const MUCH = 2 ** 18;
const MOST_KEPT = 2 ** 23;
/** Bytes in the socket with which no more is given to it, and milliseconds until the next look. */
const MOST_BUFFERED = 2 ** 20;
const LOOK_AGAIN = 10;
/** Milliseconds that a relay has to answer, and in which its INFO follows what lets us begin. */
const PATIENCE = 20_000;
const INFO_WAIT = 250;
const MOST_FLOWS = 64;

const FAILURES: Readonly<Record<number, StreamFailure>> = {
  [CloseReason.INVALID]: "unreachable",
  [CloseReason.UNREACHABLE]: "unreachable",
  [CloseReason.TIMED_OUT]: "timeout",
  [CloseReason.REFUSED]: "refused",
  [CloseReason.BLOCKED]: "unreachable",
};

/** @throws WasmvisorError `network-option` when the address is none */
export function wispNetwork(options: WispOptions, socket: SocketMaker): WispSockets {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol) || !url.pathname.endsWith("/"))
    throw new WasmvisorError(
      "network-option",
      `A Wisp relay's address is one such as wss://relay.example.org/wisp/, with a slash at the end, not "${options.url}".`,
    );
  const { user = "", password = "" } = options.account ?? {};
  if (bytesOf(user) > 255 || bytesOf(password) > 65_535)
    throw new WasmvisorError(
      "network-option",
      "A Wisp relay's user has a name of at most 255 bytes and a password of at most 65535; give shorter ones.",
    );
  return new Wisp(options, socket);
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** What comes of one stream. */
interface Taker {
  data(bytes: Uint8Array): void;
  /** Packets that may be sent. */
  room(packets: number): void;
  closed(reason: number): void;
}

/** One WebSocket's time: from the first stream until it breaks. */
interface Session {
  readonly streams: Map<number, Taker>;
  /** Undefined until streams may begin. */
  socket?: FrameSocket;
  isOpen: boolean;
  /** Packets that wait for that. */
  readonly early: Uint8Array[];
  /** Packets of each new stream. */
  room: number;
  hasUdp: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

class Wisp implements WispSockets {
  readonly #options: WispOptions;
  readonly #makeSocket: SocketMaker;
  readonly #names = new NameAddresses();
  #session: Session | undefined;
  #next = 1;
  #isClosed = false;

  constructor(options: WispOptions, makeSocket: SocketMaker) {
    this.#options = options;
    this.#makeSocket = makeSocket;
  }

  connect(address: string, port: number, events: StreamEvents): HostStream {
    const session = this.#open();
    return new WispStream(session, this.#number(), this.#hostOf(address), port, events);
  }

  listen(): Promise<HostListener> {
    return Promise.reject(
      new WasmvisorError("unsupported", "Nobody reaches a guest through a Wisp relay; leave hostfwd out."),
    );
  }

  bind(_family: 4 | 6, events: DatagramEvents, address?: string): Promise<HostDatagrams> {
    if (address !== undefined) return this.listen() as Promise<never>;
    const session = this.#open();
    return Promise.resolve(
      new WispDatagrams(
        session,
        () => this.#number(),
        (to) => this.#hostOf(to),
        events,
      ),
    );
  }

  resolve: HostNetwork["resolve"] = (name, type) => Promise.resolve(this.#names.answer(name, type));

  standsForName(address: string): boolean {
    return this.nameOf(address) !== undefined;
  }

  nameOf(address: string): string | undefined {
    return this.#names.nameOf(address);
  }

  close(): void {
    this.#isClosed = true;
    const session = this.#session;
    if (session !== undefined) this.#end(session);
  }

  #hostOf(address: string): string {
    return this.#names.nameOf(address) ?? address;
  }

  #number(): number {
    const number = this.#next;
    this.#next = number === 0xffff_ffff ? 1 : number + 1;
    return number;
  }

  /** The session that there is, or a new one. */
  #open(): Session {
    if (this.#session !== undefined) return this.#session;
    const session: Session = { streams: new Map(), isOpen: false, early: [], room: 0, hasUdp: true };
    this.#session = session;
    session.timer = setTimeout(() => this.#end(session), PATIENCE);
    void this.#dial(session);
    return session;
  }

  async #dial(session: Session): Promise<void> {
    try {
      const socket = await (this.#isClosed ? Promise.reject(new Error("closed")) : this.#makeSocket(this.#options.url));
      if (this.#session !== session) {
        closeSocket(socket, 1000, "");
        return;
      }
      session.socket = socket;
      listenTo(socket, {
        open: () => undefined,
        message: (bytes) => this.#message(session, bytes),
        close: () => this.#end(session),
      });
    } catch {
      this.#end(session);
    }
  }

  /** It is over: every stream breaks off. The next one begins a new session. */
  #end(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    clearTimeout(session.timer);
    const wasOpen = session.isOpen;
    session.isOpen = false;
    session.early.length = 0;
    if (session.socket !== undefined) closeSocket(session.socket, 1000, "");
    const takers = [...session.streams.values()];
    session.streams.clear();
    for (const taker of takers) taker.closed(wasOpen ? CloseReason.NETWORK_ERROR : CloseReason.UNREACHABLE);
  }

  #message(session: Session, bytes: Uint8Array | undefined): void {
    if (this.#session !== session) return;
    const packet = bytes && readPacket(bytes);
    if (packet === undefined) {
      this.#end(session);
      return;
    }
    const { type, stream, payload } = packet;
    if (stream === 0) this.#handshake(session, type, payload);
    else if (type === Packet.DATA) session.streams.get(stream)?.data(payload);
    else if (type === Packet.CONTINUE) session.streams.get(stream)?.room(Math.max(0, continueOf(payload)));
    else if (type === Packet.CLOSE) {
      const taker = session.streams.get(stream);
      session.streams.delete(stream);
      taker?.closed(payload[0] ?? 1);
    }
  }

  #handshake(session: Session, type: number, payload: Uint8Array): void {
    if (type === Packet.CLOSE) this.#end(session);
    else if (type === Packet.INFO && session.socket !== undefined) {
      const theirs = extensionsOf(payload);
      session.hasUdp = theirs.has(Extension.UDP);
      session.socket.send(
        infoPacket(session.hasUdp, theirs.has(Extension.PASSWORD) ? this.#options.account : undefined),
      );
      if (session.room > 0) this.#begin(session);
    } else if (type === Packet.CONTINUE && session.room === 0) {
      session.room = Math.max(0, continueOf(payload));
      clearTimeout(session.timer);
      if (session.room === 0) this.#end(session);
      // Version 1 has no INFO; version 2 has it before or right behind.
      else session.timer = setTimeout(() => this.#begin(session), INFO_WAIT);
    }
  }

  #begin(session: Session): void {
    if (session.isOpen || this.#session !== session) return;
    clearTimeout(session.timer);
    session.isOpen = true;
    for (const packet of session.early.splice(0)) session.socket?.send(packet);
    for (const taker of [...session.streams.values()]) taker.room(session.room);
  }
}

/** Sends a packet, or has it wait until the session is open. */
function post(session: Session, packet: Uint8Array): void {
  if (session.isOpen) session.socket?.send(packet);
  else session.early.push(packet);
}

/** A TCP connection. Wisp tells of no success, so it counts as there once the relay lets us begin; what goes wrong later is a reset. */
class WispStream implements HostStream, Taker {
  readonly #session: Session;
  readonly #number: number;
  readonly #events: StreamEvents;
  readonly #waiting: Uint8Array[] = [];
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #room = 0;
  #isConnected = false;
  #isPaused = false;
  #isOver = false;
  #closing: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  pending = 0;

  constructor(session: Session, number: number, host: string, port: number, events: StreamEvents) {
    this.#session = session;
    this.#number = number;
    this.#events = events;
    session.streams.set(number, this);
    post(session, connectPacket(number, StreamKind.TCP, host, port));
    if (session.isOpen) queueMicrotask(() => this.room(session.room));
  }

  write(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at += MOST_DATA) this.#waiting.push(bytes.subarray(at, at + MOST_DATA));
    this.pending += bytes.length;
    this.#send();
    return this.pending < MUCH;
  }

  /** Wisp has no half-closed connections: the other end hears of it when all is over. */
  end(): void {}

  reset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#session.streams.delete(this.#number))
      post(this.#session, closePacket(this.#number, CloseReason.VOLUNTARY));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (let bytes = this.#kept.shift(); bytes !== undefined; bytes = this.#kept.shift()) {
      this.#keptBytes -= bytes.length;
      this.#events.data(bytes);
      if (this.#isPaused) return;
    }
    if (this.#closing !== undefined) this.#finish(this.#closing);
  }

  data(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) return;
    if (!this.#isPaused && this.#kept.length === 0) {
      this.#events.data(bytes);
      return;
    }
    this.#keptBytes += bytes.length;
    this.#kept.push(bytes);
    if (this.#keptBytes <= MOST_KEPT) return;
    this.#session.streams.delete(this.#number);
    post(this.#session, closePacket(this.#number, CloseReason.CLIENT_ERROR));
    this.#finish(CloseReason.NETWORK_ERROR);
  }

  room(packets: number): void {
    if (this.#isOver) return;
    this.#room = packets;
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#events.connected();
    }
    this.#send();
  }

  closed(reason: number): void {
    if (this.#isOver) return;
    this.#closing = reason;
    if (this.#kept.length === 0 || reason !== CloseReason.VOLUNTARY) this.#finish(reason);
  }

  #finish(reason: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#kept.length = this.#waiting.length = 0;
    if (reason === CloseReason.VOLUNTARY && this.#isConnected) {
      this.#events.end();
      this.#events.close();
    } else this.#events.close(FAILURES[reason] ?? "reset");
  }

  #send(): void {
    const { socket, isOpen } = this.#session;
    if (!isOpen || socket === undefined) return;
    const before = this.pending;
    while (this.#room > 0 && this.#waiting.length > 0 && socket.bufferedAmount < MOST_BUFFERED) {
      const bytes = this.#waiting.shift()!;
      this.#room--;
      this.pending -= bytes.length;
      socket.send(dataPacket(this.#number, bytes));
    }
    if (this.#room > 0 && this.#waiting.length > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#send();
      }, LOOK_AGAIN);
    }
    if (before >= MUCH && this.pending < MUCH) queueMicrotask(() => this.#isOver || this.#events.drain());
  }
}

/** A UDP socket: a stream for each that is spoken to. */
class WispDatagrams implements HostDatagrams {
  readonly port = 0;
  readonly pending = 0;
  readonly #session: Session;
  readonly #number: () => number;
  readonly #hostOf: (address: string) => string;
  readonly #events: DatagramEvents;
  readonly #flows = new Map<string, number>();
  #isClosed = false;

  constructor(session: Session, number: () => number, hostOf: (address: string) => string, events: DatagramEvents) {
    this.#session = session;
    this.#number = number;
    this.#hostOf = hostOf;
    this.#events = events;
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    const session = this.#session;
    if (this.#isClosed || bytes.length > MOST_DATA || (session.socket?.bufferedAmount ?? 0) > MOST_BUFFERED) return;
    if (session.isOpen && !session.hasUdp) return;
    const key = `${address} ${port}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      if (this.#flows.size >= MOST_FLOWS || session.early.length > MOST_FLOWS) return;
      flow = this.#number();
      this.#flows.set(key, flow);
      session.streams.set(flow, {
        data: (data) => this.#events.data(data, address, port),
        room: () => undefined,
        closed: () => this.#closed(key),
      });
      post(session, connectPacket(flow, StreamKind.UDP, this.#hostOf(address), port));
    }
    if (session.isOpen || session.early.length < 2 * MOST_FLOWS) post(session, dataPacket(flow, bytes));
  }

  close(): void {
    this.#isClosed = true;
    for (const flow of this.#flows.values())
      if (this.#session.streams.delete(flow)) post(this.#session, closePacket(flow, CloseReason.VOLUNTARY));
    this.#flows.clear();
  }

  #closed(key: string): void {
    this.#flows.delete(key);
    // The session has gone, or the relay has no UDP: a new socket begins a new one.
    if (this.#flows.size > 0 || this.#isClosed || this.#session.isOpen) return;
    this.#isClosed = true;
    this.#events.close();
  }
}
