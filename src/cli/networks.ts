/** The networks of `wasmvisor run`, opened. */

import * as api from "../index.ts";
import type { NetworkWords, UserWords } from "./net-options.ts";
import { usage } from "./usage.ts";

/** What makes user networks. */
interface UserNetworks {
  readonly openUserNetwork?: (options: UserWords) => Promise<api.NetworkBackend>;
}

/**
 * The network devices of a VM.
 * @throws WasmvisorError `usage`, and what making a user network throws
 */
export async function openNetworks(words: readonly NetworkWords[]): Promise<api.NetworkOptions[]> {
  const { openUserNetwork } = api as UserNetworks;
  const networks: api.NetworkOptions[] = [];
  try {
    for (const { device, user } of words) {
      if (user !== undefined && openUserNetwork === undefined)
        throw usage("There is no user network in this build; write --nic none.");
      networks.push(user === undefined ? device : { ...device, backend: await openUserNetwork!(user) });
    }
    return networks;
  } catch (error) {
    for (const { backend } of networks) if (typeof backend === "object") await backend.close();
    throw error;
  }
}
