/** The kernel modules that the devices of a machine need. Debian's kernel has hardly any driver of virtio built in. */

/** Devices and file systems that have modules. */
export type Part = "bus" | "disk" | "network" | "share" | "rng" | "vsock" | "ext4";

/** In load order, by what each needs. */
const MODULES: readonly (readonly [part: Part, name: string])[] = [
  ["bus", "kernel/drivers/virtio/virtio_mmio"],
  ["disk", "kernel/drivers/block/virtio_blk"],
  ["network", "kernel/net/core/failover"],
  ["network", "kernel/drivers/net/net_failover"],
  ["network", "kernel/drivers/net/virtio_net"],
  ["share", "kernel/fs/netfs/netfs"],
  ["share", "kernel/net/9p/9pnet"],
  ["share", "kernel/fs/9p/9p"],
  ["share", "kernel/net/9p/9pnet_virtio"],
  ["rng", "kernel/drivers/char/hw_random/virtio-rng"],
  ["vsock", "kernel/net/vmw_vsock/vsock"],
  ["vsock", "kernel/net/vmw_vsock/vmw_vsock_virtio_transport_common"],
  ["vsock", "kernel/net/vmw_vsock/vmw_vsock_virtio_transport"],
  ["ext4", "kernel/crypto/crc32c_generic"],
  ["ext4", "kernel/lib/crc16"],
  ["ext4", "kernel/fs/jbd2/jbd2"],
  ["ext4", "kernel/fs/mbcache"],
  ["ext4", "kernel/fs/ext4/ext4"],
];

/** All that are known: what is fetched when any of them is needed. */
export const ALL_MODULES: readonly string[] = MODULES.map(([, name]) => name);

/** Those that parts of a machine need, in load order. */
export function modulesFor(parts: ReadonlySet<Part>): string[] {
  return MODULES.filter(([part]) => parts.has(part)).map(([, name]) => name);
}
