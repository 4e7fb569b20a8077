/** The networks of `wasmvisor run`, opened. */

import { type NetworkOptions, openUserNetwork } from "../index.ts";
import type { NetworkWords } from "./net-options.ts";

/**
 * The network devices of a VM.
 * @throws WasmvisorError `usage`, and what making a user network throws
 */
export async function openNetworks(words: readonly NetworkWords[]): Promise<NetworkOptions[]> {
  const networks: NetworkOptions[] = [];
  try {
    for (const { device, user } of words) {
      networks.push(user === undefined ? device : { ...device, backend: await openUserNetwork(user) });
    }
    return networks;
  } catch (error) {
    for (const { backend } of networks) if (typeof backend === "object") await backend.close();
    throw error;
  }
}
