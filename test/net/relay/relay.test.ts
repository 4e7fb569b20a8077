/** A relay and its VMs: who is let in, what is bounded, and what nobody can do to others. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { Gso, Offload } from "../../../src/backend/network/network.ts";
import { plainInfo } from "../../../src/backend/network/segment.ts";
import {
  openRelayNetwork,
  Relay,
  type RelayEvent,
  type RelayNetworkEvent,
  type RelayOptions,
} from "../../../src/index.ts";
import { relayNetwork } from "../../../src/net/relay/client.ts";
import {
  Close,
  frameMessage,
  helloMessage,
  MAX_MESSAGE,
  parseHello,
  readFrame,
  takenMessage,
  welcomeMessage,
  WINDOW,
} from "../../../src/net/relay/protocol.ts";
import { failureOf } from "../../support/failure.ts";
import { EVERYTHING, FakeNetwork, NOTHING } from "../../support/cable.ts";
import { frameOf, macOf } from "../switch/rig.ts";
import { FakeSocket, socketPair } from "./socket-pair.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0).reverse()) await close();
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A relay whose networks are the test's. */
function relayOf(options: Partial<RelayOptions> = {}) {
  const networks: FakeNetwork[] = [];
  const events: RelayEvent[] = [];
  const network = () => networks[networks.push(new FakeNetwork()) - 1]!;
  const tenants = options.tenants ?? [{ token: "secret", network }];
  const relay = new Relay({
    ...options,
    tenants: tenants.map((tenant) => ({ ...tenant, network })),
    onEvent: (event) => events.push(event),
  });
  closing.push(() => relay.close());
  /** Somebody who comes, and says this. */
  const comes = async (...messages: unknown[]) => {
    const [here, there] = socketPair();
    relay.accept(there, { from: "somebody" });
    await settle();
    for (const message of messages) there.gets(message);
    await settle();
    return { here, there };
  };
  return { relay, networks, events, comes };
}

const hello = (token = "secret", offers = EVERYTHING) =>
  helloMessage({ offers, mtu: 1500, mac: macOf(1), token }).slice().buffer;

/** A VM's network at a relay. */
function vm(relay: Relay, token = "secret") {
  const events: RelayNetworkEvent[] = [];
  const sockets: FakeSocket[] = [];
  const links: boolean[] = [];
  const device = Object.assign(new FakeNetwork(), {
    mac: macOf(1),
    mtu: 1500,
    setLink: (up: boolean) => void links.push(up),
  });
  const network = relayNetwork({ url: "ws://relay.test/", token, onEvent: (event) => events.push(event) }, () => {
    const [here, there] = socketPair();
    sockets.push(here);
    relay.accept(there);
    return here;
  });
  closing.push(() => network.close());
  network.connect(device, (act) => act());
  return { network, device, events, sockets, links };
}

describe("messages", () => {
  test("of a frame say what is still to be done, and are read so", () => {
    const frame = frameOf(1, 2, { length: 100 });
    const plain = frameMessage(frame, 0, 100, plainInfo());
    expect([plain[0], plain.length]).toEqual([2, 101]);
    const info = {
      ...plainInfo(),
      flags: Offload.NEEDS_CHECKSUM,
      gso: Gso.TCP4,
      segmentBytes: 1400,
      headerBytes: 54,
      checksumStart: 34,
      checksumOffset: 16,
    };
    const message = frameMessage(frame, 0, 100, info);
    const read = plainInfo();
    expect([readFrame(message, EVERYTHING, read), read]).toEqual([11, info]);
    // Who has not offered that is not sent it.
    expect(readFrame(message, { ...EVERYTHING, tcp4: false }, read)).toBe(-1);
    expect(readFrame(message, NOTHING, read)).toBe(-1);
    for (const [at, value] of [
      [1, 0],
      [2, 7],
      [3, 0xff],
      [7, 0xff],
    ] as const) {
      const odd = message.slice();
      odd[at] = value;
      if (at === 3) odd.fill(0, 3, 5);
      expect([at, readFrame(odd, EVERYTHING, read)]).toEqual([at, -1]);
    }
    expect(readFrame(plain.subarray(0, 14), EVERYTHING, read)).toBe(-1);
    expect(readFrame(new Uint8Array(MAX_MESSAGE + 1).fill(2), EVERYTHING, read)).toBe(-1);
  });

  test("that begin a session have a version, and a token of at most 4 KiB", () => {
    expect(parseHello(new Uint8Array(hello()))).toMatchObject({
      token: "secret",
      mtu: 1500,
      mac: macOf(1),
      offers: EVERYTHING,
    });
    expect(parseHello(new Uint8Array(hello("x".repeat(5000))))).toBeUndefined();
    expect(parseHello(Uint8Array.of(0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBeUndefined();
    expect(parseHello(new Uint8Array(0))).toBeUndefined();
  });
});

describe("a relay", () => {
  test("gives each VM a network of its own, and closes it when the VM goes", async () => {
    const { relay, networks, events } = relayOf();
    const [one, two] = [vm(relay), vm(relay)];
    await settle();
    expect([networks.length, one.events, one.links]).toEqual([2, [{ type: "connected" }], [false, true]]);
    const frame = frameOf(1, 2);
    one.network.send(frame, 0, 60, plainInfo());
    await settle();
    expect(networks.map(({ sent }) => sent.length)).toEqual([1, 0]);
    expect(networks[0]!.sent[0]!.bytes).toEqual(frame);
    networks[1]!.enter(() => void networks[1]!.port.send(frame, 0, 60, plainInfo()));
    await settle();
    expect([one.device.sent.length, two.device.sent.length]).toEqual([0, 1]);
    await one.network.close();
    await settle();
    expect(networks.map(({ closed }) => closed)).toEqual([1, 0]);
    expect(events.map(({ type }) => type)).toEqual(["opened", "opened", "closed"]);
    expect(relay.size).toBe(1);
  });

  test("lets nobody in without a token that it knows, and the VM does not try again", async () => {
    const { relay, networks, events } = relayOf();
    const { events: told, sockets, links } = vm(relay, "secreT");
    await settle();
    expect(told).toEqual([{ type: "refused", code: Close.REFUSED, reason: "the token is not known" }]);
    expect([sockets.length, links, networks.length]).toEqual([1, [false], 0]);
    expect(events).toEqual([{ type: "refused", from: "", reason: "the token is not known" }]);
    for (const token of ["", "secret ", "secretsecret", "s"]) vm(relay, token);
    await settle();
    expect([networks.length, relay.size]).toEqual([0, 0]);
  });

  test("has room for so many, of a tenant and in all", async () => {
    const network = () => new FakeNetwork();
    const { relay, comes, networks } = relayOf({
      sessions: 3,
      tenants: [
        { token: "a", sessions: 1, network },
        { token: "b", network },
      ],
    });
    await comes(hello("a"));
    expect((await comes(hello("a"))).there.closed?.[0]).toBe(Close.LIMIT);
    await comes(hello("b"));
    // One that has said nothing counts.
    await comes();
    expect((await comes(hello("b"))).there.closed?.[0]).toBe(Close.LIMIT);
    expect([networks.length, relay.size]).toEqual([2, 3]);
  });

  test("sends away who says what makes no sense, more than its window, or nothing, and nobody else", async () => {
    const { comes, networks, relay } = relayOf();
    const stays = await comes(hello());
    const large = frameMessage(new Uint8Array(65_000), 0, 65_000, plainInfo()).slice().buffer;
    const tooMuch = Array.from({ length: Math.ceil(WINDOW / 65_000) + 1 }, () => large);
    const cases: unknown[][] = [
      ["text"],
      [new ArrayBuffer(0)],
      [takenMessage(1).buffer],
      [hello(), "text"],
      [hello(), hello()],
      [hello(), Uint8Array.of(9).buffer],
      [hello(), Uint8Array.of(2, 1).buffer],
      [hello(), takenMessage(2 ** 31).buffer],
    ];
    for (const messages of cases) expect((await comes(...messages)).there.closed?.[0]).toBe(Close.PROTOCOL);
    // A network that takes nothing: frames wait, up to the window.
    const { here, there } = await comes(hello());
    networks.at(-1)!.room = 0;
    for (const message of tooMuch) there.gets(message);
    await settle();
    expect([there.closed?.[0], here.closed?.[0]]).toEqual([Close.PROTOCOL, Close.PROTOCOL]);
    expect(stays.there.closed).toBeUndefined();
    expect(relay.size).toBe(1);
  });

  test("waits ten seconds for a VM to say who it is", () => {
    vi.useFakeTimers();
    const { relay } = relayOf();
    const [, there] = socketPair();
    relay.accept(there);
    vi.advanceTimersByTime(9999);
    expect(there.closed).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(there.closed?.[0]).toBe(Close.SILENT);
  });

  test("loses what is more than a tenant's limits", async () => {
    const { comes, networks } = relayOf({ tenants: [{ limits: { packets: 100 }, network: () => new FakeNetwork() }] });
    const { there } = await comes(hello());
    const frame = frameMessage(frameOf(1, 2), 0, 60, plainInfo()).slice().buffer;
    for (let i = 0; i < 1000; i++) there.gets(frame);
    await settle();
    // Ten at once, and some that the time has brought.
    expect(networks[0]!.sent.length).toBeLessThan(500);
    expect(networks[0]!.sent.length).toBeGreaterThanOrEqual(10);
    expect(there.closed).toBeUndefined();
  });

  test("goes on when one network fails", async () => {
    const { comes, networks, events, relay } = relayOf();
    const [{ there: bad }, { there: good }] = [await comes(hello()), await comes(hello())];
    networks[0]!.send = () => {
      throw new Error("broken");
    };
    for (const socket of [bad, good]) socket.gets(frameMessage(frameOf(1, 2), 0, 60, plainInfo()).slice().buffer);
    await settle();
    expect([bad.closed?.[0], good.closed, networks[1]!.sent.length, relay.size]).toEqual([
      Close.GOING,
      undefined,
      1,
      1,
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: "error", session: 1 }));
  });

  test("says what is wrong with its tenants", () => {
    const network = () => new FakeNetwork();
    for (const tenants of [
      [],
      [{ network }, { network }],
      [
        { token: "a", network },
        { token: "a", network },
      ],
    ])
      expect(() => new Relay({ tenants })).toThrow(/tenants, each with a token of its own/);
  });
});

describe("a VM at a relay", () => {
  test("has its link down while there is no connection, loses what it sends then, and tries again ever later", async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const events: RelayNetworkEvent[] = [];
    const links: boolean[] = [];
    let count = 0;
    const sockets: FakeSocket[] = [];
    const network = relayNetwork({ url: "ws://relay.test/", onEvent: (event) => events.push(event) }, () => {
      if (++count === 1) throw new Error("no way");
      sockets.push(new FakeSocket());
      return sockets.at(-1)!;
    });
    closing.push(() => network.close());
    const device = Object.assign(new FakeNetwork(), {
      mac: macOf(1),
      mtu: 1500,
      setLink: (up: boolean) => void links.push(up),
    });
    network.connect(device, (act) => act());
    await vi.advanceTimersByTimeAsync(0);
    expect(events.splice(0)).toEqual([{ type: "disconnected", code: 1006, reason: "no way", retryAfter: 500 }]);
    expect(network.send(frameOf(1, 2), 0, 60, plainInfo())).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    // It is there, and says nothing.
    sockets[0]!.opens();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(events.splice(0)).toMatchObject([
      { code: Close.PROTOCOL, reason: "the relay does not answer", retryAfter: 1000 },
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    sockets[1]!.opens();
    sockets[1]!.gets(welcomeMessage(NOTHING).slice().buffer);
    expect([events.splice(0), links]).toEqual([[{ type: "connected" }], [false, true]]);
    sockets[1]!.gets(Uint8Array.of(77).buffer);
    // From the beginning, once it had worked.
    expect(events.splice(0)).toMatchObject([{ type: "disconnected", retryAfter: 500 }]);
    expect(links).toEqual([false, true, false]);
    await network.close();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sockets.length).toBe(2);
  });

  test("finishes what the relay does not take as it is", async () => {
    const { networks, comes } = relayOf();
    const { there } = await comes(hello("secret", NOTHING));
    const { port, enter } = networks[0]!;
    expect(port.offers).toEqual(NOTHING);
    enter(() => void port.send(frameOf(1, 2), 0, 60, plainInfo()));
    await settle();
    expect(there.sent.map(([kind]) => kind)).toEqual([1, 2]);
  });

  test("says what is wrong with an address", async () => {
    for (const url of ["relay.example", "http://relay.example/", "wss://relay.example/#part"])
      expect(await failureOf(() => openRelayNetwork({ url }))).toMatchObject({ code: "network-option" });
  });

  test("comes by a real WebSocket", async () => {
    const { relay, networks } = relayOf();
    const server = createServer();
    new WebSocketServer({ server, maxPayload: MAX_MESSAGE }).on("connection", (socket) => relay.accept(socket));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    closing.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const network = await openRelayNetwork({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      token: "secret",
    });
    closing.push(() => network.close());
    const links: boolean[] = [];
    const device = Object.assign(new FakeNetwork(), {
      mac: macOf(1),
      mtu: 1500,
      setLink: (up: boolean) => void links.push(up),
    });
    network.connect(device, (act) => act());
    await vi.waitFor(() => expect(links.at(-1)).toBe(true), 10_000);
    network.send(frameOf(1, 2, { length: 1000 }), 0, 1000, plainInfo());
    await vi.waitFor(() => expect(networks[0]!.sent.length).toBe(1), 10_000);
    networks[0]!.enter(() => void networks[0]!.port.send(networks[0]!.sent[0]!.bytes, 0, 1000, plainInfo()));
    await vi.waitFor(() => expect(device.sent.length).toBe(1), 10_000);
    expect(device.sent[0]!.bytes).toEqual(frameOf(1, 2, { length: 1000 }));
  });
});
