/** A guest's HTTP by fetch: what is asked, what is answered, and what is refused. */

import { describe, expect, test, vi } from "vitest";
import type { StreamEvents } from "../../../src/backend/network/user/host-network.ts";
import { Egress } from "../../../src/backend/network/user/policy.ts";
import { Ip } from "../../../src/backend/network/address.ts";
import { type FetchOptions, fetchNetwork } from "../../../src/net/fetch/fetch.ts";
import { HttpReader } from "../../../src/net/fetch/http.ts";
import { failureOf } from "../../support/failure.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A connection to a site, and what has come of it. */
async function connect(answer: (request: Request) => Response | Promise<Response>, port = 80, host?: string) {
  const asked: Request[] = [];
  const fetch = ((url: URL, init: RequestInit) => {
    const request = new Request(url, init);
    asked.push(request);
    return Promise.resolve(answer(request));
  }) as FetchOptions["fetch"] & object;
  const network = fetchNetwork({ fetch });
  const told: string[] = [];
  let text = "";
  const events: StreamEvents = {
    connected: () => void told.push("connected"),
    data: (data) => void (text += new TextDecoder("latin1").decode(data)),
    end: () => void told.push("end"),
    drain: () => undefined,
    close: (why) => void told.push(why ?? "close"),
  };
  const found = await network.resolve("site.example", "A");
  const { address } = (found as unknown as { address: string }[])[0]!;
  const stream = network.connect(host ?? address, port, events);
  await Promise.resolve();
  const settle = () => vi.waitFor(() => expect(asked.length + text.length).toBeGreaterThan(0));
  return {
    network,
    asked,
    told,
    stream,
    settle,
    text: () => text,
    says: (words: string) => stream.write(bytes(words)),
  };
}

const GET = "GET /a?b=c HTTP/1.1\r\nHost: site.example\r\nUser-Agent: guest\r\nCookie: x\r\n\r\n";

test("a request leaves by https, without what is the connection's or the page's; the answer comes in chunks", async () => {
  const { asked, told, text, says, stream } = await connect(
    () =>
      new Response("hello", {
        status: 200,
        statusText: "OK",
        headers: { "x-a": "b", "content-encoding": "gzip", "content-length": "99" },
      }),
  );
  for (const letter of GET) says(letter);
  await vi.waitFor(() => expect(text()).toMatch(/0\r\n\r\n$/));
  expect([asked[0]!.url, asked[0]!.method, asked[0]!.headers.get("cookie")]).toEqual([
    "https://site.example/a?b=c",
    "GET",
    null,
  ]);
  expect(asked[0]!.headers.get("user-agent")).toBe("guest");
  expect(text()).toBe(
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  );
  // It stays open for another.
  says(GET.replace("GET", "HEAD"));
  await vi.waitFor(() => expect(asked.length).toBe(2));
  stream.end();
  await vi.waitFor(() => expect(told).toEqual(["connected", "end", "close"]));
});

test("a body is passed on whole, by its length or in chunks, and a client that asks is told to go on", async () => {
  const bodies: string[] = [];
  const { text, says } = await connect(async (request) => {
    bodies.push(await request.text());
    return new Response("");
  });
  const head = "POST / HTTP/1.1\r\nHost: site.example\r\n";
  says(`${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  expect(text()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  says("abc");
  says(`de${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nd`);
  says("e\r\n0\r\nX-Trailer: 1\r\n\r\n");
  await vi.waitFor(() => expect(bodies).toEqual(["abcde", "abcde"]));
});

test("what cannot be done is said in a sentence, and ends the connection", async () => {
  const cases: [string, string][] = [
    ["nonsense\r\n\r\n", "400"],
    ["GET / HTTP/1.1\r\n Folded: x\r\n\r\n", "400"],
    ["GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"],
    ["POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413"],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501"],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "501"],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", "413"],
    [`GET / HTTP/1.1\r\nX: ${"y".repeat(70_000)}`, "431"],
    ["CONNECT a:443 HTTP/1.1\r\n\r\n", "501"],
    // Another host than the one that the policy has seen.
    ["GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", "421"],
    ["GET http://other.example/ HTTP/1.1\r\nHost: site.example\r\n\r\n", "421"],
    ["GET / HTTP/1.1\r\nHost: site.example:8080\r\n\r\n", "421"],
    ["GET / HTTP/1.1\r\nHost: a@site.example\r\n\r\n", "421"],
  ];
  for (const [request, status] of cases) {
    const { asked, told, text, says } = await connect(() => new Response(""));
    says(request);
    await vi.waitFor(() => expect(told.at(-1)).toBe("close"));
    expect([request.slice(0, 60), text().slice(0, 12), asked.length]).toEqual([
      request.slice(0, 60),
      `HTTP/1.1 ${status}`,
      0,
    ]);
  }
});

test("a site that does not let the page read it is a sentence of status 502", async () => {
  const { text, says } = await connect(() => Promise.reject(new TypeError("Failed to fetch")));
  says(GET);
  await vi.waitFor(() =>
    expect(text()).toMatch(/^HTTP\/1\.1 502 .*https:\/\/site\.example has not answered.*use a relay/s),
  );
});

test("an answer waits while the guest takes nothing, and is given up with the connection", async () => {
  let [pulls, cancels] = [0, 0];
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (to) => {
        pulls++;
        to.enqueue(new Uint8Array(1000));
      },
      cancel: () => void cancels++,
    });
  const { stream, says, text } = await connect(() => new Response(body()));
  stream.pause();
  says(GET);
  await vi.waitFor(() => expect(text()).toMatch(/chunked/));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(pulls).toBeLessThan(5);
  stream.reset();
  await vi.waitFor(() => expect(cancels).toBe(1));
});

describe("what there is no way to", () => {
  test.each([
    ["TLS", 443, undefined],
    ["other ports", 8080, undefined],
    ["private addresses", 80, "10.0.0.1"],
    ["loopback", 80, "127.0.0.1"],
    ["loopback by IPv6", 80, "::1"],
  ])("%s is refused", async (_, port, host) => {
    const { told } = await connect(() => new Response(""), port, host);
    expect(told).toEqual(["refused"]);
  });

  test("names of the host's own and of networks around it do not exist", async () => {
    const network = fetchNetwork();
    for (const name of ["localhost", "a.localhost", "router", "printer.local", "x.internal", "127.0.0.1"])
      expect([name, await network.resolve(name, "A")]).toEqual([name, "no-name"]);
    expect(await network.resolve("site.example", "AAAA")).toEqual([]);
  });

  test("UDP and forwards are answered in a sentence", async () => {
    const network = fetchNetwork();
    const events = { data: () => undefined, close: () => undefined };
    expect(await failureOf(() => network.bind(4, events))).toMatchObject({ code: "unsupported" });
    expect(await failureOf(() => network.listen("127.0.0.1", 0, () => undefined))).toMatchObject({
      code: "unsupported",
    });
  });
});

test("a policy over names holds for the addresses that stand for them", async () => {
  const network = fetchNetwork();
  const [record] = (await network.resolve("good.example", "A")) as unknown as { address: string }[];
  const ip = Ip.parse(record!.address)!;
  const policy = { rules: [{ allow: true, to: "good.example" }] };
  const egress = new Egress(policy, (address) => network.standsForName!(address));
  expect(egress.mayAnswer(ip)).toBe(true);
  expect(egress.mayReach("tcp", ip, 80)).toBe(false);
  egress.remember("good.example", ip);
  expect(egress.mayReach("tcp", ip, 80)).toBe(true);
  // An address of that network that stands for nothing is as private as before.
  expect(egress.mayAnswer(Ip.parse("198.19.9.9")!)).toBe(false);
});

test("a request costs by its bytes, not by their square", () => {
  const reader = new HttpReader();
  reader.add(bytes("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
  // A million chunks of one byte, a few at a time: each is looked at once, or this would never end.
  const some = bytes("1\r\nx\r\n".repeat(10));
  for (let count = 0; count < 100_000; count++) {
    reader.add(some);
    expect(reader.next() === undefined).toBe(true);
  }
  reader.add(bytes("0\r\n\r\n"));
  expect(reader.next()!.body.length).toBe(1_000_000);
});
