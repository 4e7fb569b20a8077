/** A port of a switch: what is plugged in, and what waits for it. */

import { Entry } from "../../backend/network/entry.ts";
import {
  type FrameInfo,
  type FrameOffers,
  MAX_FRAME,
  type NetworkBackend,
  type NetworkInfo,
  type NetworkPort,
} from "../../backend/network/network.ts";
import { plainInfo, Segmenter } from "../../backend/network/segment.ts";
import { WasmvisorError } from "../../error.ts";
import { FrameQueue } from "./frame-queue.ts";
import { type GuardOptions, SourceGuard } from "./guard.ts";
import { type PortLimits, PortRate } from "./rate.ts";

/** The VLANs of a port. */
export type PortVlan =
  /** Frames have no tags, and are in this VLAN. */
  | { readonly access: number }
  /** Frames have tags of these VLANs; those without are in the native one, or dropped. */
  | { readonly trunk: readonly number[] | "all"; readonly native?: number };

/** One port of a switch. */
export interface SwitchPortOptions {
  /** For people. Default: `port` and its number. */
  readonly name?: string;
  /** Default: no VLANs. Tags are then the guests' own, and such ports reach each other only. */
  readonly vlan?: PortVlan;
  /** How much it may send; what is more is dropped. Default: no limits. */
  readonly limits?: PortLimits;
  /** Keeps what is plugged in to its own Ethernet address, or to the addresses that are given. Default: none. */
  readonly guard?: boolean | GuardOptions;
  /** Ports of one group do not reach each other: for several ways to a network of other switches. Default: none. */
  readonly group?: string;
}

/** What a port has done. `In` is what came from what is plugged in. */
export interface SwitchPortCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Malformed, in no VLAN of the port, blocked, or for nobody. */
  dropsIn: number;
  /** There was no room for them. */
  dropsOut: number;
  /** The guard did not let them in. */
  spoofed: number;
  /** More than the limits allow. */
  limited: number;
}

/** Bytes and frames that wait for one port: enough for what a sender has under way. */
const QUEUE_BYTES = 2 ** 21;
const QUEUE_FRAMES = 2048;
/** Milliseconds in which a full port that takes nothing holds up those that send to it; later their frames are dropped. */
const STALL = 1000;

const EVERYTHING: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: false };

/** What a port asks of its switch. @internal */
export interface PortOwner {
  /** A frame has come in; false when it has to wait. */
  ingress(port: SwitchPort, bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean;
  now(): number;
  remove(port: SwitchPort): void;
}

/**
 * A port of a `Switch`; the backend of one network device.
 */
export class SwitchPort implements NetworkBackend {
  /** By which flows and events name it. */
  readonly number: number;
  readonly name: string;
  /** The switch takes frames whole and unfinished; they are finished where somebody needs that. */
  readonly offers: FrameOffers = EVERYTHING;
  readonly info: NetworkInfo;
  /** @internal */
  readonly options: SwitchPortOptions;
  /** @internal */
  readonly guard: SourceGuard | undefined;
  /** @internal */
  readonly rate: PortRate | undefined;
  /** @internal */
  readonly counters: SwitchPortCounters = {
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    dropsIn: 0,
    dropsOut: 0,
    spoofed: 0,
    limited: 0,
  };
  /** Until when nothing passes, because it is part of a loop. @internal */
  blockedUntil = 0;
  /** When its last probe was sent, and its last event of a kind told. @internal */
  probedAt = -Infinity;
  /** @internal */
  toldAt = -Infinity;
  /** It shows what passes elsewhere, and takes part in nothing. @internal */
  isMirror = false;
  readonly #owner: PortOwner;
  readonly #queue = new FrameQueue(QUEUE_BYTES, QUEUE_FRAMES);
  readonly #segmenter = new Segmenter();
  readonly #frame = plainInfo();
  /** Ports whose devices wait for this one to have room. */
  readonly #waiting = new Set<SwitchPort>();
  #device: NetworkPort | undefined;
  #enter: (act: () => void) => void = () => undefined;
  readonly #entry = new Entry(() => this.#drain());
  #isStalled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** @internal */
  constructor(owner: PortOwner, number: number, options: SwitchPortOptions) {
    checkVlan(options.vlan);
    const { name = `port ${number}`, guard = false, limits } = options;
    this.#owner = owner;
    this.number = number;
    this.name = name;
    this.options = options;
    this.info = { description: `switch, ${name}` };
    this.guard = guard === false ? undefined : new SourceGuard(guard === true ? {} : guard);
    this.rate = limits && new PortRate(limits, owner.now());
  }

  /** What it has done. */
  statistics(): Readonly<SwitchPortCounters> {
    return { ...this.counters };
  }

  /** Whether nothing passes, because a loop was found at it. */
  get blocked(): boolean {
    return this.blockedUntil > this.#owner.now();
  }

  /** Lets frames pass again. */
  unblock(): void {
    this.blockedUntil = 0;
  }

  /** @throws WasmvisorError `switch` when something is plugged in already, or it has been closed */
  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    if (this.#device !== undefined || this.#isClosed)
      throw new WasmvisorError("switch", `The ${this.name} of the switch is taken or closed; make another port.`);
    this.#device = port;
    this.#enter = enter;
    this.guard?.setOwn(port.mac);
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    return this.#isClosed || this.#owner.ingress(this, bytes, at, length, info);
  }

  onRoom(): void {
    this.#drain();
  }

  /** The guest has reset its device: what waited for it was for the one before. */
  reset(): void {
    this.#queue.clear();
    this.#segmenter.reset();
    this.#wake();
  }

  /** Unplugs it, and takes it out of the switch. */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#device = undefined;
      clearTimeout(this.#timer);
      this.#queue.clear();
      this.#owner.remove(this);
      this.#wake();
    }
    return Promise.resolve();
  }

  /** Whether `from` has to wait before it sends a frame here, of which it is told when it need not any more. @internal */
  holds(from: SwitchPort, length: number): boolean {
    if (this.#device === undefined || this.#isStalled || this.#queue.fits(length)) return false;
    this.#waiting.add(from);
    this.#timer ??= setTimeout(() => this.#stall(), STALL);
    return true;
  }

  /**
   * Puts a frame into the queue: without the tag that `skip` bytes behind the addresses are, with one of `vlan` when that is not 0. @internal
   */
  enqueue(bytes: Uint8Array, at: number, length: number, info: FrameInfo, skip: number, vlan: number): void {
    const { counters } = this;
    const shift = (vlan === 0 ? 0 : 4) - skip;
    const total = length + shift;
    const place = this.#device === undefined || total > MAX_FRAME ? -1 : this.#queue.push(total, info, shift);
    if (place < 0) {
      counters.dropsOut++;
      return;
    }
    const ring = this.#queue.bytes;
    if (shift === 0 && vlan === 0) ring.set(bytes.subarray(at, at + length), place);
    else {
      for (let i = 0; i < 12; i++) ring[place + i] = bytes[at + i]!;
      let to = place + 12;
      if (vlan !== 0) {
        ring[to] = 0x81;
        ring[to + 1] = 0;
        ring[to + 2] = vlan >> 8;
        ring[to + 3] = vlan & 0xff;
        to += 4;
      }
      ring.set(bytes.subarray(at + 12 + skip, at + length), to);
    }
    this.#entry.ask(this.#enter);
  }

  /** Gives the device what waits, as far as it has room. */
  #drain(): void {
    const queue = this.#queue;
    let isMoving = false;
    while (queue.length > 0 && this.#device !== undefined) {
      queue.readInfo(this.#frame);
      const { frameBytes } = queue;
      if (!this.#segmenter.send(this.#device, queue.bytes, queue.at, frameBytes, this.#frame)) break;
      queue.shift();
      this.counters.framesOut++;
      this.counters.bytesOut += frameBytes;
      isMoving = true;
    }
    if (!isMoving) return;
    this.#isStalled = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (queue.fits(MAX_FRAME)) this.#wake();
    else if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#stall(), STALL);
  }

  #stall(): void {
    this.#timer = undefined;
    this.#isStalled = true;
    this.#wake();
  }

  #wake(): void {
    for (const port of [...this.#waiting]) {
      this.#waiting.delete(port);
      port.#device?.onRoom();
    }
  }
}

function checkVlan(vlan: PortVlan | undefined): void {
  if (vlan === undefined) return;
  const ids =
    "access" in vlan
      ? [vlan.access]
      : [...(vlan.trunk === "all" ? [] : vlan.trunk), ...(vlan.native === undefined ? [] : [vlan.native])];
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 1 || id > 4094);
  if (wrong !== undefined) throw new WasmvisorError("switch", `A VLAN is 1 to 4094, not ${wrong}.`, { vlan: wrong });
}
