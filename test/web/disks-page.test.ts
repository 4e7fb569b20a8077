/** Disks on the page: brought in, made, kept, downloaded, deleted; and used by a guest over a reload. */

import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { createQcow2 } from "../../src/disk/qcow2/create.ts";
import { pattern } from "../contract/block-contract.ts";
import { serveRanges } from "../support/range-server.ts";
import { elfGuest, printText } from "../support/guest.ts";
import { beforeAllWith, guestFile } from "../support/tools.ts";
import { expectScreen, PageBench, type Visitor } from "./browser.ts";

let bench: PageBench;
const opened: Page[] = [];
let profile: string;

beforeAllWith(
  ["chromium"],
  async () => {
    bench = await PageBench.open();
  },
  180_000,
);

beforeEach(async () => {
  profile = await mkdtemp(path.join(tmpdir(), "wasmvisor-visitor-"));
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.context().close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

afterAll(() => bench?.close());

const PROMPT = /demo> ?$/;

async function visit(visitor: Visitor = { profile }): Promise<Page> {
  const page = await bench.visit(visitor);
  opened.push(page);
  await expectScreen(page, PROMPT);
  await page.getByRole("tab", { name: "Disks" }).click();
  return page;
}

const dialog = (page: Page) => page.getByRole("dialog");
const ticked = (page: Page, name: string) => page.getByRole("checkbox", { name });
/** What the list says of a disk. */
const about = (page: Page, name: string) => page.locator(".shelf li", { hasText: name }).locator(".about").first();

async function makeDisk(page: Page, name: string, mebibytes: number): Promise<void> {
  await page.getByRole("button", { name: "New disk…" }).click();
  await dialog(page).getByLabel("Name").fill(name);
  await dialog(page).getByLabel("Size").fill(String(mebibytes));
  await dialog(page).getByLabel("Unit").selectOption("MiB");
  await dialog(page).getByRole("button", { name: "Make" }).click();
  await dialog(page).waitFor({ state: "detached" });
}

/** Brings an image in, from a path or bytes. */
async function addDisk(page: Page, image: string | { name: string; bytes: Uint8Array }, keep = true): Promise<void> {
  await page.getByRole("button", { name: "Add image…" }).click();
  const file =
    typeof image === "string"
      ? image
      : { name: image.name, mimeType: "application/octet-stream", buffer: Buffer.from(image.bytes) };
  await dialog(page).getByLabel("Image", { exact: true }).setInputFiles(file);
  if (!keep) await dialog(page).getByRole("checkbox").uncheck();
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await dialog(page).waitFor({ state: "detached", timeout: 120_000 });
}

async function downloaded(page: Page, name: string): Promise<Uint8Array> {
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: `Download ${name}` }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe(name);
  return readFile(await download.path());
}

/** Drops a file on the page. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(`
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(${JSON.stringify(Buffer.from(bytes).toString("base64"))}), (c) => c.charCodeAt(0))], ${JSON.stringify(name)}));
    data;
  `);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

async function qcow2(size: number): Promise<Uint8Array> {
  const file = new MemoryBlock(0);
  await createQcow2(file, { size });
  const bytes = new Uint8Array(file.size);
  file.read(0, bytes);
  return bytes;
}

describe("disks on the page", () => {
  test("are kept in the browser, are there after a reload, and can be downloaded again", async () => {
    const page = await visit();
    const content = pattern(1_500_000, 4);
    await addDisk(page, { name: "data.img", bytes: content });
    await makeDisk(page, "empty.qcow2", 512);
    await expect.poll(() => about(page, "data.img").textContent()).toMatch(/^raw, 1\.4 MiB · 1\.4 MiB here$/);
    await expect.poll(() => about(page, "empty.qcow2").textContent()).toMatch(/^qcow2, 512 MiB · /);
    await page.reload();
    await expectScreen(page, PROMPT);
    await page.getByRole("tab", { name: "Disks" }).click();
    await ticked(page, "empty.qcow2").waitFor();
    expect(await ticked(page, "data.img").isChecked()).toBe(true);
    // The machine that booted with the page has both.
    for (const name of ["data.img (slot 7", "empty.qcow2 (slot 6"])
      await page.getByRole("heading", { name: new RegExp(name.replace("(", "\\(")) }).waitFor();
    expect(await page.locator("#panel-disks > .pending").textContent()).toBe("");
    // Whoever goes through the list by keyboard stays where they are when it is looked at again.
    await ticked(page, "empty.qcow2").focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Start it anew" }).waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Start it anew" }).waitFor({ state: "detached" });
    expect(await ticked(page, "empty.qcow2").isChecked()).toBe(true);
    await expect
      .poll(() => page.locator("canvas.clusters").first().getAttribute("aria-label"))
      .toMatch(/1\.4 MiB in the image/);
    const refusal = page.locator(".notice p", { hasText: "is using data.img; pause it first" });
    await page.getByRole("button", { name: "Download data.img" }).click();
    await refusal.waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    expect(Buffer.compare(await downloaded(page, "data.img"), content)).toBe(0);
  });

  test("may be on a server, with what changes kept here, over a reload", async () => {
    const file = new MemoryBlock(0);
    await createQcow2(file, { size: 2 ** 22 });
    const image = new Uint8Array(file.size);
    file.read(0, image);
    await using server = await serveRanges(image);
    const prepare: NonNullable<Visitor["prepare"]> = (context) =>
      context.route(server.url, (route) => route.continue());
    let page = await visit({ profile, prepare });
    await page.getByRole("button", { name: "By address…" }).click();
    await dialog(page).getByRole("button", { name: "Use" }).click();
    expect(await dialog(page).getByRole("alert").textContent()).toMatch(/begins with https/);
    await dialog(page).getByLabel("Address").fill(server.url);
    expect(await dialog(page).getByLabel("Name").inputValue()).toBe("disk-mine.qcow2");
    await dialog(page).getByRole("button", { name: "Use" }).click();
    await dialog(page).waitFor({ state: "detached" });
    await expect.poll(() => about(page, "disk-mine.qcow2").textContent()).toContain(`over ${server.url}`);
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^disk-mine\.qcow2/ }).waitFor();
    const requests = server.ranges.length;
    await page.context().close();
    page = await visit({ profile, prepare });
    await page.getByRole("heading", { name: /^disk-mine\.qcow2/ }).waitFor();
    expect(server.ranges.length).toBeGreaterThan(requests);
    expect(server.ranges.every((range) => /^bytes=\d+-\d+$/.test(range))).toBe(true);
  });

  test("may be layers, used in the place of what is below", async () => {
    const page = await visit();
    await makeDisk(page, "base.qcow2", 64);
    await page.getByRole("button", { name: "Layer… base.qcow2" }).click();
    await dialog(page).getByRole("button", { name: "Make" }).click();
    await expect
      .poll(() => about(page, "base-mine.qcow2").textContent())
      .toMatch(/^qcow2, 64 MiB · over base\.qcow2 · /);
    expect([
      await ticked(page, "base-mine.qcow2").isChecked(),
      await page.locator(".shelf input:checked").count(),
    ]).toEqual([true, 1]);
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^base-mine\.qcow2 \(slot 7, 64 MiB\)/ }).waitFor();
  });

  test("are deleted when that is confirmed, and not while they are used", async () => {
    const page = await visit();
    await makeDisk(page, "a.qcow2", 64);
    const ask = () => page.getByRole("button", { name: "Delete… a.qcow2" }).click();
    await ask();
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^a\.qcow2/ }).waitFor();
    await ask();
    await dialog(page).getByRole("button", { name: "Delete" }).click();
    await page.locator(".notice p", { hasText: /"a\.qcow2" in the browser's storage is in use/ }).waitFor();
    await ticked(page, "a.qcow2").uncheck();
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^a\.qcow2/ }).waitFor({ state: "detached" });
    await ask();
    await dialog(page).getByRole("button", { name: "Delete" }).click();
    await page.getByText("No disks yet.").waitFor();
  });

  test("are told from kernels when they are dropped", async () => {
    const page = await visit({});
    await page.getByRole("tab", { name: "Hart" }).click();
    await drop(page, "strange.name", await qcow2(2 ** 20));
    await dialog(page).getByRole("heading", { name: "Add a disk image" }).waitFor();
    expect(await dialog(page).getByLabel("Name").inputValue()).toBe("strange.name");
    await page.keyboard.press("Enter");
    await expect.poll(() => about(page, "strange.name").textContent()).toMatch(/^qcow2, 1 MiB/);
    const partitioned = new Uint8Array(2048);
    partitioned.set([0x55, 0xaa], 510);
    await drop(page, "partitions", partitioned);
    await dialog(page).getByRole("heading", { name: "Add a disk image" }).waitFor();
    await page.keyboard.press("Escape");
    await drop(page, "kernel.img", elfGuest(`${printText("counting\n")} loop: j loop`));
    await dialog(page).getByRole("heading", { name: "Load a guest" }).waitFor();
  });

  test("that are not kept are there until the page is closed", async () => {
    const page = await visit();
    await addDisk(page, { name: "visitor.img", bytes: pattern(4096, 1) }, false);
    await expect.poll(() => about(page, "visitor.img").textContent()).toBe("raw, 4 KiB · not kept");
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^visitor\.img/ }).waitFor();
    await page.reload();
    await expectScreen(page, PROMPT);
    await page.getByRole("tab", { name: "Disks" }).click();
    await page.getByText("No disks yet.").waitFor();
  });

  test("that another tab uses are said to be", async () => {
    const page = await visit();
    await makeDisk(page, "a.qcow2", 64);
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^a\.qcow2/ }).waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other
      .locator(".notice p", { hasText: /"a\.qcow2" in the browser's storage is in use, here or in another tab/ })
      .waitFor();
    await page.close();
    await other.getByRole("button", { name: "Try again" }).click();
    await expectScreen(other, PROMPT);
  });

  test.each([
    ["in light colours", {}],
    ["in dark colours on a phone", { width: 360, height: 740, touch: true, dark: true }],
  ] satisfies [string, Visitor][])("have no faults that axe finds: %s", async (_, visitor) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    const page = await visit(visitor);
    const faults = async () => {
      await page.evaluate(axe);
      return page.evaluate<string[]>(`axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`);
    };
    await makeDisk(page, "a.qcow2", 64);
    for (const button of ["Add image…", "New disk…", "Layer… a.qcow2", "Delete… a.qcow2"]) {
      await page.getByRole("button", { name: button }).click();
      expect(await faults(), button).toEqual([]);
      await page.keyboard.press("Escape");
    }
    expect(await faults()).toEqual([]);
    await page.getByRole("button", { name: "Start it anew" }).click();
    await page.getByRole("heading", { name: /^a\.qcow2/ }).waitFor();
    expect(await faults()).toEqual([]);
    const [content, window] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
    expect(content).toBeLessThanOrEqual(window!);
  });
});

interface Boot {
  readonly kernel: URL;
  readonly initrd: URL;
  readonly append: string;
  readonly memory?: string;
  /** What the terminal shows when it is up. */
  readonly until: RegExp;
  /** Milliseconds. */
  readonly patience?: number;
}

/** Boots from files by way of the dialog, with the disks that are ticked. */
async function bootFiles(
  page: Page,
  { kernel, initrd, append, memory = "256M", until, patience = 200_000 }: Boot,
): Promise<void> {
  await page.getByRole("button", { name: "Load…" }).click();
  await page.getByLabel("Kernel", { exact: true }).setInputFiles(fileURLToPath(kernel));
  await page.getByLabel("Initrd", { exact: true }).setInputFiles(fileURLToPath(initrd));
  await page.getByLabel("Command line").fill(append);
  await dialog(page).getByLabel("Memory").selectOption(memory);
  await page.getByRole("button", { name: "Boot", exact: true }).click();
  await expectScreen(page, until, patience);
}

async function type(page: Page, text: string, until: RegExp): Promise<void> {
  await page.locator(".screen").click();
  await page.keyboard.type(`${text}\r`);
  await expectScreen(page, until, 200_000);
}

describe("Debian's kernel with a disk in the browser's storage", () => {
  const modules = "virtio_mmio,virtio_blk,crc32c_generic,crc16,mbcache,jbd2,ext4";
  const debian = (): Boot => ({
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-modules.cpio"),
    append: `console=ttyS0 wasmvisor.modules=${modules}`,
    until: /# ?$/,
  });

  test("finds after a reload what it wrote before", async () => {
    const page = await visit();
    await makeDisk(page, "kept.qcow2", 64);
    await bootFiles(page, debian());
    await type(page, "mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt && echo made", /\nmade\n/);
    await type(page, "echo written in a browser > /mnt/note && umount /mnt && poweroff", /exit code 0/);
    page.on("dialog", (question) => void question.accept());
    await page.reload();
    await expectScreen(page, PROMPT);
    await bootFiles(page, debian());
    await type(page, "mount -t ext4 /dev/vda /mnt && cat /mnt/note", /\nwritten in a browser\n/);
    await page.getByRole("tab", { name: "Disks" }).click();
    await page.getByRole("heading", { name: /^kept\.qcow2/ }).waitFor();
    await expect.poll(() => page.locator(".drives .totals").textContent()).toMatch(/reads[1-9]/);
  }, 550_000);

  test("may be the whole distribution, from a layer over its root disk to a login, and powers off cleanly", async () => {
    const rootfs = fileURLToPath(guestFile("rootfs.qcow2"));
    const page = await visit();
    await addDisk(page, rootfs);
    await page.getByRole("button", { name: "Layer… rootfs.qcow2" }).click();
    await dialog(page).getByRole("button", { name: "Make" }).click();
    await expect.poll(() => about(page, "rootfs-mine.qcow2").textContent()).toMatch(/ over rootfs\.qcow2 /);
    await bootFiles(page, {
      kernel: guestFile("Image"),
      initrd: guestFile("initrd-root.cpio"),
      // On a machine that does much else, systemd would give up waiting for the console.
      append: "console=ttyS0 quiet root=/dev/vda systemd.default_device_timeout_sec=3600",
      memory: "512M",
      until: / login: ?$/,
      patience: 400_000,
    });
    await type(page, "root", /# ?$/);
    await type(page, "apt-get check && systemctl poweroff", /exit code 0/);
  }, 580_000);
});
