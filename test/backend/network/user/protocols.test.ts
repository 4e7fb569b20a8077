/** What the network answers beside TCP: addresses, names, errors, datagrams. */

import { decode, encode, type Packet as DnsPacket, RECURSION_DESIRED } from "dns-packet";
import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "../../../support/failure.ts";
import { parseHostForward } from "../../../../src/backend/network/user/options.ts";
import {
  addressBytes,
  arpRequest,
  DNS,
  GATEWAY,
  GUEST,
  GUEST_MAC,
  type Guest,
  guestOn,
  ipFrame,
  type IpGot,
  type IpOptions,
  readIp,
  udp,
} from "./rig.ts";

const guests: Guest[] = [];

async function guestWith(...options: Parameters<typeof guestOn>): Promise<Guest> {
  const guest = await guestOn(...options);
  guests.push(guest);
  return guest;
}

afterEach(async () => {
  for (const guest of guests.splice(0)) await guest.network.close();
});

/** Sends a packet; what comes back. */
async function answers(
  guest: Guest,
  destination: string,
  protocol: number,
  payload: Uint8Array,
  options?: IpOptions,
  source = GUEST,
): Promise<IpGot[]> {
  guest.frame(ipFrame(source, destination, protocol, payload, options));
  await guest.settle();
  return guest.take().flatMap((got) => readIp(got) ?? []);
}

const echo = (data: string, type = 8) =>
  Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 7, 0, 1]), Buffer.from(data, "latin1")]);

describe("ARP", () => {
  test("answers for the gateway and the DNS server, and for nobody else", async () => {
    const guest = await guestWith();
    for (const target of [GATEWAY, DNS, "10.0.2.77", GUEST]) guest.frame(arpRequest(GUEST, target));
    await guest.settle();
    const replies = guest.take().map(({ bytes }) => bytes);
    expect(replies.map((bytes) => [bytes.readUInt16BE(20), bytes.subarray(28, 32).join(".")])).toEqual([
      [2, GATEWAY],
      [2, DNS],
    ]);
    expect([...replies[0]!.subarray(22, 28)]).toEqual([0x52, 0x55, 10, 0, 2, 2]);
    expect([...replies[0]!.subarray(0, 6)]).toEqual(GUEST_MAC);
  });
});

describe("ICMP", () => {
  test("echoes are answered by the gateway, by others where the host can ping", async () => {
    const guest = await guestWith();
    const [reply] = await answers(guest, GATEWAY, 1, echo("hello"));
    expect(reply).toMatchObject({ source: GATEWAY, destination: GUEST, protocol: 1 });
    expect(reply!.payload.subarray(8).toString()).toBe("hello");
    expect(reply!.payload[0]).toBe(0);
    const [error] = await answers(guest, "198.51.100.1", 1, echo("far"));
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 1]);
    Object.assign(guest.host, { ping: (address: string) => Promise.resolve(address === "198.51.100.1") });
    expect((await answers(guest, "198.51.100.1", 1, echo("far")))[0]).toMatchObject({ source: "198.51.100.1" });
    expect(await answers(guest, "198.51.100.2", 1, echo("far"))).toEqual([]);
  });

  test("a packet whose time is over is told of, as traceroute wants", async () => {
    const guest = await guestWith();
    const [error] = await answers(guest, "198.51.100.1", 17, udp(40_000, 33_434, "probe"), { hops: 1 });
    expect(error!.source).toBe(GATEWAY);
    expect([...error!.payload.subarray(0, 2)]).toEqual([11, 0]);
    // What is quoted is the packet: its addresses, and its ports.
    expect([...error!.payload.subarray(20, 28)]).toEqual([...addressBytes(GUEST), ...addressBytes("198.51.100.1")]);
    expect(error!.payload.readUInt16BE(28)).toBe(40_000);
  });

  test("damaged packets are ignored", async () => {
    const guest = await guestWith();
    for (const at of [14, 24, 36, 44]) {
      const frame = ipFrame(GUEST, GATEWAY, 1, echo("hello"));
      frame[at]! ^= 1;
      guest.frame(frame);
    }
    await guest.settle();
    expect(guest.take()).toEqual([]);
    expect(guest.network.stats().ignoredFrames).toBe(4);
  });

  test("a sender outside the guest's network is nobody", async () => {
    const guest = await guestWith();
    for (const source of ["192.0.2.1", GATEWAY, DNS, "10.0.2.255", "10.0.2.0"]) {
      expect(await answers(guest, GATEWAY, 1, echo("hello"), {}, source)).toEqual([]);
    }
  });
});

describe("fragments", () => {
  const whole = Buffer.concat([udp(40_000, 7, Buffer.alloc(3000, "abcdefg"))]);
  // The checksum is left out, which IPv4 allows.
  const piece = (from: number, to: number, more: boolean, id = 9) =>
    ipFrame(GUEST, "198.51.100.1", 17, whole.subarray(from, to), { fragment: (more ? 0x2000 : 0) | (from >> 3), id });
  const parts: [number, number, boolean][] = [
    [0, 1480, true],
    [1480, 2960, true],
    [2960, 3008, false],
  ];

  test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]]])("are put together in the order %j", async (order) => {
    const guest = await guestWith();
    for (const index of order) guest.frame(piece(...parts[index]!));
    await guest.settle();
    expect(guest.host.datagrams[0]!.sent).toEqual([`198.51.100.1 7 ${whole.subarray(8).toString("latin1")}`]);
  });

  test("that lie over each other are all dropped", async () => {
    const guest = await guestWith();
    for (const [from, to, more] of [parts[0]!, [1472, 2960, true] as const, parts[2]!])
      guest.frame(piece(from, to, more));
    await guest.settle();
    expect(guest.host.datagrams).toEqual([]);
  });

  test("that never become whole are forgotten", async () => {
    const guest = await guestWith();
    for (let id = 0; id < 5000; id++) guest.frame(piece(0, 1480, true, id));
    guest.frame(piece(...parts[0]!, 1));
    await guest.pass(31_000, 1000);
    guest.frame(piece(...parts[1]!, 1));
    guest.frame(piece(...parts[2]!, 1));
    await guest.settle();
    expect(guest.host.datagrams).toEqual([]);
  });

  test("are what a large datagram for the guest comes in", async () => {
    const guest = await guestWith();
    await answers(guest, "198.51.100.1", 17, udp(40_000, 7, "?"));
    guest.host.datagrams[0]!.events.data(Buffer.alloc(4000, "x"), "198.51.100.1", 7);
    await guest.settle();
    const got = guest.take().map((frame) => readIp(frame)!);
    expect(got.map(({ fragment }) => fragment)).toEqual([0x2000, 0x2000 | 185, 370]);
    expect(new Set(got.map(({ id }) => id)).size).toBe(1);
    expect(Buffer.concat(got.map(({ payload }) => payload)).length).toBe(4008);
  });
});

/** A DHCP message: kind, and further options. */
function dhcp(
  kind: number,
  options: readonly number[] = [],
  { mac = GUEST_MAC, ciaddr = "0.0.0.0", flags = 0x8000 } = {},
): Buffer {
  const message = Buffer.alloc(240);
  message.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  message.writeUInt16BE(flags, 10);
  addressBytes(ciaddr).copy(message, 12);
  message.set(mac, 28);
  message.writeUInt32BE(0x6382_5363, 236);
  return udp(68, 67, Buffer.concat([message, Buffer.from([53, 1, kind, ...options, 255])]));
}

async function dhcpAnswer(guest: Guest, ...message: Parameters<typeof dhcp>) {
  const mac = message[2]?.mac ?? GUEST_MAC;
  const [answer] = await answers(guest, "255.255.255.255", 17, dhcp(...message), { mac }, "0.0.0.0");
  if (answer === undefined) return undefined;
  const body = answer.payload.subarray(8);
  const options = new Map<number, Buffer>();
  for (let at = 240; body[at] !== 255; at += 2 + body[at + 1]!)
    options.set(body[at]!, body.subarray(at + 2, at + 2 + body[at + 1]!));
  return { answer, address: body.subarray(16, 20).join("."), kind: options.get(53)![0]!, options };
}

describe("DHCP", () => {
  test("gives the guest QEMU's address, router and DNS, and what its owner wants", async () => {
    const events: unknown[] = [];
    const guest = await guestWith({
      hostname: "machine",
      domainname: "example.org",
      dnssearch: ["example.org", "example.net"],
      onEvent: (event) => events.push(event),
    });
    const offer = await dhcpAnswer(guest, 1);
    expect(offer).toMatchObject({ kind: 2, address: GUEST });
    const reply = await dhcpAnswer(guest, 3, [50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 2]);
    expect(reply).toMatchObject({ kind: 5, address: GUEST });
    const { options, answer } = reply!;
    expect(answer).toMatchObject({ source: GATEWAY, destination: "255.255.255.255" });
    const texts = [...options].map(([option, value]) => [option, value.toString("hex")]);
    expect(Object.fromEntries(texts)).toMatchObject({
      1: "ffffff00",
      3: "0a000202",
      6: "0a000203",
      26: "05dc",
      28: "0a0002ff",
      51: "00015180",
      54: "0a000202",
    });
    expect(options.get(12)!.toString()).toBe("machine");
    expect(options.get(15)!.toString()).toBe("example.org");
    expect(options.get(119)!.toString("latin1")).toBe("\x07example\x03org\0\x07example\x03net\0");
    expect(events).toEqual([{ type: "lease", address: GUEST, mac: "52:54:00:12:34:56" }]);
  });

  test("refuses an address that is not its to give, and leaves other servers' guests alone", async () => {
    const guest = await guestWith();
    expect(await dhcpAnswer(guest, 3, [50, 4, 192, 168, 1, 5])).toMatchObject({ kind: 6, address: "0.0.0.0" });
    expect(await dhcpAnswer(guest, 3, [50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 99])).toBeUndefined();
    expect(await dhcpAnswer(guest, 8, [], { ciaddr: GUEST })).toMatchObject({ kind: 5, address: "0.0.0.0" });
  });

  test("has an address for each hardware address, and never more than there are", async () => {
    const guest = await guestWith({ net: "10.0.2.0/28", dhcpstart: "10.0.2.10" });
    const given = new Set<string>();
    for (let i = 0; i < 300; i++)
      given.add((await dhcpAnswer(guest, 1, [], { mac: [2, 0, 0, 0, i >> 8, i & 255] }))!.address);
    expect([...given]).toEqual(["10.0.2.10", "10.0.2.11", "10.0.2.12", "10.0.2.13", "10.0.2.14"]);
  });

  test("without a router and DNS when the network is restricted", async () => {
    const guest = await guestWith({ restrict: true });
    const offer = await dhcpAnswer(guest, 1);
    expect([...offer!.options.keys()]).not.toEqual(expect.arrayContaining([3]));
    expect(offer!.options.has(6)).toBe(false);
  });
});

async function ask(guest: Guest, question: { name: string; type: string; additionals?: unknown }, port = 5353) {
  const { name, type, ...rest } = question;
  const message = encode({
    type: "query",
    id: 77,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as "A", class: "IN" }],
    ...(rest as Partial<DnsPacket>),
  });
  const [answer] = await answers(guest, DNS, 17, udp(port, 53, message));
  const packet = decode(Buffer.from(answer!.payload.subarray(8)));
  expect(packet.id).toBe(77);
  expect(packet.questions).toMatchObject([{ name, type }]);
  return packet as unknown as Omit<DnsPacket, "type"> & { rcode: string; flag_tc: boolean };
}

describe("DNS", () => {
  test("answers by the host's resolver", async () => {
    const guest = await guestWith();
    const { names } = guest.host;
    names.set("www.example.org A", [
      { type: "A", address: "198.51.100.5", ttl: 30 },
      { type: "A", address: "198.51.100.6" },
    ]);
    names.set("www.example.org AAAA", [{ type: "AAAA", address: "2001:db8::5" }]);
    names.set("www.example.org TXT", [{ type: "TXT", texts: ["one", "two"] }]);
    names.set("www.example.org MX", [{ type: "MX", preference: 10, name: "mail.example.org" }]);
    names.set("www.example.org SRV", [{ type: "SRV", priority: 1, weight: 2, port: 3, name: "a.example.org" }]);
    names.set("www.example.org CNAME", [{ type: "CNAME", name: "other.example.org" }]);
    names.set("5.100.51.198.in-addr.arpa PTR", [{ type: "PTR", name: "www.example.org" }]);
    names.set("example.org SOA", [
      {
        type: "SOA",
        primary: "ns.example.org",
        admin: "root.example.org",
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        minimum: 5,
      },
    ]);
    const dataOf = async (name: string, type: string) =>
      (await ask(guest, { name, type })).answers!.map((answer) => (answer as { data: unknown }).data);
    // Letters are as the guest wrote them in the question, and small in what is asked for.
    const { answers: found } = await ask(guest, { name: "WWW.example.ORG", type: "A" });
    expect(found).toMatchObject([
      { name: "WWW.example.ORG", data: "198.51.100.5", ttl: 30 },
      { name: "WWW.example.ORG", data: "198.51.100.6", ttl: 60 },
    ]);
    expect(await dataOf("www.example.org", "AAAA")).toEqual(["2001:db8::5"]);
    expect(await dataOf("www.example.org", "TXT")).toEqual([[Buffer.from("one"), Buffer.from("two")]]);
    expect(await dataOf("www.example.org", "MX")).toEqual([{ preference: 10, exchange: "mail.example.org" }]);
    expect(await dataOf("www.example.org", "SRV")).toEqual([
      { priority: 1, weight: 2, port: 3, target: "a.example.org" },
    ]);
    expect(await dataOf("www.example.org", "CNAME")).toEqual(["other.example.org"]);
    expect(await dataOf("5.100.51.198.in-addr.arpa", "PTR")).toEqual(["www.example.org"]);
    expect(await dataOf("example.org", "SOA")).toMatchObject([{ mname: "ns.example.org", serial: 1, minimum: 5 }]);
  });

  test("says that there is no such name, no such record, or that it cannot tell", async () => {
    const guest = await guestWith();
    guest.host.names.set("empty.example.org A", []);
    guest.host.names.set("lost.example.org A", "failed");
    expect(await ask(guest, { name: "no.example.org", type: "A" })).toMatchObject({ rcode: "NXDOMAIN" });
    expect(await ask(guest, { name: "empty.example.org", type: "A" })).toMatchObject({ rcode: "NOERROR", answers: [] });
    expect(await ask(guest, { name: "lost.example.org", type: "A" })).toMatchObject({ rcode: "SERVFAIL" });
    expect(await ask(guest, { name: "empty.example.org", type: "CAA" })).toMatchObject({
      rcode: "NOERROR",
      answers: [],
    });
  });

  test("asks the host once for what is asked often, and again when it is too old", async () => {
    const guest = await guestWith();
    guest.host.names.set("a.example.org A", [{ type: "A", address: "198.51.100.5", ttl: 30 }]);
    await ask(guest, { name: "a.example.org", type: "A" });
    await guest.pass(20_000, 1000);
    const { answers: found } = await ask(guest, { name: "a.example.org", type: "A" });
    expect(found).toMatchObject([{ ttl: 10 }]);
    expect(guest.host.asked).toHaveLength(1);
    await guest.pass(11_000, 1000);
    await ask(guest, { name: "a.example.org", type: "A" });
    expect(guest.host.asked).toHaveLength(2);
  });

  test("cuts what is too long for UDP, and says so", async () => {
    const guest = await guestWith();
    const addresses = Array.from({ length: 60 }, (_, i) => ({ type: "A", address: `198.51.100.${i}` }) as const);
    guest.host.names.set("many.example.org A", addresses);
    const short = await ask(guest, { name: "many.example.org", type: "A" });
    expect(short).toMatchObject({ flag_tc: true });
    expect(short.answers!.length).toBe(29);
    const long = await ask(guest, {
      name: "many.example.org",
      type: "A",
      additionals: [
        {
          type: "OPT",
          name: ".",
          udpPayloadSize: 4096,
          flags: 0,
          options: [],
          extendedRcode: 0,
          ednsVersion: 0,
          flag_do: false,
        },
      ],
    });
    expect(long).toMatchObject({ flag_tc: false });
    expect(long.answers!.length).toBe(60);
  });

  test("never tells of addresses that are the host's own, or the network's", async () => {
    const guest = await guestWith();
    const addresses = ["127.0.0.1", "169.254.169.254", "0.0.0.0", "10.0.2.2", "192.168.1.1", "198.51.100.5"];
    guest.host.names.set(
      "rebind.example.org A",
      addresses.map((address) => ({ type: "A", address })),
    );
    const { answers: found } = await ask(guest, { name: "rebind.example.org", type: "A" });
    expect(found!.map((answer) => (answer as { data: string }).data)).toEqual(["192.168.1.1", "198.51.100.5"]);
    const addresses6 = ["::1", "::ffff:127.0.0.1", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"];
    guest.host.names.set(
      "rebind.example.org AAAA",
      addresses6.map((address) => ({ type: "AAAA", address })),
    );
    const { answers: found6 } = await ask(guest, { name: "rebind.example.org", type: "AAAA" });
    expect(found6!.map((answer) => (answer as { data: string }).data)).toEqual(["2001:db8::1"]);
  });

  test("questions at once are limited", async () => {
    const guest = await guestWith({ limits: { lookups: 4 } });
    guest.host.resolve = (name) => {
      guest.host.asked.push(name);
      return new Promise(() => undefined);
    };
    for (let i = 0; i < 100; i++) {
      const message = encode({ type: "query", id: i, questions: [{ name: `a${i}.example.org`, type: "A" }] });
      guest.frame(ipFrame(GUEST, DNS, 17, udp(5353, 53, message)));
    }
    await guest.settle();
    expect(guest.host.asked).toHaveLength(4);
    expect(guest.take()).toHaveLength(96);
  });
});

describe("UDP", () => {
  test("passes both ways; only those that were sent something are let in", async () => {
    const guest = await guestWith();
    await answers(guest, "198.51.100.1", 17, udp(40_000, 7, "question"));
    const [socket] = guest.host.datagrams;
    expect(socket!.sent).toEqual(["198.51.100.1 7 question"]);
    socket!.events.data(Buffer.from("answer"), "198.51.100.1", 7);
    socket!.events.data(Buffer.from("other port"), "198.51.100.1", 8);
    socket!.events.data(Buffer.from("other"), "198.51.100.2", 7);
    await guest.settle();
    const got = guest.take().map((frame) => readIp(frame)!);
    expect(got.map(({ payload }) => payload.subarray(8).toString())).toEqual(["answer"]);
    expect(got[0]).toMatchObject({ source: "198.51.100.1", destination: GUEST });
  });

  test("to the gateway reaches the host's loopback, whose answers come from the gateway", async () => {
    const guest = await guestWith();
    await answers(guest, GATEWAY, 17, udp(40_000, 7, "question"));
    const [socket] = guest.host.datagrams;
    expect(socket!.sent).toEqual(["127.0.0.1 7 question"]);
    socket!.events.data(Buffer.from("answer"), "127.0.0.1", 7);
    await guest.settle();
    expect(readIp(guest.take()[0]!)).toMatchObject({ source: GATEWAY });
  });

  test("a socket closes when nothing passes; the one that was idle longest makes room for another", async () => {
    const events: unknown[] = [];
    const guest = await guestWith({ limits: { flows: 2 }, onEvent: (event) => events.push(event) });
    for (const port of [40_000, 40_001, 40_000, 40_002]) {
      await answers(guest, "198.51.100.1", 17, udp(port, 7, "x"));
    }
    expect(guest.host.datagrams.map(({ isClosed }) => isClosed)).toEqual([false, true, false]);
    expect(events).toEqual([{ type: "evicted", protocol: "udp", address: GUEST, port: 40_001 }]);
    await guest.pass(241_000, 1000);
    expect(guest.host.datagrams.every(({ isClosed }) => isClosed)).toBe(true);
    expect(guest.network.stats().flows).toBe(0);
  });

  test("frames that the device has left whole are cut as the guest has asked for", async () => {
    const guest = await guestWith();
    const frame = ipFrame(GUEST, "198.51.100.1", 17, udp(40_000, 7, "aaabbbcc"));
    guest.frame(frame, { gso: 5, segmentBytes: 3, flags: 1, checksumStart: 34, checksumOffset: 6 });
    await guest.settle();
    expect(guest.host.datagrams[0]!.sent.map((sent) => sent.split(" ")[2])).toEqual(["aaa", "bbb", "cc"]);
  });

  test("a forward lets anybody in, and answers go back by it", async () => {
    const guest = await guestWith({ hostfwd: [parseHostForward("udp::5000-:53")] });
    expect(guest.network.forwards).toMatchObject([
      { protocol: "udp", hostPort: 5000, guestAddress: GUEST, guestPort: 53 },
    ]);
    guest.frame(arpRequest(GUEST, GATEWAY));
    const [socket] = guest.host.datagrams;
    socket!.events.data(Buffer.from("question"), "127.0.0.1", 1234);
    socket!.events.data(Buffer.from("question"), "203.0.113.9", 4321);
    await guest.settle();
    const got = guest.take().flatMap((frame) => readIp(frame) ?? []);
    expect(got.map(({ source }) => source)).toEqual([GATEWAY, "203.0.113.9"]);
    await answers(guest, GATEWAY, 17, udp(53, 1234, "local"));
    await answers(guest, "203.0.113.9", 17, udp(53, 4321, "remote"));
    expect(socket!.sent).toEqual(["127.0.0.1 1234 local", "203.0.113.9 4321 remote"]);
    expect(guest.network.removeForward({ protocol: "udp", hostPort: 5000 })).toBe(true);
    expect(socket!.isClosed).toBe(true);
  });
});

const GUEST6 = "fec0::5054:ff:fe12:3456";
const LINK_LOCAL = "fe80::5054:ff:fe12:3456";

describe("IPv6", () => {
  test("a router is advertised to those who ask, with prefix and DNS", async () => {
    const guest = await guestWith({ dnssearch: ["example.org"] });
    const solicitation = Buffer.from([133, 0, 0, 0, 0, 0, 0, 0]);
    const [answer] = await answers(guest, "ff02::2", 58, solicitation, { hops: 255 }, LINK_LOCAL);
    expect(answer).toMatchObject({ source: "fe80::2", destination: "ff02::1", hops: 255 });
    const { payload } = answer!;
    expect(payload[0]).toBe(134);
    expect(payload.readUInt16BE(6)).toBe(1800);
    const options = new Map<number, Buffer>();
    for (let at = 16; at < payload.length; at += payload[at + 1]! * 8)
      options.set(payload[at]!, payload.subarray(at, at + payload[at + 1]! * 8));
    expect([...options.keys()]).toEqual([3, 1, 5, 25, 31]);
    expect(options.get(3)!.subarray(16).equals(addressBytes("fec0::"))).toBe(true);
    expect(options.get(25)!.subarray(8).equals(addressBytes("fec0::3"))).toBe(true);
    expect(options.get(5)!.readUInt32BE(4)).toBe(1500);
    // One that has passed a router is none.
    expect(await answers(guest, "ff02::2", 58, solicitation, { hops: 64 }, LINK_LOCAL)).toEqual([]);
  });

  test("neighbors are found, echoes answered", async () => {
    const guest = await guestWith();
    const solicitation = Buffer.concat([
      Buffer.from([135, 0, 0, 0, 0, 0, 0, 0]),
      addressBytes("fec0::2"),
      Buffer.from([1, 1, ...GUEST_MAC]),
    ]);
    const [answer] = await answers(guest, "ff02::1:ff00:2", 58, solicitation, { hops: 255 }, GUEST6);
    expect(answer).toMatchObject({ source: "fec0::2", destination: GUEST6 });
    expect([...answer!.payload.subarray(0, 5)]).toEqual([136, 0, ...answer!.payload.subarray(2, 4), 0xe0]);
    expect(answer!.payload.subarray(26, 32).equals(answer!.mac)).toBe(true);
    const [reply] = await answers(guest, "fec0::2", 58, echo("hello", 128), {}, GUEST6);
    expect(reply!.payload[0]).toBe(129);
    expect(reply!.payload.subarray(8).toString()).toBe("hello");
  });

  test("DHCPv6 tells of the DNS", async () => {
    const guest = await guestWith({ dnssearch: ["example.org"] });
    const request = Buffer.from([11, 1, 2, 3, 0, 1, 0, 4, 9, 9, 9, 9]);
    const [answer] = await answers(guest, "ff02::1:2", 17, udp(546, 547, request), {}, LINK_LOCAL);
    expect(answer!.destination).toBe(LINK_LOCAL);
    const body = answer!.payload.subarray(8);
    expect([...body.subarray(0, 4)]).toEqual([7, 1, 2, 3]);
    expect(body.includes(Buffer.concat([Buffer.from([0, 23, 0, 16]), addressBytes("fec0::3")]))).toBe(true);
    expect(body.includes(Buffer.from([0, 1, 0, 4, 9, 9, 9, 9]))).toBe(true);
  });

  test("UDP passes both ways, the gateway is the host's loopback", async () => {
    const guest = await guestWith();
    await answers(guest, "fec0::2", 17, udp(40_000, 7, "question"), {}, GUEST6);
    const [socket] = guest.host.datagrams;
    expect(socket!.sent).toEqual(["::1 7 question"]);
    socket!.events.data(Buffer.alloc(3000, "x"), "::1", 7);
    await guest.settle();
    const got = guest.take().map((frame) => readIp(frame)!);
    expect(got.map(({ source, protocol }) => [source, protocol])).toEqual(Array(3).fill(["fec0::2", 44]));
  });

  test("fragments are put together, addresses in the form of IPv4 ones are nobody's", async () => {
    const guest = await guestWith();
    const whole = ipFrame(GUEST6, "2001:db8::1", 17, udp(40_000, 7, Buffer.alloc(2000, "y"))).subarray(54);
    const fragment = (from: number, to: number, more: number) =>
      ipFrame(
        GUEST6,
        "2001:db8::1",
        44,
        Buffer.concat([Buffer.from([17, 0, from >> 8, (from & 0xf8) | more, 0, 0, 0, 5]), whole.subarray(from, to)]),
      );
    guest.frame(fragment(0, 1024, 1));
    guest.frame(fragment(1024, 2008, 0));
    guest.frame(ipFrame(GUEST6, "::ffff:127.0.0.1".replace("127.0.0.1", "7f00:1"), 17, udp(40_001, 7, "mapped")));
    await guest.settle();
    expect(guest.host.datagrams.map(({ sent }) => sent.map((item) => item.length))).toEqual([[14 + 2000]]);
  });

  test("can be switched off, as IPv4 can", async () => {
    const without6 = await guestWith({ ipv6: false });
    expect(await answers(without6, "fec0::2", 58, echo("hello", 128), {}, GUEST6)).toEqual([]);
    const without4 = await guestWith({ ipv4: false });
    expect(await answers(without4, GATEWAY, 1, echo("hello"))).toEqual([]);
  });
});

describe("options", () => {
  test.each([
    [{ net: "10.0.2.0" }],
    [{ net: "10.0.2.0/31" }],
    [{ net: "10.0.2.0/30" }],
    [{ host: "192.168.1.1" }],
    [{ dns: "10.0.2.2" }],
    [{ dhcpstart: "somewhere" }],
    [{ ipv6net: "fec0::/48" }],
    [{ hostfwd: [{ hostPort: 1, guestPort: 0 }] }],
    [{ hostfwd: [{ hostPort: 70_000, guestPort: 1 }] }],
    [{ hostfwd: [{ hostPort: 1, guestPort: 1, guestAddress: "192.0.2.1" }] }],
    [{ guestfwd: [{ address: "192.0.2.1", port: 1, to: () => undefined }] }],
    [{ guestfwd: [{ address: "10.0.2.100", port: 0, to: () => undefined }] }],
  ])("%j is refused", async (options) => {
    expect(await failureOf(() => guestOn(options))).toMatchObject({ code: "network-option" });
  });

  test.each([
    ["tcp:127.0.0.1:8080-:80", { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 8080, guestPort: 80 }],
    ["udp::53-10.0.2.15:53", { protocol: "udp", hostPort: 53, guestAddress: "10.0.2.15", guestPort: 53 }],
    [":0.0.0.0:0-:22", { protocol: "tcp", hostAddress: "0.0.0.0", hostPort: 0, guestPort: 22 }],
    [
      "tcp:[::1]:80-[fec0::5]:80",
      { protocol: "tcp", hostAddress: "::1", hostPort: 80, guestAddress: "fec0::5", guestPort: 80 },
    ],
  ])("%s is a forward", (text, forward) => {
    expect(parseHostForward(text)).toEqual(forward);
  });

  test.each(["", "tcp", "tcp:host:80-:80", "tcp::80", "tcp::80-:0", "sctp::80-:80", "tcp::80-:99999"])(
    "%j is no forward",
    (text) => {
      expect(() => parseHostForward(text)).toThrow(/hostfwd/);
    },
  );
});
