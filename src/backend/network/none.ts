/** A network with nobody on it. */

import type { FrameOffers, NetworkBackend, NetworkInfo } from "./network.ts";

/** Takes every frame, whatever it still needs, and drops it. */
export class NoNetwork implements NetworkBackend {
  readonly info: NetworkInfo = { description: "none" };
  readonly offers: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: true };

  connect(): void {}

  send(): boolean {
    return true;
  }

  onRoom(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
