/** The packed package, throw-away projects that install it, and a browser to open them in. */

import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { buildDist } from "../../scripts/build-dist.mjs";
import { pack } from "../../scripts/package-faults.mjs";

const run = promisify(execFile);

/** A folder that is removed by `discard`. */
export class Workshop {
  readonly folder: string;
  readonly #tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.#tarball = tarball;
  }

  /** Builds and packs the package. */
  static async open(): Promise<Workshop> {
    const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-package-"));
    await buildDist();
    const { filename } = await pack(folder);
    return new Workshop(folder, path.join(folder, filename));
  }

  /** Makes a project of `files`, installs the package into it from the tarball, and returns its folder. */
  async project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = path.join(this.folder, name);
    await mkdir(folder);
    return this.projectIn(folder, files);
  }

  /** Makes a project in a folder of the caller's. */
  async projectIn(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
    const manifest = JSON.stringify({ name: path.basename(folder), private: true, type: "module" });
    for (const [file, text] of Object.entries({ "package.json": manifest, ...files })) {
      await writeFile(path.join(folder, file), text);
    }
    const quiet = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier"];
    await run("npm", ["install", ...quiet, this.#tarball], { cwd: folder });
    return folder;
  }

  discard(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs a program of a project in node; returns what it printed. */
export async function runNode(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: folder, timeout: 100_000 });
  return stdout;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** A web server for tests: files of a folder, or what `answer` makes of a path. No isolation headers, on purpose. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers a request by itself and returns true, or leaves it to the files. */
export type Answer = (pathname: string, response: ServerResponse) => boolean;

export async function serve(folder: string, answer: Answer = () => false): Promise<TestServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (answer(pathname, response)) return;
    if (pathname === "/favicon.ico") return void response.writeHead(204).end();
    const file = path.join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    stat(file).then(
      ({ size }) => {
        const type = TYPES[path.extname(file)] ?? "application/octet-stream";
        response.writeHead(200, { "content-type": type, "content-length": size });
        createReadStream(file).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Debian's Chromium, which looks for nothing in the network. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
