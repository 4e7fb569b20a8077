/** Captures of what the network devices of a VM send and receive. */

import type { FrameWatcher } from "../device/virtio/net/net.ts";
import { Capture } from "../net/capture.ts";

/** A network device whose frames can be seen: a `VmNetwork`. */
export interface TappedNetwork {
  readonly slot: number;
  readonly mac: string;
  /** @internal */
  watch(see: FrameWatcher, ended: () => void): () => void;
}

/**
 * What `networks` send and receive from now on, as one pcapng file with an interface for each: Wireshark opens it. Ends when a VM of theirs is
 * destroyed. Frames that are cut later are seen whole; what 8 MiB of waiting bytes have no room for is left out, and counted in the file.
 *
 * ```ts
 * await tapNetworks(vm.networks).pipeTo(Writable.toWeb(createWriteStream("frames.pcapng")));
 * ```
 */
export function tapNetworks(networks: readonly TappedNetwork[]): ReadableStream<Uint8Array> {
  const undo: (() => void)[] = [];
  const leave = (): void => undo.splice(0).forEach((act) => act());
  const tapped = networks.map(({ slot, mac }) => ({ name: `virtio${slot}`, mac: macBytes(mac) }));
  const capture = new Capture(tapped, leave);
  networks.forEach((network, index) => {
    const stop = network.watch(
      (isSent, nanoseconds, bytes, at, length, info) =>
        capture.add(index, isSent, nanoseconds, bytes, at, length, info),
      () => capture.close(),
    );
    undo.push(stop);
  });
  return capture.stream;
}

/** The six bytes of an address in the usual form. */
export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(":"), (byte) => parseInt(byte, 16));
}
