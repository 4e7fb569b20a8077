/** The network of the page's machines: a switch, with ways to other tabs and to the world (docs/design/page-network.md). */

import {
  type FlowEntry,
  joinBackend,
  joinByBroadcast,
  openFetchSockets,
  openRelayNetwork,
  openUserNetwork,
  openWispSockets,
  type RelayNetworkEvent,
  Switch,
  type SwitchPort,
  type UserNetwork,
  type UserNetworkOptions,
} from "../../src/index.ts";
import { isNetwork, type NetworkChoice } from "../network/choice.ts";
import { takeNumber, type TabNumber } from "../network/number.ts";
import type { Machine, Socket } from "./machines.ts";
import { type FlowView, type NetworkView, PageError, type PortView } from "./protocol.ts";

/** Tabs with addresses of their own, and machines of each: 10.0.2.15 to 10.0.2.254. */
const TABS = 30;
const MACHINES = 8;
const CHANNEL = "wasmvisor network 1";
const GATEWAY = "10.0.2.2";
const DNS = "10.0.2.3";
/** What is shown at most. */
const ADDRESSES_SHOWN = 64;
const CONNECTIONS_SHOWN = 64;
const ARP = 0x0806;
const IPV4 = 0x0800;
const UDP = 17;
const DHCP_SERVER = 67;

/** Ways out do not reach each other: each tab has its own to the world, and other tabs have theirs. */
const OUT = "ways out";

/** What a network says of its relay; undefined: all is well. */
export type NetworkListener = (problem: string | undefined) => void;

/** One network, for all machines of this page that have chosen it. */
export class PageNetwork {
  readonly choice: NetworkChoice;
  readonly switch = new Switch();
  /** The NAT of this tab, or what gives out its addresses. */
  readonly nat: UserNetwork | undefined;
  /** The ways out, by their ports. */
  readonly ways: ReadonlyMap<number, Way>;
  readonly #number: TabNumber;
  readonly #ends: readonly (() => void | Promise<void>)[];
  readonly #machines = new Map<number, SwitchPort>();

  /** Use `open`. */
  private constructor(choice: NetworkChoice, number: TabNumber, parts: Parts) {
    this.choice = choice;
    this.#number = number;
    ({ switch: this.switch, nat: this.nat, ways: this.ways, ends: this.#ends } = parts);
  }

  /**
   * Undefined when nothing was chosen.
   * @throws PageError `network-full` when there are too many tabs; WasmvisorError `network-option` when the relay's address is none
   */
  static async open(choice: NetworkChoice, tell: NetworkListener): Promise<PageNetwork | undefined> {
    if (!isNetwork(choice)) return undefined;
    const number = choice.tabs ? await takeNumber(TABS) : { number: 0, release: () => undefined };
    if (number === undefined)
      throw new PageError("network-full", `There are ${TABS} tabs in this browser's network already; close one.`);
    const parts = new Parts();
    try {
      await parts.add(choice, number.number, tell);
      return new PageNetwork(choice, number, parts);
    } catch (error) {
      number.release();
      await parts.close();
      throw error;
    }
  }

  /** The number of this tab, of those that are joined. */
  get number(): number {
    return this.#number.number;
  }

  /** Machines that are plugged in. */
  get size(): number {
    return this.#live().length;
  }

  /**
   * A place for one more machine; it is free again when the machine has closed it.
   * @throws PageError `network-full` when there are eight machines
   */
  plug(): Socket {
    this.#live();
    let index = 0;
    while (this.#machines.has(index)) index++;
    if (index >= MACHINES)
      throw new PageError("network-full", `A page's network has room for ${MACHINES} machines; give one up first.`);
    const backend = this.switch.port({ name: "machine", guard: true });
    this.#machines.set(index, backend);
    return { backend, mac: `52:54:00:12:${hex(0x80 + this.number)}:${hex(0x56 + index)}` };
  }

  /** What there is to be seen of it. */
  view(machines: readonly Machine[]): NetworkView {
    const { flows, ports } = this.switch;
    return {
      choice: this.choice,
      tab: this.number,
      ports: [...ports.values()]
        .map((port) => this.#portView(port, machines))
        .sort((a, b) => Number(b.kind === "machine") - Number(a.kind === "machine")),
      addresses: this.switch.addresses().slice(0, ADDRESSES_SHOWN),
      flows: flows.list().map(flowView),
      connections: this.nat?.connections(CONNECTIONS_SHOWN) ?? [],
      connectionCount: this.#connectionCount(),
    };
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.switch.close();
    this.#number.release();
  }

  #connectionCount(): number {
    if (this.nat === undefined) return 0;
    const { connections, flows } = this.nat.stats();
    return connections + flows;
  }

  #portView(port: SwitchPort, machines: readonly Machine[]): PortView {
    const { number, blocked } = port;
    const way = this.ways.get(number);
    const machine = machines.find(({ socket }) => socket?.backend === port);
    return {
      number,
      kind: way ?? "machine",
      isBlocked: blocked,
      counters: port.statistics(),
      ...(machine === undefined
        ? {}
        : { machine: { number: machine.vm.accounting().number, name: machine.name, mac: machine.socket!.mac } }),
    };
  }

  /** Ports that their machines have not closed. */
  #live(): readonly SwitchPort[] {
    for (const [index, port] of this.#machines) if (!this.switch.ports.has(port.number)) this.#machines.delete(index);
    return [...this.#machines.values()];
  }
}

/** A way out of the switch. */
export type Way = "tabs" | "fetch" | "relay" | "wisp" | "addresses";

/** A network that is being put together. */
class Parts {
  readonly switch = new Switch();
  readonly ways = new Map<number, Way>();
  readonly ends: (() => void | Promise<void>)[] = [];
  nat: UserNetwork | undefined;

  async add(choice: NetworkChoice, number: number, tell: NetworkListener): Promise<void> {
    const { tabs, world, url = "" } = choice;
    const options: UserNetworkOptions = { dhcpstart: `10.0.2.${15 + MACHINES * number}` };
    if (world === "relay") {
      const relay = this.#join(
        "relay",
        await openRelayNetwork({ ...relayOf(choice), onEvent: relayListener(url, tell) }),
      );
      // All VMs that come to a relay get the same address from it.
      if (tabs) this.#giveAddresses(await this.#openNat({ ...options, ipv6: false }, "addresses"), relay);
    } else if (world === "wisp") {
      const sockets = await openWispSockets(wispOf(choice));
      this.ends.push(() => sockets.close());
      await this.#openNat({ ...options, sockets }, "wisp");
    } else {
      await this.#openNat({ ...options, restrict: world === "none" }, world === "none" ? "addresses" : "fetch");
    }
    if (tabs) this.#joinTabs();
  }

  async close(): Promise<void> {
    for (const end of this.ends) await end();
    await this.switch.close();
  }

  #port(way: Way): SwitchPort {
    const port = this.switch.port({ name: way, group: OUT });
    this.ways.set(port.number, way);
    return port;
  }

  #join(way: Way, backend: Parameters<typeof joinBackend>[1]): SwitchPort {
    const port = this.#port(way);
    this.ends.push(joinBackend(port, backend));
    return port;
  }

  async #openNat(options: UserNetworkOptions, way: Way): Promise<SwitchPort> {
    // Without a way to the world it gives out addresses, and uses no sockets.
    this.nat = await openUserNetwork({ sockets: await openFetchSockets(), ...options });
    return this.#join(way, this.nat);
  }

  /** Questions for an address go to `nat` alone, and nothing but its answers comes from there; all else is the relay's. */
  #giveAddresses(nat: SwitchPort, relay: SwitchPort): void {
    const { flows } = this.switch;
    flows.add({
      ...{ priority: 30, match: { ethType: IPV4, protocol: UDP, dstPort: DHCP_SERVER } },
      actions: [{ output: nat.number }],
    });
    flows.add({
      ...{ priority: 30, match: { inPort: nat.number, ethType: IPV4, protocol: UDP, srcPort: DHCP_SERVER } },
      // Not "normal": the address of the gateway, which it has too, is the relay's.
      actions: [{ output: "flood" }],
    });
    flows.add({ priority: 20, match: { inPort: nat.number }, actions: [] });
    flows.add({
      ...{ priority: 20, match: { inPort: relay.number, ethType: IPV4, protocol: UDP, srcPort: DHCP_SERVER } },
      actions: [],
    });
  }

  #joinTabs(): void {
    const port = this.#port("tabs");
    // The gateway and the DNS of a tab are its own: no guest of another may say that it is them.
    for (const ipSrc of [GATEWAY, DNS])
      this.switch.flows.add({ priority: 40, match: { inPort: port.number, ethType: ARP, ipSrc }, actions: [] });
    const channel = new BroadcastChannel(CHANNEL);
    const end = joinByBroadcast(port, channel);
    this.ends.push(async () => {
      await end();
      channel.close();
    });
  }
}

/** A flow in the words of flow tables: `ip_src 10.0.2.2` to `drop`. */
function flowView({ id, priority = 0, match = {}, actions, packets, bytes }: FlowEntry): FlowView {
  const shown = Object.entries(match).map(
    ([key, value]) => `${key} ${key === "ethType" ? `0x${hex4(Number(value))}` : value}`,
  );
  const done = actions.map((action) =>
    Object.entries(action)
      .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join(" "),
  );
  return {
    ...{ id, priority, packets, bytes },
    match: shown.join(", ") || "all frames",
    actions: done.join(", ") || "drop",
  };
}

const hex4 = (value: number): string => value.toString(16).padStart(4, "0");

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function relayOf({ url = "", token = "" }: NetworkChoice) {
  return token === "" ? { url } : { url, token };
}

function wispOf({ url = "", token = "" }: NetworkChoice) {
  const [user = "", ...password] = token.split(":");
  return token === "" ? { url } : { url, account: { user, password: password.join(":") } };
}

function relayListener(url: string, tell: NetworkListener): (event: RelayNetworkEvent) => void {
  const name = URL.canParse(url) ? new URL(url).host : url;
  return (event) => {
    if (event.type === "connected") return tell(undefined);
    const reason = event.reason || `code ${event.code}`;
    if (event.type === "refused") tell(`The relay ${name} does not let this page in (${reason}); check the token.`);
    else tell(`The relay ${name} is not connected (${reason}); it is tried again.`);
  };
}
