/** Peers, relays, VMs, sites and guests that talk nonsense, or nearly: a few in the tests, any number by `npm run fuzz -- vxlan|relay|wisp|fetch`. */

import { plainInfo } from "../../src/backend/network/segment.ts";
import type { DatagramEvents, HostNetwork, StreamEvents } from "../../src/backend/network/user/host-network.ts";
import { Random } from "../../src/isa/random/values.ts";
import { fetchNetwork } from "../../src/net/fetch/fetch.ts";
import { relayNetwork } from "../../src/net/relay/client.ts";
import { helloMessage, welcomeMessage } from "../../src/net/relay/protocol.ts";
import { Relay } from "../../src/net/relay/relay.ts";
import { openTunnel } from "../../src/net/vxlan/vxlan.ts";
import { wispNetwork } from "../../src/net/wisp/wisp.ts";
import { EVERYTHING, FakeNetwork, NOTHING } from "../support/cable.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { FakeSocket } from "./relay/socket-pair.ts";

const bytesOf = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: random.below(most) }, () => random.below(256));

/** A device that checks what it is given. */
class Checked extends FakeNetwork {
  readonly mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  readonly mtu = 1500;

  setLink(): void {}

  override send(...[bytes, at, length, info]: Parameters<FakeNetwork["send"]>): boolean {
    if (length < 14 || at < 0 || at + length > bytes.length) throw new Error("that is no frame");
    if (info.flags & 1 && (!this.offers.checksum || info.checksumStart + info.checksumOffset + 2 > length))
      throw new Error("a checksum lies outside");
    if (info.gso !== 0 && (info.segmentBytes === 0 || !this.offers.tcp4)) throw new Error("that is not to be cut");
    this.sent.length = 0;
    return super.send(bytes, at, length, info);
  }
}

/** Packets of peers and strangers. It fails by throwing. */
export async function fuzzVxlan(seed: number): Promise<void> {
  const random = new Random(seed);
  let told: DatagramEvents | undefined;
  const bind: HostNetwork["bind"] = (_family, events) => {
    told = events;
    return Promise.resolve({ port: 1, pending: random.below(2 ** 23), send: () => undefined, close: () => undefined });
  };
  const network = await openTunnel({ vni: 1, peers: [{ address: "192.0.2.1" }] }, { bind } as unknown as HostNetwork);
  const device = new Checked();
  network.connect(device, (act) => act());
  for (let count = 0; count < 60; count++) {
    device.room = random.below(4);
    const packet = bytesOf(random, 120);
    if (random.below(4) > 0 && packet.length > 8) packet.set([8, 0, 0, 0, 0, 0, 1, 0]);
    told!.data(packet, random.pick(["192.0.2.1", "192.0.2.2", "::1", "", "x"]), random.below(65_536));
    const frame = bytesOf(random, 100);
    network.send(frame, 0, frame.length, plainInfo());
    if (random.below(5) === 0) network.onRoom();
  }
  await network.close();
}

/** Messages of frames, nearly right. */
function message(random: Random): Uint8Array {
  const bytes = bytesOf(random, random.pick([3, 12, 40, 200]));
  if (bytes.length > 0) bytes[0] = random.below(6);
  if (bytes.length > 11 && random.below(2) === 0)
    bytes.set([
      3,
      1,
      random.pick([0, 1, 4, 9, 0x81]),
      0,
      random.below(3),
      0,
      54,
      0,
      random.below(80),
      0,
      random.below(40),
    ]);
  return bytes;
}

/** VMs at a relay, and a relay for a VM. It fails by throwing, or when a VM that has gone is still there. */
export async function fuzzRelay(seed: number): Promise<void> {
  const random = new Random(seed);
  const networks: Checked[] = [];
  const relay = new Relay({
    tenants: [{ token: "t", network: () => networks[networks.push(new Checked()) - 1]! }],
    onEvent: (event) => {
      if (event.type === "error") throw event.error;
    },
  });
  const theirs = new FakeSocket();
  const ours = new FakeSocket();
  theirs.readyState = ours.readyState = 1;
  relay.accept(theirs);
  const vm = relayNetwork({ url: "ws://r/" }, () => ours);
  const device = new Checked();
  vm.connect(device, (act) => act());
  await Promise.resolve();
  const offers = random.pick([EVERYTHING, NOTHING]);
  if (random.below(8) > 0)
    theirs.gets(helloMessage({ offers, mtu: random.below(65_536), mac: device.mac, token: "t" }).slice().buffer);
  if (random.below(8) > 0) ours.gets(welcomeMessage(offers).slice().buffer);
  for (let count = 0; count < 40; count++) {
    await Promise.resolve();
    device.room = random.below(3);
    for (const network of networks) network.room = random.below(3);
    const socket = random.pick([ours, theirs]);
    socket.gets(random.below(60) === 0 ? "text" : message(random).slice().buffer);
    const frame = bytesOf(random, 100);
    vm.send(frame, 0, frame.length, plainInfo());
    if (frame.length >= 14) networks[0]?.port?.send(frame, 0, frame.length, plainInfo());
    if (random.below(6) === 0) vm.onRoom();
    if (random.below(20) === 0) vm.reset?.();
  }
  await vm.close();
  await relay.close();
  if (relay.size !== 0) throw new Error("somebody is still there");
}

function stream(): { readonly events: StreamEvents; readonly ends: () => number } {
  let ends = 0;
  const data = (): void => {
    if (ends > 0) throw new Error("bytes came after the end");
  };
  const none = (): void => undefined;
  return { events: { connected: data, data, end: none, drain: none, close: () => void ends++ }, ends: () => ends };
}

/** A relay that speaks Wisp, nearly. It fails by throwing, or when a stream does not end once. */
export async function fuzzWisp(seed: number): Promise<void> {
  const random = new Random(seed);
  const socket = new FakeSocket();
  socket.readyState = 1;
  const sockets = wispNetwork({ url: "ws://r/" }, () => socket);
  const { events, ends } = stream();
  const tcp = sockets.connect("192.0.2.1", 80, events);
  const udp = await sockets.bind(4, { data: () => undefined, close: () => undefined });
  await Promise.resolve();
  if (random.below(4) > 0) socket.gets(Uint8Array.of(3, 0, 0, 0, 0, random.below(4), 0, 0, 0).buffer);
  if (random.below(2) > 0) socket.gets(Uint8Array.of(5, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, random.below(2)).buffer);
  for (let count = 0; count < 40; count++) {
    const bytes = bytesOf(random, 40);
    if (bytes.length >= 5) bytes.set([random.below(7), random.below(4), 0, 0, 0]);
    socket.gets(random.below(60) === 0 ? "text" : bytes.buffer);
    tcp.write(new Uint8Array(random.below(3000)));
    udp.send(new Uint8Array(9), "192.0.2.1", random.below(3));
    if (random.below(4) === 0) tcp.pause();
    if (random.below(4) === 0) tcp.resume();
    await Promise.resolve();
  }
  sockets.close();
  udp.close();
  if (ends() !== 1) throw new Error(`a stream has ended ${ends()} times`);
}

const PIECES = [
  ..."GET |POST |HEAD |/ |HTTP/1.1\r\n|HTTP/1.0\r\n|Host: a.example\r\n|Host: b\r\n|\r\n|Transfer-Encoding: chunked\r\n".split(
    "|",
  ),
  ..."Content-Length: 3\r\n|Content-Length: -1\r\n|Expect: 100-continue\r\n|Connection: close\r\n|3\r\nabc\r\n|0\r\n\r\n|abc|ffff\r\n| |:".split(
    "|",
  ),
  "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
];

/** A guest that speaks HTTP, nearly. It fails by throwing, or when it does not end once. */
export async function fuzzFetch(seed: number): Promise<void> {
  const random = new Random(seed);
  const fetch = ((url: URL) => {
    if (url.hostname !== "a.example") throw new Error(`it has asked ${url.href}`);
    if (random.below(4) === 0) return Promise.reject(new TypeError("no"));
    return Promise.resolve(
      new Response(random.pick([null, "", "x".repeat(1000)]), { status: random.pick([200, 500]) }),
    );
  }) as typeof globalThis.fetch;
  const network = fetchNetwork({ fetch });
  const found = (await network.resolve("a.example", "A")) as unknown as { address: string }[];
  const { events, ends } = stream();
  const tcp = network.connect(found[0]!.address, 80, events);
  for (let count = 0; count < 30 && ends() === 0; count++) {
    const text = random.below(20) === 0 ? String.fromCharCode(...bytesOf(random, 30)) : random.pick(PIECES);
    tcp.write(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    if (random.below(6) === 0) tcp.pause();
    if (random.below(3) === 0) tcp.resume();
    if (random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  tcp.resume();
  tcp.end();
  for (let turn = 0; turn < 200 && ends() === 0; turn++) await new Promise((resolve) => setImmediate(resolve));
  if (ends() !== 1) throw new Error(`the connection has ended ${ends()} times`);
}

export const fuzzVxlanMany = fuzzMany("vxlan", fuzzVxlan, "peers: nothing was thrown");
export const fuzzRelayMany = fuzzMany("relay", fuzzRelay, "relays and VMs: nothing was thrown, and nobody stayed");
export const fuzzWispMany = fuzzMany("wisp", fuzzWisp, "Wisp relays: nothing was thrown, and every stream ended");
export const fuzzFetchMany = fuzzMany("fetch", fuzzFetch, "guests: nothing was thrown, and every connection ended");
