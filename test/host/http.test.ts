import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { download, type DownloadOptions, proxyFor } from "../../src/host/http.ts";
import { collect } from "../linux/archive-maker.ts";

const file = new Uint8Array(200_000).map((_, index) => index % 253);
const withCode = (code: string) => expect.objectContaining({ code }) as Error;
const servers: { close(): unknown }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server, its address, and what it was asked. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse, asked: number) => void) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.url}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
    answer(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Whether the file comes. */
async function fetch(url: string, options: DownloadOptions = {}): Promise<boolean> {
  return Buffer.compare(await collect(download(url, { pause: 1, environment: {}, ...options })), file) === 0;
}

/** Sends the file from where it is asked for, and hangs up after `bytes` of it. */
function sendSome(request: IncomingMessage, response: ServerResponse, bytes: number): void {
  const at = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  response.writeHead(at > 0 ? 206 : 200, { "content-length": file.length - at });
  const part = file.subarray(at, at + bytes);
  if (at + part.length === file.length) response.end(part);
  else response.write(part, () => setTimeout(() => response.destroy(), 10));
}

describe("a download", () => {
  test("is what the server has", async () => {
    const { url, asked } = await serve((_, response) => response.end(file));
    expect([await fetch(`${url}/a+b`), asked]).toEqual([true, ["/a+b"]]);
  });

  test("goes on where it broke off, as often as something comes", async () => {
    const { url, asked } = await serve((request, response) => sendSome(request, response, 20_000));
    expect(await fetch(url)).toBe(true);
    expect(asked.length).toBeGreaterThanOrEqual(10);
    expect(asked[1]).toMatch(/^\/ bytes=\d+-$/);
  });

  test("goes on with a server that always begins at the beginning", async () => {
    const { url } = await serve((_, response, asked) => {
      response.writeHead(200, { "content-length": file.length });
      if (asked === 2) response.end(file);
      else response.write(file.subarray(0, 50_000), () => setTimeout(() => response.destroy(), 10));
    });
    expect(await fetch(url)).toBe(true);
  });

  test("is tried again when the server is busy or says nothing, five times in all", async () => {
    const busy = await serve((request, response, asked) => {
      if (asked < 3) response.writeHead(503).end();
      else if (asked < 4) request.socket.destroy();
      else if (asked === 5) response.end(file);
    });
    expect(await fetch(busy.url, { stallTimeout: 50 })).toBe(true);
    const dead = await serve((_, response) => response.writeHead(500).end());
    await expect(fetch(dead.url)).rejects.toThrow(withCode("archive-unreachable"));
    expect(dead.asked.length).toBe(5);
  });

  test("follows redirections, but not for ever, and not to files", async () => {
    const { url } = await serve((request, response) => {
      if (request.url === "/file") return void response.end(file);
      const location = { "/a": "/b", "/b": `${url}/file`, "/loop": "/loop", "/etc": "file:///etc/passwd" }[
        request.url!
      ];
      response.writeHead(302, { location }).end();
    });
    expect(await fetch(`${url}/a`)).toBe(true);
    for (const path of ["loop", "etc"]) {
      await expect(fetch(`${url}/${path}`)).rejects.toThrow(withCode("archive-unreachable"));
    }
  });

  test("of what is not there is not tried again", async () => {
    const { url, asked } = await serve((request, response) =>
      response.writeHead(request.url === "/no" ? 404 : 403).end(),
    );
    await expect(fetch(`${url}/no`)).rejects.toThrow(withCode("archive-missing"));
    await expect(fetch(`${url}/forbidden`)).rejects.toThrow(withCode("archive-unreachable"));
    expect(asked).toEqual(["/no", "/forbidden"]);
  });

  test("ends with the signal's reason, also while it waits", async () => {
    const reason = new Error("enough");
    const { url } = await serve((request, response) => {
      if (request.url === "/half") response.write(file.subarray(0, 10));
      else response.writeHead(503).end();
    });
    for (const path of ["half", "busy"]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 30);
      await expect(fetch(`${url}/${path}`, { signal: controller.signal, pause: 60_000 })).rejects.toBe(reason);
    }
  });

  test("of a server that nobody runs says so in a sentence", async () => {
    await expect(fetch("http://127.0.0.1:1/x")).rejects.toThrow(
      /^http:.* cannot be fetched \(ECONNREFUSED\); check .*\.$/,
    );
  });
});

describe("a proxy", () => {
  test("is asked for the whole address, with its credentials", async () => {
    const { url, asked } = await serve((request, response) => {
      expect([request.headers.host, request.headers["proxy-authorization"]]).toEqual([
        "archive.example",
        `Basic ${Buffer.from("me:my word").toString("base64")}`,
      ]);
      response.end(file);
    });
    const environment = { http_proxy: url.replace("//", "//me:my%20word@") };
    expect(await fetch("http://archive.example/x", { environment })).toBe(true);
    expect(asked).toEqual(["http://archive.example/x"]);
  });

  test("is asked for a tunnel where the connection is encrypted", async () => {
    const lines: string[] = [];
    const proxy = createTcp((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (data) => {
        lines.push(data.toString().split("\r\n")[0]!);
        socket.once("data", (hello: Buffer) => {
          // A handshake, for the server that was asked for.
          lines.push(`${hello[0]} ${hello[1]} ${hello.includes("archive.example")}`);
          socket.destroy();
        });
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    servers.push(proxy);
    const environment = { https_proxy: `127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    await expect(fetch("https://archive.example/x", { environment })).rejects.toThrow(withCode("archive-unreachable"));
    expect(new Set(lines)).toEqual(new Set(["CONNECT archive.example:443 HTTP/1.1", "22 3 true"]));
  });

  test.each([
    [{ http_proxy: "http://p:3128" }, "http://p:3128/"],
    [{ HTTP_PROXY: "p:3128" }, "http://p:3128/"],
    [{ all_proxy: "p" }, "http://p/"],
    [{ https_proxy: "http://p" }, undefined],
    [{ http_proxy: "" }, undefined],
    [{ http_proxy: "p", no_proxy: "x.org, a.example" }, undefined],
    [{ http_proxy: "p", no_proxy: ".example" }, undefined],
    [{ http_proxy: "p", no_proxy: "*.example" }, undefined],
    [{ http_proxy: "p", no_proxy: "*" }, undefined],
    [{ http_proxy: "p", NO_PROXY: "example.org,ample" }, "http://p/"],
    [{}, undefined],
  ])("is found in %j", (environment, expected) => {
    expect(proxyFor(new URL("http://a.example/x"), environment)?.href).toBe(expected);
  });

  test("of a kind that is not known is named", () => {
    expect(() => proxyFor(new URL("http://a/x"), { http_proxy: "socks5://p" })).toThrow(
      /"socks5:\/\/p".*http_proxy\.$/,
    );
  });
});
