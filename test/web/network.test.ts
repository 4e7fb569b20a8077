/** Machines of the page on a network: tabs that reach each other, and what the page shows of it. */

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { axeFaults } from "./axe.ts";
import { expectScreen, type Visitor, visits } from "./browser.ts";

const visitors = visits(() => Promise.resolve(["--host-resolver-rules=MAP page.example 127.0.0.1"]));

const BOOT = 110_000;
const PROMPT = /demo> ?$/;

async function type(page: Page, command: string, until: RegExp): Promise<void> {
  await page.locator("#screen").click();
  await page.keyboard.type(`${command}\r`);
  await expectScreen(page, until);
}

test("two tabs of a browser have addresses of their own, ping each other, and show it", async () => {
  guestFile("Image");
  const one = await visitors.visit({ search: "?guest=linux&network=tabs" });
  const two = await visitors.visit({ search: "?guest=linux&network=tabs", beside: one });
  for (const page of [one, two]) await expectScreen(page, /# ?$/, BOOT);
  await type(one, "ip addr show eth0", /52:54:00:12:80:56[\s\S]*inet 10\.0\.2\.15\/24/);
  await type(two, "ip addr show eth0", /52:54:00:12:81:56[\s\S]*inet 10\.0\.2\.23\/24/);
  await type(two, "ping -c 2 -W 5 10.0.2.15; echo done", /2 packets received[\s\S]*done/);
  await two.getByRole("tab", { name: "Network" }).click();
  const heard = two.getByRole("region", { name: "Addresses that the switch has heard" });
  await expect.poll(() => heard.textContent()).toMatch(/52:54:00:12:80:56other tabs/);
  await expect
    .poll(() => two.getByRole("img", { name: /^A switch with 3 ports: / }).getAttribute("aria-label"))
    .toMatch(/1\. Linux .* sends .*other tabs sends/);
  expect(await axeFaults(two)).toEqual([]);
}, 150_000);

test.each([
  ["in light colours", {}],
  ["in dark colours, on a phone", { width: 360, height: 740, touch: true, dark: true }],
] satisfies [string, Visitor][])("the picture of a network has no faults that axe finds, %s", async (_, visitor) => {
  const page = await visitors.visit({ ...visitor, search: "?network=tabs,relay&relay=ws://127.0.0.1:9/" });
  await page.getByRole("tab", { name: "Network" }).click();
  const picture = page.getByRole("img", { name: /^A switch with 4 ports: 1\. demo guest sends/ });
  await picture.waitFor();
  expect(await axeFaults(page)).toEqual([]);
  const [content, window] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
  expect(content).toBeLessThanOrEqual(window!);
  await page.locator(".notice p", { hasText: "The relay 127.0.0.1:9 is not connected" }).waitFor();
});

test("the choice of a network waits for the next start, and is remembered", async () => {
  const page = await visitors.visit();
  await expectScreen(page, PROMPT);
  await page.getByRole("tab", { name: "Network" }).click();
  await page.getByText("The machine in front has no network.").waitFor();
  await page.getByLabel("Joined with the other tabs of this browser").check();
  await page.getByLabel("Reaches the world by").selectOption("fetch");
  await page.getByRole("button", { name: "Start it anew" }).click();
  await page.getByRole("img", { name: /^A switch with 3 ports: / }).waitFor();
  await expect.poll(() => page.getByText("The machine gets this network when it starts anew.").count()).toBe(0);
  const other = await visitors.visit({ beside: page });
  await other.getByRole("tab", { name: "Network" }).click();
  await other.getByText("This is tab 2 of those that are joined.").waitFor();
  await page.getByLabel("Joined with the other tabs of this browser").uncheck();
  await page.getByLabel("Reaches the world by").selectOption("none");
  await page.getByRole("button", { name: "Start it anew" }).click();
  await page.getByText("The machine in front has no network.").waitFor();
});

test.each([
  ["a network that there is not", "?network=internet", /There is no network "internet" here; write network=tabs/],
  ["a relay without an address", "?network=relay", /A relay's address is one such as wss:/],
])("a link to %s says so", async (_, search, sentence) => {
  const page = await visitors.visit({ search });
  await page.locator(".notice p", { hasText: sentence }).waitFor();
});

test("tabs of a page that came without TLS, and so has no locks, have numbers of their own, too", async () => {
  const one = await visitors.visit({
    prepare: (context) =>
      context.route(
        ({ hostname }) => hostname === "page.example",
        (route) => route.continue(),
      ),
  });
  const address = new URL(visitors.bench.address);
  const open = async (page: Page): Promise<string> => {
    await page.goto(`http://page.example:${address.port}${address.pathname}?network=tabs`);
    await page.getByRole("tab", { name: "Network" }).click();
    const about = page.getByText(/^This is tab \d+ of those that are joined/);
    await about.waitFor();
    return (await about.textContent())!;
  };
  const first = await open(one);
  const others = [await open(await visitors.visit({ beside: one })), await open(await visitors.visit({ beside: one }))];
  expect(new Set([first, ...others]).size).toBe(3);
});
