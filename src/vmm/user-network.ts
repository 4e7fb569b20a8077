/** User networks as programs make them. */

import type { HostNetwork } from "../backend/network/user/host-network.ts";
import type { UserOptions } from "../backend/network/user/options.ts";
import type { UserNetwork } from "../backend/network/user/user.ts";
import { WasmvisorError } from "../error.ts";

/** How a user network is made. */
export interface UserNetworkOptions extends Omit<UserOptions, "sockets"> {
  /** The sockets it uses. Default: those of node. */
  readonly sockets?: HostNetwork;
}

/**
 * Makes a user network, as QEMU's `-netdev user`: a NAT between one VM and the host's sockets, which give it what the host reaches.
 *
 * ```ts
 * const backend = await openUserNetwork({ hostfwd: [{ hostPort: 8080, guestPort: 80 }] });
 * const vm = await host.createVm({ kernel, networks: [{ backend }] });
 * ```
 *
 * @throws WasmvisorError `network-option`, `network-policy` when an option makes no sense; `network-port` when a port of the host's is
 * taken; `unsupported` in browsers without `sockets`
 */
export async function openUserNetwork(options: UserNetworkOptions = {}): Promise<UserNetwork> {
  const sockets = options.sockets ?? (await import("#network")).hostNetwork;
  if (sockets === undefined) {
    throw new WasmvisorError(
      "unsupported",
      "Browsers have no sockets; give the user network some by its option sockets.",
    );
  }
  const { openUser } = await import("../backend/network/user/user.ts");
  return openUser({ ...options, sockets });
}
