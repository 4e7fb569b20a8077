/** Hosts of a test, which are closed after it. */

import { afterEach } from "vitest";
import { Host, type HostOptions } from "../../src/index.ts";

const hosts: Host[] = [];

/** Makes a host; call `closeHosts` once in the file. */
export async function newHost(options: Omit<HostOptions, "worker"> = {}): Promise<Host> {
  const host = await Host.create(options);
  hosts.push(host);
  return host;
}

/** Has the hosts of each test in the file closed after it. */
export function closeHosts(): void {
  afterEach(() => {
    for (const host of hosts.splice(0)) host.close();
  });
}
