/** What the tutorial has a reader type into tabs, as it is printed. */

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { printed, sections } from "../docs/snippets.ts";
import { guestFile } from "../support/tools.ts";
import { expectScreen, visits } from "./browser.ts";

const visitors = visits();

/** Types commands, each when the one before it is over. */
async function type(page: Page, commands: string): Promise<void> {
  await page.locator("#screen").click();
  for (const command of commands.trim().split("\n")) {
    await page.keyboard.type(`${command}\r`);
    await expectScreen(page, /\n\/ # ?$/);
  }
}

test("a web server in a tab", async () => {
  guestFile("Image");
  const tutorial = sections(await readFile(new URL("../../docs/tutorial.md", import.meta.url), "utf8"));
  const { blocks } = tutorial.find(({ title }) => title === "A web server in a tab")!;
  expect(blocks.map(({ language }) => language)).toEqual(["text", "console", "text", "console", "text"]);
  const [search, serve, address, fetch, answer] = blocks.map(({ text }) => text) as [string, ...string[]];
  const one = await visitors.visit({ search: search.trim() });
  await expectScreen(one, /\n\/ # ?$/, 110_000);
  const two = await visitors.visit({ search: search.trim(), beside: one });
  await expectScreen(two, /\n\/ # ?$/, 110_000);
  await type(one, serve!);
  await expectScreen(one, printed(address!));
  await type(two, fetch!);
  await expectScreen(two, new RegExp(`\\n${printed(answer!).source}\\n`));
}, 240_000);
