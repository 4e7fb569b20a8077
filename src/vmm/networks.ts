/** The network devices of a VM as programs see them. */

import type { NetworkBackend } from "../backend/network/network.ts";
import { type FrameWatcher, Net } from "../device/virtio/net/net.ts";
import { NetworkCounters, type NetworkLimits } from "../device/virtio/net/nic.ts";
import { MAX_MTU, MAX_PAIRS, MIN_MTU } from "../device/virtio/net/protocol.ts";
import { WasmvisorError } from "../error.ts";
import { checkLimits, known } from "./known.ts";
import { macBytes, tapNetworks } from "./network-tap.ts";

/** What is at the far end of a network device's cable. */
export type NetworkSource = "none" | NetworkBackend;

/** Whether a device's link is up. */
export type LinkState = "up" | "down";

/** One network device of a VM. */
export interface NetworkOptions {
  /**
   * The network: `"none"`, where every frame is lost, or a network backend. It belongs to one device, and is closed when the VM is destroyed.
   * Default `"none"`.
   */
  readonly backend?: NetworkSource;
  /** The address that the guest finds, such as `"52:54:00:12:34:56"`, which is the default of the first; the next have the next ones, as in QEMU. */
  readonly mac?: string;
  /** Bytes of the largest IP packet, 68 to 65,535. Default 1500. */
  readonly mtu?: number;
  /** Whether the cable is plugged in at first. Default `"up"`. */
  readonly link?: LinkState;
  /** How much it may move in a second, in each direction. Default: no limits. */
  readonly limits?: NetworkLimits;
  /** Pairs of queues, 1 to 8; more than one helps nobody while harts run in turn. Default 1. */
  readonly queues?: number;
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
}

/** An error of a network backend; the frame that it was about is lost. */
export interface NetworkFault {
  /** The virtio slot of the device. */
  readonly slot: number;
  readonly error: unknown;
}

/** What a network device has done since it was made. */
export type NetworkStatistics = Readonly<NetworkCounters>;

/**
 * One network device of a VM.
 *
 * ```ts
 * const vm = await host.createVm({ kernel, networks: [{ backend }] });
 * vm.networks[0].setLink("down");
 * console.log(vm.networks[0].statistics().framesSent);
 * ```
 */
export class VmNetwork {
  /** The virtio slot it is in. */
  readonly slot: number;
  /** The address that the guest finds. */
  readonly mac: string;
  /** Bytes of the largest IP packet. */
  readonly mtu: number;
  /** The device. @internal */
  readonly model: Net;
  /** Told of a backend's errors. @internal */
  onError: (fault: NetworkFault) => void = () => undefined;
  readonly #backend: NetworkBackend;
  readonly #counters = new NetworkCounters();
  #link: LinkState;
  readonly #watchers = new Map<FrameWatcher, () => void>();
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(slot: number, backend: NetworkBackend, mac: string, options: NetworkOptions) {
    const { mtu = 1500, link = "up", limits, queues = 1 } = options;
    this.slot = slot;
    this.mac = mac;
    this.mtu = mtu;
    this.#backend = backend;
    this.#link = link;
    this.model = new Net({
      backend,
      mac: macBytes(mac),
      mtu,
      pairs: queues,
      link: link === "up",
      limits,
      counters: this.#counters,
      onError: (error) => this.onError({ slot, error }),
    });
  }

  /** The network, in a few words. */
  get description(): string {
    return this.#backend.info.description;
  }

  /** Whether the cable is plugged in. */
  get link(): LinkState {
    return this.#link;
  }

  /**
   * Plugs the cable in, or pulls it; the guest is told when the machine next is at rest.
   * @throws WasmvisorError `network` when `link` is neither
   */
  setLink(link: LinkState): void {
    checkLink(link);
    this.#link = link;
    this.model.setLink(link === "up");
  }

  /** Has the guest tell its neighbours where it is, as after it has been moved; guests that cannot do nothing. */
  announce(): void {
    this.model.announce();
  }

  /** What it has done. */
  statistics(): NetworkStatistics {
    return { ...this.#counters };
  }

  /** What it sends and receives from now on, as a pcapng file; see `tapNetworks`. */
  tap(): ReadableStream<Uint8Array> {
    return tapNetworks([this]);
  }

  /** Has `see` called with every frame, until what is returned is called, or the VM is destroyed: then `ended` is. @internal */
  watch(see: FrameWatcher, ended: () => void): () => void {
    if (this.#closing !== undefined) ended();
    else this.#watchers.set(see, ended);
    this.#setWatcher();
    return () => {
      this.#watchers.delete(see);
      this.#setWatcher();
    };
  }

  /** @internal */
  close(): Promise<void> {
    this.#closing ??= this.#backend.close();
    const ended = [...this.#watchers.values()];
    this.#watchers.clear();
    this.#setWatcher();
    for (const end of ended) end();
    return this.#closing;
  }

  #setWatcher(): void {
    const see: FrameWatcher = (...frame) => this.#watchers.forEach((_, watcher) => watcher(...frame));
    this.model.onFrame = this.#watchers.size > 0 ? see : undefined;
  }
}

const KEYS = Object.keys({
  backend: 0,
  mac: 0,
  mtu: 0,
  link: 0,
  limits: 0,
  queues: 0,
  slot: 0,
} satisfies Record<keyof NetworkOptions, 0>);

const LIMITS = Object.keys({
  packets: 0,
  packetsBurst: 0,
  bytes: 0,
  bytesBurst: 0,
} satisfies Record<keyof NetworkLimits, 0>);

/**
 * Makes the network devices of a VM.
 * @param slots - the virtio slot of each
 * @throws WasmvisorError `network`, `option`
 */
export async function openNetworks(all: readonly NetworkOptions[], slots: readonly number[]): Promise<VmNetwork[]> {
  for (const options of all) check(options);
  const macs = macsOf(all.map(({ mac }) => mac));
  const networks: VmNetwork[] = [];
  try {
    for (const [index, options] of all.entries()) {
      networks.push(new VmNetwork(slots[index]!, await backendOf(options.backend), macs[index]!, options));
    }
    return networks;
  } catch (error) {
    await Promise.allSettled(networks.map((network) => network.close()));
    throw error;
  }
}

async function backendOf(source: NetworkSource = "none"): Promise<NetworkBackend> {
  if (source !== "none") return source;
  const { NoNetwork } = await import("../backend/network/none.ts");
  return new NoNetwork();
}

function check(options: NetworkOptions): void {
  known({ code: "option", where: "a network" }, options, KEYS);
  const { backend = "none", mtu = 1500, link = "up", queues = 1, limits = {} } = options;
  if (backend !== "none" && (typeof backend !== "object" || backend === null || !("connect" in backend))) {
    throw fault(`There is no network "${String(backend)}"; give none, or a network backend.`, { backend });
  }
  checkLink(link);
  if (!Number.isInteger(mtu) || mtu < MIN_MTU || mtu > MAX_MTU) {
    throw fault(`A network's mtu is ${MIN_MTU} to ${MAX_MTU} bytes, not ${mtu}.`, { mtu });
  }
  if (!Number.isInteger(queues) || queues < 1 || queues > MAX_PAIRS) {
    throw fault(`A network device has 1 to ${MAX_PAIRS} pairs of queues, not ${queues}.`, { queues });
  }
  checkLimits({ code: "network", where: "a network" }, limits, LIMITS);
}

function checkLink(link: LinkState): void {
  if (link === "up" || link === "down") return;
  throw fault(`A link is up or down, not "${String(link)}".`, { link });
}

/** The address of each device: what was asked for, and for the others QEMU's first that is free. */
function macsOf(wanted: readonly (string | undefined)[]): string[] {
  const taken = new Set(wanted.flatMap((mac) => (mac === undefined ? [] : [parseMac(mac)])));
  let next = 0x56;
  return wanted.map((mac) => {
    if (mac !== undefined) return parseMac(mac);
    for (;;) {
      const own = `52:54:00:12:34:${(next++).toString(16).padStart(2, "0")}`;
      if (!taken.has(own)) return own;
    }
  });
}

/**
 * An address in the usual form.
 * @throws WasmvisorError `network` when it is none, or one of several hosts
 */
function parseMac(text: string): string {
  const mac = typeof text === "string" ? text.toLowerCase().replaceAll("-", ":") : "";
  const isMac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac);
  if (isMac && (parseInt(mac.slice(0, 2), 16) & 1) === 0) return mac;
  throw fault(`"${text}" is no address of one device; write one such as 52:54:00:12:34:56.`, { mac: text });
}

function fault(sentence: string, data: Readonly<Record<string, unknown>>): WasmvisorError {
  return new WasmvisorError("network", sentence, data);
}
