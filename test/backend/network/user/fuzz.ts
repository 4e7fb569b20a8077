/** Hostile guests, servers and resolvers on a user network: a few of them in the tests, any number by `npm run fuzz -- user-net`. */

import { encode } from "dns-packet";
import { fuzzMany } from "../../../support/fuzz-many.ts";
import type { DnsResult } from "../../../../src/backend/network/user/host-network.ts";
import { tcpBytes } from "./peer.ts";
import { DNS, GATEWAY, GUEST, type Guest, GUEST_MAC, guestOn, ipFrame, numbers, readIp, udp } from "./rig.ts";

const LIMITS = {
  connections: 20,
  connecting: 10,
  flows: 10,
  lookups: 5,
  pings: 3,
  connectionBytes: 50_000,
  bytes: 200_000,
};

/** Addresses that something happens at. */
const PLACES = [
  GATEWAY,
  DNS,
  GUEST,
  "10.0.2.100",
  "198.51.100.7",
  "198.51.100.8",
  "127.0.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "0.0.0.0",
];
const PLACES6 = [
  "fec0::2",
  "fec0::3",
  "fe80::2",
  "fec0::100",
  "2001:db8::7",
  "::1",
  "ff02::1",
  "ff02::2",
  "ff02::1:2",
  "::",
];

class Fuzz {
  readonly random: () => number;
  readonly guest: Guest;
  /** The last numbers that the network has used, so that some segments fit. */
  #seq = 0;
  #ack = 0;

  constructor(seed: number, guest: Guest) {
    this.random = numbers(seed);
    this.guest = guest;
  }

  below(most: number): number {
    return Math.floor(this.random() * most);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most) }, () => this.below(256)));
  }

  /** A number that is near another, or at a border. */
  near(number: number): number {
    return (number + this.pick([0, 0, 0, 1, -1, 1460, -1460, 65_535, 2 ** 31, this.below(2 ** 32)])) >>> 0;
  }

  options(): Buffer {
    const list: number[] = [];
    while (list.length < 32 && this.below(3) > 0) {
      const kind = this.below(7);
      list.push(...(kind < 2 ? [kind] : [kind, this.below(12), ...this.bytes(8)]));
    }
    return Buffer.from([...list.slice(0, 40), ...Array<number>(3).fill(0)]).subarray(0, list.slice(0, 40).length & ~3);
  }

  tcp(): Buffer {
    return tcpBytes(1000 + this.below(4), this.pick([53, 80, 80, 81, 0]), {
      seq: this.near(this.#ack),
      ack: this.near(this.#seq),
      flags: this.pick([2, 16, 16, 24, 17, 4, 18, 20, this.below(256)]),
      window: this.pick([0, 1, 1000, 65_535]),
      options: this.below(2) ? this.options() : Buffer.alloc(0),
      data: this.below(2) ? this.bytes(3000) : Buffer.alloc(0),
    });
  }

  dns(): Buffer {
    const name = this.pick(["a.example.org", "b.example.org", "x".repeat(63), `${"y.".repeat(100)}org`, ""]);
    return encode({
      type: "query",
      id: 1,
      questions: [{ name, type: this.pick(["A", "AAAA", "TXT", "MX", "SOA", "CAA"]) }],
    });
  }

  dhcp(): Buffer {
    const message = Buffer.alloc(240, this.below(256));
    message.set([1, 1, 6]);
    message.set(GUEST_MAC, 28);
    message.writeUInt32BE(0x6382_5363, 236);
    const options = [53, 1, this.below(10), this.pick([50, 54, 12, 61]), this.below(8), ...this.bytes(12), 255];
    return Buffer.concat([message, Buffer.from(options)]);
  }

  payload(protocol: number): Buffer {
    if (protocol === 6) return this.tcp();
    if (protocol === 17) {
      const [port, data] = this.pick<[number, Buffer]>([
        [53, this.dns()],
        [67, this.dhcp()],
        [547, Buffer.concat([Buffer.from([11, 1, 2, 3]), this.bytes(40)])],
        [7, this.bytes(200)],
        [this.below(65_536), this.bytes(3)],
      ]);
      return udp(this.pick([68, 546, 5000 + this.below(20)]), port, data);
    }
    const kind = this.pick([8, 128, 133, 134, 135, 136, 0, 3, this.below(256)]);
    return Buffer.concat([Buffer.from([kind, 0, 0, 0]), this.bytes(60)]);
  }

  frame(): void {
    const isV4 = this.below(3) > 0;
    const protocol = this.pick([6, 6, 6, 17, 17, isV4 ? 1 : 58, 44, 0, 60, this.below(256)]);
    const [source, destination] = isV4
      ? [this.pick([GUEST, GUEST, GUEST, "10.0.2.16", "0.0.0.0", GATEWAY]), this.pick(PLACES)]
      : [this.pick(["fec0::5", "fe80::5", "::", "fec0::2"]), this.pick(PLACES6)];
    let payload = this.payload(protocol);
    const isFragment = isV4 && this.below(8) === 0;
    if (isFragment) payload = payload.subarray(0, payload.length & ~7);
    let frame = ipFrame(source, destination, protocol, payload, {
      hops: this.pick([64, 64, 255, 255, 1, 0]),
      id: this.below(4),
      ...(isFragment ? { fragment: this.pick([0x2000, 0x2001, 1, 0x3fff, this.below(65_536)]) } : {}),
    });
    if (this.below(3) === 0) for (let n = this.below(4); n >= 0; n--) frame[this.below(frame.length)] = this.below(256);
    if (this.below(10) === 0) frame = frame.subarray(0, this.below(frame.length + 1));
    if (this.below(20) === 0)
      frame = Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, ...GUEST_MAC, 8, 6]), this.bytes(40)]);
    // A device says of some that they need no look.
    const info = {
      flags: this.below(4),
      gso: this.pick([0, 0, 1, 4, 5, 0x81, 255]),
      segmentBytes: this.pick([0, 1, 7, 1460]),
    };
    this.guest.frame(frame, { ...info, checksumStart: this.below(100), checksumOffset: this.below(100) });
  }

  host(): void {
    const stream = this.pick(this.guest.host.streams.length > 0 ? this.guest.host.streams.slice(-20) : [undefined]);
    const socket = this.pick(this.guest.host.datagrams.length > 0 ? this.guest.host.datagrams.slice(-10) : [undefined]);
    if (stream !== undefined && !stream.isReset) {
      const act = this.below(12);
      if (act < 4 && !stream.isPaused) stream.events.data(Buffer.alloc(this.below(70_000)));
      else if (act === 4) stream.events.end();
      else if (act === 5)
        stream.events.close(this.pick(["refused", "unreachable", "timeout", "reset", undefined] as const));
      else if (act === 6) stream.events.connected();
      else if (act === 7) stream.isStuck = true;
      else if (act === 8) stream.release();
    }
    if (socket !== undefined && !socket.isClosed && this.below(3) === 0)
      socket.events.data(
        Buffer.alloc(this.below(70_000)),
        this.pick([...PLACES, ...PLACES6, "nonsense"]),
        this.below(65_536),
      );
    if (this.below(20) === 0)
      this.guest.host.accept?.(this.pick(["127.0.0.1", "203.0.113.1", "::1", "nonsense"]), this.below(65_536));
  }

  /** Reads what came, which must be whole, and remembers its numbers. */
  look(): void {
    for (const got of this.guest.take()) {
      if (got.bytes.length > 1514 && got.info.gso === 0) throw new Error(`a frame of ${got.bytes.length} bytes`);
      const ip = readIp(got);
      if (ip?.protocol !== 6) continue;
      this.#seq = (ip.payload.readUInt32BE(4) + ip.payload.length - (ip.payload[12]! >> 4) * 4) >>> 0;
      this.#ack = ip.payload.readUInt32BE(8);
    }
  }
}

/** One guest, its servers and its resolver. It fails by throwing. */
export async function fuzzUserNetwork(seed: number): Promise<void> {
  const guest = await guestOn({
    limits: LIMITS,
    hostfwd: [{ hostPort: 1, guestPort: 80 }],
    guestfwd: [
      {
        address: "10.0.2.100",
        port: 80,
        to: ({ readable, writable }) => void readable.pipeTo(writable).catch(() => undefined),
      },
    ],
    ...(seed % 3 === 0
      ? {
          policy: {
            rules: [{ allow: true, to: ["*.example.org", "198.51.100.8"] }],
            ask: () => Promise.resolve(seed % 2 === 0),
          },
        }
      : {}),
    restrict: seed % 7 === 0,
  });
  const fuzz = new Fuzz(seed, guest);
  const { host } = guest;
  const results: DnsResult[] = [
    "no-name",
    "failed",
    [],
    [
      { type: "A", address: "198.51.100.7" },
      { type: "A", address: "nonsense" },
      { type: "AAAA", address: "::1", ttl: -5 },
    ],
    [{ type: "TXT", texts: ["x".repeat(70_000)], ttl: Number.NaN }],
    Array.from({ length: 9000 }, (_, i) => ({ type: "A", address: `198.51.${i >> 8}.${i & 255}` }) as const),
    [{ type: "MX", preference: -1, name: `${"z".repeat(300)}..` }],
  ];
  host.resolve = () => (fuzz.below(10) === 0 ? Promise.reject(new Error("lost")) : Promise.resolve(fuzz.pick(results)));
  const offers = fuzz.below(2) === 1;
  guest.offers = { checksum: offers, tcp4: offers, tcp6: offers, udp: false };
  let most = 0;
  for (let step = 0; step < 300; step++) {
    host.outcome = fuzz.pick(["connected", "connected", "refused", "unreachable", "timeout", undefined]);
    guest.room = fuzz.pick([Infinity, Infinity, 0, 3]);
    if (guest.room > 0) guest.network.onRoom();
    fuzz.frame();
    fuzz.host();
    if (fuzz.below(50) === 0) guest.network.reset?.();
    if (fuzz.below(3) === 0) await guest.settle();
    if (fuzz.below(20) === 0) await guest.pass(fuzz.pick([50, 1000, 20_000]), 500);
    fuzz.look();
    const { connections, flows, heldBytes } = guest.network.stats();
    most = Math.max(most, heldBytes);
    if (connections > LIMITS.connections) throw new Error(`${connections} connections`);
    if (flows > LIMITS.flows) throw new Error(`${flows} flows`);
    if (heldBytes < 0) throw new Error(`${heldBytes} bytes are held`);
  }
  if (most > LIMITS.bytes + LIMITS.connections * 200_000) throw new Error(`${most} bytes were held`);
  guest.room = Infinity;
  guest.network.onRoom();
  // A guest in its right mind is still served.
  await guest.pass(3000, 500);
  guest.take();
  guest.frame(ipFrame(GUEST, GATEWAY, 1, Buffer.from([8, 0, 0, 0, 1, 2, 3, 4])));
  await guest.settle();
  if (!guest.take().some((got) => readIp(got)?.protocol === 1)) throw new Error("the gateway does not answer any more");
  await guest.network.close();
  const { connections, flows, heldBytes } = guest.network.stats();
  if (connections + flows + heldBytes !== 0) throw new Error(`${connections}, ${flows}, ${heldBytes} are left`);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzUserNetworkMany = fuzzMany(
  "user-net",
  fuzzUserNetwork,
  "guests: nothing was thrown, nothing grew, and the next guest was served",
);
