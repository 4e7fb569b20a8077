/** A guest of the tests' own on a user network: it builds and reads packets by code that shares nothing with the network's. */

import type { FrameInfo, FrameOffers, NetworkPort } from "../../../../src/backend/network/network.ts";
import type {
  DatagramEvents,
  DnsResult,
  HostDatagrams,
  HostListener,
  HostNetwork,
  HostStream,
  DnsRecordType,
  StreamEvents,
  StreamFailure,
} from "../../../../src/backend/network/user/host-network.ts";
import { openUser, type UserNetwork } from "../../../../src/backend/network/user/user.ts";
import type { UserOptions } from "../../../../src/backend/network/user/options.ts";
import type { UserClock } from "../../../../src/backend/network/user/timers.ts";

/** Time that passes when the test says so. */
export class TestClock implements UserClock {
  time = 0;
  readonly #timers = new Set<{ readonly at: number; readonly act: () => void }>();

  now(): number {
    return this.time;
  }

  after(milliseconds: number, act: () => void): () => void {
    const timer = { at: this.time + milliseconds, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, and what is due happen in order. */
  advance(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.act();
    }
    this.time = until;
  }
}

/** The test's end of a connection of the host's. */
export class FakeStream implements HostStream {
  readonly events: StreamEvents;
  readonly address: string;
  readonly port: number;
  readonly written: Uint8Array[] = [];
  pending = 0;
  /** Whether what is written stays where it is. */
  isStuck = false;
  isPaused = false;
  isEnded = false;
  isReset = false;

  constructor(address: string, port: number, events: StreamEvents) {
    this.address = address;
    this.port = port;
    this.events = events;
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    if (this.isStuck) this.pending += bytes.length;
    return this.pending === 0;
  }

  /** What was stuck leaves. */
  release(): void {
    this.isStuck = false;
    this.pending = 0;
    this.events.drain();
  }

  get text(): string {
    return Buffer.concat(this.written).toString("latin1");
  }

  end(): void {
    this.isEnded = true;
  }

  reset(): void {
    this.isReset = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** A host whose sockets are the test's. */
export class FakeHost implements HostNetwork {
  readonly streams: FakeStream[] = [];
  readonly datagrams: { readonly events: DatagramEvents; readonly sent: string[]; isClosed: boolean }[] = [];
  /** What becomes of a connection; undefined: the test says so itself. */
  outcome: "connected" | StreamFailure | undefined = "connected";
  readonly names = new Map<string, DnsResult>();
  readonly asked: string[] = [];
  accept: ((address: string, port: number) => FakeStream) | undefined;

  connect(address: string, port: number, events: StreamEvents): HostStream {
    const stream = new FakeStream(address, port, events);
    this.streams.push(stream);
    const { outcome } = this;
    if (outcome !== undefined)
      queueMicrotask(() => (outcome === "connected" ? events.connected() : events.close(outcome)));
    return stream;
  }

  listen(
    _address: string,
    port: number,
    accept: (connection: { address: string; port: number; take: (events: StreamEvents) => HostStream }) => void,
  ): Promise<HostListener> {
    this.accept = (address, fromPort) => {
      let stream!: FakeStream;
      accept({
        address,
        port: fromPort,
        take: (events) => {
          this.streams.push((stream = new FakeStream(address, fromPort, events)));
          return stream;
        },
      });
      return stream;
    };
    return Promise.resolve({ port: port === 0 ? 40_000 : port, close: () => (this.accept = undefined) });
  }

  bind(_family: 4 | 6, events: DatagramEvents, _address?: string, port = 0): Promise<HostDatagrams> {
    const entry = { events, sent: [] as string[], isClosed: false };
    this.datagrams.push(entry);
    return Promise.resolve({
      port: port === 0 ? 50_000 : port,
      pending: 0,
      send: (bytes, address, toPort) =>
        void entry.sent.push(`${address} ${toPort} ${Buffer.from(bytes).toString("latin1")}`),
      close: () => void (entry.isClosed = true),
    });
  }

  resolve(name: string, type: DnsRecordType): Promise<DnsResult> {
    this.asked.push(`${name} ${type}`);
    return Promise.resolve(this.names.get(`${name} ${type}`) ?? "no-name");
  }
}

/** A frame as the guest has got it. */
export interface Got {
  readonly bytes: Buffer;
  readonly info: FrameInfo;
}

export const GUEST_MAC = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
export const GUEST = "10.0.2.15";
export const GATEWAY = "10.0.2.2";
export const DNS = "10.0.2.3";

const none: FrameInfo = { flags: 0, gso: 0, segmentBytes: 0, headerBytes: 0, checksumStart: 0, checksumOffset: 0 };

/** The guest's network card, and what the tests need of its driver. */
export class Guest implements NetworkPort {
  readonly mac = Uint8Array.from(GUEST_MAC);
  mtu = 1500;
  offers: FrameOffers = { checksum: false, tcp4: false, tcp6: false, udp: false };
  readonly network: UserNetwork;
  readonly host: FakeHost;
  readonly clock: TestClock;
  /** Frames that have come and that nobody has looked at. */
  got: Got[] = [];
  /** Frames that there is room for. */
  room = Infinity;
  readonly #acts: (() => void)[] = [];
  /** Sees each frame first; true: it is dealt with. */
  onFrame: ((got: Got) => boolean) | undefined;
  isAtRest = false;

  constructor(network: UserNetwork, host: FakeHost, clock: TestClock) {
    this.network = network;
    this.host = host;
    this.clock = clock;
    network.connect(this, (act) => void this.#acts.push(act));
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (!this.isAtRest) throw new Error("a frame came in the middle of a slice");
    if (this.room === 0) return false;
    this.room--;
    const got = { bytes: Buffer.from(bytes.subarray(at, at + length)), info: { ...info } };
    if (this.onFrame?.(got) !== true) this.got.push(got);
    return true;
  }

  onRoom(): void {}

  setLink(): void {}

  /** Lets everything happen that is due. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      for (let i = 0; i < 10; i++) await Promise.resolve();
      this.rest();
    }
  }

  /** What waits to enter, enters. */
  rest(): void {
    this.isAtRest = true;
    for (const act of this.#acts.splice(0)) act();
    this.isAtRest = false;
  }

  /** Time passes, in steps so that answers have their time. */
  async pass(milliseconds: number, step = 10): Promise<void> {
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  /** Takes all frames that have come. */
  take(): Got[] {
    const { got } = this;
    this.got = [];
    return got;
  }

  frame(bytes: Uint8Array, info: Partial<FrameInfo> = {}): void {
    // Somewhere within other bytes, as in the memory of a guest.
    const memory = new Uint8Array(bytes.length + 100).fill(0xa5);
    memory.set(bytes, 37);
    if (!this.network.send(memory, 37, bytes.length, { ...none, ...info })) throw new Error("a frame was refused");
    memory.fill(0x5a);
  }
}

/** A guest on a network whose host is the test's. */
export async function guestOn(options: Partial<UserOptions> = {}): Promise<Guest> {
  const host = new FakeHost();
  const clock = new TestClock();
  const network = await openUser({ sockets: host, clock, ...options });
  return new Guest(network, host, clock);
}

export function sum16(...parts: Uint8Array[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** The bytes of an address. */
export function addressBytes(text: string): Buffer {
  if (!text.includes(":")) return Buffer.from(text.split(".").map(Number));
  const [front = "", back] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = back === undefined ? 0 : 8 - groups(front).length - groups(back).length;
  const all = [...groups(front), ...Array<string>(zeros).fill("0"), ...groups(back ?? "")];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  return new URL(`http://[${bytes.toString("hex").match(/.{4}/g)!.join(":")}]`).hostname.slice(1, -1);
}

function pseudo(source: Buffer, destination: Buffer, protocol: number, length: number): Buffer {
  return Buffer.concat([source, destination, Buffer.from([0, protocol, length >>> 8, length & 255])]);
}

const CHECKSUM_AT = new Map([
  [1, 2],
  [6, 16],
  [17, 6],
  [58, 2],
]);

export interface IpOptions {
  readonly hops?: number;
  /** What stands where IPv4 says how it is cut, and the number of the packet. */
  readonly fragment?: number;
  readonly id?: number;
  readonly mac?: readonly number[];
}

/** An Ethernet frame with an IP packet, whose checksums are right. */
export function ipFrame(
  source: string,
  destination: string,
  protocol: number,
  payload: Uint8Array,
  { hops = 64, fragment, id = 1, mac = GUEST_MAC }: IpOptions = {},
): Buffer {
  const [from, to] = [addressBytes(source), addressBytes(destination)];
  const isV4 = from.length === 4;
  const body = Buffer.from(payload);
  const at = CHECKSUM_AT.get(protocol);
  if (at !== undefined && fragment === undefined && body.length >= at + 2) {
    body.writeUInt16BE(0, at);
    const before = protocol === 1 ? Buffer.alloc(0) : pseudo(from, to, protocol, body.length);
    body.writeUInt16BE(~sum16(before, body) & 0xffff, at);
  }
  const gateway = isV4 ? [0x52, 0x55, 10, 0, 2, 2] : [0x33, 0x33, 0, 0, 0, 2];
  const ethernet = Buffer.from([...gateway, ...mac, ...(isV4 ? [8, 0] : [0x86, 0xdd])]);
  let header: Buffer;
  if (isV4) {
    header = Buffer.alloc(20);
    header[0] = 0x45;
    header.writeUInt16BE(20 + body.length, 2);
    header.writeUInt16BE(id, 4);
    header.writeUInt16BE(fragment ?? 0, 6);
    header[8] = hops;
    header[9] = protocol;
    from.copy(header, 12);
    to.copy(header, 16);
    header.writeUInt16BE(~sum16(header) & 0xffff, 10);
  } else {
    header = Buffer.alloc(40);
    header[0] = 0x60;
    header.writeUInt16BE(body.length, 4);
    header[6] = protocol;
    header[7] = hops;
    from.copy(header, 8);
    to.copy(header, 24);
  }
  return Buffer.concat([ethernet, header, body]);
}

/** An IP packet that has come. */
export interface IpGot {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly hops: number;
  readonly payload: Buffer;
  /** Where IPv4 says how it is cut, and the packet's number. */
  readonly fragment: number;
  readonly id: number;
  readonly mac: Buffer;
}

/** Reads an IP packet, and throws when a header or checksum is wrong. */
export function readIp({ bytes, info }: Got): IpGot | undefined {
  const type = bytes.readUInt16BE(12);
  if (type !== 0x0800 && type !== 0x86dd) return undefined;
  const ip = bytes.subarray(14);
  const mac = bytes.subarray(6, 12);
  const isV4 = type === 0x0800;
  if (isV4 && (ip[0] !== 0x45 || sum16(ip.subarray(0, 20)) !== 0xffff)) throw new Error("an IPv4 header is wrong");
  const header = isV4 ? 20 : 40;
  const length = isV4 ? ip.readUInt16BE(2) - 20 : ip.readUInt16BE(4);
  if (ip.length !== header + length) throw new Error("a packet's length is wrong");
  const [from, to] = isV4 ? [ip.subarray(12, 16), ip.subarray(16, 20)] : [ip.subarray(8, 24), ip.subarray(24, 40)];
  const payload = ip.subarray(header);
  const protocol = isV4 ? ip[9]! : ip[6]!;
  const fragment = isV4 ? ip.readUInt16BE(6) : 0;
  const isWhole = (fragment & 0x3fff) === 0;
  const before = protocol === 1 ? Buffer.alloc(0) : pseudo(from, to, protocol, payload.length);
  if (isWhole && CHECKSUM_AT.has(protocol)) {
    if (info.flags & 1) {
      const at = info.checksumOffset;
      if (at !== CHECKSUM_AT.get(protocol) || info.checksumStart !== 14 + header)
        throw new Error("the checksum is said to be elsewhere");
      if (payload.readUInt16BE(at) !== sum16(before)) throw new Error("the sum of a pseudo-header is wrong");
    } else if (sum16(before, payload) !== 0xffff) throw new Error("a checksum is wrong");
  }
  return {
    source: addressText(from),
    destination: addressText(to),
    protocol,
    hops: isV4 ? ip[8]! : ip[7]!,
    payload,
    fragment,
    id: isV4 ? ip.readUInt16BE(4) : 0,
    mac,
  };
}

/** A UDP datagram. */
export function udp(sourcePort: number, destinationPort: number, data: Uint8Array | string): Buffer {
  const body = Buffer.from(data as string, "latin1");
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(8 + body.length, 4);
  return Buffer.concat([header, body]);
}

/** A request of ARP. */
export function arpRequest(sender: string, target: string, mac: readonly number[] = GUEST_MAC): Buffer {
  return Buffer.concat([
    Buffer.from([255, 255, 255, 255, 255, 255, ...mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...mac]),
    addressBytes(sender),
    Buffer.alloc(6),
    addressBytes(target),
  ]);
}

/** Numbers by a seed: mulberry32. */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
