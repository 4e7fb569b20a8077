/** The network device. (Virtual I/O Device Specification, "Network Device"; QEMU `hw/net/virtio-net.c`) */

import { defined } from "../../../defined.ts";
import { ETHERNET_BYTES, FrameHeaders, get32 } from "../../../backend/network/headers.ts";
import {
  type FrameInfo,
  type FrameOffers,
  Gso,
  MAX_FRAME,
  type NetworkPort,
  Offload,
} from "../../../backend/network/network.ts";
import { offersGso, plainInfo, Segmenter } from "../../../backend/network/segment.ts";
import { type Field, flag, record, u16, u64 } from "../../../state/table.ts";
import { type BucketLevels, type IoLimits, LEVELS, Throttle } from "../limits.ts";
import { FEATURE, type VirtioHost, type VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";
import { Commands, type Controlled } from "./control.ts";
import { FILTER, type FilterState, MAC, MAC_BYTES, ReceiveFilter } from "./filter.ts";
import type { NetworkLimits, NetworkMedium } from "./nic.ts";
import { Ack, Config, Header, HeaderFlag, LinkStatus, MAX_PAIRS, NET, SHORT_HEADER_BYTES } from "./protocol.ts";

const QUEUE_SIZE = 256;
const CONTROL_QUEUE_SIZE = 64;
/** What is taken from the guest before the machine goes on; the rest follows at the next tick. */
const BYTES_AT_ONCE = 2 ** 20;
const FRAMES_AT_ONCE = 128;
/** An Ethernet header with one VLAN tag. */
const LINK_BYTES = ETHERNET_BYTES + 4;
const TCP_BYTES = 20;
/** The largest headers that Linux takes out of a buffer as they are, `GOOD_COPY_LEN`. */
const MOST_HEAD = 128;

/** Offloads that `CTRL_GUEST_OFFLOADS` can switch. */
const GUEST_OFFLOADS = NET.GUEST_CSUM | NET.GUEST_TSO4 | NET.GUEST_TSO6 | NET.GUEST_ECN;

/** Sees a frame that has passed, which is good only during the call; `nanoseconds` since 1970 are the machine's. */
export type FrameWatcher = (
  isSent: boolean,
  nanoseconds: bigint,
  bytes: Uint8Array,
  at: number,
  length: number,
  info: FrameInfo,
) => void;

interface NetState {
  readonly mac: Uint8Array;
  readonly link: boolean;
  readonly announces: boolean;
  readonly pairs: number;
  readonly offloads: bigint;
  readonly filter: FilterState;
  readonly sending: BucketLevels;
  readonly receiving: BucketLevels;
}

const NO_LEVELS: BucketLevels = { at: 0n, operations: 0n, bytes: 0n };

/** A network device, behind any transport. */
export class Net implements VirtioModel<NetState>, NetworkPort, Controlled {
  readonly id = 1;
  readonly configBytes = Config.BYTES;
  readonly queueSizes: readonly number[];
  readonly table: Field<NetState> = record({
    mac: MAC,
    link: flag(),
    announces: flag(),
    pairs: u16(MAX_PAIRS),
    offloads: u64(),
    filter: FILTER,
    sending: LEVELS,
    receiving: LEVELS,
  });
  readonly filter = new ReceiveFilter();
  /** What the guest takes now. */
  readonly offers: { -readonly [Name in keyof FrameOffers]: boolean } = {
    checksum: false,
    tcp4: false,
    tcp6: false,
    udp: false,
  };
  readonly mtu: number;
  /** Called with every frame that has passed. */
  onFrame: FrameWatcher | undefined;
  readonly #medium: NetworkMedium;
  readonly #own: Uint8Array;
  readonly #sending: Throttle | undefined;
  readonly #receiving: Throttle | undefined;
  readonly #commands = new Commands();
  readonly #segmenter = new Segmenter();
  readonly #headers = new FrameHeaders();
  readonly #chain = new Chain();
  /** Chains that a frame for the guest is put into. */
  readonly #into: Chain[] = [];
  /** A frame from the guest with its header in front. When it `isHeld`, it waits for the backend to have room. */
  readonly #staged = new Uint8Array(Header.BYTES + MAX_FRAME);
  readonly #stagedView = new DataView(this.#staged.buffer);
  readonly #info = plainInfo();
  #length = 0;
  #isHeld = false;
  readonly #header = new Uint8Array(Header.BYTES);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #ack = new Uint8Array(1);
  #enter: (act: () => void) => void = () => undefined;
  #host: VirtioHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #features = 0n;
  #headerBytes: number = Header.BYTES;
  #isMergeable = false;
  readonly #mac: Uint8Array;
  #link: boolean;
  #announces = false;
  /** Pairs of queues in use. */
  #pairs = 1;
  #offloads = 0n;
  /** The backend waits for the guest to have room. */
  #isRefusing = false;
  /** Something is on its way in through `#enter`. */
  #isResuming = false;
  /** When there is something to do that nobody asks for: at once, or when limits allow. */
  #resumeAt: bigint | undefined;

  constructor(medium: NetworkMedium) {
    this.#medium = medium;
    this.#own = medium.mac.slice();
    this.#mac = medium.mac.slice();
    this.#link = medium.link;
    this.mtu = medium.mtu;
    this.queueSizes = [...new Array<number>(2 * medium.pairs).fill(QUEUE_SIZE), CONTROL_QUEUE_SIZE];
    if (medium.limits !== undefined) {
      this.#sending = new Throttle(limitsOf(medium.limits));
      this.#receiving = new Throttle(limitsOf(medium.limits));
    }
  }

  /** Plugs the cable in. */
  connect(enter: (act: () => void) => void): void {
    this.#enter = enter;
    this.#medium.backend.connect(this, enter);
  }

  get features(): bigint {
    const { CSUM, GUEST_CSUM, CTRL_GUEST_OFFLOADS, MTU, MAC: ADDRESS, GUEST_TSO4, GUEST_TSO6, GUEST_ECN } = NET;
    const { HOST_TSO4, HOST_TSO6, HOST_ECN, MRG_RXBUF, STATUS, CTRL_VQ, CTRL_RX, CTRL_VLAN, CTRL_RX_EXTRA } = NET;
    const offloads = CSUM | HOST_TSO4 | HOST_TSO6 | HOST_ECN | GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN;
    const control = CTRL_VQ | CTRL_RX | CTRL_RX_EXTRA | CTRL_VLAN | CTRL_GUEST_OFFLOADS | NET.CTRL_MAC_ADDR;
    const pairs = this.#medium.pairs > 1 ? NET.MQ : 0n;
    return offloads | control | pairs | MTU | ADDRESS | MRG_RXBUF | STATUS | NET.GUEST_ANNOUNCE;
  }

  get mac(): Uint8Array {
    return this.#own;
  }

  get link(): boolean {
    return this.#link;
  }

  begin(host: VirtioHost, features: bigint, queues: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#features = features;
    this.#queues = queues;
    const isModern = (features & FEATURE.VERSION_1) !== 0n;
    this.#isMergeable = (features & NET.MRG_RXBUF) !== 0n;
    this.#headerBytes = isModern || this.#isMergeable ? Header.BYTES : SHORT_HEADER_BYTES;
    this.#pairs = 1;
    this.filter.reset((features & NET.CTRL_VLAN) !== 0n);
    this.setOffloads(features & GUEST_OFFLOADS);
  }

  notify(index: number): void {
    if (index === this.#controlQueue) this.#control();
    else if ((index & 1) !== 0) this.#transmit(index);
    else this.#tellRoom();
  }

  reset(): void {
    this.#queues = [];
    this.#features = 0n;
    this.#resumeAt = undefined;
    this.#isHeld = false;
    this.#isRefusing = false;
    this.#announces = false;
    this.#mac.set(this.#own);
    this.#segmenter.reset();
    this.filter.reset(false);
    this.setOffloads(0n);
    this.#tell(() => this.#medium.backend.reset?.());
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  /** Goes on with what was too much for one moment, or too much for the limits. */
  update(): void {
    const host = this.#host;
    if (host === undefined || this.#resumeAt === undefined || host.clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    this.#transmitAll();
    this.#tellRoom();
  }

  readConfig(into: DataView): void {
    for (let i = 0; i < MAC_BYTES; i++) into.setUint8(Config.MAC + i, this.#mac[i]!);
    const status = (this.#link ? LinkStatus.LINK_UP : 0) | (this.#announces ? LinkStatus.ANNOUNCE : 0);
    into.setUint16(Config.STATUS, status, true);
    into.setUint16(Config.MAX_VIRTQUEUE_PAIRS, this.#medium.pairs, true);
    into.setUint16(Config.MTU, this.mtu, true);
  }

  /** Legacy drivers without a command for it write their address here. */
  writeConfig(view: DataView, offset: number): void {
    if ((this.#features & (NET.CTRL_MAC_ADDR | FEATURE.VERSION_1)) !== 0n || offset >= Config.STATUS) return;
    for (let i = 0; i < MAC_BYTES; i++) this.#mac[i] = view.getUint8(Config.MAC + i);
  }

  save(): NetState {
    return {
      mac: this.#mac.slice(),
      link: this.#link,
      announces: this.#announces,
      pairs: this.#pairs,
      offloads: this.#offloads,
      filter: this.filter.save(),
      sending: this.#sending?.save() ?? NO_LEVELS,
      receiving: this.#receiving?.save() ?? NO_LEVELS,
    };
  }

  /** A frame that the backend had no room for is lost, as on a wire. */
  restore({ mac, link, announces, pairs, offloads, filter, sending, receiving }: NetState): void {
    this.#mac.set(mac);
    this.#link = link;
    this.#announces = announces;
    this.#pairs = Math.max(1, Math.min(pairs, this.#medium.pairs));
    this.filter.restore(filter);
    this.setOffloads(offloads & this.#features & GUEST_OFFLOADS);
    this.#sending?.restore(sending);
    this.#receiving?.restore(receiving);
    if (this.#queues.length > 0) this.#resumeSoon();
  }

  /** Tells the guest to tell its neighbours where it is. */
  announce(): void {
    this.#enter(() => {
      if ((this.#features & NET.GUEST_ANNOUNCE) === 0n || !this.#link) return;
      this.#announces = true;
      this.#host?.configChanged();
    });
  }

  /**
   * The device is at another place of its network: switches learn that by a frame with its address, a request of RFC 903 as QEMU sends it,
   * and neighbours by what the guest says.
   */
  arrived(): void {
    this.#enter(() => {
      if (!this.#link || this.#queues.length === 0) return;
      const frame = reverseArp(this.#mac);
      this.#tell(() => void this.#medium.backend.send(frame, 0, frame.length, plainInfo()));
    });
    this.announce();
  }

  setLink(up: boolean): void {
    this.#enter(() => {
      if (this.#link === up) return;
      this.#link = up;
      this.#isHeld &&= up;
      this.#host?.configChanged();
      if (up) this.#transmitAll();
      this.#tellRoom();
    });
  }

  /** The backend has room again. It may be called from anywhere. */
  onRoom(): void {
    if (this.#isResuming) return;
    this.#isResuming = true;
    this.#enter(() => {
      this.#isResuming = false;
      if (this.#isHeld) this.#transmitAll();
    });
  }

  /** A frame for the guest. */
  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    const { counters } = this.#medium;
    const host = this.#host;
    const queue = this.#queueFor(bytes, at, length);
    if (host === undefined || queue === undefined || !this.#link || !this.#canTake(bytes, at, length, info)) {
      counters.receiveDrops++;
      return true;
    }
    if (!this.filter.accepts(bytes, at, this.#mac)) {
      counters.filtered++;
      return true;
    }
    if (this.#mustWait(host, this.#receiving)) return this.#refuse();
    let head = this.#headOf(bytes, at, length, info);
    let count = this.#gather(queue, length, head);
    if (count < 0 && head < length) {
      head = length;
      count = this.#gather(queue, length, head);
    }
    if (count === 0) {
      host.interrupt(queue);
      if (this.#queues.length > 0) return this.#refuse();
      counters.receiveDrops++;
      return true;
    }
    this.#receiving?.charge(length);
    if (count > 0 && this.#give(host, queue, count, bytes, at, length, head, info)) {
      counters.framesReceived++;
      counters.bytesReceived += length;
      this.onFrame?.(false, host.clock.wallNanoseconds(), bytes, at, length, info);
    } else counters.receiveDrops++;
    host.interrupt(queue);
    return true;
  }

  setMac(mac: Uint8Array): void {
    this.#mac.set(mac);
  }

  setPairs(pairs: number): boolean {
    if (pairs > this.#medium.pairs) return false;
    this.#pairs = pairs;
    return true;
  }

  setOffloads(offloads: bigint): boolean {
    if ((offloads & ~(this.#features & GUEST_OFFLOADS)) !== 0n) return false;
    this.#offloads = offloads;
    const has = (feature: bigint): boolean => (offloads & feature) === feature;
    this.offers.checksum = has(NET.GUEST_CSUM);
    this.offers.tcp4 = has(NET.GUEST_CSUM | NET.GUEST_TSO4 | NET.GUEST_ECN);
    this.offers.tcp6 = has(NET.GUEST_CSUM | NET.GUEST_TSO6 | NET.GUEST_ECN);
    return true;
  }

  announced(): void {
    this.#announces = false;
  }

  /** The control queue follows those that the driver knows of. ("Virtqueues") */
  get #controlQueue(): number {
    if ((this.#features & NET.CTRL_VQ) === 0n) return -1;
    return (this.#features & NET.MQ) === 0n ? 2 : 2 * this.#medium.pairs;
  }

  #resumeSoon(): void {
    this.#resumeBy(this.#host!.clock.ticks() + 1n);
  }

  #resumeBy(tick: bigint): void {
    if (this.#resumeAt === undefined || tick < this.#resumeAt) this.#resumeAt = tick;
  }

  #mustWait(host: VirtioHost, throttle: Throttle | undefined): boolean {
    if (throttle === undefined) return false;
    const now = host.clock.ticks();
    const wait = throttle.wait(now);
    if (wait > 0n) this.#resumeBy(now + wait);
    return wait > 0n;
  }

  /** The guest may have room again. */
  #tellRoom(): void {
    if (!this.#isRefusing) return;
    this.#isRefusing = false;
    this.#tell(() => this.#medium.backend.onRoom());
  }

  /** Whatever a backend does, the guest's access is none that faults. */
  #tell(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#medium.onError(error);
    }
  }

  #refuse(): false {
    this.#isRefusing = true;
    this.#medium.counters.receiveWaits++;
    return false;
  }

  #transmitAll(): void {
    const { length } = this.#queues;
    for (let index = 1; index < length; index += 2) if (index !== this.#controlQueue) this.#transmit(index);
  }

  /** Takes frames from queue `index` while there is time, and the backend has room. */
  #transmit(index: number): void {
    const host = this.#host;
    const queue = this.#queues[index];
    if (host === undefined || queue === undefined) return;
    let left = BYTES_AT_ONCE;
    for (let count = 0; !this.#isHeld || this.#offer(); count++) {
      if (count === FRAMES_AT_ONCE || left <= 0) {
        this.#resumeSoon();
        break;
      }
      if (this.#mustWait(host, this.#sending) || !queue.pop(this.#chain)) break;
      left -= this.#chain.readable.bytes;
      this.#stage(host);
      // The frame is the device's now, whatever becomes of it.
      queue.push(this.#chain, 0);
    }
    host.interrupt(queue);
  }

  /** Copies the frame in `#chain`, and reads its header; one that makes no sense is dropped. */
  #stage(host: VirtioHost): void {
    const { readable } = this.#chain;
    const length = readable.bytes - this.#headerBytes;
    const isWhole =
      this.#link &&
      length >= ETHERNET_BYTES &&
      length <= MAX_FRAME &&
      readable.copyOut(host.memory, 0, this.#staged, 0, readable.bytes);
    this.#length = length;
    if (isWhole && this.#readHeader(length)) {
      this.#isHeld = true;
      this.#sending?.charge(length);
    } else this.#medium.counters.sendDrops++;
  }

  /** Whether the header of the staged frame, of `length` bytes, makes sense. */
  #readHeader(length: number): boolean {
    const view = this.#stagedView;
    const info = this.#info;
    const flags = view.getUint8(Header.FLAGS);
    info.flags = (flags & HeaderFlag.NEEDS_CSUM) === 0 ? 0 : Offload.NEEDS_CHECKSUM;
    info.gso = view.getUint8(Header.GSO_TYPE);
    info.headerBytes = view.getUint16(Header.HDR_LEN, true);
    info.segmentBytes = view.getUint16(Header.GSO_SIZE, true);
    info.checksumStart = view.getUint16(Header.CSUM_START, true);
    info.checksumOffset = view.getUint16(Header.CSUM_OFFSET, true);
    if (info.flags !== 0 && info.checksumStart + info.checksumOffset + 2 > length) return false;
    if (info.gso === Gso.NONE) return length <= this.mtu + LINK_BYTES;
    const kind = info.gso & ~Gso.ECN;
    const needs = kind === Gso.TCP4 ? NET.HOST_TSO4 : kind === Gso.TCP6 ? NET.HOST_TSO6 : 0n;
    return (this.#features & needs) !== 0n && info.flags !== 0 && info.segmentBytes > 0;
  }

  /** Sends the staged frame; false when the backend has no room for it. */
  #offer(): boolean {
    const { backend, counters } = this.#medium;
    const bytes = this.#staged;
    try {
      if (!this.#segmenter.send(backend, bytes, this.#headerBytes, this.#length, this.#info)) {
        counters.sendWaits++;
        return false;
      }
    } catch (error) {
      this.#segmenter.reset();
      this.#isHeld = false;
      counters.sendDrops++;
      this.#medium.onError(error);
      return true;
    }
    this.#isHeld = false;
    counters.framesSent++;
    counters.bytesSent += this.#length;
    const now = this.onFrame && this.#host?.clock.wallNanoseconds();
    this.onFrame?.(true, now ?? 0n, bytes, this.#headerBytes, this.#length, this.#info);
    return true;
  }

  /** Whether a frame is one, and as the guest takes it. */
  #canTake(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (length < ETHERNET_BYTES || length > MAX_FRAME || at < 0 || at + length > bytes.length) return false;
    if (info.gso !== Gso.NONE) return offersGso(this, info.gso);
    return length <= this.mtu + LINK_BYTES && ((info.flags & Offload.NEEDS_CHECKSUM) === 0 || this.offers.checksum);
  }

  /** The receive queue of the flow that a frame belongs to. */
  #queueFor(bytes: Uint8Array, at: number, length: number): Queue | undefined {
    if (this.#pairs === 1) return this.#queues[0];
    const headers = this.#headers;
    if (!headers.read(bytes, at, length) || headers.version === 0) return this.#queues[0];
    const { network, transport, version, protocol, end } = headers;
    let hash = version === 4 ? get32(bytes, network + 12) ^ get32(bytes, network + 16) : 0;
    if (version === 6) for (let i = 8; i < 40; i += 4) hash ^= get32(bytes, network + i);
    if ((protocol === 6 || protocol === 17) && transport + 4 <= end) hash ^= get32(bytes, transport);
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9_f3b);
    return this.#queues[2 * ((hash >>> 8) % this.#pairs)] ?? this.#queues[0];
  }

  /**
   * How much of a frame goes into its first buffer, at most. Of a large one only the headers: what follows lies aligned in the next
   * buffers then, and a kernel copies it to its program by words.
   */
  #headOf(bytes: Uint8Array, at: number, length: number, { gso, flags, checksumStart }: FrameInfo): number {
    const isLarge = gso !== Gso.NONE && (flags & Offload.NEEDS_CHECKSUM) !== 0 && checksumStart + TCP_BYTES < length;
    if (!this.#isMergeable || !isLarge) return length;
    const options = 4 * (bytes[at + checksumStart + 12]! >> 4) - TCP_BYTES;
    const head = checksumStart + TCP_BYTES + options;
    return options >= 0 && head <= MOST_HEAD && head < length ? head : length;
  }

  /**
   * Takes chains with room for a frame into `#into`, the first one for `head` bytes of it. How many; 0 when there are not so many, less
   * when no frame like this fits.
   */
  #gather(queue: Queue, length: number, head: number): number {
    const need = this.#headerBytes + length;
    let room = 0;
    let count = 0;
    while (room < need) {
      const chain = (this.#into[count] ??= new Chain());
      if (!queue.pop(chain)) {
        const isAll = count >= queue.setup.size;
        while (count > 0) queue.unpop(this.#into[--count]!);
        return isAll ? -1 : 0;
      }
      const { bytes } = chain.writable;
      if (bytes < (count === 0 ? this.#headerBytes : 1) || (!this.#isMergeable && bytes < need)) {
        // Too small for anything, or for this frame.
        queue.push(chain, 0);
        if (!this.#isMergeable && bytes >= this.#headerBytes) return -1;
        continue;
      }
      room += count === 0 ? Math.min(bytes, this.#headerBytes + head) : bytes;
      count++;
    }
    return count;
  }

  /** Fills the first `count` chains of `#into`, and gives them back. False when the guest has no memory for the frame. */
  #give(
    host: VirtioHost,
    queue: Queue,
    count: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    head: number,
    info: FrameInfo,
  ): boolean {
    this.#writeHeader(info, count);
    let isWritten = true;
    let done = 0;
    for (let i = 0; i < count; i++) {
      const chain = this.#into[i]!;
      const { writable } = chain;
      const offset = i === 0 ? this.#headerBytes : 0;
      const part = Math.min(i === 0 ? head : length - done, writable.bytes - offset);
      if (i === 0) isWritten = writable.copyIn(host.memory, 0, this.#header, 0, offset);
      isWritten &&= writable.copyIn(host.memory, offset, bytes, at + done, part);
      done += part;
      queue.push(chain, offset + part);
    }
    return isWritten;
  }

  #writeHeader(info: FrameInfo, buffers: number): void {
    const view = this.#headerView;
    const needsChecksum = (info.flags & Offload.NEEDS_CHECKSUM) !== 0;
    const isValid = (info.flags & Offload.CHECKSUM_VALID) !== 0 && this.offers.checksum;
    view.setUint8(Header.FLAGS, needsChecksum ? HeaderFlag.NEEDS_CSUM : isValid ? HeaderFlag.DATA_VALID : 0);
    view.setUint8(Header.GSO_TYPE, info.gso);
    view.setUint16(Header.HDR_LEN, info.gso === Gso.NONE ? 0 : info.headerBytes, true);
    view.setUint16(Header.GSO_SIZE, info.gso === Gso.NONE ? 0 : info.segmentBytes, true);
    view.setUint16(Header.CSUM_START, needsChecksum ? info.checksumStart : 0, true);
    view.setUint16(Header.CSUM_OFFSET, needsChecksum ? info.checksumOffset : 0, true);
    view.setUint16(Header.NUM_BUFFERS, buffers, true);
  }

  #control(): void {
    const host = this.#host;
    const queue = this.#queues[this.#controlQueue];
    if (host === undefined || queue === undefined) return;
    const chain = this.#chain;
    for (let count = 0; count < CONTROL_QUEUE_SIZE && queue.pop(chain); count++) {
      this.#ack[0] = chain.writable.bytes > 0 ? this.#commands.run(host.memory, chain.readable, this) : Ack.ERR;
      const answer = chain.writable.bytes > 0 ? 1 : 0;
      chain.writable.copyIn(host.memory, 0, this.#ack, 0, answer);
      queue.push(chain, answer);
    }
    host.interrupt(queue);
  }
}

function limitsOf({ packets, packetsBurst, bytes, bytesBurst }: NetworkLimits): IoLimits {
  return defined({ operations: packets, operationsBurst: packetsBurst, bytes, bytesBurst });
}

/** "Who am I", to everybody. (RFC 903) */
function reverseArp(mac: Uint8Array): Uint8Array {
  const frame = new Uint8Array(60);
  frame.fill(0xff, 0, 6);
  for (const at of [6, 22, 32]) frame.set(mac, at);
  // The type, then Ethernet and IPv4 with the lengths of their addresses, and the operation.
  frame.set([0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3], 12);
  return frame;
}
