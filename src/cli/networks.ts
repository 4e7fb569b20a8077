/** The networks of `wasmvisor run`, opened. */

import * as host from "../host/process.ts";
import {
  type NetworkBackend,
  type NetworkOptions,
  openFetchSockets,
  openRelayNetwork,
  openUserNetwork,
  openVxlanNetwork,
  openWispSockets,
  type RelayNetworkEvent,
  type UserNetworkOptions,
} from "../index.ts";
import { accountOf, type FarWords, type NetworkWords, type SocketWords } from "./net-options.ts";

/**
 * The network devices of a VM.
 * @throws WasmvisorError `usage`, and what making a network throws
 */
export async function openNetworks(words: readonly NetworkWords[]): Promise<NetworkOptions[]> {
  const networks: NetworkOptions[] = [];
  try {
    for (const { device, ...far } of words) {
      const backend = await openFar(far);
      networks.push(backend === undefined ? device : { ...device, backend });
    }
    return networks;
  } catch (error) {
    for (const { backend } of networks) if (typeof backend === "object") await backend.close();
    throw error;
  }
}

async function openFar({ user, sockets, vxlan, relay }: FarWords): Promise<NetworkBackend | undefined> {
  if (user !== undefined) return openUser(user, sockets);
  if (vxlan !== undefined) return openVxlanNetwork(vxlan);
  if (relay === undefined) return undefined;
  const token = relay.token ?? host.environment("WASMVISOR_RELAY_TOKEN");
  const onEvent = (event: RelayNetworkEvent): void => void host.printError(relayLine(relay.url, event));
  return openRelayNetwork({ ...relay, onEvent, ...(token === undefined ? {} : { token }) });
}

async function openUser(user: UserNetworkOptions, words: SocketWords | undefined): Promise<NetworkBackend> {
  if (words === undefined) return openUserNetwork(user);
  if (words === "fetch") return openUserNetwork({ ...user, sockets: await openFetchSockets() });
  const named = host.environment("WASMVISOR_WISP_ACCOUNT");
  const account = words.wisp.account ?? (named === undefined ? undefined : accountOf(named));
  const sockets = await openWispSockets(account === undefined ? words.wisp : { ...words.wisp, account });
  const network = await openUserNetwork({ ...user, sockets }).catch((error: unknown) => {
    sockets.close();
    throw error;
  });
  const end = network.close.bind(network);
  return Object.assign(network, {
    close: async () => {
      await end();
      sockets.close();
    },
  });
}

function relayLine(url: string, event: RelayNetworkEvent): string {
  const { host: name } = new URL(url);
  if (event.type === "connected") return `wasmvisor: the relay ${name} is connected\n`;
  const reason = event.reason || `code ${event.code}`;
  if (event.type === "refused")
    return `wasmvisor: the relay ${name} does not let this VM in (${reason}); check the token\n`;
  return `wasmvisor: the relay ${name} is not connected (${reason}); it is tried again\n`;
}
