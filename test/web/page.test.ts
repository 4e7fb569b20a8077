/** The page end to end: built, served from below a path, used in Chromium by keyboard and pointer. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { elfGuest, powerOff, printText } from "../support/guest.ts";
import { guestFile } from "../support/tools.ts";
import { expectScreen, PATIENCE, type Visitor, visits } from "./browser.ts";

const visitors = visits();
const { visit } = visitors;

const PROMPT = /demo> ?$/;

/** Counts in a1 for ever, in two instructions. */
const COUNTER = elfGuest(`${printText("counting\n")} loop: addi a1, a1, 1\nj loop`);

const file = (name: string, bytes: Uint8Array) => ({
  name,
  mimeType: "application/octet-stream",
  buffer: Buffer.from(bytes),
});

/** Boots an ELF file in M mode through the dialog. */
async function bootFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.getByRole("button", { name: "Load…" }).click();
  await page.getByLabel("Kernel", { exact: true }).setInputFiles(file(name, bytes));
  await page.getByLabel("start in M mode").check();
  await page.getByRole("button", { name: "Boot", exact: true }).click();
}

/** The value of a register that the Hart view shows. */
async function register(page: Page, name: string): Promise<bigint> {
  const cell = page.locator(".registers > div", { has: page.getByText(name, { exact: true }) }).locator("dd");
  return BigInt(`0x${(await cell.first().textContent()) ?? ""}`);
}

describe("the terminal", () => {
  test("shows the bundled guest's prompt without a click, and answers what is typed", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.keyboard.type("info\r");
    await expectScreen(page, /rv64[\s\S]*demo> ?$/);
  });

  test("pastes and copies", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.evaluate(`navigator.clipboard.writeText("uptime\\r")`);
    await page.getByRole("button", { name: "Paste" }).click();
    await expectScreen(page, /uptime\n[\s\S]*instructions[\s\S]*demo> ?$/);
    await page.getByRole("button", { name: "Copy" }).click();
    await expect
      .poll(() => page.evaluate<string>("navigator.clipboard.readText()"))
      .toMatch(/uptime\n[\s\S]*instructions/);
  });

  test("fills its window", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    const rows = () => page.locator(".xterm-rows > div").count();
    const tall = await rows();
    await page.setViewportSize({ width: 1280, height: 500 });
    await expect.poll(rows).toBeLessThan(tall - 5);
  });
});

describe("the machine", () => {
  test("pauses, steps one instruction at a time, and goes on", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await bootFile(page, "counter.elf", COUNTER);
    await expectScreen(page, /^counting/);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("tab", { name: "Hart" }).click();
    const step = page.getByRole("button", { name: "Step", exact: true });
    const here = page.locator(".listing .here");
    await page.locator(".registers").first().waitFor();
    const before = await register(page, "a1");
    for (const _ of [1, 2]) {
      const where = await here.textContent();
      await step.click();
      await expect.poll(() => here.textContent()).not.toBe(where);
    }
    expect((await register(page, "a1")) - before).toBe(1n);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(async () => (await register(page, "a1")) - before > 1000n).toBe(true);
  });

  test("walks an address through all its tables and shows where memory is used", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("tab", { name: "Walk" }).click();
    await expect.poll(() => page.locator(".step").count()).toBe(3);
    await page.getByText(/^Physical address 0x008020[\da-f]{4}, in a page of 4 KiB\.$/).waitFor();
    await page.getByLabel("Address", { exact: true }).fill("0x1000");
    await page.getByLabel("Address", { exact: true }).press("Enter");
    await page.getByText(/faults: the entry is not valid/).waitFor();
    await page.getByRole("tab", { name: "Memory" }).click();
    await page.getByText(/^touched \d+ KiB$/).waitFor();
    await page.locator("canvas.map").press("ArrowRight");
    await page.getByText("0x0080000000: never touched").waitFor();
  });

  test("is started again after the guest has ended", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await bootFile(page, "bye.elf", elfGuest(`${printText("bye\n")}${powerOff(3)}`));
    await expectScreen(page, /bye\n[\s\S]*exit code 3/);
    await bootFile(page, "bye.elf", elfGuest(`${printText("once more\n")}${powerOff()}`));
    await expectScreen(page, /once more\n[\s\S]*exit code 0/);
  });

  test("changes its engine while the guest runs", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await bootFile(page, "counter.elf", COUNTER);
    await expectScreen(page, /^counting/);
    await page.getByLabel("Engine").selectOption("interpreter");
    const speed = page.locator(".plot-card", { hasText: "Speed" }).locator(".legend li");
    await expect.poll(() => speed.allTextContents()).toContainEqual(expect.stringMatching(/interpreted [1-9]/));
    await page.getByRole("tab", { name: "Hart" }).click();
    await page.locator(".registers").first().waitFor();
    const before = await register(page, "a1");
    await page.getByLabel("Engine").selectOption("tiered");
    await page.getByRole("tab", { name: "Activity" }).click();
    await expect.poll(() => speed.allTextContents()).toContainEqual(expect.stringMatching(/^translated [1-9]/));
    await page.getByRole("tab", { name: "Hart" }).click();
    await expect.poll(async () => (await register(page, "a1")) > before).toBe(true);
    expect(await page.locator("#guest").textContent()).toBe("counter.elf");
  });
});

describe("translated code", () => {
  /** Boots the counter, and goes to its only hot region. */
  async function visitCounter(visitor?: Visitor): Promise<{ page: Page; pc: string }> {
    const page = await visit(visitor);
    await expectScreen(page, PROMPT);
    await bootFile(page, "counter.elf", COUNTER);
    await expectScreen(page, /^counting/);
    await page.getByRole("tab", { name: "Code" }).click();
    const region = page.locator(".regions button[aria-pressed=true]", { hasText: "loop" });
    await region.getByText("100 %").waitFor();
    return { page, pc: (await region.locator(".va").textContent()) ?? "" };
  }

  const COLUMNS = ["Guest", "IR", "WebAssembly"];
  const column = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

  test("is listed by heat, and shown as guest code, IR and WebAssembly of the same address", async () => {
    const { page, pc } = await visitCounter();
    expect(pc).toMatch(/^8000[\da-f]{4}$/);
    const line = new RegExp(`${pc}.*addi a1,a1,1`);
    await expect.poll(() => column(page, "Guest").textContent()).toMatch(line);
    expect(await column(page, "IR").textContent()).toMatch(new RegExp(`region ${pc}.*${pc} +a1 = i64\\.add a1, 1`));
    expect(await column(page, "WebAssembly").textContent()).toMatch(line);
    expect(await column(page, "WebAssembly").textContent()).toContain("(i64.add (local.get $a1) (i64.const 1))");
  });

  test("stands side by side where there is room, and one below the other where there is none", async () => {
    const { page } = await visitCounter();
    const boxes = () => Promise.all(COLUMNS.map(async (name) => (await column(page, name).boundingBox())!));
    await page.getByRole("button", { name: "Wide" }).press("Enter");
    await expect.poll(async () => new Set((await boxes()).map(({ y }) => y)).size).toBe(1);
    const [guest, ir, wasm] = await boxes();
    expect(guest!.x + guest!.width).toBeLessThan(ir!.x);
    expect(ir!.x + ir!.width).toBeLessThan(wasm!.x);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(async () => new Set((await boxes()).map(({ x }) => x)).size).toBe(1);
  });

  test("is gone through by keyboard, instruction by instruction, in all columns at once", async () => {
    const { page, pc } = await visitCounter();
    await column(page, "Guest").focus();
    const marked = (name: string) => column(page, name).locator(".marked").first().getAttribute("data-pc");
    await page.keyboard.press("ArrowDown");
    const first = await Promise.all(COLUMNS.map(marked));
    expect(new Set(first)).toEqual(new Set([pc]));
    await page.keyboard.press("ArrowDown");
    expect(new Set(await Promise.all(COLUMNS.map(marked)))).not.toEqual(new Set(first));
  });
});

describe("guests of one's own", () => {
  test("are taken when they are dropped on the page", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    const transfer = await page.evaluateHandle(`
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.of(${COUNTER.join()})], "dropped.elf"));
      data;
    `);
    await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    await page.getByLabel("start in M mode").check();
    await page.keyboard.press("Enter");
    await expectScreen(page, /^counting/);
    expect(await page.locator("#guest").textContent()).toBe("dropped.elf");
  });

  test("are fetched by address", async () => {
    const page = await visit({
      prepare: (context) => context.route("**/counter.elf", (route) => route.fulfill({ body: Buffer.from(COUNTER) })),
    });
    await expectScreen(page, PROMPT);
    await page.keyboard.press("Alt+Shift+KeyO");
    await page.getByLabel("Kernel by address").fill("counter.elf");
    await page.getByLabel("start in M mode").check();
    await page.getByRole("button", { name: "Boot", exact: true }).click();
    await expectScreen(page, /^counting/);
  });

  test("may be Debian's kernel with busybox", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("button", { name: "Load…" }).click();
    await page.getByLabel("Kernel", { exact: true }).setInputFiles(fileURLToPath(guestFile("Image")));
    await page.getByLabel("Initrd", { exact: true }).setInputFiles(fileURLToPath(guestFile("initrd.cpio")));
    await page.getByRole("button", { name: "Boot", exact: true }).click();
    await page.locator("progress").waitFor();
    await expectScreen(page, /# ?$/, 110_000);
    await page.keyboard.type("uname -m\r");
    await expectScreen(page, /uname -m\nriscv64\n/);
  }, 150_000);
});

describe("the study", () => {
  test("runs in the page, shows what it has found, and can be stopped", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("tab", { name: "Study" }).click();
    await page.getByRole("button", { name: "Run the quick study" }).click();
    await page.getByRole("button", { name: "Run", exact: true }).waitFor();
    await expect.poll(() => page.locator(".track .point").count(), { timeout: PATIENCE }).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText(/^Stopped after \d+ s/).waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    expect(await page.locator(".rung").count()).toBeGreaterThan(5);
  });
});

describe("what goes wrong", () => {
  test("a core that cannot be fetched is said, and can be tried again", async () => {
    let broken = true;
    const page = await visit({
      prepare: (context) => context.route("**/core*.wasm", (route) => (broken ? route.abort() : route.continue())),
    });
    await page.getByText(/The core cannot be read from/).waitFor();
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await expectScreen(page, PROMPT);
    expect(await page.locator(".notice").count()).toBe(0);
  });

  test("a truncated image is refused with a sentence, and the guest that runs goes on", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    const demo = await readFile(new URL("../../guests/bin/demo.elf", import.meta.url));
    await bootFile(page, "cut.elf", demo.subarray(0, 20_000));
    await expect.poll(() => page.locator("dialog .problem").textContent()).toMatch(/ELF.*\.$/);
    await page.keyboard.press("Escape");
    await page.locator(".screen").click();
    await page.keyboard.type("uptime\r");
    await expectScreen(page, /uptime\n[\s\S]*demo> ?$/);
    expect(await page.locator("#guest").textContent()).toBe("demo guest");
  });

  test("an address that cannot be fetched is said", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    await page.getByRole("button", { name: "Load…" }).click();
    await page.getByLabel("Kernel by address").fill("missing.elf");
    await page.getByRole("button", { name: "Boot", exact: true }).click();
    await expect.poll(() => page.locator("dialog .problem").textContent()).toMatch(/answers 404/);
  });
});

describe("everybody", () => {
  test("can use the page by keyboard alone", async () => {
    const page = await visit();
    await expectScreen(page, PROMPT);
    const focused = () => page.evaluate<string>("document.activeElement.id");
    await page.keyboard.press("Alt+Shift+KeyP");
    await page.getByRole("button", { name: "Run", exact: true }).waitFor();
    await page.keyboard.press("Alt+Shift+KeyJ");
    expect(await focused()).toBe("tab-activity");
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe("tab-hart");
    await page.locator(".listing li").first().waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("Step");
    await page.keyboard.press("Alt+Shift+KeyO");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Alt+Shift+KeyP");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.keyboard.press("Alt+Shift+KeyJ");
    await page.keyboard.type("uptime\r");
    await expectScreen(page, /uptime\n[\s\S]*demo> ?$/);
  });

  test("can read it on a phone, without scrolling sideways", async () => {
    const page = await visit({ width: 360, height: 740 });
    await expectScreen(page, PROMPT);
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      await page.locator("[role=tabpanel]:not([hidden])").waitFor();
      const [content, window] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
      expect(content, (await tab.textContent()) ?? "").toBeLessThanOrEqual(window ?? 0);
    }
  });

  test("sees it dark or light, as the system is set or as they choose", async () => {
    const page = await visit({ dark: true });
    await expectScreen(page, PROMPT);
    const theme = () => page.evaluate<string>("document.documentElement.dataset.theme");
    expect(await theme()).toBe("dark");
    await page.getByRole("button", { name: "Use the light theme" }).click();
    expect(await theme()).toBe("light");
    await page.reload();
    expect(await theme()).toBe("light");
  });

  test("needs nothing but the page's own files", async () => {
    await expectScreen(await visit(), PROMPT);
    expect(visitors.bench.strayRequests).toEqual([]);
  });
});
