/** TCP where it is not a straight line: refusals, resets, windows, limits, forwards. */

import { afterEach, describe, expect, test } from "vitest";
import type { UserOptions, GuestStream } from "../../../../src/backend/network/user/options.ts";
import { ACK, FIN, Peer, type PeerOptions, readTcp, RST, SYN, type Tcp, tcpBytes } from "./peer.ts";
import { arpRequest, DNS, GATEWAY, GUEST, type Guest, guestOn, ipFrame, readIp } from "./rig.ts";
import { decode, encode } from "dns-packet";

const guests: Guest[] = [];

afterEach(async () => {
  for (const guest of guests.splice(0)) await guest.network.close();
});

async function guestWith(options: Partial<UserOptions> = {}): Promise<Guest> {
  const guest = await guestOn(options);
  guests.push(guest);
  return guest;
}

async function open(guest: Guest, options: PeerOptions = {}) {
  const peer = new Peer(guest, options);
  peer.connect();
  await guest.settle();
  expect(peer.state).toBe("open");
  return { peer, stream: guest.host.streams.at(-1)! };
}

/** A segment by hand, and the segments that come back. */
async function exchange(guest: Guest, fields: Parameters<typeof tcpBytes>[2], remote = "198.51.100.7"): Promise<Tcp[]> {
  guest.frame(ipFrame(GUEST, remote, 6, tcpBytes(40_000, 80, fields)));
  await guest.settle();
  return guest.take().flatMap((got) => readTcp(got) ?? []);
}

describe("a SYN is answered when the host has", () => {
  test("connected: not before", async () => {
    const guest = await guestWith();
    guest.host.outcome = undefined;
    expect(await exchange(guest, { seq: 7, flags: SYN })).toEqual([]);
    // Sent again, it is no second connection.
    expect(await exchange(guest, { seq: 7, flags: SYN })).toEqual([]);
    expect(guest.host.streams).toHaveLength(1);
    guest.host.streams[0]!.events.connected();
    await guest.settle();
    const [answer] = guest.take().flatMap((got) => readTcp(got) ?? []);
    expect(answer).toMatchObject({ flags: SYN | ACK, ack: 8 });
  });

  test("been refused: by a reset", async () => {
    const guest = await guestWith();
    guest.host.outcome = "refused";
    expect(await exchange(guest, { seq: 7, flags: SYN })).toMatchObject([{ flags: RST | ACK, ack: 8, seq: 0 }]);
    expect(guest.network.stats().connections).toBe(0);
  });

  test("found no way: by ICMP that quotes the SYN", async () => {
    const guest = await guestWith();
    guest.host.outcome = "unreachable";
    guest.frame(ipFrame(GUEST, "198.51.100.7", 6, tcpBytes(40_000, 80, { seq: 0x1234_5678, flags: SYN })));
    await guest.settle();
    const [error] = guest.take().map((got) => readIp(got)!);
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 1]);
    expect(error!.payload.subarray(28, 36).toString("hex")).toBe("9c40005012345678");
  });

  test("got no answer: not at all", async () => {
    const guest = await guestWith();
    guest.host.outcome = "timeout";
    expect(await exchange(guest, { seq: 7, flags: SYN })).toEqual([]);
    expect(guest.network.stats().connections).toBe(0);
  });
});

describe("a segment of no connection", () => {
  test("is answered by a reset, as after a restore", async () => {
    const guest = await guestWith();
    expect(await exchange(guest, { seq: 7, ack: 1000, flags: ACK })).toMatchObject([{ flags: RST, seq: 1000 }]);
    expect(await exchange(guest, { seq: 7, flags: FIN, data: Buffer.from("abc") })).toMatchObject([
      { flags: RST | ACK, seq: 0, ack: 11 },
    ]);
    expect(await exchange(guest, { seq: 7, flags: RST })).toEqual([]);
    expect(await exchange(guest, { seq: 7, flags: SYN | FIN })).toMatchObject([{ flags: RST | ACK, ack: 9 }]);
  });
});

describe("a reset", () => {
  test("of the guest's breaks the host's connection off, if it is the next number", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    peer.emit(RST, peer.una + 10);
    await guest.settle();
    expect(stream.isReset).toBe(false);
    // An acknowledgment says which number it would have had to be.
    expect(peer.segments.at(-1)).toMatchObject({ flags: ACK, ack: peer.una });
    peer.emit(RST, peer.una);
    await guest.settle();
    expect(stream.isReset).toBe(true);
    expect(guest.network.stats().connections).toBe(0);
  });

  test("of the host's breaks the guest's off", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    stream.events.data(Buffer.from("some"));
    await guest.settle();
    stream.events.close("reset");
    await guest.settle();
    expect(peer.state).toBe("reset");
    expect(peer.segments.at(-1)!.seq).toBe(peer.next);
  });

  test("while the host still connects ends that", async () => {
    const guest = await guestWith();
    guest.host.outcome = undefined;
    await exchange(guest, { seq: 7, flags: SYN });
    await exchange(guest, { seq: 8, flags: RST });
    expect(guest.host.streams[0]!.isReset).toBe(true);
    expect(guest.network.stats().connections).toBe(0);
  });
});

describe("closing", () => {
  test("the guest first, and the host still sends", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    peer.close();
    await guest.settle();
    expect(stream.isEnded).toBe(true);
    stream.events.data(Buffer.from("late"));
    await guest.settle();
    expect(peer.text).toBe("late");
    stream.events.end();
    await guest.settle();
    expect(peer.isFinReceived).toBe(true);
    expect(guest.network.stats().connections).toBe(0);
  });

  test("the host first, and the guest still sends", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    stream.events.end();
    await guest.settle();
    expect(peer.isFinReceived).toBe(true);
    peer.send(Buffer.from("late"));
    await guest.settle();
    expect(stream.text).toBe("late");
    peer.close();
    await guest.settle();
    expect(stream.isEnded).toBe(true);
    // What the guest repeats is answered for a while.
    expect(guest.network.stats().connections).toBe(1);
    peer.emit(FIN | ACK, peer.una - 1);
    await guest.settle();
    expect(peer.segments.at(-1)).toMatchObject({ flags: ACK, ack: peer.una });
    await guest.pass(20_000, 1000);
    expect(guest.network.stats().connections).toBe(0);
  });

  test("both at once", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    peer.close();
    stream.events.end();
    await guest.settle();
    expect([peer.isFinReceived, peer.isFinAcked, stream.isEnded]).toEqual([true, true, true]);
    await guest.pass(20_000, 1000);
    expect(guest.network.stats().connections).toBe(0);
  });

  test("a port is used again while the old connection is remembered", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    stream.events.end();
    await guest.settle();
    peer.close();
    await guest.settle();
    expect(guest.network.stats().connections).toBe(1);
    const again = new Peer(guest);
    again.seq = again.una = (peer.una + 1000) >>> 0;
    again.connect();
    await guest.settle();
    expect(again.state).toBe("open");
    expect(guest.host.streams).toHaveLength(2);
  });

  test("data that comes after the end, or with it, is not lost", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    peer.emit(FIN | ACK, peer.una + 6, Buffer.from("def"));
    await guest.settle();
    expect(stream.text).toBe("");
    peer.emit(ACK, peer.una + 3, Buffer.from("xyz"));
    peer.emit(ACK, peer.una, Buffer.from("abcx"));
    await guest.settle();
    expect(stream.text).toBe("abcxyzdef");
    expect(stream.isEnded).toBe(true);
  });
});

describe("windows", () => {
  test("the guest is asked to wait when the host's socket does not drain, and told when it does", async () => {
    const guest = await guestWith({ limits: { connectionBytes: 100_000 } });
    const { peer, stream } = await open(guest);
    stream.isStuck = true;
    for (let i = 0; i < 200; i++) {
      peer.send(Buffer.alloc(10_000));
      await guest.pass(50);
      peer.tick();
    }
    expect(stream.pending).toBeLessThanOrEqual(110_000);
    expect(peer.peerWindow).toBe(0);
    const { length } = peer.segments;
    stream.release();
    await guest.settle();
    expect(peer.segments.length).toBeGreaterThan(length);
    expect(peer.peerWindow).toBeGreaterThan(50_000);
  });

  test("the host's socket is paused when the guest does not read, a closed window is probed, and nothing is lost", async () => {
    const guest = await guestWith({ limits: { connectionBytes: 100_000 } });
    const { peer, stream } = await open(guest, { windowBytes: 20_000, scale: 0 });
    peer.reads = false;
    let given = 0;
    for (let i = 0; i < 100; i++) {
      if (!stream.isPaused) stream.events.data(Buffer.alloc(10_000, String.fromCharCode(97 + (given++ % 26))));
      await guest.pass(50);
    }
    expect(peer.receivedBytes).toBe(20_000);
    expect(given).toBeLessThan(14);
    const { length } = peer.segments;
    await guest.pass(60_000, 500);
    const probes = peer.segments.slice(length);
    expect(probes.length).toBeGreaterThan(3);
    expect(probes.length).toBeLessThan(20);
    expect(probes.every(({ data }) => data.length === 1)).toBe(true);
    peer.reads = true;
    peer.read();
    for (let i = 0; i < 100; i++) await guest.pass(50);
    expect(peer.receivedBytes).toBe(given * 10_000);
    expect(stream.isPaused).toBe(false);
    expect(peer.text).toBe(
      Array.from({ length: given }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(10_000)).join(""),
    );
  });

  test("no more is held than all connections may hold together", async () => {
    const guest = await guestWith({ limits: { bytes: 300_000, connectionBytes: 200_000 } });
    const streams = [];
    for (let i = 0; i < 10; i++)
      streams.push((await open(guest, { port: 41_000 + i, windowBytes: 0, scale: 0 })).stream);
    for (let i = 0; i < 1000; i++) {
      const stream = streams[i % 10]!;
      if (!stream.isPaused) stream.events.data(Buffer.alloc(10_000));
    }
    await guest.settle();
    expect(guest.network.stats().heldBytes).toBeLessThanOrEqual(300_000 + 10 * 10_000);
    expect(streams.every(({ isPaused }) => isPaused)).toBe(true);
    for (const stream of streams.splice(0, 5)) stream.events.close("reset");
    await guest.settle();
    expect(streams.every(({ isPaused }) => !isPaused)).toBe(true);
  });

  test("what comes out of order is bounded, and what the network keeps of drops of a server too", async () => {
    const guest = await guestWith({ limits: { connectionBytes: 2 ** 20 } });
    const { peer, stream } = await open(guest, { windowBytes: 0, scale: 0 });
    for (let i = 0; i < 5000; i++) peer.emit(ACK, peer.una + 2 * i + 1, Buffer.from("x"));
    await guest.settle();
    expect(guest.network.stats().heldBytes).toBeLessThan(1024 * 300);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100_000; i++) stream.events.data(Buffer.from("x"));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  });
});

describe("acknowledgments", () => {
  const talk = async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    const hear = async (act: () => void): Promise<number> => {
      const before = peer.segments.length;
      act();
      await guest.settle();
      return peer.segments.length - before;
    };
    const say = (text: string) => hear(() => peer.send(Buffer.from(text)));
    const answer = (text: string) => hear(() => stream.events.data(Buffer.from(text)));
    return { guest, peer, say, answer };
  };

  test("come at once while the host says nothing, and wait for an answer of one that has answered three times", async () => {
    const { guest, peer, say, answer } = await talk();
    for (let i = 0; i < 4; i++) expect(await say("piece")).toBe(1);
    await answer("to all of them");
    for (let i = 0; i < 3; i++) {
      expect(await say("question")).toBe(1);
      await guest.pass(5);
      expect(await answer("answer")).toBe(1);
    }
    for (let i = 0; i < 3; i++) {
      expect(await say("question")).toBe(0);
      expect(await answer("answer")).toBe(1);
      expect(peer.segments.at(-1)).toMatchObject({ ack: peer.una });
    }
    // An answer that does not come is waited for once.
    expect(await say("no question")).toBe(0);
    await guest.pass(50);
    expect(peer.segments.at(-1)).toMatchObject({ flags: ACK, ack: peer.una });
    expect(await say("no question")).toBe(1);
  });

  test("come at once to a guest that sends two pieces for each answer, or is answered late", async () => {
    const { guest, say, answer } = await talk();
    for (let i = 0; i < 5; i++) {
      expect(await say("head")).toBe(1);
      expect(await say("body")).toBe(1);
      await answer("answer");
    }
    for (let i = 0; i < 5; i++) {
      expect(await say("question")).toBe(1);
      await guest.pass(60);
      await answer("answer");
    }
  });
});

describe("a silent guest", () => {
  test("is given up after a while, and the host's side is broken off", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    peer.state = "closed";
    stream.events.data(Buffer.from("anybody?"));
    await guest.pass(900_000, 1000);
    expect(stream.isReset).toBe(true);
    const times = peer.segments.filter(({ data }) => data.length > 0).length;
    expect(times).toBe(13);
  });

  test("with an idle connection is asked after two hours", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    const before = peer.segments.length;
    await guest.pass(7_100_000, 10_000);
    expect(peer.segments.length).toBe(before);
    await guest.pass(200_000, 1000);
    expect(peer.segments.length).toBeGreaterThan(before);
    expect(peer.segments.at(-1)).toMatchObject({ flags: ACK, seq: peer.next - 1, data: Buffer.alloc(0) });
    await guest.pass(1_000_000, 1000);
    expect(stream.isReset).toBe(true);
  });
});

describe("limits", () => {
  test("the connection that was idle longest makes room", async () => {
    const events: unknown[] = [];
    const guest = await guestWith({ limits: { connections: 3 }, onEvent: (event) => events.push(event) });
    const all = [];
    for (let i = 0; i < 3; i++) all.push(await open(guest, { port: 41_000 + i }));
    guest.onFrame = undefined;
    all[0]!.peer.emit(ACK, all[0]!.peer.una, Buffer.from("x"));
    await guest.settle();
    await open(guest, { port: 42_000 });
    expect(all.map(({ stream }) => stream.isReset)).toEqual([false, true, false]);
    expect(events).toEqual([{ type: "evicted", protocol: "tcp", address: "198.51.100.7", port: 80 }]);
  });

  test("connections in the making are limited", async () => {
    const guest = await guestWith({ limits: { connecting: 10 } });
    guest.host.outcome = undefined;
    for (let port = 1; port < 1000; port++)
      guest.frame(ipFrame(GUEST, "198.51.100.7", 6, tcpBytes(port, 80, { seq: 1, flags: SYN })));
    expect(guest.host.streams).toHaveLength(10);
  });

  test("ten thousand connections take little", async () => {
    const guest = await guestWith();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 10_000; i++)
      guest.frame(ipFrame(GUEST, `198.51.${100 + (i % 50)}.7`, 6, tcpBytes(1000 + i, 80, { seq: 1, flags: SYN })));
    await guest.settle();
    expect(guest.network.stats().connections).toBeGreaterThan(1000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
  });
});

describe("a device without offloads", () => {
  test("gets segments of its size, one with them large ones", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    stream.events.data(Buffer.alloc(60_000));
    await guest.settle();
    expect(Math.max(...peer.segments.map(({ data }) => data.length))).toBe(1460);
    const { length } = peer.segments;
    guest.offers = { checksum: true, tcp4: true, tcp6: true, udp: false };
    stream.events.data(Buffer.alloc(60_000));
    await guest.settle();
    expect(peer.segments.slice(length).map(({ data }) => data.length)).toEqual([60_000]);
    expect(peer.receivedBytes).toBe(120_000);
  });

  test("gets the rest when it has room again", async () => {
    const guest = await guestWith();
    const { peer, stream } = await open(guest);
    guest.room = 3;
    stream.events.data(Buffer.alloc(60_000));
    await guest.settle();
    const some = peer.receivedBytes;
    expect(some).toBe(3 * 1460);
    guest.room = Infinity;
    guest.network.onRoom();
    await guest.settle();
    expect(peer.receivedBytes).toBe(60_000);
  });
});

describe("forwards", () => {
  test("of the host's lead into the guest, which sees who comes", async () => {
    const guest = await guestWith({ hostfwd: [{ hostPort: 8080, guestPort: 22 }] });
    const stream = guest.host.accept!("127.0.0.1", 5555);
    await guest.settle();
    // Nobody knows the guest's hardware address yet.
    const [request] = guest.take();
    expect(request!.bytes.readUInt16BE(12)).toBe(0x0806);
    guest.frame(arpRequest(GUEST, GATEWAY));
    await guest.settle();
    const syn = guest.take().flatMap((got) => readTcp(got) ?? [])[0]!;
    expect(syn).toMatchObject({ source: GATEWAY, sourcePort: 5555, destinationPort: 22, flags: SYN });
    const answer = tcpBytes(22, 5555, { seq: 100, ack: syn.seq + 1, flags: SYN | ACK });
    guest.frame(ipFrame(GUEST, GATEWAY, 6, answer));
    guest.frame(
      ipFrame(
        GUEST,
        GATEWAY,
        6,
        tcpBytes(22, 5555, { seq: 101, ack: syn.seq + 1, flags: ACK, data: Buffer.from("SSH-2.0") }),
      ),
    );
    await guest.settle();
    expect(stream.text).toBe("SSH-2.0");
    const other = guest.host.accept!("203.0.113.5", 6666);
    await guest.settle();
    const second = guest
      .take()
      .flatMap((got) => readTcp(got) ?? [])
      .find(({ flags }) => flags === SYN)!;
    expect(second.source).toBe("203.0.113.5");
    guest.frame(
      ipFrame(GUEST, "203.0.113.5", 6, tcpBytes(22, 6666, { seq: 0, ack: second.seq + 1, flags: RST | ACK })),
    );
    await guest.settle();
    expect(other.isReset).toBe(true);
  });

  test("of the guest's lead to a function of the program", async () => {
    const streams: GuestStream[] = [];
    const guest = await guestWith({
      restrict: true,
      guestfwd: [{ address: "10.0.2.100", port: 80, to: (stream) => void streams.push(stream) }],
    });
    const peer = new Peer(guest, { remote: "10.0.2.100" });
    peer.connect();
    await guest.settle();
    expect(peer.state).toBe("open");
    peer.send(Buffer.from("question"));
    peer.close();
    await guest.settle();
    const [{ readable, writable, guestAddress, guestPort }] = streams as [GuestStream];
    expect([guestAddress, guestPort]).toEqual([GUEST, 40_000]);
    const asked: Uint8Array[] = [];
    for await (const part of readable) asked.push(part);
    expect(Buffer.concat(asked).toString()).toBe("question");
    const writer = writable.getWriter();
    void writer.write(Buffer.from("answer"));
    void writer.close();
    await guest.settle();
    expect(peer.text).toBe("answer");
    expect(peer.isFinReceived).toBe(true);
  });

  test("of the guest's lead to an address", async () => {
    const guest = await guestWith({
      restrict: true,
      guestfwd: [{ address: "10.0.2.100", port: 80, to: { address: "127.0.0.1", port: 99 } }],
    });
    const { stream } = await open(guest, { remote: "10.0.2.100" });
    expect([stream.address, stream.port]).toEqual(["127.0.0.1", 99]);
  });

  test("a program that breaks off is a reset for the guest", async () => {
    const guest = await guestWith({
      guestfwd: [{ address: "10.0.2.100", port: 80, to: ({ writable }) => void writable.abort() }],
    });
    const peer = new Peer(guest, { remote: "10.0.2.100" });
    peer.connect();
    await guest.settle();
    expect(peer.state).toBe("reset");
  });
});

test("DNS over TCP, several questions in one connection", async () => {
  const guest = await guestWith();
  guest.host.names.set("www.example.org A", [{ type: "A", address: "198.51.100.5" }]);
  const peer = new Peer(guest, { remote: DNS, remotePort: 53 });
  peer.connect();
  await guest.settle();
  const message = (id: number) => {
    const bytes = encode({ type: "query", id, questions: [{ name: "www.example.org", type: "A" }] });
    return Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
  };
  const all = Buffer.concat([message(1), message(2)]);
  peer.send(all.subarray(0, 20));
  await guest.settle();
  peer.send(all.subarray(20));
  peer.close();
  await guest.settle();
  const got = Buffer.concat(peer.received);
  const first = got.readUInt16BE(0);
  expect(decode(got.subarray(2, 2 + first))).toMatchObject({ id: 1, answers: [{ data: "198.51.100.5" }] });
  expect(decode(got.subarray(4 + first))).toMatchObject({ id: 2 });
  expect(peer.isFinReceived).toBe(true);
});

test("nothing is sent, and no timer runs, after the network is closed", async () => {
  const guest = await guestWith({ hostfwd: [{ hostPort: 8080, guestPort: 22 }] });
  const { stream } = await open(guest);
  await guest.network.close();
  expect(stream.isReset).toBe(true);
  expect(guest.host.accept).toBeUndefined();
  guest.take();
  stream.events.data(Buffer.from("late"));
  guest.frame(ipFrame(GUEST, "198.51.100.7", 6, tcpBytes(1, 80, { seq: 1, flags: SYN })));
  await guest.pass(10_000, 1000);
  expect(guest.take()).toEqual([]);
  expect(guest.host.streams).toHaveLength(1);
});
