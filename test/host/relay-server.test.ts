/** The relay's server: TLS, and pages that may come. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { plainInfo } from "../../src/backend/network/segment.ts";
import { serveWebSockets } from "../../src/host/relay-server.ts";
import { openRelayNetwork, Relay, type RelayNetworkEvent } from "../../src/index.ts";
import { FakeNetwork, NOTHING } from "../support/cable.ts";
import { selfSigned } from "../support/certificate.ts";
import { failureOf } from "../support/failure.ts";

const { cert, key } = selfSigned("relay.example");
const files = { cert: "", key: "" };
let folder = "";
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-tls-"));
  files.cert = path.join(folder, "cert.pem");
  files.key = path.join(folder, "key.pem");
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => rm(folder, { recursive: true }));

/** A relay behind TLS; `comes` is somebody who comes, and what it is told first. */
async function relayWithTls(origins?: readonly string[]) {
  const network = new FakeNetwork();
  const relay = new Relay({ tenants: [{ token: "secret", network: () => network }] });
  const server = await serveWebSockets({
    ...{ address: "127.0.0.1", port: 0, tls: files, maxMessage: 2 ** 17 },
    ...(origins === undefined ? {} : { origins }),
    accept: (socket, from) => relay.accept(socket, { from }),
  });
  closing.push(() => server.close());
  closing.push(() => relay.close());
  const comes = async (options: ClientOptions) => {
    const events: RelayNetworkEvent[] = [];
    const backend = await openRelayNetwork({
      ...{ url: `wss://127.0.0.1:${server.port}/`, token: "secret" },
      onEvent: (event) => events.push(event),
      socket: (url, protocol) => new WebSocket(url, protocol, options),
    });
    closing.push(() => backend.close());
    const port = { offers: NOTHING, mac: new Uint8Array(6), mtu: 1500, send: () => true, onRoom() {}, setLink() {} };
    backend.connect(port, (act) => act());
    await vi.waitFor(() => expect(events).not.toEqual([]), { timeout: 10_000 });
    return { backend, event: events[0]! };
  };
  return { network, comes };
}

test("frames pass by TLS, to those who trust the certificate", async () => {
  const { network, comes } = await relayWithTls();
  const { backend, event } = await comes({ ca: cert });
  expect(event).toEqual({ type: "connected" });
  const frame = new Uint8Array(60).fill(7);
  backend.send(frame, 0, frame.length, plainInfo());
  await vi.waitFor(() => expect(network.sent).toMatchObject([{ bytes: frame }]));
});

test("who does not trust the certificate does not talk to it", async () => {
  const { comes } = await relayWithTls();
  expect((await comes({})).event).toMatchObject({ type: "disconnected", code: 1006 });
});

test("pages of other origins are kept out; those that are named, and programs, are not", async () => {
  const { comes } = await relayWithTls(["https://mine.example"]);
  expect((await comes({ ca: cert, origin: "https://other.example" })).event).toMatchObject({ type: "disconnected" });
  expect((await comes({ ca: cert, origin: "https://mine.example" })).event).toEqual({ type: "connected" });
  expect((await comes({ ca: cert })).event).toEqual({ type: "connected" });
});

test("a certificate that cannot be read is named", async () => {
  const tls = { cert: path.join(folder, "none.pem"), key: files.key };
  const failure = failureOf(() =>
    serveWebSockets({ address: "127.0.0.1", port: 0, tls, maxMessage: 2 ** 17, accept: () => undefined }),
  );
  expect(await failure).toMatchObject({ code: "file-unreadable" });
});
