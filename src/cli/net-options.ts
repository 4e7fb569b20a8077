/** `--net`, `--nic`, `--netdev`, `--device virtio-net-device` and `--pcap`, in QEMU's words. */

import {
  type GuestForward,
  type HostForward,
  type NetworkOptions,
  parseHostForward,
  type RelayNetworkOptions,
  type UserNetworkOptions,
  type VxlanNetworkOptions,
  type VxlanPeer,
  type WispOptions,
} from "../index.ts";
import { pairsOf, slotOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** Sockets that are none of this computer's. */
export type SocketWords = { readonly wisp: WispOptions } | "fetch";

/** What is at the far end of a device's cable; nothing: nobody. */
export interface FarWords {
  readonly user?: UserNetworkOptions;
  /** The sockets of `user`; default: the host's. */
  readonly sockets?: SocketWords;
  readonly vxlan?: VxlanNetworkOptions;
  readonly relay?: RelayNetworkOptions;
}

/** A network device, and its network. */
export interface NetworkWords extends FarWords {
  readonly device: Omit<NetworkOptions, "backend">;
}

/** The values of each option, in the order in which they were given. */
export interface NetworkFlags {
  readonly net?: readonly string[] | undefined;
  readonly nic?: readonly string[] | undefined;
  readonly netdev?: readonly string[] | undefined;
  /** Those of `--device` that add a network device. */
  readonly devices: readonly string[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Pairs = readonly (readonly [name: string, value: string])[];

/** What becomes of each property of `user`. */
const USER: Readonly<Record<string, (user: Writable<UserNetworkOptions>, value: string, name: string) => void>> = {
  net: (user, value) => (user.net = value),
  host: (user, value) => (user.host = value),
  dns: (user, value) => (user.dns = value),
  dhcpstart: (user, value) => (user.dhcpstart = value),
  hostname: (user, value) => (user.hostname = value),
  domainname: (user, value) => (user.domainname = value),
  dnssearch: (user, value) => (user.dnssearch = [...(user.dnssearch ?? []), value]),
  restrict: (user, value, name) => (user.restrict = onOff(name, value)),
  ipv4: (user, value, name) => (user.ipv4 = onOff(name, value)),
  ipv6: (user, value, name) => (user.ipv6 = onOff(name, value)),
  "ipv6-net": (user, value) => (user.ipv6net = value),
  "ipv6-prefix": (user, value) => (user.ipv6net = `${value}/64`),
  "ipv6-prefixlen": (_user, value) => {
    if (value !== "64")
      throw usage("The IPv6 network of a user network has a prefix of 64 bits; leave the length out.");
  },
  hostfwd: (user, value) => (user.hostfwd = [...(user.hostfwd ?? []), hostForward(value)]),
  guestfwd: (user, value) => (user.guestfwd = [...(user.guestfwd ?? []), guestForward(value)]),
};

/** What QEMU's user network has besides. */
const NOT_USER: readonly string[] = [
  "tftp",
  "tftp-server-name",
  "bootfile",
  "smb",
  "smbserver",
  "ipv6-host",
  "ipv6-dns",
];

/** What becomes of each property of the device. */
const DEVICE: Readonly<Record<string, (device: Writable<NetworkOptions>, value: string, name: string) => void>> = {
  mac: (device, value) => (device.mac = value),
  macaddr: (device, value) => (device.mac = value),
  mtu: (device, value, name) => (device.mtu = count(name, value)),
  host_mtu: (device, value, name) => (device.mtu = count(name, value)),
  queues: (device, value, name) => (device.queues = count(name, value)),
  link: (device, value, name) => (device.link = onOff(name, value) ? "up" : "down"),
  pps: (device, value, name) => (device.limits = { ...device.limits, packets: count(name, value) }),
  bps: (device, value, name) => (device.limits = { ...device.limits, bytes: count(name, value) }),
  bus: (device, value) => (device.slot = slotOf(value)),
  model: (_device, value) => {
    if (value !== "virtio" && value !== "virtio-net-device")
      throw usage(`There is one kind of network device, virtio-net-device, not "${value}"; leave model out.`);
  },
  id: () => undefined,
  name: () => undefined,
};

/**
 * The network devices that the options ask for; undefined for none.
 * @throws WasmvisorError `usage`
 */
export function networkOptions({ net = [], nic = [], netdev = [], devices }: NetworkFlags): NetworkWords[] | undefined {
  const far = new Map(netdev.map(farEnd));
  if (far.size < netdev.length) throw usage("Two of --netdev have the same id; give each its own.");
  const plugged = new Set<string>();
  const joined = devices.map((text) => {
    const { device, netdev: id } = readDevice(pairsOf("device", text).slice(1));
    if (id === undefined) return { device };
    const network = far.get(id);
    if (network === undefined || plugged.has(id))
      throw usage(`--device ${text} names no free network; write netdev=ID and --netdev user,id=ID.`);
    plugged.add(id);
    return { device, ...network };
  });
  const loose = [...far.keys()].find((id) => !plugged.has(id));
  if (loose !== undefined)
    throw usage(
      `The network ${loose} has no device; add --device virtio-net-device,netdev=${loose}, or write --nic user.`,
    );
  const all = [...nic.flatMap((text) => nicOf("nic", text)), ...netOf(net), ...joined];
  return all.length > 0 ? all : undefined;
}

/** What a `--netdev` makes, by its identifier. */
function farEnd(text: string): readonly [id: string, far: FarWords] {
  const { kind, pairs } = kindOf("netdev", text);
  const id = pairs.find(([name]) => name === "id")?.[1];
  const read = kindReader(kind);
  if (id === undefined) throw usage(`--netdev ${text} has no id; write --netdev ${kind},id=ID.`);
  return [id, read(pairs.filter(([name]) => name !== "id"))];
}

/** A device with its network in one option. */
function nicOf(option: string, text: string): NetworkWords[] {
  const { kind, pairs } = kindOf(option, text);
  if (kind === "none") return [];
  const read = kindReader(kind);
  const ours = pairs.filter(([name]) => Object.hasOwn(DEVICE, name));
  const { device } = readDevice(ours);
  return [{ device, ...read(pairs.filter((pair) => !ours.includes(pair))) }];
}

/** What reads the properties of each kind of network. */
const KINDS: Readonly<Record<string, (pairs: Pairs) => FarWords>> = {
  user: userFar,
  vxlan: (pairs) => ({ vxlan: vxlanWords(pairs) }),
  relay: (pairs) => ({ relay: relayWords(pairs) }),
};

/** Properties of `user` that say by which sockets. */
const SOCKETS: readonly string[] = ["wisp", "account", "fetch"];

function userFar(pairs: Pairs): FarWords {
  const user = userWords(pairs.filter(([name]) => !SOCKETS.includes(name)));
  const sockets = socketWords(new Map(pairs.filter(([name]) => SOCKETS.includes(name))));
  if (sockets === undefined) return { user };
  if (user.hostfwd !== undefined)
    throw usage("Nobody reaches a guest by wisp or fetch; leave hostfwd out, or use the sockets of this computer.");
  return { user, sockets };
}

function socketWords(words: ReadonlyMap<string, string>): SocketWords | undefined {
  const [url, account] = [words.get("wisp"), words.get("account")];
  const isFetch = words.has("fetch") && onOff("fetch", words.get("fetch")!);
  if (url !== undefined && isFetch) throw usage("A user network goes by wisp or by fetch; give one of them.");
  if (url === undefined) {
    if (account !== undefined)
      throw usage("The account of a network is for wisp; write wisp=wss://…/,account=NAME:PASSWORD.");
    return isFetch ? "fetch" : undefined;
  }
  return { wisp: account === undefined ? { url } : { url, account: accountOf(account) } };
}

/**
 * A Wisp relay's user: `NAME:PASSWORD`.
 * @throws WasmvisorError `usage`
 */
export function accountOf(text: string): NonNullable<WispOptions["account"]> {
  const at = text.indexOf(":");
  if (at <= 0) throw usage("The account of a Wisp relay is a name and a password; write account=NAME:PASSWORD.");
  return { user: text.slice(0, at), password: text.slice(at + 1) };
}

function kindReader(kind: string): (pairs: Pairs) => FarWords {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind]!;
  throw noNetwork(kind);
}

function vxlanWords(pairs: Pairs): VxlanNetworkOptions {
  const peers: VxlanPeer[] = [];
  const vxlan: Writable<VxlanNetworkOptions> = { vni: -1, peers };
  for (const [name, value] of pairs) {
    if (name === "vni") vxlan.vni = whole(name, value, 2 ** 24 - 1);
    else if (name === "peer") peers.push(peerOf(value));
    else if (name === "local") vxlan.address = bare(value);
    else if (name === "port") vxlan.port = whole(name, value, 65_535);
    else throw usage(`A vxlan network has no property "${name}"; it has vni, peer, local, port.`);
  }
  if (vxlan.vni < 0 || peers.length === 0)
    throw usage("A vxlan network has an identifier and other ends; write --nic vxlan,vni=42,peer=192.0.2.7,mtu=1450.");
  return vxlan;
}

/** `192.0.2.7`, `192.0.2.7:4789`, `fd00::7` or `[fd00::7]:4789`. */
function peerOf(text: string): VxlanPeer {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const [address, port] = match === null ? [text] : [match[1] ?? match[2]!, match[3]];
  return { address, ...(port === undefined ? {} : { port: whole("port of a peer", port, 65_535) }) };
}

function relayWords(pairs: Pairs): RelayNetworkOptions {
  const relay: Writable<RelayNetworkOptions> = { url: "" };
  for (const [name, value] of pairs) {
    if (name === "url") relay.url = value;
    else if (name === "token") relay.token = value;
    else throw usage(`A relay network has no property "${name}"; it has url, token.`);
  }
  if (relay.url === "") throw usage("A relay network has an address; write --nic relay,url=wss://relay.example.org/.");
  return relay;
}

function whole(name: string, value: string, most: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value);
  throw usage(`The ${name} of a network is a whole number up to ${most}, not "${value}".`);
}

/** `--net user`, alone or beside QEMU's older `-net nic`. */
function netOf(texts: readonly string[]): NetworkWords[] {
  const kinds = texts.map((text) => ({ text, ...kindOf("net", text) }));
  const nics = kinds.filter(({ kind }) => kind === "nic");
  const users = kinds.filter(({ kind }) => kind !== "nic").flatMap(({ text }) => nicOf("net", text));
  if (nics.length === 0) return users;
  if (nics.length > 1 || users.length > 1)
    throw usage("Of -net nic and -net user there is one each; write --nic user for each network device.");
  const { device } = readDevice(nics[0]!.pairs);
  return [{ ...users[0], device: { ...users[0]?.device, ...device } }];
}

function kindOf(option: string, text: string): { readonly kind: string; readonly pairs: Pairs } {
  const [first, ...rest] = pairsOf(option, text);
  return first![0] === "type" ? { kind: first![1], pairs: rest } : { kind: first![0], pairs: rest };
}

const OF_HOSTS = "use vxlan,vni=42,peer=ADDRESS to join hosts, or a lan of wasmvisor.json to join VMs of this one";

/** What serves in place of QEMU's other networks. */
const IN_PLACE: Readonly<Record<string, string>> = {
  tap: "it takes rights and a device of the host's; use user, which takes none, or vxlan,vni=42,peer=ADDRESS",
  bridge: "it takes rights and a bridge of the host's; use user, which takes none, or vxlan,vni=42,peer=ADDRESS",
  l2tpv3: "use vxlan,vni=42,peer=ADDRESS, an Ethernet by UDP as well, which Linux speaks",
  socket: OF_HOSTS,
  stream: OF_HOSTS,
  dgram: OF_HOSTS,
  vde: OF_HOSTS,
  hubport: "a lan of wasmvisor.json joins VMs by a switch, and a Switch those of a program",
  "vhost-user": "no other process can do the device's work here; use user, or vxlan,vni=42,peer=ADDRESS",
  "vhost-vdpa": "no card can do the device's work here; use user, or vxlan,vni=42,peer=ADDRESS",
};

function noNetwork(kind: string): Error {
  const others = "use user, which reaches what this computer does, vxlan, relay, or none";
  return usage(
    `There is no network "${kind}" to join; ${(Object.hasOwn(IN_PLACE, kind) ? IN_PLACE[kind] : undefined) ?? others}.`,
  );
}

function userWords(pairs: Pairs): UserNetworkOptions {
  const user: Writable<UserNetworkOptions> = {};
  for (const [name, value] of pairs) {
    const read = Object.hasOwn(USER, name) ? USER[name] : undefined;
    if (read !== undefined) read(user, value, name);
    else if (NOT_USER.includes(name)) throw usage(`A user network has nothing like QEMU's ${name}; leave it out.`);
    else
      throw usage(`A user network has no property "${name}"; it has ${[...Object.keys(USER), ...SOCKETS].join(", ")}.`);
  }
  return user;
}

function readDevice(pairs: Pairs): {
  readonly device: Omit<NetworkOptions, "backend">;
  readonly netdev: string | undefined;
} {
  const device: Writable<NetworkOptions> = {};
  let netdev: string | undefined;
  for (const [name, value] of pairs) {
    const read = Object.hasOwn(DEVICE, name) ? DEVICE[name] : undefined;
    if (name === "netdev") netdev = value;
    else if (read !== undefined) read(device, value, name);
    else
      throw usage(
        `The device virtio-net-device has no property "${name}"; it has netdev, ${Object.keys(DEVICE).slice(0, 9).join(", ")}.`,
      );
  }
  return { device, netdev };
}

/** `tcp:ADDRESS:PORT-ADDRESS:PORT`, of which each address may be empty. */
function hostForward(text: string): HostForward {
  try {
    return parseHostForward(text);
  } catch {
    throw usage(`A forward is not "${text}"; write hostfwd=tcp:127.0.0.1:8080-:80.`);
  }
}

/** `tcp:ADDRESS:PORT-tcp:ADDRESS:PORT`. */
function guestForward(text: string): GuestForward {
  const match = /^(?:tcp)?:(\[[^\]]+\]|[^:[\]]+):(\d+)-tcp:(\[[^\]]+\]|[^:[\]]+):(\d+)$/.exec(text);
  const [, address = "", port, to = "", toPort] = match ?? [];
  if (match === null || !isPort(port, 1) || !isPort(toPort, 1)) {
    throw usage(`A forward is not "${text}"; write guestfwd=tcp:10.0.2.100:80-tcp:127.0.0.1:8080.`);
  }
  return { address: bare(address), port: Number(port), to: { address: bare(to), port: Number(toPort) } };
}

const bare = (address: string): string => address.replace(/^\[(.*)\]$/, "$1");

function isPort(text: string | undefined, least: number): boolean {
  const port = Number(text);
  return port >= least && port <= 65_535;
}

function onOff(name: string, value: string): boolean {
  if (value === "on" || value === "yes" || value === "y") return true;
  if (value === "off" || value === "no" || value === "n") return false;
  throw usage(`The ${name} of a network is on or off, not "${value}".`);
}

function count(name: string, value: string): number {
  if (/^[1-9]\d{0,11}$/.test(value)) return Number(value);
  throw usage(`The ${name} of a network is a whole number from 1 up, not "${value}".`);
}
