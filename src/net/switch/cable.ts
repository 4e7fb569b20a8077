/** A cable between a switch and a backend that is a network of its own, such as the user network or a tunnel. */

import type { FrameInfo, FrameOffers, NetworkBackend, NetworkPort } from "../../backend/network/network.ts";
import type { SwitchPort } from "./port.ts";

/**
 * Plugs a network into a port of a switch, so that all VMs of the switch share it: `joinBackend(network.port(), await openUserNetwork())`.
 * Returns what ends it; port and backend are closed then.
 * @param mtu - bytes of the largest IP packet that the VMs take, of which the user network tells them. Default: 1500
 */
export function joinBackend(
  port: SwitchPort,
  backend: NetworkBackend,
  { mtu = 1500 }: { readonly mtu?: number } = {},
): () => Promise<void> {
  const toSwitch = new CableEnd(port, mtu);
  const toBackend = new CableEnd(backend, mtu);
  port.connect(toBackend, (act) => queueMicrotask(act));
  backend.connect(toSwitch, (act) => queueMicrotask(act));
  return async () => {
    await port.close();
    await backend.close();
  };
}

/** What one end takes for its device: frames go on to the other. */
class CableEnd implements NetworkPort {
  readonly mac = new Uint8Array(6);
  readonly mtu: number;
  readonly #far: NetworkBackend;

  constructor(far: NetworkBackend, mtu: number) {
    this.#far = far;
    this.mtu = mtu;
  }

  get offers(): FrameOffers {
    return this.#far.offers;
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    return this.#far.send(bytes, at, length, info);
  }

  /** This end has room again: the far one, which sends to it, goes on. */
  onRoom(): void {
    this.#far.onRoom();
  }

  setLink(): void {}
}
