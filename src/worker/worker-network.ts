/** A network device of a VM in a worker. */

import type { LinkState, NetworkStatistics, VmNetwork } from "../vmm/networks.ts";
import type { SentNetwork } from "./messages.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** A `VmNetwork` that answers by promise. */
export class WorkerNetwork {
  /** As `VmNetwork.slot`. */
  readonly slot: number;
  /** As `VmNetwork.mac`. */
  readonly mac: string;
  /** As `VmNetwork.mtu`. */
  readonly mtu: number;
  readonly #network: Remote<VmNetwork>;

  /** @internal */
  constructor(seat: Seat, index: number, { slot, mac, mtu }: SentNetwork) {
    this.slot = slot;
    this.mac = mac;
    this.mtu = mtu;
    this.#network = new Remote<VmNetwork>(seat, "network", index);
  }

  /** As `VmNetwork.description`. */
  get description(): Promise<string> {
    return this.#network.get("description");
  }

  /** As `VmNetwork.link`. */
  get link(): Promise<LinkState> {
    return this.#network.get("link");
  }

  /** As `VmNetwork.setLink`. */
  setLink(link: LinkState): Promise<void> {
    return this.#network.call("setLink", link);
  }

  /** As `VmNetwork.announce`. */
  announce(): Promise<void> {
    return this.#network.call("announce");
  }

  /** As `VmNetwork.tap`. */
  tap(): Promise<ReadableStream<Uint8Array>> {
    return this.#network.call("tap");
  }

  /** As `VmNetwork.statistics`. */
  statistics(): Promise<NetworkStatistics> {
    return this.#network.call("statistics");
  }
}
