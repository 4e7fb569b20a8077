/** What a visitor meets besides the machine itself: links, a menu of guests, other screens, other abilities. */

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { elfGuest, printText } from "../support/guest.ts";
import { guestFile } from "../support/tools.ts";
import { axeFaults } from "./axe.ts";
import { expectScreen, type Visitor, visits } from "./browser.ts";

const { visit } = visits();

const PROMPT = /demo> ?$/;

/** Says so and waits for ever, in S mode. */
const WAITER = elfGuest(`${printText("waiting\n")} again: wfi\nj again`);

/** Serves `WAITER` beside the page. */
const withWaiter: Visitor["prepare"] = (context) =>
  context.route("**/waiter.elf", (route) => route.fulfill({ body: Buffer.from(WAITER) }));

const guestName = (page: Page) => page.locator("#guest").textContent();

describe("a link", () => {
  test("names what is booted", async () => {
    const page = await visit({ search: "?kernel=waiter.elf&bios=none&memory=16M&harts=2", prepare: withWaiter });
    await expectScreen(page, /^waiting/);
    expect(await guestName(page)).toBe("waiter.elf");
    await page.getByRole("tab", { name: "Hart" }).click();
    await page
      .getByRole("button", { name: "Hart 1" })
      .or(page.getByLabel("Hart", { exact: true }))
      .first()
      .waitFor();
  });

  test.each([
    ["an image that is not there", "?kernel=missing.elf", /answers 404/],
    ["a size that is none", "?kernel=waiter.elf&memory=lots", /lots/],
    ["a number of harts that cannot be", "?kernel=waiter.elf&harts=99", /99|harts/],
    ["a guest that is not in the menu", "?guest=nobody", /There is no guest "nobody" here; there are demo/],
  ])("to %s says so, and another guest can be loaded", async (_, search, sentence) => {
    const page = await visit({ search, prepare: withWaiter });
    await page.locator(".notice p", { hasText: sentence }).waitFor();
    expect(await guestName(page)).toBe("nothing runs");
    await page.getByRole("button", { name: "Load another guest…" }).click();
    await page.getByRole("button", { name: "Demo guest" }).click();
    await expectScreen(page, PROMPT);
  });
});

describe("the guests beside the page", () => {
  const LIST = [
    { id: "waiter", name: "The waiter", kernel: "waiter.elf", bios: "none", memory: "16M" },
    { nonsense: true },
    "nonsense",
  ];
  const withMenu: Visitor["prepare"] = async (context) => {
    await context.route("**/guests.json", (route) => route.fulfill({ json: LIST }));
    await withWaiter(context);
  };

  test("are in the menu", async () => {
    const page = await visit({ prepare: withMenu });
    await expectScreen(page, PROMPT);
    await page.getByRole("combobox", { name: "Guest" }).selectOption("The waiter");
    await expectScreen(page, /^waiting/);
    expect(await guestName(page)).toBe("The waiter");
    await page.getByRole("combobox", { name: "Guest" }).selectOption("demo guest");
    await expectScreen(page, PROMPT);
  });

  test("are booted by name from a link", async () => {
    await expectScreen(await visit({ prepare: withMenu, search: "?guest=waiter" }), /^waiting/);
  });

  test("need not be there: then there is neither a menu nor a word about it", async () => {
    const page = await visit({ prepare: (context) => context.route("**/guests.json", (route) => route.abort()) });
    await expectScreen(page, PROMPT);
    for (const id of ["#menu", "#linux"]) expect(await page.locator(id).isVisible(), id).toBe(false);
    expect(await page.locator(".notice").count()).toBe(0);
  });

  test("have a button when Linux is one of them", async () => {
    guestFile("Image");
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("button", { name: "Boot Linux" }).click();
    await expectScreen(page, /# ?$/, 110_000);
    expect(await guestName(page)).toMatch(/^Linux 6\./);
  }, 150_000);
});

describe("a guest that somebody has used", () => {
  /** Reloads; whether the browser asked first. */
  async function reloads(page: Page): Promise<boolean> {
    let asked = false;
    page.on("dialog", (dialog) => {
      asked = dialog.type() === "beforeunload";
      void dialog.accept();
    });
    await page.reload();
    return asked;
  }

  test("is not thrown away by a reload without a question", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.keyboard.type("uptime\r");
    await expectScreen(page, /instructions[\s\S]*demo> ?$/);
    expect(await reloads(page)).toBe(true);
  });

  test("is the only one the question is asked for", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("tab", { name: "Hart" }).click();
    expect(await reloads(page)).toBe(false);
  });
});

describe("somebody with a phone", () => {
  const PHONE: Visitor = { width: 360, height: 740, touch: true };

  test("has the keys that its keyboard lacks", async () => {
    const page = await visit(PHONE);
    await expectScreen(page, PROMPT);
    await page.locator(".screen").tap();
    await page.keyboard.type("uptim");
    await page.getByRole("button", { name: "Ctrl" }).tap();
    expect(await page.getByRole("button", { name: "Ctrl" }).getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.type("u");
    expect(await page.getByRole("button", { name: "Ctrl" }).getAttribute("aria-pressed")).toBe("false");
    await page.keyboard.type("help\r");
    await expectScreen(page, /uptime[\s\S]*demo> ?$/);
    await page.getByRole("button", { name: "Up" }).tap();
    await page.keyboard.type("\r");
    await expectScreen(page, /demo> help[\s\S]*demo> help[\s\S]*demo> ?$/);
  });

  test("sees every control whole", async () => {
    const page = await visit(PHONE);
    await expectScreen(page, PROMPT);
    const cut = await page.evaluate(`
      [...document.querySelectorAll("button, select, a, h1")]
        .filter((one) => one.checkVisibility())
        .filter((one) => {
          const { left, right } = one.getBoundingClientRect();
          return left < 0 || right > innerWidth || one.scrollWidth > Math.ceil(right - left);
        })
        .map((one) => one.textContent)`);
    expect(cut).toEqual([]);
  });

  test("is not shown such keys beside a real keyboard", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    expect(await page.getByRole("button", { name: "Esc" }).isVisible()).toBe(false);
  });
});

test("the terminal fills the screen when it is asked to", async () => {
  const page = await visit();
  await expectScreen(page, PROMPT);
  await page.getByRole("button", { name: "Full screen" }).click();
  await expect.poll(() => page.evaluate("document.fullscreenElement?.className")).toBe("console");
  await page.getByRole("button", { name: "Leave full screen" }).click();
  await expect.poll(() => page.evaluate("document.fullscreenElement")).toBe(null);
});

describe("the page's policy", () => {
  test("runs no script but the page's own, and is never offended by the page itself", async () => {
    const page = await visit({
      prepare: (context) =>
        context.addInitScript(
          "globalThis.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective));",
        ),
    });
    await expectScreen(page, PROMPT);
    for (const tab of await page.getByRole("tab").all()) await tab.click();
    expect(await page.evaluate("refused")).toEqual([]);
    await page.evaluate(`{
      const script = document.createElement("script");
      script.textContent = "globalThis.intruded = true";
      document.body.append(script);
      document.body.append(Object.assign(new Image(), { src: "http://elsewhere.example/x.png" }));
    }`);
    await expect.poll(() => page.evaluate("refused")).toEqual(["script-src-elem", "img-src"]);
    expect(await page.evaluate("globalThis.intruded")).toBeUndefined();
  });
});

describe("the documents beside the page", () => {
  test("are reached from its heading, lead to each other, and have no dead links", async () => {
    const page = await visit();
    await page.getByRole("link", { name: "Docs" }).click();
    await page.getByRole("heading", { name: "wasmvisor", exact: true }).waitFor();
    const links = await page.getByRole("navigation").getByRole("link").all();
    expect(links.length).toBeGreaterThan(4);
    const seen = new Set<string>();
    for (const link of links) seen.add(new URL((await link.getAttribute("href"))!, page.url()).href);
    for (const url of [...seen]) {
      await page.goto(url);
      for (const one of await page.getByRole("main").getByRole("link").all()) {
        const href = new URL((await one.getAttribute("href"))!, page.url());
        if (href.origin === new URL(page.url()).origin) seen.add(href.href.replace(/#.*/, ""));
      }
    }
    for (const url of seen) expect((await page.request.get(url)).status(), url).toBe(200);
  });
});

describe("accessibility: axe finds nothing", () => {
  test.each([
    ["in light colours", {}],
    ["in dark colours", { dark: true }],
    ["on a phone", { width: 360, height: 740, touch: true }],
    ["on a phone in dark colours", { width: 360, height: 740, touch: true, dark: true }],
  ] satisfies [string, Visitor][])("%s", async (_, visitor) => {
    const page = await visit(visitor);
    await expectScreen(page, PROMPT);
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      await page.locator("[role=tabpanel]:not([hidden])").waitFor();
      await expect.poll(() => axeFaults(page), { message: (await tab.textContent()) ?? "" }).toEqual([]);
    }
    await page.getByRole("button", { name: "Load…" }).click();
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Keyboard and help" }).click();
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Docs" }).click();
    await page.getByRole("heading", { name: "wasmvisor", exact: true }).waitFor();
  });
});
