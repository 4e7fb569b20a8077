/** What a guest may reach. */

import { afterEach, describe, expect, test } from "vitest";
import { Ip, Prefix, scopeOf } from "../../../../src/backend/network/address.ts";
import { Egress, type EgressPolicy, type EgressRequest } from "../../../../src/backend/network/user/policy.ts";
import type { UserOptions } from "../../../../src/backend/network/user/options.ts";
import { failureOf } from "../../../support/failure.ts";
import { Peer } from "./peer.ts";
import { DNS, GATEWAY, GUEST, type Guest, guestOn, ipFrame, readIp, udp } from "./rig.ts";
import { encode } from "dns-packet";

const guests: Guest[] = [];

afterEach(async () => {
  for (const guest of guests.splice(0)) await guest.network.close();
});

async function guestWith(options: Partial<UserOptions>): Promise<Guest> {
  const guest = await guestOn(options);
  guests.push(guest);
  return guest;
}

let port = 40_000;

/** Where a connection to an address leads; undefined when it is refused by the policy. */
async function reach(guest: Guest, remote: string, remotePort = 80): Promise<string | undefined> {
  const peer = new Peer(guest, { remote, remotePort, port: port++, guest: remote.includes(":") ? "fec0::5" : GUEST });
  const before = guest.host.streams.length;
  peer.connect();
  await guest.settle();
  const stream = guest.host.streams[before];
  return stream && `${stream.address} ${stream.port}`;
}

async function resolve(guest: Guest, name: string, ...addresses: string[]): Promise<void> {
  guest.host.names.set(
    `${name} A`,
    addresses.map((address) => ({ type: "A", address })),
  );
  const question = encode({ type: "query", id: 1, questions: [{ name, type: "A" }] });
  guest.frame(ipFrame(GUEST, DNS, 17, udp(5353, 53, question)));
  await guest.settle();
}

describe("addresses", () => {
  test.each([
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["0.0.0.0", "unusable"],
    ["0.1.2.3", "unusable"],
    ["169.254.169.254", "link-local"],
    ["10.255.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.32.0.1", "public"],
    ["192.168.0.1", "private"],
    ["100.64.0.1", "private"],
    ["100.128.0.1", "public"],
    ["224.0.0.1", "unusable"],
    ["255.255.255.255", "unusable"],
    ["8.8.8.8", "public"],
    ["::", "unusable"],
    ["::1", "loopback"],
    ["fe80::1", "link-local"],
    ["fd00::1", "private"],
    ["fec0::1", "private"],
    ["ff02::1", "unusable"],
    ["2001:db8::1", "public"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::127.0.0.1", "loopback"],
    ["::ffff:0:127.0.0.1", "loopback"],
    ["64:ff9b::10.0.0.1", "private"],
    ["64:ff9b::8.8.8.8", "public"],
    ["2002:7f00:1::", "loopback"],
    ["2002:a00:1::5", "private"],
  ])("%s is %s", (text, scope) => {
    expect(scopeOf(Ip.parse(text)!)).toBe(scope);
  });

  test.each([
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4.5",
    "::1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "g::",
    "fe80::1%eth0",
    ":::",
    "",
    "::1.2.3",
  ])("%j is none", (text) => {
    expect(Ip.parse(text)).toBeUndefined();
  });

  test.each(["::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:0:0:4::8", "fec0::2", "1.2.3.4"])(
    "%s is written as it is read",
    (text) => {
      expect(Ip.parse(text)!.toString()).toBe(text);
    },
  );

  test("prefixes", () => {
    const has = (prefix: string, address: string) => Prefix.parse(prefix)!.has(Ip.parse(address)!);
    expect(has("10.0.0.0/8", "10.255.255.255")).toBe(true);
    expect(has("10.0.0.0/8", "11.0.0.0")).toBe(false);
    expect(has("0.0.0.0/0", "255.1.2.3")).toBe(true);
    expect(has("0.0.0.0/0", "2001:db8::1")).toBe(false);
    expect(has("2001:db8::/33", "2001:db8:7fff::1")).toBe(true);
    expect(has("2001:db8::/33", "2001:db8:8000::1")).toBe(false);
    expect(has("1.2.3.4", "1.2.3.5")).toBe(false);
    expect(Prefix.parse("10.0.0.0/33")).toBeUndefined();
  });
});

describe("without a policy", () => {
  test("all is reached but what is link-local; the gateway is the host's loopback, which nothing else is", async () => {
    const guest = await guestWith({});
    expect(await reach(guest, "198.51.100.1")).toBe("198.51.100.1 80");
    expect(await reach(guest, "192.168.1.1")).toBe("192.168.1.1 80");
    expect(await reach(guest, GATEWAY)).toBe("127.0.0.1 80");
    expect(await reach(guest, "fec0::2")).toBe("::1 80");
    for (const address of ["127.0.0.1", "127.1.1.1", "169.254.169.254", "0.0.0.0", "10.0.2.77"]) {
      expect(await reach(guest, address), address).toBeUndefined();
    }
    for (const address of ["::1", "fe80::99", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe"]) {
      expect(await reach(guest, address), address).toBeUndefined();
    }
  });

  test("restrict lets nothing out", async () => {
    const guest = await guestWith({ restrict: true });
    for (const address of ["198.51.100.1", GATEWAY, DNS]) expect(await reach(guest, address)).toBeUndefined();
    guest.frame(ipFrame(GUEST, "198.51.100.1", 17, udp(40_000, 7, "x")));
    await resolve(guest, "www.example.org", "198.51.100.1");
    expect([guest.host.datagrams, guest.host.asked, guest.take()]).toEqual([[], [], []]);
  });
});

describe("a policy", () => {
  test("of names opens the addresses that they led to, and no others", async () => {
    const guest = await guestWith({
      policy: { rules: [{ allow: true, to: ["*.debian.org", "debian.org"], ports: [80, "8000-8010"] }] },
    });
    expect(await reach(guest, "198.51.100.1")).toBeUndefined();
    await resolve(guest, "deb.debian.org", "198.51.100.1");
    expect(await reach(guest, "198.51.100.1")).toBe("198.51.100.1 80");
    expect(await reach(guest, "198.51.100.1", 8005)).toBe("198.51.100.1 8005");
    expect(await reach(guest, "198.51.100.1", 443)).toBeUndefined();
    expect(await reach(guest, "198.51.100.2")).toBeUndefined();
    // Other names are not even asked for, so that no question can carry anything out.
    await resolve(guest, "secret.evil.example", "198.51.100.3");
    await resolve(guest, "debian.org.evil.example", "198.51.100.3");
    await resolve(guest, "xdebian.org", "198.51.100.3");
    expect(guest.host.asked).toEqual(["deb.debian.org A"]);
    expect(await reach(guest, "198.51.100.3")).toBeUndefined();
  });

  test("is not led to the host's own or private addresses by a name", async () => {
    const policies: (EgressPolicy | (() => boolean))[] = [
      { rules: [{ allow: true, to: "*.example.org" }] },
      { rules: [{ allow: true }], default: "allow" },
      { ask: () => true },
      () => true,
    ];
    for (const policy of policies) {
      const guest = await guestWith({ policy });
      await resolve(guest, "rebind.example.org", "127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "10.0.2.2");
      const [answer] = guest.take();
      // An answer without addresses.
      expect(readIp(answer!)!.payload.readUInt16BE(8 + 6)).toBe(0);
      for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", GATEWAY]) {
        expect(await reach(guest, address), address).toBeUndefined();
      }
    }
  });

  test("opens private addresses, and the host's loopback, by addresses", async () => {
    const guest = await guestWith({
      policy: {
        rules: [
          { allow: false, to: "192.168.1.0/24" },
          { allow: true, to: ["192.168.0.0/16", "127.0.0.1"], protocol: "tcp" },
        ],
      },
    });
    expect(await reach(guest, "192.168.2.1")).toBe("192.168.2.1 80");
    expect(await reach(guest, "192.168.1.1")).toBeUndefined();
    expect(await reach(guest, GATEWAY)).toBe("127.0.0.1 80");
    guest.frame(ipFrame(GUEST, "192.168.2.1", 17, udp(40_000, 7, "x")));
    await guest.settle();
    const error = guest
      .take()
      .flatMap((frame) => readIp(frame) ?? [])
      .at(-1)!;
    expect([...error.payload.subarray(0, 2)]).toEqual([3, 13]);
  });

  test("sees through addresses that stand for others", async () => {
    const guest = await guestWith({ policy: { default: "allow", rules: [{ allow: false, to: "198.51.100.0/24" }] } });
    expect(await reach(guest, "203.0.113.1")).toBe("203.0.113.1 80");
    expect(await reach(guest, "198.51.100.1")).toBeUndefined();
    expect(await reach(guest, "64:ff9b::c633:6401")).toBeUndefined();
    expect(await reach(guest, "2002:c633:6401::")).toBeUndefined();
  });

  test("that is a function is asked with the name and the address", async () => {
    const asked: EgressRequest[] = [];
    const events: unknown[] = [];
    const guest = await guestWith({
      policy: async (request) => {
        asked.push(request);
        await Promise.resolve();
        return request.host === "good.example.org";
      },
      onEvent: (event) => events.push(event),
    });
    await resolve(guest, "good.example.org", "198.51.100.1");
    await resolve(guest, "bad.example.org", "198.51.100.2");
    expect(await reach(guest, "198.51.100.1")).toBe("198.51.100.1 80");
    expect(await reach(guest, "198.51.100.2", 443)).toBeUndefined();
    expect(asked).toEqual([
      { protocol: "dns", host: "good.example.org", address: "", port: 53 },
      { protocol: "dns", host: "bad.example.org", address: "", port: 53 },
      { protocol: "tcp", host: "good.example.org", address: "198.51.100.1", port: 80 },
      { protocol: "tcp", address: "198.51.100.2", port: 443 },
    ]);
    expect(events).toEqual([
      { type: "denied", protocol: "dns", address: "", port: 53, host: "bad.example.org" },
      { type: "denied", protocol: "tcp", address: "198.51.100.2", port: 443 },
    ]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["says something else", () => "yes" as unknown as boolean],
  ])("that %s counts as no", async (_, policy) => {
    const guest = await guestWith({ policy });
    expect(await reach(guest, "198.51.100.1")).toBeUndefined();
    guest.frame(ipFrame(GUEST, "198.51.100.1", 17, udp(40_000, 7, "x")));
    await resolve(guest, "www.example.org", "198.51.100.1");
    expect(guest.host.datagrams.flatMap(({ sent }) => sent)).toEqual([]);
    expect(guest.host.asked).toEqual([]);
  });

  test("holds for UDP while it is asked: nothing leaves before it has answered", async () => {
    let answer!: (allowed: boolean) => void;
    const guest = await guestWith({ policy: () => new Promise((resolve) => (answer = resolve)) });
    for (let i = 0; i < 100; i++) guest.frame(ipFrame(GUEST, "198.51.100.1", 17, udp(40_000, 7, `x${i}`)));
    await guest.settle();
    expect(guest.host.datagrams.flatMap(({ sent }) => sent)).toEqual([]);
    answer(true);
    await guest.settle();
    expect(guest.host.datagrams.flatMap(({ sent }) => sent)).toHaveLength(8);
  });

  test.each([
    [{ to: "exa mple" }],
    [{ to: "10.0.0.0/33" }],
    [{ to: "1.2.3" }],
    [{ to: "" }],
    [{ ports: "80-" }],
    [{ ports: "90-80" }],
    [{ ports: 70_000 }],
  ])("with a rule %j is refused", async (rule) => {
    expect(await failureOf(() => guestOn({ policy: { rules: [{ allow: true, ...rule }] } }))).toMatchObject({
      code: "network-policy",
    });
  });

  test("with stars in a name takes no time to think", () => {
    const egress = new Egress({ rules: [{ allow: true, to: "*a*a*a*a*a*a*a*a*a*b" }] });
    expect(egress.mayResolve("a".repeat(250))).toBe(false);
  });
});
