/** Browsers have no sockets for user networks. */

import type { HostNetwork } from "../backend/network/user/host-network.ts";

export const hostNetwork: HostNetwork | undefined = undefined;
