/** What a network device stands on, what is counted of its use, and how much it may do. */

import type { NetworkBackend } from "../../../backend/network/network.ts";

/** How much a network device may move in a second, in each direction; what is left out is not limited. */
export interface NetworkLimits {
  /** Frames in a second; one that is to be cut later counts as one. */
  readonly packets?: number;
  /** Frames that may be moved at once, after idling. Default: a tenth of a second's. */
  readonly packetsBurst?: number;
  /** Bytes in a second. */
  readonly bytes?: number;
  /** Bytes that may be moved at once, after idling. Default: a tenth of a second's. */
  readonly bytesBurst?: number;
}

/** What is behind one network device. */
export interface NetworkMedium {
  readonly backend: NetworkBackend;
  /** The address that the device has at first, 6 bytes. */
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** Pairs of queues, 1 to 8. */
  readonly pairs: number;
  /** Whether the link is up. */
  readonly link: boolean;
  readonly limits: NetworkLimits | undefined;
  readonly counters: NetworkCounters;
  /** The backend has thrown. */
  onError(error: unknown): void;
}

/** What a network device has done since it was made. Bytes are those of frames, without their check sequence. */
export class NetworkCounters {
  /** Frames from the guest that the network has taken; one that is to be cut later counts as one. */
  framesSent = 0;
  bytesSent = 0;
  /** Frames from the guest that were malformed, too long, or sent while the link was down. */
  sendDrops = 0;
  /** Frames that the guest has been given. */
  framesReceived = 0;
  bytesReceived = 0;
  /** Frames for the guest that were malformed, did not fit its buffers, or came while it did not listen or the link was down. */
  receiveDrops = 0;
  /** Frames that the guest's driver did not want: by address or VLAN. */
  filtered = 0;
  /** How often a frame had to wait: for the network to take it, and for the guest to give buffers. */
  sendWaits = 0;
  receiveWaits = 0;
}
