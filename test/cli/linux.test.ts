import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { parseCommandLine } from "../../src/cli/options.ts";
import { CachedFolder } from "../../src/host/cache.ts";
import { LINUX } from "../../src/linux/release.ts";
import { flatGuest, powerOff, printText } from "../support/guest.ts";

const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

describe("the command line", () => {
  test("takes the options of run, and its own", () => {
    expect(parseCommandLine(["linux", "-m", "1G", "--mirror", "http://m", "--append", "quiet", "--update"])).toEqual({
      kind: "linux",
      options: { run: { vm: { memory: "1G", append: "quiet" } }, mirror: "http://m", update: true },
    });
    expect(parseCommandLine(["linux", "--help"])).toEqual({ kind: "help", topic: "linux" });
    expect(parseCommandLine(["help", "linux"])).toEqual({ kind: "help", topic: "linux" });
  });

  test.each([["--kernel", "x"], ["-initrd", "x"], ["x"]])("%s %s is what run is for", (...words) => {
    expect(() => parseCommandLine(["linux", ...words])).toThrow(/brings its own .* wasmvisor run for "x"\.$/);
  });

  test("of run knows nothing of mirrors", () => {
    expect(() => parseCommandLine(["run", "--mirror", "x"])).toThrow(/no option --mirror/);
  });
});

describe("wasmvisor linux", () => {
  let cache: string;
  let server: Server;
  let asked: string[];
  let isAsked: Promise<void>;

  beforeAll(() => buildDist(), 600_000);

  /** A mirror that has nothing, and says nothing of `/silent`. */
  beforeEach(async () => {
    cache = await mkdtemp(path.join(tmpdir(), "wasmvisor-linux-"));
    asked = [];
    isAsked = new Promise((resolve) => {
      server = createServer((request, response) => {
        asked.push(request.url!);
        resolve();
        if (!request.url!.startsWith("/silent")) response.writeHead(404).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(cache, { recursive: true });
  });

  const mirror = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function linux(args: readonly string[], environment: Record<string, string> = {}, interrupt = false) {
    const env = { ...process.env, XDG_CACHE_HOME: cache, no_proxy: "*", ...environment };
    const child = spawn(process.execPath, [main, "linux", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    if (interrupt) void isAsked.then(() => child.kill("SIGINT"));
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  }

  test("boots what is in the cache, without asking anybody", async () => {
    const folder = path.join(cache, "wasmvisor", `linux-${LINUX.version}`);
    const files = { Image: flatGuest(printText("up\n") + powerOff(3)), busybox: new Uint8Array(9) };
    await new CachedFolder(path.basename(folder), path.dirname(folder)).write(new Map(Object.entries(files)));
    const result = await linux(["--bios", "none", "-m", "8M"], { DEBIAN_MIRROR: mirror() });
    expect([result, asked]).toEqual([{ code: 3, stdout: "up\n", stderr: "" }, []]);
  });

  test("fetches the kernel's drivers where a device needs them, and takes them from the cache then", async () => {
    const folder = path.join(cache, "wasmvisor", `linux-${LINUX.version}`);
    const bare: [string, Uint8Array][] = [
      ["Image", flatGuest(printText("up\n") + powerOff(3))],
      ["busybox", new Uint8Array(9)],
    ];
    const cached = new CachedFolder(path.basename(folder), path.dirname(folder));
    await cached.write(new Map(bare));
    const network = ["--net", "user", "--bios", "none", "-m", "8M"];
    expect(await linux(network, { DEBIAN_MIRROR: mirror() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("fetching Debian's Linux and its drivers from") as string,
    });
    asked = [];
    const drivers = ["virtio_mmio", "failover", "net_failover", "virtio_net"].map((name) => `${name}.ko`);
    await cached.write(new Map([...bare, ...drivers.map((name) => [name, new Uint8Array(9)] as const)]));
    const result = await linux(network, { DEBIAN_MIRROR: mirror() });
    expect([result, asked]).toEqual([{ code: 3, stdout: "up\n", stderr: "" }, []]);
    // The agent needs one of them, a disk others.
    expect(await linux(["--agent", ...network.slice(2)], { DEBIAN_MIRROR: mirror() })).toMatchObject({ code: 3 });
    const disk = ["--drive", "if=virtio,format=raw,readonly=on,file=/dev/null"];
    expect(await linux([...disk, ...network.slice(2)], { DEBIAN_MIRROR: mirror() })).toMatchObject({ code: 2 });
  });

  test("asks the mirror for what is pinned, then for the index, and says so when it has neither", async () => {
    const sentence = new RegExp(
      `^wasmvisor: fetching Debian's Linux from ${mirror()}/debian, once\n[^\n]*InRelease; [^\n]*\\.\n$`,
    );
    for (const [args, environment] of [
      [["--mirror", `${mirror()}/debian/`], {}],
      [[], { DEBIAN_MIRROR: `${mirror()}/debian` }],
    ] as const) {
      const result = await linux(args, environment);
      expect(result).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(sentence) as string });
      expect(asked.splice(0)).toEqual([`/debian/${LINUX.busybox.package}`, "/debian/dists/trixie/InRelease"]);
    }
    expect(await readdir(path.join(cache, "wasmvisor"))).toEqual([]);
  });

  test("is ended by signals and the timeout while it fetches, and leaves nothing behind", async () => {
    const silent = ["--mirror", `${mirror()}/silent`];
    expect(await linux(silent, {}, true)).toMatchObject({ code: 130 });
    expect(await linux([...silent, "--timeout", "1"])).toMatchObject({
      code: 124,
      stderr: expect.stringMatching(/has not come within 1 s; try again\n$/) as string,
    });
    expect(await readdir(path.join(cache, "wasmvisor"))).toEqual([]);
  });

  test("says what is wrong with a mirror or a cache", async () => {
    expect(await linux(["--mirror", "deb.debian.org"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^wasmvisor: --mirror takes an address/) as string,
    });
    await writeFile(path.join(cache, "file"), "");
    asked = [];
    const nowhere = { XDG_CACHE_HOME: path.join(cache, "file"), DEBIAN_MIRROR: mirror() };
    expect(await linux([], nowhere)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^wasmvisor: The cache .* cannot be written \(ENOTDIR\); set XDG_CACHE_HOME/,
      ) as string,
    });
    expect(asked).toEqual([]);
  });

  test("looks at the mirror's address also when it is not needed", async () => {
    const folder = path.join(cache, "wasmvisor", `linux-${LINUX.version}`);
    const files = { Image: flatGuest(powerOff(0)), busybox: new Uint8Array(9) };
    await new CachedFolder(path.basename(folder), path.dirname(folder)).write(new Map(Object.entries(files)));
    const sentence = /^wasmvisor: --mirror takes an address such as http.*, not "ftp:\/\/m"\.\n$/;
    const result = await linux(["--bios", "none", "--mirror", "ftp://m"]);
    expect(result).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(sentence) as string });
  });
});
