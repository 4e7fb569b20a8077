/** The built page on a local port, below a path, in real Chromium, with nothing else to be reached. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { buildWeb } from "../../scripts/web-build.mjs";
import { afterAll, afterEach } from "vitest";
import { beforeAllWith } from "../support/tools.ts";

/** For what the guest prints, on a machine that does much else. */
export const PATIENCE = 45_000;

const PREFIX = "/some/where/";

const CHROMIUM = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] };

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
};

/** How a visitor is set up. */
export interface Visitor {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** A finger, not a mouse. */
  readonly touch?: boolean;
  /** What stands behind the page's address: "?guest=linux". */
  readonly search?: string;
  /** A folder in which the browser keeps what a visitor leaves; without it, the window is a private one. */
  readonly profile?: string;
  /** Called before the page is opened. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>;
  /** A page of the same visitor: this one is another tab of it. */
  readonly beside?: Page;
}

/** A browser and a server for the tests of a file. */
export class PageBench {
  /** Addresses outside the server that pages have asked for. */
  readonly strayRequests: string[] = [];
  readonly #server: Server;
  readonly #browser: Browser;

  private constructor(server: Server, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
  }

  /** @param words - more of Chromium's command line */
  static async open(words: readonly string[] = []): Promise<PageBench> {
    const root = await buildWeb();
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "", "http://localhost");
      const name = pathname === PREFIX ? "index.html" : pathname.slice(PREFIX.length);
      const found = pathname.startsWith(PREFIX)
        ? readFile(path.join(root, path.normalize(`/${name}`)))
        : Promise.reject(new Error());
      found.then(
        (bytes) =>
          response.setHeader("content-type", TYPES[path.extname(name)] ?? "application/octet-stream").end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({ ...CHROMIUM, args: [...CHROMIUM.args, ...words] });
    return new PageBench(server, browser);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${PREFIX}`;
  }

  /** Opens the page for a visitor of its own. */
  async visit(visitor: Visitor = {}): Promise<Page> {
    const { search = "", beside } = visitor;
    const context = beside?.context() ?? (await this.#context(visitor));
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(this.address + search);
    return page;
  }

  async #context({ width = 1280, height = 800, dark, touch, profile, prepare }: Visitor): Promise<BrowserContext> {
    const options: BrowserContextOptions = {
      viewport: { width, height },
      colorScheme: dark === true ? "dark" : "light",
      hasTouch: touch === true,
      isMobile: touch === true,
      permissions: ["clipboard-read", "clipboard-write"],
    };
    const context =
      profile === undefined
        ? await this.#browser.newContext(options)
        : await chromium.launchPersistentContext(profile, { ...CHROMIUM, ...options });
    const own = new URL(this.address).origin;
    await context.route(
      (url) => url.origin !== own && url.protocol.startsWith("http"),
      (route) => {
        this.strayRequests.push(route.request().url());
        return route.abort();
      },
    );
    await prepare?.(context);
    return context;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** All text of the page's terminal; nothing before there is one. */
export function screenOf(page: Page): Promise<string> {
  return page.evaluate<string>(`globalThis.wasmvisor?.screen() ?? ""`);
}

/** Waits until the terminal's text matches. */
export async function expectScreen(page: Page, pattern: RegExp, patience = PATIENCE): Promise<void> {
  const until = Date.now() + patience;
  let text: string;
  do {
    // Not `waitForFunction`, which the page's policy does not let evaluate text.
    text = await screenOf(page);
    if (pattern.test(text)) return;
    await page.waitForTimeout(50);
  } while (Date.now() < until);
  throw new Error(`the terminal never showed ${String(pattern)}; it shows:\n${text}`);
}

/** What the tests of a file visit the page with. */
export interface Visits {
  /** There once the tests run. */
  readonly bench: PageBench;
  /** Opens the page, which is closed after the test. */
  visit(visitor?: Visitor): Promise<Page>;
}

/**
 * Opens a browser and a server for the tests of a file.
 * @param words - makes ready what the browser needs, and says what of that stands on its command line
 */
export function visits(words: () => Promise<readonly string[]> = () => Promise.resolve([])): Visits {
  let bench: PageBench | undefined;
  let opened: Page[] = [];
  beforeAllWith(
    ["chromium"],
    async () => {
      bench = await PageBench.open(await words());
    },
    180_000,
  );
  afterEach(async () => {
    for (const page of opened) await page.context().close();
    opened = [];
  });
  afterAll(() => bench?.close());
  return {
    get bench() {
      return bench!;
    },
    async visit(visitor) {
      const page = await bench!.visit(visitor);
      opened.push(page);
      return page;
    },
  };
}
