/** QEMU's user network: a NAT between a guest's Ethernet and the host's sockets (docs/design/user-network.md). */

import type { FrameInfo, FrameOffers, NetworkBackend, NetworkInfo, NetworkPort } from "../network.ts";
import { Offload } from "../network.ts";
import { Ip } from "../address.ts";
import { advertiseRouter, Discovery, solicit, takeArp, takeDiscovery } from "./arp.ts";
import { ETHERNET_BYTES, EtherType, get16, Protocol, sumBytes } from "../headers.ts";
import { sumPseudoHeader } from "./checksum.ts";
import { Dhcp, wantsBroadcast } from "./dhcp.ts";
import { answerDhcp6 } from "./dhcp6.ts";
import { Dns } from "./dns.ts";
import { Forwards } from "./forwards.ts";
import { IcmpError, type IcmpErrorKind, quoteOf, sendEchoReply, sendError } from "./icmp.ts";
import { Packet } from "./ip.ts";
import { isOurs, Link, type Neighbor } from "./link.ts";
import { DnsStream } from "./local-stream.ts";
import { type Addresses, addressesOf, type HostForward, type UserEvent, type UserOptions } from "./options.ts";
import { Egress } from "./policy.ts";
import { hostClock, type Timed, Timers } from "./timers.ts";
import type { Connection } from "./tcp/connection.ts";
import { type Opening, Tcp } from "./tcp/tcp.ts";
import { type Destination, Udp } from "./udp.ts";
import { copyOf, UDP_BYTES } from "./wire.ts";

/** What a user network has done, and holds. */
export interface UserNetworkStats {
  /** TCP connections and UDP sockets that there are. */
  readonly connections: number;
  readonly flows: number;
  /** Bytes that TCP connections hold. */
  readonly heldBytes: number;
  /** Frames of the guest's that were malformed, or for nobody. */
  readonly ignoredFrames: number;
  /** Frames for the guest that were lost because it did not take them. */
  readonly droppedFrames: number;
}

/** A connection of the guest's, or what it sends to somebody by UDP. */
export interface UserConnection {
  readonly protocol: "tcp" | "udp";
  /** In the guest's network. */
  readonly guestAddress: string;
  readonly guestPort: number;
  /** The other end, as the guest sees it. */
  readonly address: string;
  readonly port: number;
  /** A name of the other end's, as far as one is known. */
  readonly host?: string;
  /** Of TCP, in the words of RFC 9293, such as `ESTABLISHED`; `CONNECTING` until the host has connected. */
  readonly state?: string;
}

/** A user network that is there. */
export interface UserNetwork extends NetworkBackend {
  /** The forwards from the host, with the ports that were taken. */
  readonly forwards: readonly HostForward[];
  /**
   * Adds a forward; returns it with the port that was taken.
   * @throws WasmvisorError `network-port` when the host's port cannot be had, `network-option` when the forward is malformed
   */
  addForward(forward: HostForward): Promise<HostForward>;
  /** Ends a forward from an address and port of the host's; its connections go on. False: there is none. */
  removeForward(forward: Pick<HostForward, "protocol" | "hostAddress" | "hostPort">): boolean;
  stats(): UserNetworkStats;
  /** Those that were used last, at most so many of TCP and of UDP. Default: 100. */
  connections(most?: number): UserConnection[];
}

const DHCP_SERVER = 67;
const DHCP_CLIENT = 68;
const DHCP6_CLIENT = 546;
const DHCP6_SERVER = 547;
const DNS_PORT = 53;

/** Milliseconds between router advertisements that nobody has asked for. */
const ADVERTISE_EVERY = 300_000;

/** Makes a user network, with its forwards. */
export async function openUser(options: UserOptions): Promise<UserNetwork> {
  const network = new User(options);
  try {
    for (const forward of options.hostfwd ?? []) await network.addForward(forward);
  } catch (error) {
    await network.close();
    throw error;
  }
  return network;
}

class User implements UserNetwork {
  readonly info: NetworkInfo;
  readonly offers: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: true };
  readonly #options: UserOptions;
  readonly #addresses: Addresses;
  readonly #timers: Timers;
  readonly #link: Link;
  readonly #packet = new Packet();
  readonly #egress: Egress;
  readonly #tcp: Tcp;
  readonly #udp: Udp;
  readonly #dhcp: Dhcp;
  readonly #dns: Dns;
  readonly #forwards: Forwards;
  readonly #hasV4: boolean;
  readonly #hasV6: boolean;
  readonly #isRestricted: boolean;
  readonly #mostPings: number;
  readonly #advertiser: Timed;
  #pings = 0;
  #ignored = 0;
  #enter: ((act: () => void) => void) | undefined;
  #isEntering = false;
  #isClosed = false;

  constructor(options: UserOptions) {
    const { sockets, clock = hostClock, limits = {} } = options;
    this.#options = options;
    this.#addresses = addressesOf(options);
    this.#hasV4 = options.ipv4 ?? true;
    this.#hasV6 = options.ipv6 ?? true;
    this.#isRestricted = options.restrict ?? false;
    this.#mostPings = limits.pings ?? 16;
    const { net, net6 } = this.#addresses;
    this.info = { description: `user ${(this.#hasV4 ? net : net6).toString()}` };
    this.#egress = new Egress(options.policy, (address) => sockets.standsForName?.(address) ?? false);
    this.#timers = new Timers(clock, this.#wake);
    this.#link = new Link(this.#wake);
    this.#dns = new Dns(
      sockets,
      this.#egress,
      (ip) => this.#isInside(ip),
      () => this.#timers.now(),
      limits.lookups ?? 64,
      (host) => this.#tell({ type: "denied", protocol: "dns", address: "", port: DNS_PORT, host }),
    );
    this.#dhcp = new Dhcp(
      this.#addresses,
      options,
      () => this.#link.mtu,
      (event) => this.#tell(event),
    );
    this.#forwards = new Forwards(options, this.#addresses, sockets);
    this.#tcp = new Tcp(
      {
        link: this.#link,
        timers: this.#timers,
        wake: this.#wake,
        connect: (connection) => this.#connect(connection),
        unreachable: (connection) => this.#unreachable(connection, IcmpError.UNREACHABLE),
        prohibited: (connection) => this.#unreachable(connection, IcmpError.PROHIBITED),
        solicit: (neighbor) => solicit(this.#link, this.#addresses, neighbor),
        evicted: ({ remote, remotePort }) =>
          this.#tell({ type: "evicted", protocol: "tcp", address: String(remote), port: remotePort }),
      },
      {
        connections: limits.connections ?? 16_384,
        connecting: limits.connecting ?? 1024,
        connectionBytes: limits.connectionBytes ?? 2 ** 20,
        bytes: limits.bytes ?? 2 ** 28,
      },
    );
    this.#udp = new Udp(
      {
        link: this.#link,
        timers: this.#timers,
        sockets,
        destination: (remote, port) => this.#destination(remote, port),
        shown: (address) => this.#shown(address),
        prohibited: (neighbor, remote, guestPort, port) =>
          this.#error(neighbor, remote, Protocol.UDP, quoteOf(guestPort, port), IcmpError.PROHIBITED),
        evicted: (address, port) => this.#tell({ type: "evicted", protocol: "udp", address, port }),
      },
      limits.flows ?? 4096,
    );
    this.#advertiser = {
      deadline: Infinity,
      heapIndex: -1,
      heapTime: 0,
      expire: (now) => {
        this.#advertise();
        this.#timers.set(this.#advertiser, now + ADVERTISE_EVERY);
      },
    };
  }

  // ─── the device ──────────────────────────────────────────────────────────────────────────────────────────────────

  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    this.#link.port = port;
    this.#link.mtu = Math.max(this.#hasV6 ? 1280 : 576, Math.min(port.mtu, 65_535));
    this.#enter = enter;
    if (this.#hasV6) this.#timers.set(this.#advertiser, this.#timers.now() + ADVERTISE_EVERY);
    if (this.#tcp.isWaiting) this.#wake();
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.#isClosed || length < ETHERNET_BYTES || !isOurs(bytes, at)) {
      this.#ignored++;
      return true;
    }
    if (!this.#take(bytes, at, at + length, info)) this.#ignored++;
    return true;
  }

  onRoom(): void {
    this.#link.isFull = false;
    this.#wake();
  }

  reset(): void {
    this.#link.clear();
    this.#packet.reset();
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#close();
    return Promise.resolve();
  }

  #close(): void {
    this.#isClosed = true;
    this.#forwards.close();
    this.#tcp.close();
    this.#udp.close();
    this.#timers.close();
    this.#link.clear();
    this.#link.port = undefined;
  }

  /** Something may have to be sent, or a time has come: that is done when the machine is at rest, all at once. */
  readonly #wake = (): void => {
    if (this.#isEntering || this.#enter === undefined || this.#isClosed) return;
    this.#isEntering = true;
    this.#enter(this.#act);
  };

  readonly #act = (): void => {
    this.#isEntering = false;
    if (this.#isClosed) return;
    this.#timers.run();
    this.#link.flush();
    this.#tcp.output();
    // What was answered meanwhile.
    this.#link.flush();
  };

  // ─── packets of the guest's ──────────────────────────────────────────────────────────────────────────────────────

  /** False when nobody wants the frame. */
  #take(bytes: Uint8Array, at: number, end: number, info: FrameInfo): boolean {
    const etherType = get16(bytes, at + 12);
    const ip = at + ETHERNET_BYTES;
    if (etherType === EtherType.ARP) {
      if (!this.#hasV4) return false;
      const neighbor = takeArp(this.#link, bytes, ip, end, this.#mayLearn, (target) => this.#answersFor(target));
      if (neighbor !== undefined) this.#tcp.resolved(neighbor);
      return true;
    }
    const isV4 = etherType === EtherType.IPV4;
    if (!(isV4 ? this.#hasV4 : etherType === EtherType.IPV6 && this.#hasV6)) return false;
    const packet = this.#packet;
    if (ip >= end || bytes[ip]! >> 4 !== (isV4 ? 4 : 6)) return false;
    if (!packet.read(bytes, ip, end, this.#timers.now())) return false;
    const isTrusted = !packet.isReassembled && (info.flags & (Offload.NEEDS_CHECKSUM | Offload.CHECKSUM_VALID)) !== 0;
    if (packet.protocol === Protocol.TCP) return this.#takeTcp(bytes, at, isTrusted);
    if (packet.protocol === Protocol.UDP) return this.#takeUdp(bytes, at, isTrusted, info);
    if (packet.protocol === (isV4 ? Protocol.ICMP : Protocol.ICMPV6)) return this.#takeIcmp(bytes, at, isTrusted);
    const neighbor = this.#neighborOf(bytes, at);
    if (neighbor === undefined) return false;
    this.#error(neighbor, packet.destination, packet.protocol, this.#quote(), IcmpError.PROTOCOL_UNREACHABLE);
    return false;
  }

  /** The sender of the packet; undefined when its address is none of the guest's network. */
  #neighborOf(frame: Uint8Array, at: number): Neighbor | undefined {
    const { source } = this.#packet;
    return this.#mayLearn(source) ? this.#link.learn(source, frame, at + 6) : undefined;
  }

  /** Whether a guest may have an address: one of the network that is none of ours. */
  readonly #mayLearn = (ip: Ip): boolean => {
    const { net, net6, broadcast } = this.#addresses;
    if (ip.isV4) return net.has(ip) && !this.#answersFor(ip) && !ip.equals(broadcast) && !ip.equals(net.address);
    const isLocal = ip.w0 >>> 22 === 0x3fa;
    return (net6.has(ip) || isLocal) && !this.#answersFor(ip);
  };

  /** Whether an address is one of ours. */
  #answersFor(ip: Ip): boolean {
    const { gateway, dns, gateway6, dns6, linkLocal } = this.#addresses;
    if (ip.isV4) return ip.equals(gateway) || ip.equals(dns) || this.#forwards.hasGuestAddress(ip);
    return ip.equals(gateway6) || ip.equals(dns6) || ip.equals(linkLocal) || this.#forwards.hasGuestAddress(ip);
  }

  #isInside(ip: Ip): boolean {
    return this.#addresses.net.has(ip) || this.#addresses.net6.has(ip);
  }

  #isChecked(protocol: number, isTrusted: boolean): boolean {
    if (isTrusted) return true;
    const { bytes, at, end, source, destination } = this.#packet;
    const pseudo = sumPseudoHeader(source, destination, protocol, end - at);
    return sumBytes(bytes, at, end, pseudo) === 0xffff;
  }

  /** Whether the packet is to be carried on; if its time to live is over, the guest is told. */
  #lives(neighbor: Neighbor): boolean {
    const { destination, hops, protocol } = this.#packet;
    if (hops > 1 || this.#isInside(destination)) return true;
    this.#error(neighbor, destination, protocol, this.#quote(), IcmpError.TIME_EXCEEDED);
    return false;
  }

  #quote(): Uint8Array {
    const { bytes, at, end } = this.#packet;
    return copyOf(bytes, at, Math.min(end, at + 8));
  }

  #takeTcp(frame: Uint8Array, frameAt: number, isTrusted: boolean): boolean {
    const { destination, bytes, at, end } = this.#packet;
    const neighbor = this.#neighborOf(frame, frameAt);
    if (neighbor === undefined || !this.#isChecked(Protocol.TCP, isTrusted) || !isSingle(destination)) return false;
    if (this.#lives(neighbor)) this.#tcp.take(neighbor, destination, bytes, at, end);
    return true;
  }

  #takeUdp(frame: Uint8Array, frameAt: number, isTrusted: boolean, info: FrameInfo): boolean {
    const { destination, bytes, at, end } = this.#packet;
    if (end - at < UDP_BYTES) return false;
    const isV4 = destination.isV4;
    const hasSum = get16(bytes, at + 6) !== 0;
    // Only IPv4 allows to leave it out. (RFC 8200, "Upper-Layer Checksums")
    if (!hasSum && !isV4 && !isTrusted) return false;
    if (hasSum && !this.#isChecked(Protocol.UDP, isTrusted)) return false;
    const guestPort = get16(bytes, at);
    const port = get16(bytes, at + 2);
    const isCut = info.gso === 5 && info.segmentBytes > 0;
    const length = get16(bytes, at + 4);
    const last = isCut || (length === 0 && !isV4) ? end : at + length;
    if (last < at + UDP_BYTES || last > end) return false;
    if (isV4 && port === DHCP_SERVER) return this.#takeDhcp(frame, frameAt, at + UDP_BYTES, last);
    const neighbor = this.#neighborOf(frame, frameAt);
    if (neighbor === undefined || guestPort === 0) return false;
    if (!isV4 && port === DHCP6_SERVER) return this.#takeDhcp6(neighbor, at + UDP_BYTES, last);
    if (!isSingle(destination) || port === 0) return false;
    if (!this.#lives(neighbor)) return true;
    const step = isCut ? info.segmentBytes : 65_535;
    for (let from = at + UDP_BYTES; from < last || from === at + UDP_BYTES; from += step)
      this.#takeDatagram(neighbor, guestPort, port, bytes.subarray(from, Math.min(last, from + step)));
    return true;
  }

  #takeDatagram(neighbor: Neighbor, guestPort: number, port: number, data: Uint8Array): void {
    const { destination } = this.#packet;
    const { dns, dns6 } = this.#addresses;
    if (port === DNS_PORT && (destination.equals(dns) || destination.equals(dns6))) {
      if (this.#isRestricted) return;
      const to = destination.copy();
      void this.#dns.answer(copyOf(data), true).then((answer) => {
        if (answer !== undefined && !this.#isClosed) this.#udp.deliver(neighbor, to, DNS_PORT, guestPort, answer);
      });
      return;
    }
    this.#udp.take(neighbor, destination, guestPort, port, data);
  }

  #takeDhcp(frame: Uint8Array, frameAt: number, at: number, end: number): boolean {
    const { bytes } = this.#packet;
    const answer = this.#dhcp.answer(bytes, at, end);
    if (answer === undefined) return true;
    const mac = wantsBroadcast(bytes, at) ? new Uint8Array(6).fill(0xff) : copyOf(frame, frameAt + 6, frameAt + 12);
    const to = { ip: Ip.v4(-1), mac };
    this.#udp.deliver(to, this.#addresses.gateway, DHCP_SERVER, DHCP_CLIENT, answer);
    return true;
  }

  #takeDhcp6(neighbor: Neighbor, at: number, end: number): boolean {
    if (this.#isRestricted) return false;
    const answer = answerDhcp6(this.#addresses, this.#options.dnssearch ?? [], this.#packet.bytes, at, end);
    if (answer !== undefined)
      this.#udp.deliver(neighbor, this.#addresses.linkLocal, DHCP6_SERVER, DHCP6_CLIENT, answer);
    return true;
  }

  #takeIcmp(frame: Uint8Array, frameAt: number, isTrusted: boolean): boolean {
    const packet = this.#packet;
    const { destination, bytes, at, end } = packet;
    if (end - at < 8) return false;
    const isV4 = destination.isV4;
    if (isV4 ? sumBytes(bytes, at, end) !== 0xffff : !this.#isChecked(Protocol.ICMPV6, isTrusted)) return false;
    const kind = bytes[at]!;
    if (!isV4 && kind >= Discovery.ROUTER_SOLICITATION && kind <= Discovery.NEIGHBOR_ADVERTISEMENT) {
      const learned = takeDiscovery(
        this.#link,
        this.#addresses,
        packet,
        frameAt + 6,
        frame,
        this.#mayLearn,
        (target) => this.#answersFor(target),
        () => this.#advertise(),
      );
      if (learned !== undefined) this.#tcp.resolved(learned);
      return true;
    }
    const neighbor = this.#neighborOf(frame, frameAt);
    if (neighbor === undefined || kind !== (isV4 ? 8 : 128) || !isSingle(destination)) return false;
    if (this.#answersFor(destination)) sendEchoReply(this.#link, neighbor, destination, bytes.subarray(at, end));
    else if (this.#lives(neighbor)) this.#ping(neighbor, destination.copy(), copyOf(bytes, at, end));
    return true;
  }

  #advertise(): void {
    advertiseRouter(this.#link, this.#addresses, this.#options.dnssearch ?? [], this.#isRestricted);
  }

  // ─── the host ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Where the guest's packets to an address go: undefined when nobody is there. */
  #hostAddress(remote: Ip): { readonly ip: Ip; readonly isGateway: boolean } | undefined {
    const { gateway, gateway6 } = this.#addresses;
    if (remote.equals(gateway)) return { ip: LOOPBACK, isGateway: true };
    if (remote.equals(gateway6)) return { ip: LOOPBACK6, isGateway: true };
    return this.#isInside(remote) ? undefined : { ip: remote, isGateway: false };
  }

  /** Who the guest sees for somebody on the host's side. */
  #shown(address: Ip): Ip {
    const { gateway, gateway6 } = this.#addresses;
    const isHidden = address.isV4 ? address.w3 >>> 24 === 127 : address.equals(LOOPBACK6);
    return isHidden || this.#isInside(address) ? (address.isV4 ? gateway : gateway6) : address;
  }

  #connect(connection: Connection): Opening | Promise<Opening> {
    const { remote, remotePort } = connection;
    const { dns, dns6 } = this.#addresses;
    const forwarded = this.#forwards.toProgram(connection);
    if (forwarded !== undefined) return forwarded;
    if (this.#isRestricted) return "dropped";
    if (remotePort === DNS_PORT && (remote.equals(dns) || remote.equals(dns6))) {
      const stream = new DnsStream(connection, (message) => this.#dns.answer(message, false));
      queueMicrotask(() => connection.connected());
      return stream;
    }
    const found = this.#hostAddress(remote);
    if (found === undefined) return this.#answersFor(remote) ? "refused" : "dropped";
    const { ip, isGateway } = found;
    const allowed = this.#egress.mayReach("tcp", ip, remotePort, isGateway);
    const open = (isAllowed: boolean): Opening => {
      if (isAllowed) return this.#options.sockets.connect(String(ip), remotePort, connection);
      this.#tell({ type: "denied", protocol: "tcp", address: String(ip), port: remotePort });
      return "prohibited";
    };
    return typeof allowed === "boolean" ? open(allowed) : allowed.then(open);
  }

  #destination(remote: Ip, port: number): Destination | undefined {
    if (this.#isRestricted) return undefined;
    const found = this.#hostAddress(remote);
    if (found === undefined) return undefined;
    const { ip, isGateway } = found;
    const address = String(ip);
    const allowed = this.#egress.mayReach("udp", ip, port, isGateway);
    const tell = (isAllowed: boolean): boolean => {
      if (!isAllowed) this.#tell({ type: "denied", protocol: "udp", address, port });
      return isAllowed;
    };
    return { address, isAllowed: typeof allowed === "boolean" ? tell(allowed) : allowed.then(tell) };
  }

  /** Lets the host ping, where it can; else nobody is there, as with QEMU where it may not. */
  #ping(neighbor: Neighbor, remote: Ip, request: Uint8Array): void {
    const { ping } = this.#options.sockets;
    const found = this.#isRestricted ? undefined : this.#hostAddress(remote);
    if (found === undefined) return;
    const protocol = remote.isV4 ? Protocol.ICMP : Protocol.ICMPV6;
    const fail = (kind: IcmpErrorKind) => this.#error(neighbor, remote, protocol, request, kind);
    if (ping === undefined) {
      fail(IcmpError.UNREACHABLE);
      return;
    }
    if (this.#pings >= this.#mostPings) return;
    this.#pings++;
    const address = String(found.ip);
    void (async () => {
      try {
        if (!(await this.#egress.mayReach("icmp", found.ip, 0))) {
          this.#tell({ type: "denied", protocol: "icmp", address, port: 0 });
          fail(IcmpError.PROHIBITED);
        } else if ((await ping.call(this.#options.sockets, address)) && !this.#isClosed)
          sendEchoReply(this.#link, neighbor, remote, request);
      } catch {
        // No answer is an answer.
      } finally {
        this.#pings--;
      }
    })();
  }

  #unreachable(connection: Connection, kind: IcmpErrorKind): void {
    const { neighbor, remote, guestPort, remotePort, synSeq } = connection;
    this.#error(neighbor, remote, Protocol.TCP, quoteOf(guestPort, remotePort, synSeq), kind);
  }

  #error(neighbor: Neighbor, destination: Ip, protocol: number, first: Uint8Array, kind: IcmpErrorKind): void {
    if (this.#isClosed || !isSingle(destination)) return;
    const { gateway, gateway6 } = this.#addresses;
    sendError(this.#link, neighbor, destination.isV4 ? gateway : gateway6, destination, protocol, first, kind);
  }

  #tell(event: UserEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // A listener's mistake is none of the network's.
    }
  }

  // ─── forwards ────────────────────────────────────────────────────────────────────────────────────────────────────

  get forwards(): readonly HostForward[] {
    return this.#forwards.list;
  }

  async addForward(forward: HostForward): Promise<HostForward> {
    return this.#forwards.add(forward, this.#tcp, this.#udp, this.#link, (address) => this.#shown(address));
  }

  removeForward(forward: Pick<HostForward, "protocol" | "hostAddress" | "hostPort">): boolean {
    return this.#forwards.remove(forward);
  }

  stats(): UserNetworkStats {
    return {
      connections: this.#tcp.count,
      flows: this.#udp.count,
      heldBytes: this.#tcp.heldBytes,
      ignoredFrames: this.#ignored,
      droppedFrames: this.#link.dropped,
    };
  }

  connections(most = 100): UserConnection[] {
    const ends = [...this.#tcp.recent(most), ...this.#udp.recent(most)];
    return ends.map(({ neighbor, remote, ...end }) => {
      const address = String(remote);
      const host = this.#egress.nameOf(remote) ?? this.#options.sockets.nameOf?.(address);
      return { ...end, guestAddress: String(neighbor.ip), address, ...(host === undefined ? {} : { host }) };
    });
  }
}

const LOOPBACK = Ip.parse("127.0.0.1")!;
const LOOPBACK6 = Ip.parse("::1")!;

/** Whether an address is that of one machine: no group, not all, not nobody. */
function isSingle(ip: Ip): boolean {
  return ip.isV4 ? ip.w3 >>> 28 < 14 && ip.w3 !== 0 : ip.w0 >>> 24 !== 255 && !ip.isUnspecified;
}
