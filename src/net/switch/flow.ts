/** The flow table of a switch: what a control program says is to be done with which frames. (OpenFlow 1.3, "OpenFlow Tables") */

import { type FrameHeaders, get16, get32, Protocol } from "../../backend/network/headers.ts";
import { WasmvisorError } from "../../error.ts";
import { macNumber, parseMacNumber } from "./mac-table.ts";

/** Which frames a flow is for; what is left out matches all. */
export interface FlowMatch {
  /** Number of the port that the frame came in at. */
  readonly inPort?: number;
  /** Addresses such as `"52:54:00:12:34:56"`. */
  readonly ethSrc?: string;
  readonly ethDst?: string;
  /** Such as 0x0800, behind VLAN tags. */
  readonly ethType?: number;
  /** The VLAN that the frame is in; 0 for ports without VLANs. */
  readonly vlan?: number;
  /** An IPv4 address, perhaps with a prefix, such as `"10.0.0.0/8"`; also of ARP. */
  readonly ipSrc?: string;
  readonly ipDst?: string;
  /** Protocol of IP: 1, 6, 17, 58 … */
  readonly protocol?: number;
  /** Ports of TCP and UDP. */
  readonly srcPort?: number;
  readonly dstPort?: number;
}

/** What may be changed in a frame; checksums follow. IPv4 only. */
export interface FlowFields {
  readonly ethSrc?: string;
  readonly ethDst?: string;
  readonly ipSrc?: string;
  readonly ipDst?: string;
  readonly srcPort?: number;
  readonly dstPort?: number;
  /** The VLAN that it is in from now on. */
  readonly vlan?: number;
}

/** What is done with a frame, one after another. A flow without any drops it. */
export type FlowAction =
  /**
   * A port's number; `"flood"`: all other ports of the VLAN; `"normal"`: as a switch without flows does; `"in-port"`: back where it came from;
   * `"controller"`: to the control program.
   */
  | { readonly output: number | "flood" | "normal" | "in-port" | "controller" }
  | { readonly set: FlowFields }
  /** Puts a VLAN tag into the frame, which stays in its VLAN of the switch. */
  | { readonly pushVlan: number }
  /** Takes out the first VLAN tag that is in the frame. */
  | { readonly popVlan: true };

/** One flow. */
export interface Flow {
  /** The highest that matches counts; of equal ones the first. Default 0. */
  readonly priority?: number;
  /** Default: all frames. */
  readonly match?: FlowMatch;
  readonly actions: readonly FlowAction[];
  /** Seconds without a frame, and seconds in all, after which it goes. Default: never. */
  readonly idleTimeout?: number;
  readonly hardTimeout?: number;
}

/** A flow in the table. */
export interface FlowEntry extends Flow {
  readonly id: number;
  /** Frames that it has matched, and their bytes. */
  readonly packets: number;
  readonly bytes: number;
}

/** Why a flow is gone. */
export type FlowEnd = "removed" | "idle" | "hard";

/** Flows that a table has room for. */
export const FLOWS_MOST = 4096;
const ACTIONS_MOST = 32;

/** What a flow is looked for by. */
export interface FlowSubject {
  readonly inPort: number;
  readonly vlan: number;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly headers: FrameHeaders;
}

type Test = (subject: FlowSubject) => boolean;

/** An action, with its numbers ready. */
export type CompiledAction =
  | { readonly kind: "output"; readonly output: number | "flood" | "normal" | "in-port" | "controller" }
  | { readonly kind: "set"; readonly set: CompiledFields }
  | { readonly kind: "push"; readonly vlan: number }
  | { readonly kind: "pop" };

export interface CompiledFields {
  readonly ethSrc?: number;
  readonly ethDst?: number;
  readonly ipSrc?: number;
  readonly ipDst?: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly vlan?: number;
}

/** A flow with what it has done. */
export class CompiledFlow {
  readonly id: number;
  readonly flow: Flow;
  readonly priority: number;
  readonly actions: readonly CompiledAction[];
  readonly #tests: readonly Test[];
  readonly addedAt: number;
  usedAt: number;
  packets = 0;
  bytes = 0;

  constructor(id: number, flow: Flow, now: number) {
    this.id = id;
    this.flow = flow;
    this.priority = flow.priority ?? 0;
    this.#tests = testsOf(flow.match ?? {});
    this.actions = actionsOf(flow.actions);
    this.addedAt = this.usedAt = now;
  }

  matches(subject: FlowSubject): boolean {
    for (const test of this.#tests) if (!test(subject)) return false;
    return true;
  }

  /** Why it is over at `now`, if it is. */
  over(now: number): FlowEnd | undefined {
    const { idleTimeout = Infinity, hardTimeout = Infinity } = this.flow;
    if (now - this.addedAt >= hardTimeout * 1000) return "hard";
    return now - this.usedAt >= idleTimeout * 1000 ? "idle" : undefined;
  }

  get entry(): FlowEntry {
    return { ...this.flow, id: this.id, packets: this.packets, bytes: this.bytes };
  }
}

/** The flows of a switch, for its control program. */
export class FlowTable {
  readonly #now: () => number;
  readonly #onEnd: (entry: FlowEntry, why: FlowEnd) => void;
  /** By priority, the highest first. */
  #flows: CompiledFlow[] = [];
  #lastId = 0;

  /** @internal */
  constructor(now: () => number, onEnd: (entry: FlowEntry, why: FlowEnd) => void) {
    this.#now = now;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#flows.length;
  }

  /**
   * Adds a flow; its number.
   * @throws WasmvisorError `flow` when it makes no sense, or there are 4096 already
   */
  add(flow: Flow): number {
    this.#expire();
    if (this.#flows.length >= FLOWS_MOST)
      throw fault(`A switch has at most ${FLOWS_MOST} flows; remove some first.`, { flows: this.#flows.length });
    const { priority = 0, idleTimeout = 1, hardTimeout = 1 } = flow;
    if (!Number.isInteger(priority) || priority < 0 || priority > 65_535)
      throw fault(`A flow's priority is 0 to 65535, not ${priority}.`, { priority });
    if (!(idleTimeout > 0 && hardTimeout > 0))
      throw fault("A flow's timeouts are seconds, more than 0; leave them out for none.", { idleTimeout, hardTimeout });
    const made = new CompiledFlow(++this.#lastId, flow, this.#now());
    const at = this.#flows.findIndex((other) => other.priority < made.priority);
    this.#flows.splice(at < 0 ? this.#flows.length : at, 0, made);
    return made.id;
  }

  /** Removes a flow; whether there was one of that number. */
  remove(id: number): boolean {
    const flow = this.#flows.find((one) => one.id === id);
    if (flow === undefined) return false;
    this.#flows = this.#flows.filter((one) => one !== flow);
    this.#onEnd(flow.entry, "removed");
    return true;
  }

  /** All flows, as they are looked at. */
  list(): FlowEntry[] {
    this.#expire();
    return this.#flows.map(({ entry }) => entry);
  }

  /** The flow of a frame. @internal */
  find(subject: FlowSubject): CompiledFlow | undefined {
    const now = this.#now();
    let isOver = false;
    let found: CompiledFlow | undefined;
    for (const flow of this.#flows) {
      if (!flow.matches(subject)) continue;
      if (flow.over(now) === undefined) {
        found = flow;
        break;
      }
      isOver = true;
    }
    if (isOver) this.#expire();
    return found;
  }

  #expire(): void {
    const now = this.#now();
    if (!this.#flows.some((flow) => flow.over(now) !== undefined)) return;
    const over = this.#flows.filter((flow) => flow.over(now) !== undefined);
    this.#flows = this.#flows.filter((flow) => !over.includes(flow));
    for (const flow of over) this.#onEnd(flow.entry, flow.over(now)!);
  }
}

const MATCH_KEYS: Readonly<Record<keyof FlowMatch, (value: never) => Test>> = {
  inPort: (port: number) => (subject) => subject.inPort === port,
  vlan: (vlan: number) => (subject) => subject.vlan === vlan,
  ethSrc: (mac: string) => {
    const number = macOf(mac);
    return ({ bytes, at }) => macNumber(bytes, at + 6) === number;
  },
  ethDst: (mac: string) => {
    const number = macOf(mac);
    return ({ bytes, at }) => macNumber(bytes, at) === number;
  },
  ethType: (type: number) => (subject) => subject.headers.etherType === type,
  protocol:
    (protocol: number) =>
    ({ headers }) =>
      headers.protocol === protocol,
  ipSrc: (text: string) => ipTest(text, 12, 14),
  ipDst: (text: string) => ipTest(text, 16, 24),
  srcPort: (port: number) => portTest(port, 0),
  dstPort: (port: number) => portTest(port, 2),
};

function testsOf(match: FlowMatch): Test[] {
  return Object.entries(match)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      if (!Object.hasOwn(MATCH_KEYS, key))
        throw fault(`A flow cannot match "${key}"; use ${Object.keys(MATCH_KEYS).join(", ")}.`, { key });
      const isText = /^(eth|ip)(Src|Dst)$/.test(key);
      if (!isText && !Number.isInteger(value)) throw fault(`A flow's ${key} is a whole number.`, { key });
      return MATCH_KEYS[key as keyof FlowMatch](value as never);
    });
}

/** An IPv4 address in the IP header, or in ARP. */
function ipTest(text: string, ipAt: number, arpAt: number): Test {
  const { address, mask } = prefixOf(text);
  const wanted = (address & mask) >>> 0;
  return ({ bytes, headers }) => {
    const { network, version, etherType, end } = headers;
    if (version === 4) return (get32(bytes, network + ipAt) & mask) >>> 0 === wanted;
    return etherType === 0x0806 && network + 28 <= end && (get32(bytes, network + arpAt) & mask) >>> 0 === wanted;
  };
}

function portTest(port: number, at: number): Test {
  return ({ bytes, headers }) => {
    const { protocol, transport, end } = headers;
    const hasPorts = (protocol === Protocol.TCP || protocol === Protocol.UDP) && transport + 4 <= end;
    return hasPorts && get16(bytes, transport + at) === port;
  };
}

function actionsOf(actions: readonly FlowAction[]): CompiledAction[] {
  if (!Array.isArray(actions) || actions.length > ACTIONS_MOST)
    throw fault(`A flow has a list of at most ${ACTIONS_MOST} actions.`, {});
  return actions.map((action: FlowAction): CompiledAction => {
    if ("output" in action) {
      const { output } = action;
      const isKnown = typeof output === "number" || ["flood", "normal", "in-port", "controller"].includes(output);
      if (isKnown) return { kind: "output", output };
    } else if ("set" in action) return { kind: "set", set: fieldsOf(action.set) };
    else if ("pushVlan" in action) return { kind: "push", vlan: vlanOf(action.pushVlan) };
    else if ("popVlan" in action) return { kind: "pop" };
    throw fault("A flow's action is output, set, pushVlan or popVlan.", {});
  });
}

function fieldsOf({ ethSrc, ethDst, ipSrc, ipDst, srcPort, dstPort, vlan, ...others }: FlowFields): CompiledFields {
  const [surplus] = Object.keys(others);
  if (surplus !== undefined) throw fault(`A flow cannot set "${surplus}".`, { key: surplus });
  return {
    ...(ethSrc === undefined ? {} : { ethSrc: macOf(ethSrc) }),
    ...(ethDst === undefined ? {} : { ethDst: macOf(ethDst) }),
    ...(ipSrc === undefined ? {} : { ipSrc: addressOf(ipSrc) }),
    ...(ipDst === undefined ? {} : { ipDst: addressOf(ipDst) }),
    ...(srcPort === undefined ? {} : { srcPort: portOf(srcPort) }),
    ...(dstPort === undefined ? {} : { dstPort: portOf(dstPort) }),
    ...(vlan === undefined ? {} : { vlan: vlanOf(vlan) }),
  };
}

function macOf(text: string): number {
  const mac = parseMacNumber(text);
  if (mac === undefined)
    throw fault(`A flow's Ethernet address is one such as 52:54:00:12:34:56, not "${text}".`, { mac: text });
  return mac;
}

function addressOf(text: string): number {
  const { address, mask } = prefixOf(text);
  if (mask !== -1) throw fault(`A flow sets one address, not "${text}".`, { address: text });
  return address >>> 0;
}

function prefixOf(text: string): { readonly address: number; readonly mask: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  const bytes = match?.slice(1, 5).map(Number) ?? [256];
  const length = Number(match?.[5] ?? 32);
  if (bytes.some((byte) => byte > 255) || length > 32)
    throw fault(`A flow's address is one such as 10.0.0.0/8, not "${text}".`, { address: text });
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return { address: (a << 24) | (b << 16) | (c << 8) | d, mask: length === 0 ? 0 : -1 << (32 - length) };
}

function vlanOf(vlan: number): number {
  if (Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094) return vlan;
  throw fault(`A VLAN is 1 to 4094, not ${vlan}.`, { vlan });
}

function portOf(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw fault(`A port is 0 to 65535, not ${port}.`, { port });
}

function fault(sentence: string, data: Readonly<Record<string, unknown>>): WasmvisorError {
  return new WasmvisorError("flow", sentence, data);
}
