/** The networks that machines of this page are on: mostly one, and another for machines that were started with another choice. */

import type { NetworkChoice } from "../network/choice.ts";
import type { Socket } from "./machines.ts";
import { type NetworkListener, PageNetwork } from "./network.ts";

export class Networks {
  readonly #tell: NetworkListener;
  readonly #open = new Map<string, PageNetwork>();

  /** @param tell - hears of relays that are lost, or refuse */
  constructor(tell: NetworkListener) {
    this.#tell = tell;
  }

  /**
   * A place for one more machine on the network that was chosen, which is opened when there is none; undefined when no network was chosen.
   * @throws as `PageNetwork.open` and `PageNetwork.plug` do
   */
  async plug(choice: NetworkChoice | undefined): Promise<Socket | undefined> {
    const key = JSON.stringify(choice ?? {});
    const network =
      this.#open.get(key) ?? (choice === undefined ? undefined : await PageNetwork.open(choice, this.#tell));
    if (network === undefined) return undefined;
    this.#open.set(key, network);
    return network.plug();
  }

  /** Gives up networks that no machine is on. */
  async prune(): Promise<void> {
    for (const [key, network] of this.#open) {
      if (network.size > 0) continue;
      this.#open.delete(key);
      await network.close();
    }
  }

  /** The network that a machine is on, by its place. */
  of(socket: Socket | undefined): PageNetwork | undefined {
    return [...this.#open.values()].find(({ switch: { ports } }) =>
      [...ports.values()].some((port) => port === socket?.backend),
    );
  }
}
