/** An Ethernet switch in this program, whose ports are backends of network devices (docs/design/network.md). */

import { FrameHeaders, get16, put16 } from "../../backend/network/headers.ts";
import { type FrameInfo, MAX_FRAME, Offload } from "../../backend/network/network.ts";
import { plainInfo } from "../../backend/network/segment.ts";
import { WasmvisorError } from "../../error.ts";
import { type CompiledFlow, type FlowEnd, type FlowEntry, FlowTable } from "./flow.ts";
import { isGroup, type MacEntry, macNumber, MacTable, macText } from "./mac-table.ts";
import { type PortOwner, SwitchPort, type SwitchPortOptions } from "./port.ts";
import { EditedFrame } from "./rewrite.ts";

/** How a switch is made. */
export interface SwitchOptions {
  /** Seconds after which an address that has not been heard is forgotten. Default 300. */
  readonly ageing?: number;
  /** Addresses that it remembers, in all and at each port. Default 4096 and 1024. */
  readonly addresses?: number;
  readonly addressesOfPort?: number;
  /** Milliseconds, for tests. Default: the host's clock. */
  readonly now?: () => number;
}

/** What a switch tells of; each at most once a second for each port. */
export type SwitchEvent =
  /** An address was heard at another port than before. */
  | { readonly type: "moved"; readonly mac: string; readonly vlan: number; readonly from: number; readonly to: number }
  /** What a port sent came back at `port`, which is blocked for 30 seconds. */
  | { readonly type: "loop"; readonly port: number; readonly sentBy: number }
  /** The guard of a port has kept a frame out. */
  | { readonly type: "spoof"; readonly port: number; readonly mac: string }
  /** A flow is gone. */
  | { readonly type: "flow-end"; readonly flow: FlowEntry; readonly why: FlowEnd }
  /** The control program has thrown. */
  | { readonly type: "controller-error"; readonly error: unknown };

/** A frame that a flow has sent to the control program. */
export interface ControlledFrame {
  /** The port that it came in at. */
  readonly port: number;
  readonly vlan: number;
  /** A copy, without a tag of the switch's own. */
  readonly bytes: Uint8Array;
  /** What it still needs; it goes back to the switch with the frame. */
  readonly info: FrameInfo;
}

/** Ports of one switch. */
const PORTS_MOST = 1024;
/** Frames that wait for the control program; others are dropped. */
const CONTROL_MOST = 256;
const EVENT_EVERY = 1000;
const BLOCK_TIME = 30_000;

/** Loopback assistance: bridges flood it, and nobody answers. */
const PROBE_TYPE = 0x9000;
const PROBE_DESTINATION = [0xcf, 0, 0, 0, 0, 0];
const PROBE_MAGIC = 0x7773_7670;
const PROBE_BYTES = 60;

/**
 * A learning switch with VLANs, limits, guards and a flow table.
 *
 * ```ts
 * const network = new Switch();
 * const one = await host.createVm({ kernel, networks: [{ backend: network.port(), mac: "52:54:00:00:00:01" }] });
 * const two = await host.createVm({ kernel, networks: [{ backend: network.port(), mac: "52:54:00:00:00:02" }] });
 * ```
 */
export class Switch {
  /** What its control program says. Empty: it learns, and forwards as any switch. */
  readonly flows: FlowTable;
  /** Told of events. */
  onEvent: (event: SwitchEvent) => void = () => undefined;
  /** The control program: gets what flows output to `"controller"`, after the guest's slice. */
  onFrame: ((frame: ControlledFrame) => void) | undefined;
  readonly #now: () => number;
  readonly #macs: MacTable;
  readonly #ports = new Map<number, SwitchPort>();
  readonly #owner: PortOwner;
  readonly #headers = new FrameHeaders();
  readonly #edited: EditedFrame[] = [];
  readonly #plain = plainInfo();
  readonly #id = crypto.getRandomValues(new Uint8Array(6));
  readonly #controlled: ControlledFrame[] = [];
  readonly #mirrors: { readonly from: ReadonlySet<number> | undefined; readonly to: SwitchPort }[] = [];
  #lastNumber = 0;

  /** @throws WasmvisorError `switch` when an option makes no sense */
  constructor({ ageing = 300, addresses = 4096, addressesOfPort = 1024, now }: SwitchOptions = {}) {
    const wrong = Object.entries({ ageing, addresses, addressesOfPort }).find(
      ([, value]) => !(value >= 1 && value <= 1e6),
    );
    if (wrong !== undefined) {
      const sentence = `The ${wrong[0]} of a switch is a number from 1 to 1000000, not ${wrong[1]}.`;
      throw new WasmvisorError("switch", sentence, { key: wrong[0], value: wrong[1] });
    }
    this.#now = now ?? (() => performance.now());
    this.#macs = new MacTable(ageing * 1000, addresses, addressesOfPort);
    this.flows = new FlowTable(this.#now, (flow, why) => this.#tell({ type: "flow-end", flow, why }));
    this.#owner = {
      ingress: (port, bytes, at, length, info) => this.#ingress(port, bytes, at, length, info),
      now: this.#now,
      remove: (port) => this.#remove(port),
    };
  }

  /** Its ports, by number. */
  get ports(): ReadonlyMap<number, SwitchPort> {
    return this.#ports;
  }

  /**
   * A new port, the backend of one network device.
   * @throws WasmvisorError `switch` when an option makes no sense, or there are 1024 ports
   */
  port(options: SwitchPortOptions = {}): SwitchPort {
    if (this.#ports.size >= PORTS_MOST)
      throw new WasmvisorError("switch", `A switch has at most ${PORTS_MOST} ports; close some first.`);
    const port = new SwitchPort(this.#owner, this.#lastNumber + 1, options);
    this.#lastNumber++;
    this.#ports.set(port.number, port);
    return port;
  }

  /** The addresses it knows. */
  addresses(): MacEntry[] {
    return this.#macs.entries(this.#now());
  }

  /**
   * Has `to` show what comes in at the ports `from` (default: all of them), and what goes out of them from others, and take part in nothing
   * else. Returns what ends it.
   */
  mirror(to: SwitchPort, from?: Iterable<SwitchPort>): () => void {
    const mirror = { from: from && new Set([...from].map(({ number }) => number)), to };
    to.isMirror = true;
    this.#macs.sweep(this.#now(), to.number);
    this.#mirrors.push(mirror);
    return () => {
      const at = this.#mirrors.indexOf(mirror);
      if (at >= 0) this.#mirrors.splice(at, 1);
      to.isMirror = this.#mirrors.some((other) => other.to === to);
    };
  }

  /**
   * Sends a frame of the control program's own: out of port `output`, out of all ports of the VLAN, or as if it had come in at `port`.
   * @throws WasmvisorError `switch` when it is no frame
   */
  send(
    frame: Pick<ControlledFrame, "bytes"> & Partial<ControlledFrame>,
    output: number | "flood" | "normal" = "normal",
  ): void {
    const { bytes, vlan = 0, port = 0, info = this.#plain } = frame;
    if (bytes.length < 14 || bytes.length > MAX_FRAME)
      throw new WasmvisorError("switch", `A frame has 14 to ${MAX_FRAME} bytes, not ${bytes.length}.`);
    const from = this.#ports.get(port);
    if (output === "normal" && from !== undefined) this.#forward(from, vlan, bytes, 0, bytes.length, info, 0);
    else if (typeof output === "number")
      this.#output(this.#ports.get(output), from, vlan, bytes, 0, bytes.length, info, 0);
    else this.#flood(from, vlan, bytes, 0, bytes.length, info, 0);
  }

  /** Looks for loops now: sends a probe out of every port. It is done by itself where an address moves. */
  probe(): void {
    for (const port of this.#ports.values()) this.#probe(port);
  }

  /** Closes all ports. */
  async close(): Promise<void> {
    for (const port of [...this.#ports.values()]) await port.close();
  }

  #remove(port: SwitchPort): void {
    this.#ports.delete(port.number);
    this.#macs.sweep(this.#now(), port.number);
    for (let i = this.#mirrors.length; i-- > 0;) if (this.#mirrors[i]!.to === port) this.#mirrors.splice(i, 1);
  }

  #tell(event: SwitchEvent, port?: SwitchPort): void {
    const now = this.#now();
    if (port !== undefined && now - port.toldAt < EVENT_EVERY) return;
    if (port !== undefined) port.toldAt = now;
    try {
      this.onEvent(event);
    } catch {
      // Who listens is no part of the network.
    }
  }

  /** A frame comes in. False: its one port has no room now. */
  #ingress(port: SwitchPort, bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const { counters } = port;
    if (length < 14 || length > MAX_FRAME || port.isMirror || this.#isBlocked(port)) return dropped(counters);
    const tagged = port.options.vlan !== undefined && length >= 18 && get16(bytes, at + 12) === 0x8100;
    const vlan = vlanOf(port, tagged ? get16(bytes, at + 14) & 0xfff : 0);
    if (vlan < 0) return dropped(counters);
    const skip = tagged ? 4 : 0;
    if ((info.flags & Offload.NEEDS_CHECKSUM) !== 0) {
      const { checksumStart, checksumOffset } = info;
      if (checksumStart < 14 + skip || checksumStart + checksumOffset + 2 > length) return dropped(counters);
    }
    const flow = this.flows.size === 0 ? undefined : this.#flowOf(port, vlan, bytes, at, length);
    const only = this.#onlyOutput(port, flow, vlan, bytes, at);
    if (only?.holds(port, length + 4) === true) return false;
    if (port.guard !== undefined) {
      this.#headers.read(bytes, at, length);
      if (!port.guard.allows(bytes, at, this.#headers)) {
        counters.spoofed++;
        this.#tell({ type: "spoof", port: port.number, mac: macText(macNumber(bytes, at + 6)) }, port);
        return true;
      }
    }
    if (port.rate?.take(length, this.#now()) === false) {
      counters.limited++;
      return true;
    }
    counters.framesIn++;
    counters.bytesIn += length;
    if (get16(bytes, at + 12 + skip) === PROBE_TYPE && this.#isProbe(port, bytes, at + skip, length - skip))
      return true;
    for (const { from, to } of this.#mirrors) {
      if (from === undefined || from.has(port.number)) to.enqueue(bytes, at, length, info, 0, 0);
    }
    if (flow === undefined) this.#forward(port, vlan, bytes, at, length, info, skip);
    else this.#run(flow, port, vlan, bytes, at, length, info, skip);
    return true;
  }

  #isBlocked(port: SwitchPort): boolean {
    return port.blockedUntil !== 0 && port.blocked;
  }

  #flowOf(port: SwitchPort, vlan: number, bytes: Uint8Array, at: number, length: number): CompiledFlow | undefined {
    this.#headers.read(bytes, at, length);
    return this.flows.find({ inPort: port.number, vlan, bytes, at, headers: this.#headers });
  }

  /** The one port that a frame goes to, if that can be said: only then its sender can wait for it. */
  #onlyOutput(
    port: SwitchPort,
    flow: CompiledFlow | undefined,
    vlan: number,
    bytes: Uint8Array,
    at: number,
  ): SwitchPort | undefined {
    if (flow !== undefined) {
      const [action] = flow.actions;
      if (flow.actions.length !== 1 || action?.kind !== "output") return undefined;
      if (typeof action.output === "number") return this.#ports.get(action.output);
      if (action.output !== "normal") return undefined;
    }
    if (isGroup(bytes, at)) return undefined;
    const number = this.#macs.find(vlan, macNumber(bytes, at), this.#now());
    return number < 0 || number === port.number ? undefined : this.#ports.get(number);
  }

  /** Learns, and forwards to where the address is, or to all. */
  #forward(
    port: SwitchPort,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    const now = this.#now();
    if (!isGroup(bytes, at + 6)) this.#learn(port, vlan, macNumber(bytes, at + 6), now);
    if (isGroup(bytes, at)) return this.#flood(port, vlan, bytes, at, length, info, skip);
    const number = this.#macs.find(vlan, macNumber(bytes, at), now);
    if (number < 0) this.#flood(port, vlan, bytes, at, length, info, skip);
    else if (number === port.number) port.counters.dropsIn++;
    else this.#output(this.#ports.get(number), port, vlan, bytes, at, length, info, skip);
  }

  #learn(port: SwitchPort, vlan: number, mac: number, now: number): void {
    const before = this.#macs.find(vlan, mac, now);
    if (this.#macs.learn(vlan, mac, port.number, now) !== "moved") return;
    this.#tell({ type: "moved", mac: macText(mac), vlan, from: before, to: port.number }, port);
    // As in a loop, where what one port sends comes in at another.
    this.#probe(port);
    const other = this.#ports.get(before);
    if (other !== undefined) this.#probe(other);
  }

  #flood(
    port: SwitchPort | undefined,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    for (const other of this.#ports.values()) {
      if (other !== port && !other.isMirror && carries(other, vlan))
        this.#output(other, port, vlan, bytes, at, length, info, skip);
    }
  }

  #output(
    to: SwitchPort | undefined,
    from: SwitchPort | undefined,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    const group = from?.options.group;
    const isApart = group !== undefined && to?.options.group === group;
    if (to === undefined || to.isMirror || isApart || !carries(to, vlan) || this.#isBlocked(to)) {
      if (from !== undefined && !isApart) from.counters.dropsIn++;
      return;
    }
    to.enqueue(bytes, at, length, info, skip, tagOf(to, vlan));
    for (const { from: seen, to: mirror } of this.#mirrors) {
      const isShown = from !== undefined && (seen === undefined || seen.has(from.number));
      if (!isShown && (seen === undefined || seen.has(to.number))) mirror.enqueue(bytes, at, length, info, 0, 0);
    }
  }

  /** Does what a flow says. */
  #run(
    flow: CompiledFlow,
    port: SwitchPort,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    flow.packets++;
    flow.bytes += length;
    flow.usedAt = this.#now();
    let edited: EditedFrame | undefined;
    // One for each depth: a control program may send while a frame is being changed.
    const edit = (): EditedFrame => {
      if (edited !== undefined) return edited;
      edited = this.#edited.pop() ?? new EditedFrame();
      edited.load(bytes, at, length, info);
      if (skip > 0) edited.pop();
      [bytes, at, length, info, skip] = [edited.bytes, 0, edited.length, edited.info, 0];
      return edited;
    };
    for (const action of flow.actions) {
      switch (action.kind) {
        case "output":
          this.#outputOf(action.output, port, vlan, bytes, at, length, info, skip);
          break;
        case "set":
          vlan = action.set.vlan ?? vlan;
          edit().set(action.set);
          break;
        case "push":
          if (!edit().push(action.vlan)) {
            port.counters.dropsIn++;
            if (edited !== undefined) this.#edited.push(edited);
            return;
          }
          length = edit().length;
          break;
        case "pop":
          edit().pop();
          length = edit().length;
          break;
      }
    }
    if (edited !== undefined) this.#edited.push(edited);
  }

  #outputOf(
    output: number | "flood" | "normal" | "in-port" | "controller",
    port: SwitchPort,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    switch (output) {
      case "flood":
        return this.#flood(port, vlan, bytes, at, length, info, skip);
      case "normal":
        return this.#forward(port, vlan, bytes, at, length, info, skip);
      case "in-port":
        return this.#output(port, undefined, vlan, bytes, at, length, info, skip);
      case "controller":
        return this.#control(port, vlan, bytes, at, length, info, skip);
      default:
        if (output !== port.number) this.#output(this.#ports.get(output), port, vlan, bytes, at, length, info, skip);
    }
  }

  /** Hands a copy to the control program, once the guest's slice is over. */
  #control(
    port: SwitchPort,
    vlan: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
    skip: number,
  ): void {
    if (this.onFrame === undefined || this.#controlled.length >= CONTROL_MOST) {
      port.counters.dropsIn++;
      return;
    }
    const copy = new EditedFrame(length);
    copy.load(bytes, at, length, info);
    if (skip > 0) copy.pop();
    const frame = { port: port.number, vlan, bytes: copy.bytes.slice(0, copy.length), info: copy.info };
    this.#controlled.push(frame);
    if (this.#controlled.length === 1) queueMicrotask(() => this.#handOver());
  }

  #handOver(): void {
    for (const frame of this.#controlled.splice(0)) {
      try {
        this.onFrame?.(frame);
      } catch (error) {
        this.#tell({ type: "controller-error", error });
      }
    }
  }

  #probe(port: SwitchPort): void {
    const now = this.#now();
    if (now - port.probedAt < EVENT_EVERY || port.isMirror) return;
    port.probedAt = now;
    const bytes = new Uint8Array(PROBE_BYTES);
    bytes.set(PROBE_DESTINATION);
    bytes.set(this.#id, 6);
    bytes[6] = (bytes[6]! & 0xfc) | 2;
    put16(bytes, 12, PROBE_TYPE);
    put16(bytes, 14, PROBE_MAGIC >>> 16);
    put16(bytes, 16, PROBE_MAGIC & 0xffff);
    bytes.set(this.#id, 18);
    put16(bytes, 24, port.number);
    const { vlan } = port.options;
    const trunk = vlan !== undefined && "trunk" in vlan && vlan.native === undefined ? vlan.trunk : "all";
    port.enqueue(bytes, 0, PROBE_BYTES, this.#plain, 0, trunk === "all" ? 0 : (trunk[0] ?? 0));
  }

  /** Whether it is one of this switch's own probes, whose port is blocked then. `at` is past a tag, which the type follows. */
  #isProbe(port: SwitchPort, bytes: Uint8Array, at: number, length: number): boolean {
    if (length < 26 || get16(bytes, at + 14) !== PROBE_MAGIC >>> 16 || get16(bytes, at + 16) !== (PROBE_MAGIC & 0xffff))
      return false;
    for (let i = 0; i < 6; i++) if (bytes[at + 18 + i] !== this.#id[i]) return false;
    port.blockedUntil = this.#now() + BLOCK_TIME;
    this.#macs.sweep(this.#now(), port.number);
    port.toldAt = -Infinity;
    this.#tell({ type: "loop", port: port.number, sentBy: get16(bytes, at + 24) }, port);
    return true;
  }
}

function dropped(counters: { dropsIn: number }): true {
  counters.dropsIn++;
  return true;
}

/** The VLAN of a frame with this tag (0: none) at a port; -1 when it is in none of the port's. */
function vlanOf({ options: { vlan } }: SwitchPort, tag: number): number {
  if (vlan === undefined) return 0;
  if ("access" in vlan) return tag === 0 ? vlan.access : -1;
  if (tag === 0) return vlan.native ?? -1;
  return vlan.trunk === "all" || vlan.trunk.includes(tag) || tag === vlan.native ? tag : -1;
}

/** Whether frames of a VLAN go out of a port. */
function carries({ options: { vlan } }: SwitchPort, id: number): boolean {
  if (vlan === undefined) return id === 0;
  if ("access" in vlan) return vlan.access === id;
  return id !== 0 && (vlan.trunk === "all" || vlan.trunk.includes(id) || vlan.native === id);
}

/** The tag that frames of a VLAN have at a port; 0 for none. */
function tagOf({ options: { vlan } }: SwitchPort, id: number): number {
  return vlan === undefined || "access" in vlan || vlan.native === id ? 0 : id;
}
