/** Machines of the page on a network: tabs that reach each other, and what the page shows of it. */

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { expectScreen, visits } from "./browser.ts";

const visitors = visits();

const BOOT = 110_000;

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
}, 150_000);
