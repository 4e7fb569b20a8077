/** `wasmvisor run --incoming` and `wasmvisor migrate`: a VM goes from one process to another. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { parseCommandLine } from "../../src/cli/options.ts";
import { parseControl } from "../../src/cli/control/options.ts";
import { migrationPlace } from "../../src/cli/migration.ts";
import { code } from "../support/expected.ts";

const COMMAND = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
const DEMO = fileURLToPath(new URL("../../guests/bin/demo.elf", import.meta.url));

describe("the options", () => {
  test("name where a VM comes from and goes to", () => {
    expect(migrationPlace("tcp:example.org:4444")).toEqual({ kind: "tcp", host: "example.org", port: 4444 });
    expect(migrationPlace("tcp:[::1]:4444")).toEqual({ kind: "tcp", host: "::1", port: 4444 });
    expect(migrationPlace("tcp::4444")).toEqual(migrationPlace("tcp:127.0.0.1:4444"));
    expect(migrationPlace("tcp:4444")).toEqual(migrationPlace("tcp:127.0.0.1:4444"));
    expect(migrationPlace("unix:/tmp/a b")).toEqual({ kind: "unix", path: "/tmp/a b" });
    for (const text of ["", "tcp:", "tcp:host", "tcp:host:99999", "tcp:a:b:1", "unix:", "exec:cat", "4444"])
      expect(() => migrationPlace(text), text).toThrow(code("usage"));
  });

  test("are those of run and of migrate", () => {
    expect(parseCommandLine(["run", "--incoming", "tcp:4444", "--migration-key", "k"])).toMatchObject({
      options: { incoming: { kind: "tcp", port: 4444 }, migrationKey: "k" },
    });
    expect(() => parseCommandLine(["run", "--incoming", "tcp:4444", "--loadvm", "f"])).toThrow(code("usage"));
    const parse = (...args: string[]) => parseControl("migrate", args, "vm.sock");
    expect(parse("--bandwidth", "1.5M", "--downtime", "0.1", "--disks", "tcp:h:1")).toEqual({
      ...{ kind: "migrate", asked: { control: "vm.sock" }, address: "tcp:h:1" },
      options: { bandwidth: 1.5 * 2 ** 20, downtime: 100, disks: "include" },
    });
    expect(parse("--mode", "post", "tcp:h:1")).toMatchObject({ options: { mode: "post" } });
    expect(() => parse("--mode", "x", "tcp:h:1")).toThrow(code("usage"));
    expect(parse("--mirror", "tcp:h:1")).toMatchObject({ options: { disks: "mirror" } });
    expect(() => parse("--mirror", "--disks", "tcp:h:1")).toThrow(code("usage"));
    expect(parseControl("memory", ["128M"], "vm.sock")).toEqual({
      ...{ kind: "memory", asked: { control: "vm.sock" } },
      size: "128M",
    });
    expect(() => parseControl("memory", ["1M", "2M"], "vm.sock")).toThrow(code("usage"));
    expect(parse("--reclaim")).toEqual({ kind: "reclaim", asked: { control: "vm.sock" } });
    for (const args of [[], ["h:1"], ["tcp:h:1", "x"], ["tcp:h:1", "--reclaim"], ["tcp:h:1", "--bandwidth", "1"]])
      expect(() => parse(...args), String(args)).toThrow(code("usage"));
  });
});

describe("a VM", () => {
  beforeAll(() => buildDist(), 120_000);

  function start(...args: readonly string[]) {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: "pipe" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) child[name].on("data", (bytes) => (texts[name] += String(bytes)));
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const until = async (is: () => boolean): Promise<void> => {
      while (!is() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!is()) throw new Error(`it has ended: ${texts.stdout}${texts.stderr}`);
    };
    return { child, ended, texts, until };
  }

  test("goes to another process, encrypted, and on there; who sends nonsense is no VM", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-moving-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [socket, key] = [path.join(folder, "vm.sock"), path.join(folder, "key")];
    writeFileSync(key, crypto.getRandomValues(new Uint8Array(32)));
    const waiting = start("run", "--incoming", "tcp:127.0.0.1:0", "--migration-key", key);
    const port = (): string | undefined => /.*tcp:127\.0\.0\.1:(\d+)\n/s.exec(waiting.texts.stderr)?.[1];
    await waiting.until(() => port() !== undefined);
    connect(Number(port()), "127.0.0.1").end("GET / HTTP/1.1\r\n\r\n".padEnd(100));
    await waiting.until(() => (waiting.texts.stderr.match(/waits for a VM/g) ?? []).length === 2);
    expect(waiting.texts.stderr).toContain("it is no wasmvisor that migrates");

    const vm = start("run", "--control", socket, "--migration-key", key, "-m", "16M", DEMO);
    await vm.until(() => vm.texts.stdout.includes("demo> ") && existsSync(socket));
    const failed = start("migrate", "--control", socket, "tcp:127.0.0.1:1");
    expect(await failed.ended).toBe(2);
    expect(failed.texts.stderr).toContain("does not answer; start wasmvisor run --incoming there first");
    const move = start("migrate", "--control", socket, `tcp:127.0.0.1:${port()}`);
    expect([await move.ended, move.texts.stderr]).toEqual([0, ""]);
    expect(move.texts.stdout).toMatch(
      /^moved in \d+\.\d s: \d+ pages in \d+ rounds, \d+ bytes; it stood still for \d+ ms\n$/,
    );
    expect(await vm.ended).toBe(0);
    expect(vm.texts.stderr).toContain("the VM has been moved to another host");
    waiting.child.stdin.write("selfcheck\n");
    await waiting.until(() => /selfcheck[\s\S]*ok[\s\S]*demo> /.test(waiting.texts.stdout));
  });

  test("goes with its disk, to a file that is made for it", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-mirrored-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [socket, line, here, there] = ["vm.sock", "line.sock", "here.img", "there.img"].map((name) =>
      path.join(folder, name),
    ) as [string, string, string, string];
    const content = crypto.getRandomValues(new Uint8Array(2 ** 16));
    writeFileSync(here, content);
    const waiting = start("run", "--incoming", `unix:${line}`, "--drive", `file=${there},format=raw`);
    await waiting.until(() => waiting.texts.stderr.includes("waits for a VM"));
    const vm = start("run", "--control", socket, "-m", "16M", "--drive", `file=${here},format=raw`, DEMO);
    await vm.until(() => vm.texts.stdout.includes("demo> ") && existsSync(socket));
    const move = start("migrate", "--control", socket, "--mirror", `unix:${line}`);
    expect([await move.ended, move.texts.stderr]).toEqual([0, ""]);
    expect(await vm.ended).toBe(0);
    waiting.child.stdin.write("selfcheck\n");
    await waiting.until(() => /selfcheck[\s\S]*ok[\s\S]*demo> /.test(waiting.texts.stdout));
    for (const file of [here, there]) expect(readFileSync(file).equals(content)).toBe(true);
  });
});
