/** UDP: each port of the guest's is a socket of the host's, until nothing has passed it for a while. */

import { Ip } from "../address.ts";
import type { DatagramEvents, HostDatagrams, HostNetwork } from "./host-network.ts";
import { type Link, type Neighbor, PAYLOAD, type RecentEnd } from "./link.ts";
import type { Timed, Timers } from "./timers.ts";
import { Protocol, put16 } from "../headers.ts";
import { copyOf, UDP_BYTES } from "./wire.ts";

/** Milliseconds without a datagram after which a socket is closed, and those of one that only asked the DNS: as QEMU's. */
const IDLE = 240_000;
const IDLE_DNS = 10_000;
const DNS_PORT = 53;
/** Those that a port of the guest's may talk to, and datagrams that wait for the policy, or for a socket. */
const MOST_PEERS = 256;
const MOST_WAITING = 8;
/** Bytes that wait in a socket of the host's before more are lost. */
const MOST_PENDING = 2 ** 20;

/** Where a datagram of the guest's goes. */
export interface Destination {
  readonly address: string;
  /** Whether the guest may. */
  readonly isAllowed: boolean | Promise<boolean>;
}

/** What the sockets need of the network around them. */
export interface UdpSurroundings {
  readonly link: Link;
  readonly timers: Timers;
  readonly sockets: HostNetwork;
  /** Undefined: nobody is there. */
  destination(remote: Ip, port: number): Destination | undefined;
  /** Who the guest sees for somebody on the host's side. */
  shown(address: Ip): Ip;
  prohibited(neighbor: Neighbor, remote: Ip, guestPort: number, port: number): void;
  evicted(remote: string, port: number): void;
}

/** Somebody who is talked to. */
interface Peer {
  readonly ip: Ip;
  readonly address: string;
  readonly port: number;
  isAllowed: boolean | undefined;
  /** By a forward's socket, if by that. */
  readonly socket: HostDatagrams | undefined;
  waiting: Uint8Array[] | undefined;
}

export class Udp {
  readonly #surroundings: UdpSurroundings;
  readonly #most: number;
  readonly #flows = new Map<string | number, Flow>();

  constructor(surroundings: UdpSurroundings, most: number) {
    this.#surroundings = surroundings;
    this.#most = most;
  }

  /** Ports of the guest's that have a socket. */
  get count(): number {
    return this.#flows.size;
  }

  /** Those that were used last, at most so many. */
  recent(most: number): RecentEnd[] {
    return [...this.#flows.values()]
      .toReversed()
      .flatMap((flow) => flow.recent())
      .slice(0, most);
  }

  /** Takes a datagram of the guest's whose checksum was found right; `data` is copied. */
  take(neighbor: Neighbor, remote: Ip, guestPort: number, port: number, data: Uint8Array): void {
    this.#flow(neighbor, guestPort).send(remote, port, data);
  }

  /** Sends the guest what came from somebody. */
  deliver(neighbor: Neighbor, remote: Ip, port: number, guestPort: number, data: Uint8Array): void {
    const { link } = this.#surroundings;
    const length = UDP_BYTES + data.length;
    if (length > 65_515) return;
    put16(link.bytes, PAYLOAD, port);
    put16(link.bytes, PAYLOAD + 2, guestPort);
    put16(link.bytes, PAYLOAD + 4, length);
    link.bytes.set(data, PAYLOAD + UDP_BYTES);
    link.queueIp(neighbor, remote, Protocol.UDP, length, 6);
  }

  /**
   * Lets a socket of the host's lead to a port of the guest's.
   * @throws WasmvisorError `network-port` when the port cannot be had
   */
  async forward(neighbor: Neighbor, guestPort: number, address: string, port: number): Promise<HostDatagrams> {
    const isV4 = Ip.parse(address)?.isV4 ?? true;
    const events: DatagramEvents = {
      data: (bytes, from, fromPort) => this.#flow(neighbor, guestPort).takeForwarded(socket, bytes, from, fromPort),
      close: () => undefined,
    };
    const socket = await this.#surroundings.sockets.bind(isV4 ? 4 : 6, events, address, port);
    return socket;
  }

  close(): void {
    for (const flow of [...this.#flows.values()]) flow.close();
  }

  #flow(neighbor: Neighbor, guestPort: number): Flow {
    const { ip } = neighbor;
    const key = ip.isV4 ? (ip.w3 >>> 0) * 0x1_0000 + guestPort : `${ip.toString()} ${guestPort}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      if (this.#flows.size >= this.#most) this.#evict();
      flow = new Flow(this, this.#surroundings, neighbor, guestPort, () => this.#flows.delete(key));
    } else this.#flows.delete(key);
    // The one that was used last is the last one.
    this.#flows.set(key, flow);
    return flow;
  }

  #evict(): void {
    const [oldest] = this.#flows.values();
    this.#surroundings.evicted(String(oldest!.neighbor.ip), oldest!.guestPort);
    oldest!.close();
  }
}

class Flow implements Timed {
  readonly neighbor: Neighbor;
  readonly guestPort: number;
  deadline = Infinity;
  heapIndex = -1;
  heapTime = 0;
  readonly #udp: Udp;
  readonly #surroundings: UdpSurroundings;
  readonly #closed: () => void;
  readonly #peers = new Map<string | number, Peer>();
  #socket: HostDatagrams | undefined;
  #isBinding = false;
  #isOver = false;

  constructor(udp: Udp, surroundings: UdpSurroundings, neighbor: Neighbor, guestPort: number, closed: () => void) {
    this.#udp = udp;
    this.#surroundings = surroundings;
    this.neighbor = neighbor;
    this.guestPort = guestPort;
    this.#closed = closed;
  }

  send(remote: Ip, port: number, data: Uint8Array): void {
    this.#touch(port === DNS_PORT && this.#peers.size === 0 ? IDLE_DNS : IDLE);
    const peer = this.#peer(remote, port);
    if (peer === undefined) return;
    const socket = peer.socket ?? this.#socket;
    if (peer.isAllowed === undefined || (peer.isAllowed && socket === undefined)) {
      peer.waiting ??= [];
      if (peer.waiting.length < MOST_WAITING) peer.waiting.push(copyOf(data));
      if (socket === undefined) void this.#bind();
    } else if (!peer.isAllowed) this.#surroundings.prohibited(this.neighbor, remote, this.guestPort, port);
    else this.#transmit(socket!, peer, copyOf(data));
  }

  takeForwarded(socket: HostDatagrams, bytes: Uint8Array, address: string, port: number): void {
    const ip = Ip.parse(address);
    if (ip === undefined || this.#isOver) return;
    this.#touch(IDLE);
    const shown = this.#surroundings.shown(ip);
    this.#keep(keyOf(shown, port), { ip: shown, address, port, isAllowed: true, socket, waiting: undefined });
    this.#udp.deliver(this.neighbor, shown, port, this.guestPort, bytes);
  }

  /** Whom it talks to, the last one first. */
  recent(): RecentEnd[] {
    const { neighbor, guestPort } = this;
    const peers = [...this.#peers.values()].filter(({ isAllowed }) => isAllowed === true).toReversed();
    return peers.map(({ ip, port }) => ({ protocol: "udp", neighbor, guestPort, remote: ip, port }));
  }

  expire(): void {
    this.close();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#surroundings.timers.remove(this);
    this.#peers.clear();
    this.#socket?.close();
    this.#closed();
  }

  #touch(idle: number): void {
    const { timers } = this.#surroundings;
    timers.set(this, timers.now() + idle);
  }

  #peer(remote: Ip, port: number): Peer | undefined {
    const key = keyOf(remote, port);
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    const destination = this.#surroundings.destination(remote, port);
    if (destination === undefined) return undefined;
    const { address, isAllowed } = destination;
    const peer: Peer = {
      ip: remote.copy(),
      address,
      port,
      isAllowed: typeof isAllowed === "boolean" ? isAllowed : undefined,
      socket: undefined,
      waiting: undefined,
    };
    this.#keep(key, peer);
    if (typeof isAllowed !== "boolean") void isAllowed.then((allowed) => this.#decided(peer, allowed));
    return peer;
  }

  #keep(key: string | number, peer: Peer): void {
    this.#peers.delete(key);
    this.#peers.set(key, peer);
    if (this.#peers.size > MOST_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
  }

  #decided(peer: Peer, isAllowed: boolean): void {
    peer.isAllowed = isAllowed;
    if (this.#isOver) return;
    if (isAllowed) this.#release(peer);
    else {
      if (peer.waiting !== undefined) this.#surroundings.prohibited(this.neighbor, peer.ip, this.guestPort, peer.port);
      peer.waiting = undefined;
    }
  }

  async #bind(): Promise<void> {
    if (this.#isBinding) return;
    this.#isBinding = true;
    const events: DatagramEvents = {
      data: (bytes, address, port) => this.#take(bytes, address, port),
      close: () => this.close(),
    };
    try {
      const socket = await this.#surroundings.sockets.bind(this.neighbor.ip.isV4 ? 4 : 6, events);
      if (this.#isOver) socket.close();
      else {
        this.#socket = socket;
        for (const peer of this.#peers.values()) if (peer.isAllowed) this.#release(peer);
      }
    } catch {
      // The host has none to give: what waits is lost, and the guest's next datagram tries again.
      this.close();
    }
  }

  #release(peer: Peer): void {
    const socket = peer.socket ?? this.#socket;
    if (socket === undefined || peer.waiting === undefined) return;
    for (const data of peer.waiting) this.#transmit(socket, peer, data);
    peer.waiting = undefined;
  }

  #transmit(socket: HostDatagrams, peer: Peer, data: Uint8Array): void {
    if (socket.pending + data.length <= MOST_PENDING) socket.send(data, peer.address, peer.port);
  }

  /** Only those that the guest has sent something are let in. */
  #take(bytes: Uint8Array, address: string, port: number): void {
    const ip = Ip.parse(address);
    if (ip === undefined || this.#isOver) return;
    const shown = this.#surroundings.shown(ip);
    const peer = this.#peers.get(keyOf(shown, port));
    if (peer?.isAllowed !== true) return;
    this.#touch(IDLE);
    this.#udp.deliver(this.neighbor, peer.ip, port, this.guestPort, bytes);
  }
}

function keyOf(ip: Ip, port: number): string | number {
  return ip.isV4 ? (ip.w3 >>> 0) * 0x1_0000 + port : `${ip.toString()} ${port}`;
}
