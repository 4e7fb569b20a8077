/** Frames both ways over a line of messages, with a window for each direction. The same for both ends of it. */

import { Entry } from "../../backend/network/entry.ts";
import { type FrameInfo, type FrameOffers, type FrameSink, MAX_FRAME } from "../../backend/network/network.ts";
import { plainInfo, Segmenter } from "../../backend/network/segment.ts";
import { get32 } from "../../backend/network/headers.ts";
import { FrameQueue } from "../switch/frame-queue.ts";
import { frameMessage, Kind, readFrame, takenMessage, WINDOW } from "./protocol.ts";

/** Frames that wait here: more than a window of small ones. */
const QUEUE_FRAMES = 4096;
/** Each frame counts for some more bytes than it has, so that a window has no more than the queue holds. */
const FRAME_COST = Math.ceil(WINDOW / QUEUE_FRAMES);
/** Bytes that are taken before the other end is told. */
const TELL_AFTER = WINDOW / 8;

const cost = (length: number): number => Math.max(length, FRAME_COST);

/** What a line needs of those at its two sides. */
export interface LineEnds {
  /** Sends a message to the other end. */
  post(message: Uint8Array): void;
  /** Where frames from the other end go. */
  readonly sink: FrameSink;
  /** Has `act` called when the sink may be given frames. */
  enter(act: () => void): void;
  /** Frames may be sent again, after `send` had given false. */
  onRoom(): void;
}

/** One end. */
export class FrameLine {
  readonly #ends: LineEnds;
  /** What the other end may send, and what it takes. */
  readonly #offers: FrameOffers;
  readonly #theirs: FrameOffers;
  readonly #queue = new FrameQueue(WINDOW + 2 * MAX_FRAME, QUEUE_FRAMES + 1);
  readonly #segmenter = new Segmenter();
  readonly #outgoing = new Segmenter();
  readonly #info = plainInfo();
  readonly #far: FrameSink;
  #underWay = 0;
  #isFull = false;
  readonly #enter = (act: () => void): void => this.#ends.enter(act);
  readonly #entry = new Entry(() => this.drain());
  #waiting = 0;
  #untold = 0;
  #isClosed = false;

  constructor(ends: LineEnds, offers: FrameOffers, theirs: FrameOffers) {
    this.#ends = ends;
    this.#offers = offers;
    this.#theirs = theirs;
    this.#far = { offers: theirs, send: (...frame) => this.#post(...frame) };
  }

  /** What the other end takes; less may be sent, and is finished here. */
  get offers(): FrameOffers {
    return this.#theirs;
  }

  /** As `FrameSink`'s; a frame that the other end does not take as it is gets cut and finished. */
  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    return this.#isClosed || this.#outgoing.send(this.#far, bytes, at, length, info);
  }

  /**
   * Takes a message of the other end's.
   * @returns whether it made sense; after false the line is of no use
   */
  receive(message: Uint8Array): boolean {
    switch (message[0]) {
      case Kind.FRAME:
      case Kind.UNDONE:
        return this.#arrived(message);
      case Kind.TAKEN:
        return message.length === 5 && this.#taken(get32(message, 1));
      default:
        return false;
    }
  }

  /** Gives the sink what waits for it. */
  drain(): void {
    const queue = this.#queue;
    while (queue.length > 0 && !this.#isClosed) {
      queue.readInfo(this.#info);
      const { frameBytes } = queue;
      if (!this.#segmenter.send(this.#ends.sink, queue.bytes, queue.at, frameBytes, this.#info)) break;
      queue.shift();
      this.#waiting -= cost(frameBytes);
      this.#untold += cost(frameBytes);
    }
    this.#tell();
  }

  /** Drops what waits for the sink. */
  clear(): void {
    this.#queue.clear();
    this.#segmenter.reset();
    this.#untold += this.#waiting;
    this.#waiting = 0;
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
  }

  #post(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.#underWay + cost(length) > WINDOW) {
      this.#isFull = true;
      return false;
    }
    this.#underWay += cost(length);
    this.#ends.post(frameMessage(bytes, at, length, info));
    return true;
  }

  #arrived(message: Uint8Array): boolean {
    const head = readFrame(message, this.#offers, this.#info);
    const length = message.length - head;
    if (head < 0 || this.#waiting + this.#untold + cost(length) > WINDOW) return false;
    const place = this.#queue.push(length, this.#info, 0);
    if (place < 0) return false;
    this.#queue.bytes.set(message.subarray(head), place);
    this.#waiting += cost(length);
    this.#entry.ask(this.#enter);
    return true;
  }

  #taken(bytes: number): boolean {
    if (bytes > this.#underWay) return false;
    this.#underWay -= bytes;
    if (this.#isFull && this.#underWay <= WINDOW / 2) {
      this.#isFull = false;
      this.#ends.onRoom();
    }
    return true;
  }

  #tell(): void {
    if (this.#untold < TELL_AFTER && !(this.#untold > 0 && this.#waiting === 0)) return;
    if (this.#isClosed) return;
    this.#ends.post(takenMessage(this.#untold));
    this.#untold = 0;
  }
}
