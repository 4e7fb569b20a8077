/** A cable between two switches that are not on one thread, over a `MessagePort`. */

import { type FrameInfo, type FrameOffers, MAX_FRAME, type NetworkPort } from "../../backend/network/network.ts";
import { infoOf, ownBytes, wordsOf } from "./frame-words.ts";
import type { SwitchPort } from "./port.ts";

/** What has the methods of a `MessagePort`, or of a `BroadcastChannel`. */
export interface MessageLine {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: object) => void): void;
  removeEventListener(type: "message", listener: (event: object) => void): void;
  /** Of a `MessagePort`. */
  start?(): void;
}

/** Bytes that are under way before the other end must have taken some. */
const WINDOW = 2 ** 22;
/** Frames of the other end that wait here for room: what it may have under way, in the smallest frames. */
const WAITING_MOST = 4096;

/** A frame on its way: its bytes, and `FrameInfo` as numbers. */
interface FrameMessage {
  readonly kind: "frame";
  readonly bytes: Uint8Array;
  readonly info: readonly number[];
}

/** What the other end has taken. */
interface TakenMessage {
  readonly kind: "taken";
  readonly bytes: number;
}

const OFFERS: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: false };

/**
 * Joins a port of a switch to what is at the other end of `line`, which does the same. Whatever comes over it is checked, and what is under way
 * is bounded. Returns what ends it; the port is closed then.
 *
 * ```ts
 * const { port1, port2 } = new MessageChannel();
 * joinByMessages(network.port(), port1); // and in a worker, which has been sent port2: joinByMessages(other.port(), port2)
 * ```
 */
export function joinByMessages(port: SwitchPort, line: MessageLine): () => Promise<void> {
  const end = new ChannelEnd(port, line);
  return () => end.close();
}

class ChannelEnd implements NetworkPort {
  readonly offers = OFFERS;
  readonly mac = new Uint8Array(6);
  readonly mtu = 65_535;
  readonly #port: SwitchPort;
  readonly #line: MessageLine;
  readonly #listen = (event: object): void => this.#receive((event as { readonly data?: unknown }).data);
  readonly #waiting: { readonly bytes: Uint8Array; readonly info: FrameInfo }[] = [];
  #waitingBytes = 0;
  #underWay = 0;
  #isFull = false;

  constructor(port: SwitchPort, line: MessageLine) {
    this.#port = port;
    this.#line = line;
    port.connect(this, (act) => queueMicrotask(act));
    line.addEventListener("message", this.#listen);
    line.start?.();
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.#underWay + length > WINDOW) {
      this.#isFull = true;
      return false;
    }
    this.#underWay += length;
    const message: FrameMessage = { kind: "frame", bytes: bytes.slice(at, at + length), info: wordsOf(info) };
    this.#line.postMessage(message);
    return true;
  }

  onRoom(): void {
    this.#offer();
  }

  setLink(): void {}

  async close(): Promise<void> {
    this.#line.removeEventListener("message", this.#listen);
    this.#waiting.length = 0;
    await this.#port.close();
  }

  #receive(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const { kind, bytes, info } = message as Partial<Record<"kind" | "bytes" | "info", unknown>>;
    if (kind === "taken") this.#taken(bytes);
    else if (kind === "frame") this.#arrived(bytes, info);
  }

  #taken(bytes: unknown): void {
    if (typeof bytes !== "number" || !(bytes > 0)) return;
    this.#underWay = Math.max(0, this.#underWay - bytes);
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#port.onRoom();
  }

  #arrived(bytes: unknown, info: unknown): void {
    if (!(bytes instanceof Uint8Array) || bytes.length < 14 || bytes.length > MAX_FRAME) return;
    // Who sends more than its window is not listened to.
    if (this.#waiting.length >= WAITING_MOST || this.#waitingBytes + bytes.length > WINDOW) return;
    this.#waitingBytes += bytes.length;
    this.#waiting.push({ bytes: ownBytes(bytes), info: infoOf(info, bytes.length) });
    this.#offer();
  }

  /** Gives the switch what waits. */
  #offer(): void {
    let taken = 0;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#port.send(first.bytes, 0, first.bytes.length, first.info)) break;
      this.#waiting.shift();
      taken += first.bytes.length;
    }
    this.#waitingBytes -= taken;
    const message: TakenMessage = { kind: "taken", bytes: taken };
    if (taken > 0) this.#line.postMessage(message);
  }
}
