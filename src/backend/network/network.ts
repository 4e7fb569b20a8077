/** What a network device stands on: the far end of its cable (docs/design/network.md). */

/** What a frame may be without room for more: Ethernet's header, one VLAN tag, and an IP packet of the largest size. */
export const MAX_FRAME = 14 + 4 + 65_535;

/** What of a frame is still to be done, or known to be right. (VIRTIO 1.2, "Device Operation" of the network device) */
export const Offload = {
  /** The checksum at `checksumOffset` holds that of the pseudo-header only: whoever needs it whole must finish it. */
  NEEDS_CHECKSUM: 1,
  /** The checksums have been checked. */
  CHECKSUM_VALID: 2,
} as const;

/** How a frame that is too long for the wire is to be cut: the values of `gso_type`. */
export const Gso = { NONE: 0, TCP4: 1, UDP: 3, TCP6: 4, UDP_L4: 5, ECN: 0x80 } as const;

/**
 * What belongs to a frame beside its bytes. One object is used again from frame to frame: it is good only during the call.
 */
export interface FrameInfo {
  /** Bits of `Offload`. */
  flags: number;
  /** One of `Gso`, perhaps with `Gso.ECN`; `Gso.NONE`: the frame fits the link. */
  gso: number;
  /** Payload bytes of each piece, when `gso` is not `NONE`. */
  segmentBytes: number;
  /** Bytes of all headers, when `gso` is not `NONE`. A hint: whoever needs it reads the headers. */
  headerBytes: number;
  /** Where the bytes to be summed begin, from the frame's first, with `NEEDS_CHECKSUM`. */
  checksumStart: number;
  /** Where the sum belongs, from `checksumStart`, with `NEEDS_CHECKSUM`. */
  checksumOffset: number;
}

/** What one end of a cable can take. */
export interface FrameOffers {
  /** Frames with `NEEDS_CHECKSUM`. Without it, who sends finishes the sum first. */
  readonly checksum: boolean;
  /** Frames of up to `MAX_FRAME` bytes with one of these in `gso`. Without it, who sends cuts them first (`segment.ts`). */
  readonly tcp4: boolean;
  readonly tcp6: boolean;
  readonly udp: boolean;
}

/** Somebody who takes frames. */
export interface FrameSink {
  /** What it can take now. It may change between two frames: a driver of the guest's may agree on less. */
  readonly offers: FrameOffers;
  /**
   * Takes the frame that lies at `bytes[at] … bytes[at + length - 1]`, without the frame check sequence. Bytes and `info` are good only
   * during the call. False: there is no room now, and nothing was taken; the sink says when there is (`onRoom` of the one that sent).
   * What is malformed, or for nobody, is taken and dropped.
   */
  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean;
}

/** The device's end of the cable, as a backend sees it. */
export interface NetworkPort extends FrameSink {
  /** The device's hardware address, 6 bytes. The guest may use another. */
  readonly mac: Uint8Array;
  /** Bytes of the largest IP packet. */
  readonly mtu: number;
  /** The backend has room again after `send` had given false. */
  onRoom(): void;
  /** The link is up, or down: the guest is told. */
  setLink(up: boolean): void;
}

/** What people want to know of a backend. */
export interface NetworkInfo {
  /** In a few words, for people: `user 10.0.2.0/24`. */
  readonly description: string;
}

/**
 * A network, as one device sees it. `send` is called by the device in the middle of a slice, `port.send` by the backend only with the
 * machine at rest: `connect` is given `enter`, through which what comes from the outside gets in between two slices.
 */
export interface NetworkBackend extends FrameSink {
  readonly info: NetworkInfo;
  /**
   * The device is there: the first call, once.
   * @param enter - calls `act` with the machine at rest, soon; it may be called from anywhere, and wakes an idle machine
   */
  connect(port: NetworkPort, enter: (act: () => void) => void): void;
  /** The device has room again after `port.send` had given false. */
  onRoom(): void;
  /** The guest has reset its device: frames that wait for it may be dropped. */
  reset?(): void;
  /** Gives up what it holds: sockets, connections. Nothing is sent after it. */
  close(): Promise<void>;
}
