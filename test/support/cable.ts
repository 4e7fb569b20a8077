/** A network for tests: a cable whose far end is the test. */

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
