/** Boots the real systems that `npm run guests:debian` has prepared. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";

/** For what a boot prints; a boot takes about ten seconds on a quiet machine. */
export const PATIENCE_MILLISECONDS = 240_000;

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A prepared file. */
export function guest(name: string): URL {
  const url = new URL(`../../.guests/${name}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`${fileURLToPath(url)} is missing; run "npm run guests:debian".`);
  return url;
}

/** Debian's kernel and busybox, for `createVm`; `words` are added to the kernel's command line. */
export function debian(words: string): VmConfig {
  return { kernel: guest("Image"), initrd: guest("initrd.cpio"), append: `console=ttyS0 ${words}` };
}

/** A VM of its own host, switched on; destroyed when the test ends. */
export async function boot(config: VmConfig): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  const vm = await host.createVm(config);
  vm.start();
  return vm;
}

/** Waits for output, with patience for a slow machine. */
export async function expectOutput(vm: Vm, pattern: string | RegExp): Promise<readonly (string | undefined)[]> {
  const { groups } = await vm.console.waitFor(pattern, PATIENCE_MILLISECONDS);
  return groups;
}
