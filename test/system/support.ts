/** Boots the real systems that `npm run guests:debian` has prepared. */

import { afterEach } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
import { guestFile } from "../support/tools.ts";

/** For what a boot prints; a boot takes about ten seconds on a quiet machine. */
export const PATIENCE_MILLISECONDS = 240_000;

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** Debian's kernel and busybox, for `createVm`; `words` are added to the kernel's command line. */
export function debian(words: string): VmConfig {
  return { kernel: guestFile("Image"), initrd: guestFile("initrd.cpio"), append: `console=ttyS0 ${words}` };
}

/** A VM of its own host, switched on; destroyed when the test ends. */
export async function boot(config: VmConfig): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  const vm = await host.createVm(config);
  vm.start();
  return vm;
}

/** The same with busybox at its shell, an agent, and a raw disk at /dev/vda. */
export async function bootWithDisk(source: string | Uint8Array): Promise<Vm> {
  const vm = await boot({
    ...debian("quiet wasmvisor.modules=virtio_mmio,virtio_blk"),
    initrd: guestFile("initrd-modules.cpio"),
    memory: "192M",
    agent: true,
    drives: [{ source, format: "raw" }],
  });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  return vm;
}

/** Waits for output, with patience for a slow machine. */
export async function expectOutput(vm: Vm, pattern: string | RegExp): Promise<readonly (string | undefined)[]> {
  const { groups } = await vm.console.waitFor(pattern, PATIENCE_MILLISECONDS);
  return groups;
}
