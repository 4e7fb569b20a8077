// Guests that have this process for their host, and how figures of them are put: for run-verbs.mjs, run-net.mjs and run-figures.mjs.

import { fileURLToPath } from "node:url";

export const MIB = 2 ** 20;

export const guestFile = (name) => fileURLToPath(new URL(`../../.guests/${name}`, import.meta.url));

export const progress = (text) => void process.stderr.write(`${text} …\n`);

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A value at which `part` of all are as low. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** A VM that answers. */
export async function ready(vm) {
  if (vm.state === "created") vm.start();
  await vm.waitReady();
  const { code } = await vm.exec("true");
  if (code !== 0) throw new Error(`the guest answers ${code}`);
  return vm;
}

/** Debian's kernel with busybox and an agent. @param modules - beside those of the ports and the balloon */
export async function booted(host, more, modules = []) {
  const vm = await host.createVm({
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-modules.cpio"),
    append: `console=ttyS0 quiet wasmvisor.modules=${["virtio_mmio", "virtio_balloon", ...modules].join(",")}`,
    memory: "256M",
    agent: true,
    ...more,
  });
  vm.start();
  await vm.console.waitFor("Type 'poweroff' to leave.", 900_000);
  return ready(vm);
}

/** Both ends of a line. */
export function line() {
  const [down, up] = [new TransformStream(), new TransformStream()];
  return [
    { readable: up.readable, writable: down.writable },
    { readable: down.readable, writable: up.writable },
  ];
}
