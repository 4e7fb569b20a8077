/** One stream between a port of the host's and one of the guest's. */

/** Bytes that a guest may have sent and nobody has read. */
export const BUFFER_BYTES = 2 ** 18;

/** Who is at the host's end of a stream. Nothing here throws. */
export interface VsockEnd {
  /** The guest has accepted. */
  opened(): void;
  /** Bytes of the guest's; good only during the call. */
  data(bytes: Uint8Array): void;
  /** The guest sends no more. */
  ended(): void;
  /** There is room to send again. */
  room(): void;
  /** It is over; nothing follows. */
  closed(): void;
}

/** What the device knows of a stream. Counters are those of the specification, modulo 2^32. ("Buffer Space Management") */
export class VsockConnection {
  readonly hostPort: number;
  readonly guestPort: number;
  readonly end: VsockEnd;
  isOpen = false;
  /** How much room the guest says that it has, and how much of what was sent it has used. */
  peerAlloc = 0;
  peerForwarded = 0;
  /** Bytes sent to the guest, received from it, and used here. */
  sent = 0;
  received = 0;
  forwarded = 0;
  /** What `forwarded` was when the guest was told last. */
  told = 0;
  /** What waits to be sent, and how much of the first piece has been. */
  readonly pieces: Uint8Array[] = [];
  at = 0;
  waiting = 0;
  /** No more will be sent after what waits. */
  ends = false;
  hasEnded = false;
  /** The guest takes no more, or sends no more. */
  peerTakes = true;
  peerSends = true;

  constructor(hostPort: number, guestPort: number, end: VsockEnd) {
    this.hostPort = hostPort;
    this.guestPort = guestPort;
    this.end = end;
  }

  /** Bytes that the guest has room for. */
  get credit(): number {
    const used = (this.sent - this.peerForwarded) >>> 0;
    return Math.max(0, this.peerAlloc - used);
  }

  /** Bytes that have come and not been used. */
  get unread(): number {
    return (this.received - this.forwarded) >>> 0;
  }
}
