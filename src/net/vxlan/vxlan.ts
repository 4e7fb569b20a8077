/** Joins Ethernets of several hosts over UDP. (RFC 7348; docs/design/tunnels.md) */

import { Entry } from "../../backend/network/entry.ts";
import { Ip } from "../../backend/network/address.ts";
import {
  type FrameOffers,
  MAX_FRAME,
  type NetworkBackend,
  type NetworkInfo,
  type NetworkPort,
} from "../../backend/network/network.ts";
import { plainInfo, Segmenter } from "../../backend/network/segment.ts";
import type { HostDatagrams, HostNetwork } from "../../backend/network/user/host-network.ts";
import { WasmvisorError } from "../../error.ts";
import { FrameQueue } from "../switch/frame-queue.ts";
import { isGroup, macNumber, MacTable } from "../switch/mac-table.ts";
import { MAX_VNI, vniOf, VXLAN_BYTES, writeVxlan } from "./header.ts";

/** Another end of the tunnel. */
export interface VxlanPeer {
  /** An IPv4 or IPv6 address. Packets from others are dropped. */
  readonly address: string;
  /** Where its packets go. Default: 4789. */
  readonly port?: number;
}

/** How a tunnel is set up. */
export interface VxlanOptions {
  /** The VXLAN network identifier, 0 to 16,777,215. */
  readonly vni: number;
  /** The other ends. Frames for addresses that are not known, and for groups, go to all of them. */
  readonly peers: readonly VxlanPeer[];
  /** The address of this host that packets come to. Default: all. */
  readonly address?: string;
  /** The UDP port that packets come to, and leave from; 0 takes any. Default: 4789. */
  readonly port?: number;
}

/** What a tunnel has done. */
export interface VxlanStatistics {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Packets of no peer, of another network identifier, or malformed. */
  readonly ignored: number;
  /** Frames that were too large, or for which there was no room. */
  readonly dropped: number;
}

/** A tunnel that is there. */
export interface VxlanNetwork extends NetworkBackend {
  /** The UDP port that was taken. */
  readonly port: number;
  statistics(): VxlanStatistics;
}

export const VXLAN_PORT = 4789;
/** Most peers: each of them gets a copy of what is for all. */
const MOST_PEERS = 256;
/** Most that a UDP datagram holds, behind our header. */
const MOST_BYTES = 65_507 - VXLAN_BYTES;
/** Milliseconds after which an address that was not heard is forgotten, and how many are remembered. */
const AGEING = 300_000;
const MOST_ADDRESSES = 4096;
/** Bytes that the sockets may hold. */
const MOST_PENDING = 2 ** 22;
const QUEUE_BYTES = 2 ** 21;
const QUEUE_FRAMES = 2048;
const MIN_FRAME = 14;

const PLAIN = plainInfo();

interface Peer {
  readonly ip: Ip;
  readonly address: string;
  readonly port: number;
}

/**
 * Opens the sockets.
 * @throws WasmvisorError `network-option` when an option makes no sense, `network-port` when the port cannot be had
 */
export async function openTunnel(options: VxlanOptions, sockets: HostNetwork): Promise<VxlanNetwork> {
  const tunnel = new Vxlan(options);
  await tunnel.open(sockets);
  return tunnel;
}

class Vxlan implements VxlanNetwork {
  readonly info: NetworkInfo;
  /** Nothing can be left to do in a packet: frames are cut before they come here. */
  readonly offers: FrameOffers = { checksum: false, tcp4: false, tcp6: false, udp: false };
  readonly #options: VxlanOptions;
  readonly #peers: readonly Peer[];
  readonly #addresses = new MacTable(AGEING, MOST_ADDRESSES, MOST_ADDRESSES);
  readonly #queue = new FrameQueue(QUEUE_BYTES, QUEUE_FRAMES);
  readonly #segmenter = new Segmenter();
  #sockets: { readonly v4?: HostDatagrams; readonly v6?: HostDatagrams } = {};
  #port: NetworkPort | undefined;
  #enter: (act: () => void) => void = () => undefined;
  readonly #entry = new Entry(() => this.#drain());
  #isClosed = false;
  readonly #counters = { packetsSent: 0, packetsReceived: 0, ignored: 0, dropped: 0 };

  constructor(options: VxlanOptions) {
    const { vni, peers, port = VXLAN_PORT } = options;
    if (!Number.isInteger(vni) || vni < 0 || vni > MAX_VNI)
      throw wrong(`A VXLAN network identifier is 0 to ${MAX_VNI}, not ${String(vni)}.`);
    if (!isPort(port, 0)) throw wrong(`A UDP port is 0 to 65535, not ${String(port)}.`);
    if (!Array.isArray(peers) || peers.length > MOST_PEERS)
      throw wrong(`The peers of a VXLAN tunnel are a list of at most ${MOST_PEERS}; give each as { address, port }.`);
    this.#peers = peers.map(peerOf);
    this.#options = options;
    this.info = { description: `vxlan ${vni}` };
  }

  async open(sockets: HostNetwork): Promise<void> {
    const { address, port = VXLAN_PORT } = this.#options;
    const own = address === undefined ? undefined : Ip.parse(address);
    if (address !== undefined && own === undefined)
      throw wrong(`"${address}" is no address of this host; write one such as 192.0.2.1.`);
    const families = new Set(own === undefined ? this.#peers.map(({ ip }) => ip.isV4) : [own.isV4]);
    if (families.size === 0) families.add(true);
    if (this.#peers.some(({ ip }) => !families.has(ip.isV4)))
      throw wrong("The address and the peers of a VXLAN tunnel are of one kind, IPv4 or IPv6; leave the address out.");
    const bind = (isV4: boolean, at: number): Promise<HostDatagrams> =>
      sockets.bind(isV4 ? 4 : 6, { data: this.#receive, close: () => undefined }, address, at);
    const v4 = families.has(true) ? await bind(true, port) : undefined;
    try {
      const v6 = families.has(false) ? await bind(false, v4?.port ?? port) : undefined;
      this.#sockets = { ...(v4 && { v4 }), ...(v6 && { v6 }) };
    } catch (error) {
      v4?.close();
      throw error;
    }
  }

  get port(): number {
    return (this.#sockets.v4 ?? this.#sockets.v6)?.port ?? 0;
  }

  statistics(): VxlanStatistics {
    return { ...this.#counters };
  }

  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    this.#port = port;
    this.#enter = enter;
  }

  send(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#isClosed || length < MIN_FRAME) return true;
    const { v4, v6 } = this.#sockets;
    if (length > MOST_BYTES || (v4?.pending ?? 0) + (v6?.pending ?? 0) > MOST_PENDING) {
      this.#counters.dropped++;
      return true;
    }
    const known = isGroup(bytes, at) ? -1 : this.#addresses.find(0, macNumber(bytes, at), Date.now());
    const peers = known < 0 ? this.#peers : [this.#peers[known]!];
    if (peers.length === 0) return true;
    // It is the sockets' from now on; they do not change it.
    const packet = new Uint8Array(VXLAN_BYTES + length);
    writeVxlan(packet, 0, this.#options.vni);
    packet.set(bytes.subarray(at, at + length), VXLAN_BYTES);
    for (const { ip, address, port } of peers) {
      this.#counters.packetsSent++;
      (ip.isV4 ? v4 : v6)?.send(packet, address, port);
    }
    return true;
  }

  onRoom(): void {
    this.#drain();
  }

  reset(): void {
    this.#queue.clear();
    this.#segmenter.reset();
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#port = undefined;
      this.#queue.clear();
      this.#sockets.v4?.close();
      this.#sockets.v6?.close();
    }
    return Promise.resolve();
  }

  readonly #receive = (packet: Uint8Array, address: string): void => {
    if (this.#port === undefined) return;
    const from = Ip.parse(address);
    const peer = from === undefined ? -1 : this.#peers.findIndex(({ ip }) => ip.equals(from));
    const length = packet.length - VXLAN_BYTES;
    const isOurs = peer >= 0 && vniOf(packet) === this.#options.vni && length >= MIN_FRAME && length <= MAX_FRAME;
    if (!isOurs) {
      this.#counters.ignored++;
      return;
    }
    if (!isGroup(packet, VXLAN_BYTES + 6))
      this.#addresses.learn(0, macNumber(packet, VXLAN_BYTES + 6), peer, Date.now());
    const place = this.#queue.push(length, PLAIN, 0);
    if (place < 0) {
      this.#counters.dropped++;
      return;
    }
    this.#counters.packetsReceived++;
    this.#queue.bytes.set(packet.subarray(VXLAN_BYTES), place);
    this.#entry.ask(this.#enter);
  };

  #drain(): void {
    const queue = this.#queue;
    while (queue.length > 0 && this.#port !== undefined) {
      if (!this.#segmenter.send(this.#port, queue.bytes, queue.at, queue.frameBytes, PLAIN)) return;
      queue.shift();
    }
  }
}

function peerOf({ address, port = VXLAN_PORT }: VxlanPeer): Peer {
  const ip = typeof address === "string" ? Ip.parse(address) : undefined;
  if (ip === undefined || !isPort(port, 1))
    throw wrong(`A peer of a VXLAN tunnel is not "${address}:${port}"; write an address such as 192.0.2.1.`);
  return { ip, address, port };
}

function isPort(port: unknown, least: number): boolean {
  return Number.isInteger(port) && (port as number) >= least && (port as number) <= 65_535;
}

function wrong(sentence: string): WasmvisorError {
  return new WasmvisorError("network-option", sentence);
}
