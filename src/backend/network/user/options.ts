/** How a user network is set up: options in QEMU's words, and the addresses that follow from them. */

import { WasmvisorError } from "../../../error.ts";
import { Ip, Prefix } from "../address.ts";
import type { HostNetwork } from "./host-network.ts";
import type { EgressFunction, EgressPolicy } from "./policy.ts";
import type { UserClock } from "./timers.ts";

/** A port of the host's that leads to the guest. */
export interface HostForward {
  /** Default: `tcp`. */
  readonly protocol?: "tcp" | "udp";
  /** Where the host listens. Default: `127.0.0.1`. (QEMU: all addresses; give `0.0.0.0` for that.) */
  readonly hostAddress?: string;
  /** 0: any that is free; `forwards` of the network says which. */
  readonly hostPort: number;
  /** Default: the first address that DHCP gives out. */
  readonly guestAddress?: string;
  readonly guestPort: number;
}

/** A connection of the guest's to a function of the program. */
export interface GuestStream {
  /** What the guest sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the guest gets; closing it ends what it gets, aborting it breaks the connection off. */
  readonly writable: WritableStream<Uint8Array>;
  /** Who in the guest's network. */
  readonly guestAddress: string;
  readonly guestPort: number;
}

/** An address in the guest's network that leads to a function, or to another address. TCP only. */
export interface GuestForward {
  /** In the guest's network. */
  readonly address: string;
  readonly port: number;
  /** A function that gets each connection, or where on the host each one leads; no policy is asked about that. */
  readonly to: ((stream: GuestStream) => void) | { readonly address: string; readonly port: number };
}

/** What a guest can make the network hold. */
export interface UserLimits {
  /** TCP connections at once; the one that was idle longest is broken off for another. Default: 16,384. */
  readonly connections?: number;
  /** TCP connections at once that are not made yet; for more, the guest has to ask again. Default: 1024. */
  readonly connecting?: number;
  /** UDP sockets of the host at once; the one that was idle longest is closed for another. Default: 4096. */
  readonly flows?: number;
  /** Questions to the host's resolver at once; more are answered with a failure. Default: 64. */
  readonly lookups?: number;
  /** Pings of other hosts at once; more are lost. Default: 16. */
  readonly pings?: number;
  /** Bytes that a connection may hold for each direction. Default: 1 MiB. */
  readonly connectionBytes?: number;
  /** Bytes that all connections may hold. Default: 256 MiB. */
  readonly bytes?: number;
}

/** What a user network tells of. */
export type UserEvent =
  /** The policy has kept the guest from something. `host` as in `EgressRequest`. */
  | {
      readonly type: "denied";
      readonly protocol: "tcp" | "udp" | "icmp" | "dns";
      readonly address: string;
      readonly port: number;
      readonly host?: string;
    }
  /** The connection or UDP socket that was idle longest was closed, because there were as many as may be. */
  | { readonly type: "evicted"; readonly protocol: "tcp" | "udp"; readonly address: string; readonly port: number }
  /** DHCP has given an address to the guest. */
  | { readonly type: "lease"; readonly address: string; readonly mac: string; readonly hostname?: string };

/** Options of a user network, in QEMU's words for `-netdev user`. */
export interface UserOptions {
  /** IPv4 network. Default: `10.0.2.0/24`. */
  readonly net?: string;
  /** The gateway, which stands for the host. Default: the network's second address. */
  readonly host?: string;
  /** Default: the network's third address. */
  readonly dns?: string;
  /** The first address that DHCP gives out. Default: the network's fifteenth address. */
  readonly dhcpstart?: string;
  /** The guest's name, as DHCP tells it. */
  readonly hostname?: string;
  /** The guest's domain, as DHCP tells it. */
  readonly domainname?: string;
  /** Domains in which the guest looks for names, as DHCP tells them. */
  readonly dnssearch?: readonly string[];
  /** The guest reaches nothing but `guestfwd`, DHCP and the gateway's pings; the host reaches it by `hostfwd`. Default: false. */
  readonly restrict?: boolean;
  /** Default: true. */
  readonly ipv4?: boolean;
  /** Default: true. */
  readonly ipv6?: boolean;
  /** IPv6 network, of 64 bits. Default: `fec0::/64`; the gateway has number 2 in it, the DNS server number 3. */
  readonly ipv6net?: string;
  readonly hostfwd?: readonly HostForward[];
  readonly guestfwd?: readonly GuestForward[];
  /** What the guest may reach. Default: as in QEMU, without link-local addresses. */
  readonly policy?: EgressPolicy | EgressFunction;
  readonly limits?: UserLimits;
  readonly onEvent?: (event: UserEvent) => void;
  /** The sockets of the host. */
  readonly sockets: HostNetwork;
  /** Default: the host's. */
  readonly clock?: UserClock;
}

/** The addresses of a user network. */
export interface Addresses {
  readonly net: Prefix;
  readonly gateway: Ip;
  readonly dns: Ip;
  readonly dhcpStart: Ip;
  readonly broadcast: Ip;
  readonly mask: Ip;
  readonly net6: Prefix;
  readonly gateway6: Ip;
  readonly dns6: Ip;
  /** The router's own address on the link. */
  readonly linkLocal: Ip;
}

/** @throws WasmvisorError `network-option` when an address is malformed or lies outside */
export function addressesOf(options: UserOptions): Addresses {
  const net = netOf("net", options.net ?? "10.0.2.0/24", 104, 126);
  const inNet = (name: "host" | "dns" | "dhcpstart", number: number): Ip => {
    const text = options[name];
    if (text === undefined) return Ip.v4(net.address.w3 + Math.min(number, (1 << (128 - net.bits)) - 2));
    const ip = Ip.parse(text);
    if (ip === undefined || !net.has(ip) || ip.equals(broadcast) || ip.equals(net.address))
      throw wrong(name, text, `an address in ${net.toString()}`);
    return ip;
  };
  const broadcast = net.address.withHost(net.bits, Ip.v4(-1));
  const gateway = inNet("host", 2);
  const dns = inNet("dns", 3);
  const dhcpStart = inNet("dhcpstart", 15);
  const taken = [gateway, dns, dhcpStart].map(String);
  if (new Set(taken).size < 3)
    throw wrong("net", String(net), "different addresses for host, dns and dhcpstart, or a larger network");
  const net6 = netOf("ipv6net", options.ipv6net ?? "fec0::/64", 64, 64);
  return {
    net,
    gateway,
    dns,
    dhcpStart,
    broadcast,
    mask: Ip.v4(-1 << (128 - net.bits)),
    net6,
    gateway6: net6.address.withHost(64, Ip.parse("::2")!),
    dns6: net6.address.withHost(64, Ip.parse("::3")!),
    linkLocal: Ip.parse("fe80::2")!,
  };
}

function netOf(name: string, text: string, least: number, most: number): Prefix {
  const prefix = Prefix.parse(text);
  if (prefix === undefined || !text.includes("/") || prefix.bits < least || prefix.bits > most)
    throw wrong(name, text, name === "net" ? "a network such as 10.0.2.0/24" : "a network such as fec0::/64");
  return prefix;
}

/** A mistake in an option. */
export function wrong(name: string, value: string, expected: string): WasmvisorError {
  return new WasmvisorError(
    "network-option",
    `The user network's ${name} cannot be ${JSON.stringify(value)}; give ${expected}.`,
    {
      name,
      value,
    },
  );
}

/**
 * Reads a forward in QEMU's words: `tcp:127.0.0.1:8080-:80`, `udp::5353-10.0.2.15:53`. Addresses of IPv6 stand in brackets.
 * @throws WasmvisorError `network-option` when it is malformed
 */
export function parseHostForward(text: string): HostForward {
  const found = /^(?:(tcp|udp)?:)?(\[[^\]]*\]|[^:[\]]*):(\d{1,5})-(\[[^\]]*\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  if (found === null) throw wrong("hostfwd", text, "one such as tcp:127.0.0.1:8080-:80");
  const [, protocol = "tcp", hostAddress = "", hostPort, guestAddress = "", guestPort] = found;
  const bare = (address: string) => address.replace(/^\[|\]$/g, "");
  const forward: HostForward = {
    protocol: protocol as "tcp" | "udp",
    hostPort: Number(hostPort),
    guestPort: Number(guestPort),
    ...(hostAddress === "" ? {} : { hostAddress: bare(hostAddress) }),
    ...(guestAddress === "" ? {} : { guestAddress: bare(guestAddress) }),
  };
  checkForward(forward, text);
  return forward;
}

/** @throws WasmvisorError `network-option` when an address or port is none */
export function checkForward(forward: HostForward, text = forwardText(forward)): void {
  const { hostAddress, hostPort, guestAddress, guestPort, protocol = "tcp" } = forward;
  const isPort = (port: number, least: number) => Number.isInteger(port) && port >= least && port <= 65_535;
  const isAddress = (address?: string) => address === undefined || Ip.parse(address) !== undefined;
  if (
    !isPort(hostPort, 0) ||
    !isPort(guestPort, 1) ||
    !isAddress(hostAddress) ||
    !isAddress(guestAddress) ||
    !["tcp", "udp"].includes(protocol)
  )
    throw wrong("hostfwd", text, "addresses as numbers, and ports up to 65535");
}

/** A forward in QEMU's words. */
export function forwardText({
  protocol = "tcp",
  hostAddress = "",
  hostPort,
  guestAddress = "",
  guestPort,
}: HostForward): string {
  const shown = (address: string) => (address.includes(":") ? `[${address}]` : address);
  return `${protocol}:${shown(hostAddress)}:${hostPort}-${shown(guestAddress)}:${guestPort}`;
}
