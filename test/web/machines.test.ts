/** Several machines on the page: kept, cloned, saved, opened and given up. */

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectScreen, visits } from "./browser.ts";

const visitors = visits();

const PROMPT = /demo> ?$/;

/** The page with its bundled guest at the prompt, and the machines in view. */
async function visit(): Promise<Page> {
  const page = await visitors.visit();
  await expectScreen(page, PROMPT);
  await page.getByRole("tab", { name: "Machines" }).click();
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const rows = (page: Page) => page.locator(".machine-list li");

async function type(page: Page, text: string): Promise<void> {
  await page.locator("#screen").click();
  await page.keyboard.type(text);
}

test("a machine is kept and goes back; a clone shares its memory, and each has a screen of its own", async () => {
  const page = await visit();
  await expect.poll(() => rows(page).count()).toBe(1);
  expect(await page.getByRole("button", { name: "Go back" }).isDisabled()).toBe(true);
  await press(page, "Keep");
  await expect.poll(() => rows(page).first().textContent()).toContain("kept");
  await type(page, "lost");
  await expectScreen(page, /demo> lost$/);
  await press(page, "Go back");
  await type(page, "info\r");
  // What was typed is gone: the command is info, and not lostinfo.
  await expectScreen(page, /rv64[\s\S]*demo> ?$/);

  await press(page, "Clone");
  await expect.poll(() => rows(page).count()).toBe(2);
  await expect.poll(() => rows(page).nth(1).textContent()).toContain("in front");
  await expectScreen(page, PROMPT);
  await expect
    .poll(() => rows(page).nth(1).getByRole("img").getAttribute("aria-label"))
    .toMatch(/^Memory of machine 2: [\d.]+ \w+ its own, [\d.]+ [KM]iB shared/);
  await type(page, "twice");
  await expectScreen(page, /demo> twice$/);
  await press(page, "Shows machine 1");
  await expectScreen(page, PROMPT);
  await press(page, "Gives up machine 2");
  await expect.poll(() => rows(page).count()).toBe(1);
  await type(page, "uptime\r");
  await expectScreen(page, /uptime\n[\s\S]*instructions[\s\S]*demo> ?$/);
});

test("a machine is saved to a file, and goes on from it beside itself", async () => {
  const page = await visit();
  await type(page, "upti");
  await expectScreen(page, /demo> upti$/);
  const download = page.waitForEvent("download");
  await press(page, "Save to a file");
  const file = await download;
  expect(file.suggestedFilename()).toBe("demo-guest.snap");
  const bytes = await readFile(await file.path());
  await page
    .getByLabel("A saved machine")
    .setInputFiles({ name: "mine.snap", mimeType: "application/octet-stream", buffer: bytes });
  await expect.poll(() => rows(page).count()).toBe(2);
  await type(page, "me\r");
  await expectScreen(page, /instructions[\s\S]*demo> ?$/);
  // A file that is none is one sentence.
  await page
    .getByLabel("A saved machine")
    .setInputFiles({ name: "x.snap", mimeType: "application/octet-stream", buffer: bytes.subarray(0, -1) });
  await expect.poll(() => page.locator("#notices").textContent()).toMatch(/snapshot is damaged/);
  expect(await rows(page).count()).toBe(2);
});
