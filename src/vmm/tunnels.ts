/** Networks that lead to other hosts, as programs make them. */

import type { NetworkBackend } from "../backend/network/network.ts";
import type { HostNetwork } from "../backend/network/user/host-network.ts";
import { WasmvisorError } from "../error.ts";
import type { FetchOptions } from "../net/fetch/fetch.ts";
import type { RelayNetworkOptions } from "../net/relay/client.ts";
import type { VxlanNetwork, VxlanOptions } from "../net/vxlan/vxlan.ts";
import type { WispOptions, WispSockets } from "../net/wisp/wisp.ts";

/** How a VXLAN tunnel is made. */
export interface VxlanNetworkOptions extends VxlanOptions {
  /** The UDP sockets it uses. Default: those of node. */
  readonly sockets?: HostNetwork;
}

/**
 * Opens a VXLAN tunnel (RFC 7348): an Ethernet that several hosts share, over UDP. For one VM, or with `joinBackend` for a switch of them.
 * What passes is neither encrypted nor signed. Over a network with packets of 1500 bytes, VMs want `mtu: 1450`.
 *
 * ```ts
 * const backend = await openVxlanNetwork({ vni: 42, peers: [{ address: "192.0.2.7" }] });
 * const vm = await host.createVm({ kernel, networks: [{ backend, mtu: 1450 }] });
 * ```
 *
 * @throws WasmvisorError `network-option` when an option makes no sense; `network-port` when the port is taken; `unsupported` in browsers
 * without `sockets`
 */
export async function openVxlanNetwork(options: VxlanNetworkOptions): Promise<VxlanNetwork> {
  const sockets = options.sockets ?? (await import("#network")).hostNetwork;
  if (sockets === undefined)
    throw new WasmvisorError("unsupported", "Browsers have no UDP sockets; use openRelayNetwork, or give sockets.");
  const { openTunnel } = await import("../net/vxlan/vxlan.ts");
  return openTunnel(options, sockets);
}

/**
 * Plugs a VM into a relay (`wasmvisor relay`, or a `Relay` of a program's) by a WebSocket: how a VM in a browser gets a network. Until it is
 * connected, and whenever it is not, the guest's link is down; it is tried again after half a second to half a minute.
 *
 * ```ts
 * const backend = await openRelayNetwork({ url: "wss://relay.example.org/", token });
 * const vm = await host.createVm({ kernel, networks: [{ backend }] });
 * ```
 *
 * @throws WasmvisorError `network-option` when the address is none
 */
export async function openRelayNetwork(options: RelayNetworkOptions): Promise<NetworkBackend> {
  const { relayNetwork } = await import("../net/relay/client.ts");
  const { openWebSocket } = await import("#network");
  return relayNetwork(options, options.socket ?? openWebSocket);
}

/**
 * The sockets of a relay that speaks Wisp (versions 1 and 2), for a user network: TCP and UDP that the relay makes. Names are resolved there:
 * the guest gets addresses of 198.18.0.0/15 that stand for them.
 *
 * ```ts
 * const backend = await openUserNetwork({ sockets: await openWispSockets({ url: "wss://relay.example.org/wisp/" }) });
 * ```
 *
 * @throws WasmvisorError `network-option` when the address is none
 */
export async function openWispSockets(options: WispOptions): Promise<WispSockets> {
  const { wispNetwork } = await import("../net/wisp/wisp.ts");
  const { openWebSocket } = await import("#network");
  return wispNetwork(options, options.socket ?? openWebSocket);
}

/**
 * Sockets that lead to port 80 of sites alone, by `fetch`, for a user network: what a VM in a browser reaches without a relay. Sites answer
 * those pages that they allow (CORS). A guest writes `http://`; its requests leave by `https:`. TLS of the guest's own is refused.
 *
 * ```ts
 * const backend = await openUserNetwork({ sockets: await openFetchSockets() });
 * ```
 */
export async function openFetchSockets(options: FetchOptions = {}): Promise<HostNetwork> {
  const { fetchNetwork } = await import("../net/fetch/fetch.ts");
  return fetchNetwork(options);
}
