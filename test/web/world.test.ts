/** A machine of the page reaches servers of this computer: by a relay, by Wisp and by fetch. */

import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { serveWebSockets } from "../../src/host/relay-server.ts";
import { MAX_RELAY_MESSAGE, openUserNetwork, Relay } from "../../src/index.ts";
import { serveWisp } from "../net/wisp/server.ts";
import { selfSigned } from "../support/certificate.ts";
import { guestFile } from "../support/tools.ts";
import { expectScreen, visits } from "./browser.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Answers with what was asked for; `/closed` only to those who are no pages. */
const answer: RequestListener = ({ url = "", headers }, response) => {
  if (url !== "/closed") response.setHeader("access-control-allow-origin", headers.origin ?? "*");
  response.end(`this is ${url} for ${headers.host}\n`);
};

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Where Chromium finds https://site.example/. */
const visitors = visits(async () => {
  const port = await listen(createTlsServer(selfSigned("site.example"), answer));
  return [`--host-resolver-rules=MAP site.example:443 127.0.0.1:${port}`, "--ignore-certificate-errors"];
});

async function bootLinux(page: Page): Promise<void> {
  guestFile("Image");
  await page.getByRole("button", { name: "Boot Linux" }).click();
  await expectScreen(page, /\/ # ?$/, 110_000);
}

async function type(page: Page, command: string, until: RegExp): Promise<void> {
  await page.locator("#screen").click();
  await page.keyboard.type(`${command}\r`);
  await expectScreen(page, until);
}

/** The page, with this network chosen in its tab. */
async function choose(world: string, url: string, key = ""): Promise<Page> {
  const page = await visitors.visit();
  await expectScreen(page, /demo> ?$/);
  await page.getByRole("tab", { name: "Network" }).click();
  await page.getByLabel("Reaches the world by").selectOption(world);
  if (url === "") return page;
  await page.getByLabel("Address of the relay").fill(url);
  await page.getByLabel(/^(Token|Name and password)$/).fill(key);
  await page.getByLabel(/^(Token|Name and password)$/).press("Tab");
  return page;
}

test("a relay lets in those who have its token, and says so to others", async () => {
  const port = await listen(createServer(answer));
  const policy = { rules: [{ allow: true, to: "127.0.0.1", ports: port }] };
  const relay = new Relay({ tenants: [{ token: "the secret", network: () => openUserNetwork({ policy }) }] });
  const server = await serveWebSockets({
    ...{ address: "127.0.0.1", port: 0, maxMessage: MAX_RELAY_MESSAGE },
    accept: (socket) => relay.accept(socket),
  });
  closing.push(async () => {
    await relay.close();
    server.close();
  });
  const page = await choose("relay", `ws://127.0.0.1:${server.port}/`, "a wrong one");
  await page.getByRole("button", { name: "Start it anew" }).click();
  const refusal = `The relay 127.0.0.1:${server.port} does not let this page in (the token is not known); check the token.`;
  await page.locator(".notice p", { hasText: refusal }).waitFor();
  await page.getByLabel("Token").fill("the secret");
  await page.getByLabel("Token").press("Tab");
  // The address comes from the page then, and all else from the relay.
  await page.getByLabel("Joined with the other tabs of this browser").check();
  await bootLinux(page);
  expect(await page.locator(".notice").count()).toBe(0);
  await type(page, `wget -qO- http://10.0.2.2:${port}/relay`, /this is \/relay for 10\.0\.2\.2/);
  await type(page, "wget -T 5 -qO- http://10.0.2.2:1/; echo over", /wget: .*\nover/);
  const flows = page.getByRole("region", { name: "Flow table" });
  await expect.poll(() => flows.textContent()).toMatch(/dstPort 67output DHCP30[1-9]/);
}, 170_000);

test("a Wisp relay makes the connections, to names that it resolves", async () => {
  const port = await listen(createServer(answer));
  const wisp = await serveWisp({ password: "its password", names: { "inside.example": "127.0.0.1" } });
  closing.push(() => wisp.close());
  const page = await choose("wisp", wisp.url, "somebody:its password");
  await bootLinux(page);
  const until = new RegExp(`this is /wisp for inside\\.example:${port}`);
  await type(page, `wget -qO- http://inside.example:${port}/wisp`, until);
  expect(wisp.asked).toEqual([`1 inside.example:${port}`]);
}, 170_000);

test("fetch reaches sites that let the page read them, and says what others do not", async () => {
  const page = await choose("fetch", "");
  await page.context().route("https://site.example/**", (route) => route.continue());
  await bootLinux(page);
  await type(page, "wget -qO- http://site.example/open", /this is \/open for site\.example/);
  await type(page, "wget -qO- http://site.example/closed; echo over", /502[^\n]*\nover/);
  const connections = page.getByRole("region", { name: "Connections of the NAT" });
  await type(
    page,
    "(printf 'GET /open HTTP/1.1\\nHost: site.example\\n\\n'; sleep 9) | nc site.example 80",
    /for site/,
  );
  await expect
    .poll(() => connections.textContent())
    .toMatch(/tcp 10\.0\.2\.15:\d+site\.example \(198\.18\.[\d.]+\)80ESTABLISHED/);
}, 170_000);
