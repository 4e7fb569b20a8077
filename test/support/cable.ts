/** Networks for tests: a cable whose far end is the test, and a cable between two devices. */

import type { FrameInfo, FrameOffers, NetworkBackend, NetworkPort } from "../../src/backend/network/network.ts";

export const NOTHING: FrameOffers = { checksum: false, tcp4: false, tcp6: false, udp: false };
export const EVERYTHING: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: true };

/** A frame with what belongs to it. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
}

/** A backend that keeps what the guest sends, as long as there is room. */
export class FakeNetwork implements NetworkBackend {
  readonly info = { description: "a test" };
  offers: FrameOffers = EVERYTHING;
  /** Frames that it still takes. */
  room = Infinity;
  readonly sent: Sent[] = [];
  port!: NetworkPort;
  enter!: (act: () => void) => void;
  rooms = 0;
  resets = 0;
  closed = 0;

  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    this.port = port;
    this.enter = enter;
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.sent.push({ bytes: bytes.slice(at, at + length), info: { ...info } });
    return true;
  }

  onRoom(): void {
    this.rooms++;
  }

  reset(): void {
    this.resets++;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

/** One end of a cable between two devices, which holds some frames. */
class CableEnd implements NetworkBackend {
  readonly info = { description: "a cable" };
  far!: CableEnd;
  port!: NetworkPort;
  #enter!: (act: () => void) => void;
  readonly #waiting: Sent[] = [];
  #isTold = false;

  get offers(): FrameOffers {
    return this.far.port?.offers ?? NOTHING;
  }

  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    this.port = port;
    this.#enter = enter;
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    return this.far.take({ bytes: bytes.slice(at, at + length), info: { ...info } });
  }

  take(frame: Sent): boolean {
    // Nobody is there yet.
    if (this.port === undefined) return true;
    if (this.#waiting.length >= 64) return false;
    this.#waiting.push(frame);
    if (!this.#isTold) this.#enter(() => ((this.#isTold = false), this.onRoom()));
    this.#isTold = true;
    return true;
  }

  onRoom(): void {
    const before = this.#waiting.length;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.port.send(first.bytes, 0, first.bytes.length, first.info)) break;
      this.#waiting.shift();
    }
    if (before >= 64 && this.#waiting.length < 64) this.far.port.onRoom();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Two backends, each of which gives the other's device what its own sends. */
export function cable(): [NetworkBackend, NetworkBackend] {
  const [one, two] = [new CableEnd(), new CableEnd()];
  [one.far, two.far] = [two, one];
  return [one, two];
}
