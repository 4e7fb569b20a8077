/** `wasmvisor relay`: its options, and a VM at it. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { parseRelay } from "../../src/cli/relay-options.ts";
import { plainInfo } from "../../src/backend/network/segment.ts";
import { openRelayNetwork, type RelayNetworkEvent } from "../../src/index.ts";
import { FakeNetwork } from "../support/cable.ts";
import { frameOf, macOf } from "../net/switch/rig.ts";

describe("the command line", () => {
  test("has what is safe where nothing is said", () => {
    expect(parseRelay([], undefined)).toEqual({ address: "127.0.0.1", port: 8765, limits: {}, connections: 1024 });
    expect(parseRelay(["--help"], undefined)).toBeUndefined();
  });

  test("takes addresses, rules, limits, TLS, and the environment's token where there is no other", () => {
    const words =
      "--listen [::]:443 --allow *.debian.org:80 --allow 10.0.0.0/8 --allow [fd00::]/8:80-90 --bps 1000 --sessions 3";
    expect(
      parseRelay([...words.split(" "), "--tls-cert", "c", "--tls-key", "k", "--origin", "https://a"], "secret12"),
    ).toEqual({
      address: "::",
      port: 443,
      token: "secret12",
      tls: { cert: "c", key: "k" },
      origins: ["https://a"],
      allow: [
        { allow: true, to: "*.debian.org", ports: "80" },
        { allow: true, to: "10.0.0.0/8" },
        { allow: true, to: "fd00::/8", ports: "80-90" },
      ],
      sessions: 3,
      limits: { bytes: 1000 },
      connections: 1024,
    });
    expect(parseRelay(["--listen", "9000", "--tokens", "f"], "secret12")).toMatchObject({ port: 9000, tokens: "f" });
  });

  test.each([
    [["--listen", "here"], "--listen takes an address and port"],
    [["--listen", "1.2.3.4:99999"], "--listen takes an address and port"],
    [["--tls-cert", "c"], "give both"],
    [["--token", "a", "--tokens", "b"], "not both"],
    [["--bps", "0"], "--bps takes a whole number"],
    [["--allow", "a:b"], "--allow takes a name"],
    [["there"], 'takes no "there"'],
  ])("%j is answered", (words, sentence) => {
    expect(() => parseRelay(words, undefined)).toThrow(sentence);
  });
});

describe("wasmvisor relay", () => {
  const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
  const closing: (() => unknown)[] = [];
  beforeAll(() => buildDist(), 600_000);
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  test("gives a VM with the token that it prints a user network, and ends by a signal", async () => {
    const child = spawn(process.execPath, [main, "relay", "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    closing.push(() => child.kill("SIGKILL"));
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await vi.waitFor(() => expect(stdout).toMatch(/token/), 60_000);
    const [, url, token] = /at (\S+), with the token (\S+)/.exec(stdout)!;
    const refused: RelayNetworkEvent[] = [];
    const stranger = await openRelayNetwork({ url: url!, token: "another", onEvent: (event) => refused.push(event) });
    const backend = await openRelayNetwork({ url: url!, token: token! });
    closing.push(() => Promise.all([backend.close(), stranger.close()]));
    let isUp = false;
    const device = Object.assign(new FakeNetwork(), {
      mac: macOf(1),
      mtu: 1500,
      setLink: (up: boolean) => void (isUp = up),
    });
    backend.connect(device, (act) => act());
    stranger.connect(Object.assign(new FakeNetwork(), { mac: macOf(2), mtu: 1500, setLink: () => undefined }), (act) =>
      act(),
    );
    await vi.waitFor(() => expect(isUp).toBe(true), 60_000);
    const arp = frameOf(1, new Uint8Array(6).fill(255), { type: 0x0806, fill: 0 });
    arp.set([0, 1, 8, 0, 6, 4, 0, 1, ...macOf(1), 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2], 14);
    backend.send(arp, 0, arp.length, plainInfo());
    const answers = () => device.sent.map(({ bytes }) => [...bytes.subarray(12, 14), ...bytes.subarray(28, 32)].join());
    await vi.waitFor(() => expect(answers()).toContain("8,6,10,0,2,2"), 60_000);
    await vi.waitFor(() => expect(refused).toMatchObject([{ type: "refused" }]), 60_000);
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(stderr).toMatch(/VM \d of all is there, from 127\.0\.0\.1 \d+\n/);
    expect(stderr).toMatch(/was not let in \(the token is not known\)/);
  });
});
