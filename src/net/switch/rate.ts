/** How much may pass in a second: buckets that fill with time. */

/** Limits of a port, in each second; what is left out is not limited. What is too much is dropped. */
export interface PortLimits {
  readonly packets?: number;
  /** Frames at once, after idling. Default: a tenth of a second's. */
  readonly packetsBurst?: number;
  readonly bytes?: number;
  /** Bytes at once, after idling. Default: a tenth of a second's; a frame passes while there are any. */
  readonly bytesBurst?: number;
}

/** The limits of one port as they stand. */
export class PortRate {
  readonly #limits: PortLimits;
  #packets: number;
  #bytes: number;
  #at: number;

  constructor(limits: PortLimits, now: number) {
    this.#limits = limits;
    this.#at = now;
    this.#packets = this.#mostPackets;
    this.#bytes = this.#mostBytes;
  }

  /** Whether a frame may pass now; then it has. */
  take(length: number, now: number): boolean {
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    const { packets = Infinity, bytes = Infinity } = this.#limits;
    this.#packets = Math.min(this.#mostPackets, this.#packets + seconds * packets);
    this.#bytes = Math.min(this.#mostBytes, this.#bytes + seconds * bytes);
    if (packets !== Infinity && this.#packets < 1) return false;
    if (bytes !== Infinity && this.#bytes <= 0) return false;
    this.#packets -= 1;
    this.#bytes -= length;
    return true;
  }

  get #mostPackets(): number {
    const { packets = Infinity, packetsBurst = packets / 10 } = this.#limits;
    return Math.max(1, packetsBurst);
  }

  get #mostBytes(): number {
    const { bytes = Infinity, bytesBurst = bytes / 10 } = this.#limits;
    return Math.max(1, bytesBurst);
  }
}
