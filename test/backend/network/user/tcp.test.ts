/** The network's TCP against one of the test's own. */

import { describe, expect, test } from "vitest";
import { Peer, type PeerOptions, type Fate } from "./peer.ts";
import { type Guest, guestOn, numbers } from "./rig.ts";

async function connected(guest: Guest, options: PeerOptions = {}): Promise<Peer> {
  const peer = new Peer(guest, options);
  peer.connect();
  await guest.settle();
  return peer;
}

const pattern = (length: number, seed: number): Buffer => {
  const next = numbers(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));
};

describe("a connection", () => {
  test("carries bytes both ways and ends both ways", async () => {
    const guest = await guestOn();
    const peer = await connected(guest);
    expect(peer.state).toBe("open");
    const [stream] = guest.host.streams;
    expect(stream).toMatchObject({ address: "198.51.100.7", port: 80, isPaused: false });
    peer.send(Buffer.from("question"));
    await guest.settle();
    expect(stream!.text).toBe("question");
    stream!.events.data(Buffer.from("answer"));
    stream!.events.end();
    await guest.settle();
    expect(peer.text).toBe("answer");
    expect(peer.isFinReceived).toBe(true);
    peer.close();
    await guest.settle();
    expect(peer.isFinAcked).toBe(true);
    expect(stream!.isEnded).toBe(true);
    await guest.pass(20_000, 1000);
    expect(guest.network.stats()).toMatchObject({ connections: 0, heldBytes: 0 });
  });

  test("is told of while it is there, the one that was heard last first", async () => {
    const guest = await guestOn();
    const peer = await connected(guest);
    await connected(guest, { port: 40_001 });
    const [last, first] = guest.network.connections();
    const end = { protocol: "tcp", guestAddress: "10.0.2.15", address: "198.51.100.7", port: 80, state: "ESTABLISHED" };
    expect(last).toEqual({ ...end, guestPort: 40_001 });
    expect(first).toMatchObject(end);
    expect(guest.network.connections(1)).toHaveLength(1);
    peer.close();
    await guest.settle();
    const states = guest.network.connections().map(({ guestPort, state }) => [guestPort, state]);
    expect(states).toEqual([
      [first!.guestPort, "CLOSE-WAIT"],
      [40_001, "ESTABLISHED"],
    ]);
  });

  test.each([
    ["nothing is lost", 0, 0, {}],
    ["a tenth is lost", 0.1, 0, {}],
    ["a third is lost", 0.33, 0, {}],
    ["a tenth is lost, a tenth comes late, a tenth comes twice", 0.1, 0.1, {}],
    ["a third comes late, a third comes twice", 0, 0.33, {}],
    ["a tenth is lost, without selective acknowledgments", 0.1, 0.05, { sack: false }],
    ["a tenth is lost, with a small window", 0.1, 0.05, { windowBytes: 5000, scale: 0 }],
    ["a tenth is lost, with small segments", 0.1, 0.05, { mss: 100 }],
  ] as const)("carries a megabyte each way: %s", async (_, loss, rest, options) => {
    const next = numbers(7);
    const guest = await guestOn();
    const fate = (): Fate => {
      const number = next();
      if (number < loss) return "lost";
      return number < loss + rest ? "late" : number < loss + 2 * rest ? "twice" : "well";
    };
    const peer = await connected(guest, { fate, ...options });
    for (let i = 0; i < 100 && peer.state !== "open"; i++) {
      await guest.pass(100);
      peer.tick();
    }
    const [stream] = guest.host.streams;
    const size = loss > 0.2 || "mss" in options ? 100_000 : 1_000_000;
    const [up, down] = [pattern(size, 1), pattern(size, 2)];
    peer.send(up);
    peer.close();
    let sent = 0;
    for (let i = 0; i < 50_000; i++) {
      while (!stream!.isPaused && sent < down.length) {
        stream!.events.data(down.subarray(sent, (sent += 60_000)));
        if (sent >= down.length) stream!.events.end();
      }
      await guest.pass(10);
      peer.tick();
      if (peer.isFinReceived && stream!.isEnded && peer.isFinAcked) break;
    }
    expect(Buffer.concat(stream!.written).equals(up)).toBe(true);
    expect(Buffer.concat(peer.received).equals(down)).toBe(true);
    expect(peer.isFinReceived && stream!.isEnded).toBe(true);
  });
});
