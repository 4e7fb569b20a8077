/** An Ethernet of many switches that are not on one thread, over a `BroadcastChannel` between tabs and workers of one origin. */

import { type FrameInfo, type FrameOffers, MAX_FRAME, type NetworkPort } from "../../backend/network/network.ts";
import type { MessageLine } from "./channel.ts";
import { infoOf, ownBytes, wordsOf } from "./frame-words.ts";
import type { SwitchPort } from "./port.ts";

/** Bytes that are under way to one other before it must have taken some. */
const WINDOW = 2 ** 22;
/** What a frame counts at least, so that a window is a number of frames as well. */
const LEAST = 512;
/** Bytes taken from one other of which it is told. */
const TOLD_EVERY = WINDOW / 16;
/** Bytes of all others that wait here for room. */
const WAITING_MOST = 2 ** 24;
/** Others that are known; who was heard longest ago makes room. */
const PEERS_MOST = 64;
/** Milliseconds after which one that takes nothing is no longer waited for. */
const STALL = 1000;
/** Characters of an end's name. */
const NAME_MOST = 32;

const OFFERS: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: false };

/**
 * ```
 *  hello   from [to]              I am here; without `to`, the others say the same to me
 *  frame   from bytes info        for everybody: each switch knows which addresses are its own
 *  taken   from to bytes          so much of what `to` has sent has been taken
 *  bye     from
 * ```
 */
type Kind = "hello" | "frame" | "taken" | "bye";

interface Message {
  readonly kind: Kind;
  readonly from: string;
  readonly to?: string;
  readonly bytes?: Uint8Array | number;
  readonly info?: readonly number[];
}

/** Another end, as far as it is known. */
interface Peer {
  /** Bytes under way to it. */
  underWay: number;
  /** Bytes of its frames that wait here, and that were taken without its having been told. */
  waiting: number;
  untold: number;
}

interface Waiting {
  readonly from: string;
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
}

/**
 * Joins a port of a switch to all others that do the same with a channel of the same name: tabs and workers of one origin, any number of them. All
 * frames go to all of them, as on a shared cable. Whatever comes is checked, and what waits is bounded: who takes nothing for a second is no longer
 * waited for, and misses frames. Returns what ends it; the port is closed then, and the channel is left open.
 *
 * ```ts
 * const channel = new BroadcastChannel("my network");
 * const end = joinByBroadcast(network.port(), channel);
 * ```
 */
export function joinByBroadcast(port: SwitchPort, channel: MessageLine): () => Promise<void> {
  const end = new BroadcastEnd(port, channel);
  return () => end.close();
}

class BroadcastEnd implements NetworkPort {
  readonly offers = OFFERS;
  readonly mac = new Uint8Array(6);
  readonly mtu = 65_535;
  readonly #port: SwitchPort;
  readonly #channel: MessageLine;
  readonly #name = crypto.getRandomValues(new BigUint64Array(1))[0]!.toString(36);
  readonly #listen = (event: object): void => this.#receive((event as { readonly data?: unknown }).data);
  /** In the order in which they were last heard. */
  readonly #peers = new Map<string, Peer>();
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** While what is to be sent waits for others: until one of them has taken some, or the time is over. */
  #stall: ReturnType<typeof setTimeout> | undefined;

  constructor(port: SwitchPort, channel: MessageLine) {
    this.#port = port;
    this.#channel = channel;
    port.connect(this, (act) => queueMicrotask(act));
    channel.addEventListener("message", this.#listen);
    channel.start?.();
    this.#say("hello");
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const cost = costOf(length);
    for (const peer of this.#peers.values()) {
      if (peer.underWay + cost <= WINDOW) continue;
      this.#stall ??= setTimeout(() => this.#giveUp(), STALL);
      return false;
    }
    for (const peer of this.#peers.values()) peer.underWay += cost;
    this.#say("frame", { bytes: bytes.slice(at, at + length), info: wordsOf(info) });
    return true;
  }

  onRoom(): void {
    this.#offer();
  }

  setLink(): void {}

  async close(): Promise<void> {
    clearTimeout(this.#stall);
    this.#channel.removeEventListener("message", this.#listen);
    this.#say("bye");
    this.#peers.clear();
    this.#waiting.length = 0;
    await this.#port.close();
  }

  #say(kind: Kind, more: Omit<Message, "kind" | "from"> = {}): void {
    this.#channel.postMessage({ kind, from: this.#name, ...more } satisfies Message);
  }

  /** Those whose windows are full have taken nothing for a while. */
  #giveUp(): void {
    for (const [name, peer] of this.#peers) if (peer.underWay + costOf(MAX_FRAME) > WINDOW) this.#peers.delete(name);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#stall === undefined) return;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#port.onRoom();
  }

  #receive(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const { kind, from, to, bytes, info } = message as Partial<Record<keyof Message, unknown>>;
    if (typeof from !== "string" || from.length > NAME_MOST || from === this.#name) return;
    if (kind === "bye") {
      this.#peers.delete(from);
      this.#goOn();
      return;
    }
    const peer = this.#hear(from);
    if (kind === "hello" && to === undefined) this.#say("hello", { to: from });
    else if (kind === "frame") this.#arrived(from, peer, bytes, info);
    else if (kind === "taken" && to === this.#name && typeof bytes === "number" && bytes > 0) {
      peer.underWay = Math.max(0, peer.underWay - bytes);
      this.#goOn();
    }
  }

  /** Somebody has been heard. */
  #hear(name: string): Peer {
    const peer = this.#peers.get(name) ?? { underWay: 0, waiting: 0, untold: 0 };
    this.#peers.delete(name);
    this.#peers.set(name, peer);
    if (this.#peers.size > PEERS_MOST) this.#peers.delete(this.#peers.keys().next().value!);
    return peer;
  }

  #arrived(from: string, peer: Peer, bytes: unknown, info: unknown): void {
    if (!(bytes instanceof Uint8Array) || bytes.length < 14 || bytes.length > MAX_FRAME) return;
    const cost = costOf(bytes.length);
    // Who sends more than its window is not listened to.
    if (peer.waiting + cost > WINDOW || this.#waitingBytes + cost > WAITING_MOST) return this.#take(from, cost);
    peer.waiting += cost;
    this.#waitingBytes += cost;
    this.#waiting.push({ from, bytes: ownBytes(bytes), info: infoOf(info, bytes.length) });
    this.#offer();
  }

  /** Gives the switch what waits. */
  #offer(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#port.send(first.bytes, 0, first.bytes.length, first.info)) break;
      this.#waiting.shift();
      const cost = costOf(first.bytes.length);
      this.#waitingBytes -= cost;
      const peer = this.#peers.get(first.from);
      if (peer !== undefined) peer.waiting = Math.max(0, peer.waiting - cost);
      this.#take(first.from, cost);
    }
  }

  /** So much of somebody's has been taken, or is dropped. */
  #take(from: string, bytes: number): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    peer.untold += bytes;
    if (peer.untold < TOLD_EVERY) return;
    this.#say("taken", { to: from, bytes: peer.untold });
    peer.untold = 0;
  }
}

function costOf(length: number): number {
  return Math.max(LEAST, length);
}
