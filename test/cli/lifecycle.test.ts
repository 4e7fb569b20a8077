/** The life of machines that a file describes, by the command, with guests of a few instructions. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { flatGuest, powerOff, printText } from "../support/guest.ts";
import { COUNTER, TestProject } from "../support/lifecycle.ts";

beforeAll(() => buildDist(), 600_000);

const BARE = { bios: "none", memory: "2M" };

/** A project whose guest counts what is typed. */
function project(file: object | string = { ...BARE, kernel: "counter.bin" }): TestProject {
  const made = new TestProject(file);
  onTestFinished(() => made.end());
  writeFileSync(made.path("counter.bin"), COUNTER);
  return made;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks at the supervisor's socket, as curl would. */
function ask(at: TestProject, method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: at.state("supervisor.sock"), method, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (bytes) => (text += String(bytes)));
      response.on("close", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

test("a machine goes up, is used, stands still, is suspended, goes on, and goes away", async () => {
  const at = project();
  expect(await at.good("status")).toMatch(/^default {2}not created$/m);
  expect(await at.good("up")).toBe("default: running\n");
  expect((statSync(at.state()).mode & 0o777).toString(8)).toBe("700");
  expect((statSync(at.state("supervisor.sock")).mode & 0o777).toString(8)).toBe("600");
  await at.type("default", "x", "A");
  expect(await at.good("up")).toBe("default: running\n");
  await at.type("default", "x", "AB");
  expect(await at.good("pause")).toBe("default: paused\n");
  expect(await at.good("resume")).toBe("default: running\n");
  expect(await at.good("suspend")).toBe("default: suspended\n");
  expect(await at.run("console")).toMatchObject({
    code: 2,
    stderr: "wasmvisor: The machine default is suspended; start it with wasmvisor up default.\n",
  });
  expect(await at.good("up")).toBe("default: running\n");
  expect(existsSync(at.state("machines/default/suspended.snap"))).toBe(false);
  await at.type("default", "x", "C");
  expect(await at.good("logs")).toBe("up\nABC");
  expect(await at.good("top", "--once", "--json")).toContain('"state":"running"');
  expect(await at.good("down")).toBe("default: off\n");
  expect(await at.good("logs")).toBe("up\nABC");
  expect(await at.run("destroy")).toMatchObject({ code: 2 });
  expect(await at.good("destroy", "--force")).toBe("default: destroyed\n");
  expect(readdirSync(at.state("machines"))).toEqual([]);
  expect(await at.good("down", "--all")).toBe("All machines are off.\n");
  while (at.supervisor !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(existsSync(at.state("supervisor.sock"))).toBe(false);
  expect(await at.good("status")).toMatch(/^default {2}not created$/m);
});

test("machines that say whose memory leaves first have a host from which pages leave, and keep what else they have", async () => {
  const words = { memoryReservation: "1M", memoryShares: 200, watchdogTimer: true, generationId: true };
  const at = project({ ...BARE, kernel: "counter.bin", ...words });
  expect(await at.good("up")).toBe("default: running\n");
  expect(await at.good("top", "--once", "--json")).toContain('"workingSetBytes":');
  await at.type("default", "x", "A");
  expect(await at.good("suspend")).toBe("default: suspended\n");
  expect(await at.good("up")).toBe("default: running\n");
  await at.type("default", "x", "B");
});

test("snapshots are gone back to, and clones count on by themselves", async () => {
  const at = project();
  await at.good("up");
  await at.type("default", "x", "A");
  await at.good("snapshot", "one");
  await at.type("default", "x", "AB");
  expect(await at.good("clone", "other")).toBe("other: running\n");
  await at.type("other", "x", "C");
  await at.type("other", "x", "CD");
  expect(await at.good("snapshot", "-m", "default", "--list")).toMatch(/^one {2}\d{4}-\d\d-\d\dT/);
  expect(await at.good("restore", "-m", "default", "one")).toBe("default: running\n");
  await at.type("default", "x", "B");
  await at.type("other", "x", "CDE");
  expect(await at.run("restore", "-m", "default", "two")).toMatchObject({
    code: 2,
    stderr: 'wasmvisor: The machine default has no snapshot "two"; it has one.\n',
  });
  expect(await at.run("clone", "default", "other")).toMatchObject({ code: 2 });
  expect(await at.run("snapshot", "x")).toMatchObject({
    code: 2,
    stderr: "wasmvisor: There are several machines, default, other; name one with --machine NAME.\n",
  });
  await at.good("snapshot", "-m", "other", "./other.snap");
  expect(statSync(at.path("other.snap")).size).toBeGreaterThan(1000);
  await at.good("suspend");
  expect(await at.states()).toEqual({ default: "suspended", other: "suspended" });
  await at.good("resume");
  await at.type("other", "x", "F");
  await at.good("snapshot", "-m", "default", "--delete", "one");
  expect(readdirSync(at.state("machines/default/snapshots"))).toEqual([]);
});

describe("a supervisor that is gone", () => {
  test("by a kill leaves what the next one starts from", async () => {
    const at = project({ machines: { a: { ...BARE, kernel: "counter.bin" }, b: { ...BARE, kernel: "counter.bin" } } });
    await at.good("up");
    await at.type("a", "x", "A");
    await at.good("suspend", "a");
    await at.kill();
    expect(existsSync(at.state("supervisor.sock"))).toBe(true);
    writeFileSync(at.state("machines/a/suspended.snap.part"), "half");
    mkdirSync(at.state("machines/b/snapshots/.x.new.part"), { recursive: true });
    expect(await at.states()).toEqual({ a: "suspended", b: "off" });
    expect(await at.run("exec", "-m", "b", "true")).toMatchObject({ code: 2 });
    expect(await at.good("up")).toContain("a: running");
    await at.type("a", "x", "B");
    expect(existsSync(at.state("machines/a/suspended.snap.part"))).toBe(false);
    expect(readdirSync(at.state("machines/b/snapshots"))).toEqual([]);
    expect(readdirSync(at.state()).filter((name) => name.includes("lock"))).toHaveLength(1);
  });

  test("by SIGTERM has its machines go on with the next one, but not those that were suspended by hand", async () => {
    const at = project({ machines: { a: { ...BARE, kernel: "counter.bin" }, b: { ...BARE, kernel: "counter.bin" } } });
    await at.good("up");
    await at.type("a", "xx", "AB");
    await at.good("suspend", "b");
    await at.kill("SIGTERM");
    expect(await at.states()).toEqual({ a: "suspended", b: "suspended" });
    const { ended } = at.start("supervisor", "--idle", "0.5");
    while ((await at.states()).a !== "running") await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await at.states()).toEqual({ a: "running", b: "suspended" });
    await at.type("a", "x", "C");
    expect(await at.run("supervisor")).toMatchObject({
      code: 2,
      stderr: "wasmvisor: A supervisor of this project runs already; see wasmvisor status.\n",
    });
    await at.good("down", "a");
    // Nothing is left to do.
    expect(await ended).toMatchObject({ code: 0 });
  });

  test("is started once, by several who want it at the same time", async () => {
    const one = { ...BARE, kernel: "counter.bin", networks: [{ type: "lan" }] };
    const at = project({ machines: { a: one, b: one } });
    const ends = await Promise.all([at.run("up", "a"), at.run("up", "b"), at.run("up")]);
    expect(ends.map(({ code, stderr }) => [code, stderr.replace(/^. *: .*$/gm, "").trim()])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
    expect(await at.states()).toEqual({ a: "running", b: "running" });
  });
});

test("a guest that ends by itself is off, and goes up again", async () => {
  const at = project({ ...BARE, kernel: "ends.bin" });
  writeFileSync(at.path("ends.bin"), flatGuest(printText("bye") + powerOff(3)));
  await at.good("up");
  while ((await at.states()).default !== "off") await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await at.good("status")).toContain("the guest ended (poweroff, code 3)");
  await at.good("up");
  while ((await at.good("logs")) !== "byebye") await new Promise((resolve) => setTimeout(resolve, 50));
});

test("a state that is damaged is refused, and can be left behind", async () => {
  const at = project();
  await at.good("up");
  await at.good("suspend");
  const file = at.state("machines/default/suspended.snap");
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const { code, stderr } = await at.run("up");
  expect(code).toBe(2);
  expect(stderr).toContain("To boot the machine default without that state, use wasmvisor up --cold default.");
  expect(await at.states()).toEqual({ default: "suspended" });
  expect(await at.good("up", "--cold")).toBe("default: running\n");
  await at.type("default", "x", "A");
});

test("a machine whose state finds no room runs on, and says so", async () => {
  const at = project();
  await at.good("up");
  const part = at.state("machines/default/suspended.snap.part");
  symlinkSync("/dev/full", part);
  const { code, stderr } = await at.run("suspend");
  expect([code, stderr]).toEqual([
    2,
    `wasmvisor: The file ${at.state("machines/default/suspended.snap")} cannot be written (ENOSPC); make room on that disk. The machine default was not suspended and runs on.\n`,
  ]);
  await at.type("default", "x", "A");
  expect(existsSync(part)).toBe(false);
  expect(await at.good("suspend")).toBe("default: suspended\n");
});

test("reload boots what the file says now", async () => {
  const at = project();
  await at.good("up");
  writeFileSync(at.path("other.bin"), flatGuest(`${printText("other")}\nspin: j spin`));
  at.describe({ ...BARE, kernel: "other.bin" });
  expect(await at.good("up")).toBe("default: running\n");
  expect(await at.good("logs")).toBe("up\n");
  expect(await at.good("reload")).toBe("default: running\n");
  while ((await at.good("logs")) !== "up\nother") await new Promise((resolve) => setTimeout(resolve, 50));
});

describe("mistakes are answered", () => {
  test.each<[string, readonly string[], string]>([
    ["{", ["up"], "wasmvisor.json, line 1, column 2: a name in double quotes"],
    ['{ "kernel": "counter.bin", "harts": 0 }', ["status"], "harts is a whole number from 1 to 8, not 0."],
    [
      '{ "kernel": "counter.bin" }',
      ["up", "defualt"],
      'There is no machine "defualt" in wasmvisor.json; did you mean default?',
    ],
    [
      '{ "kernel": "counter.bin" }',
      ["exec", "true"],
      "The machine default is not up; start it with wasmvisor up default.",
    ],
    ['{ "kernel": "counter.bin" }', ["pause"], "No machine of this project is up; start one with wasmvisor up."],
    ['{ "kernel": "counter.bin" }', ["destroy", "-f"], "There is nothing to destroy; no machine has been up."],
    ['{ "kernel": "counter.bin" }', ["init"], "already; edit it, or write another with wasmvisor init --force."],
    ['{ "kernel": "counter.bin" }', ["ssh"], "for a shell in a machine use wasmvisor exec -t -- sh"],
    ['{ "kernel": "counter.bin" }', ["upp"], "did you mean wasmvisor up?"],
    ['{ "kernel": "counter.bin" }', ["up", "--clod"], "did you mean --cold?"],
    ['{ "kernel": "none.bin", "bios": "none" }', ["up"], "none.bin does not exist"],
    ['{ "kernel": "counter.bin", "bios": "none", "memory": "3K" }', ["up"], "is no size a VM's memory can have"],
  ])("%s: wasmvisor %s", async (file, args, sentence) => {
    const { code, stderr } = await project(file).run(...args);
    expect(code).toBe(2);
    expect(stderr.split("\n").at(-2)).toMatch(/^wasmvisor: .*[.?]$/);
    expect(stderr).toContain(sentence);
  });

  test("a folder without a machine file", async () => {
    const at = new TestProject();
    onTestFinished(() => at.end());
    expect(await at.run("up")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("make one with wasmvisor init.") as string,
    });
    expect(await at.run("exec", "true")).toMatchObject({
      stderr: expect.stringContaining("or name a VM's socket with --control.") as string,
    });
    writeFileSync(at.path("counter.bin"), COUNTER);
    expect(await at.good("init", "--kernel", "counter.bin", "-m", "4M")).toContain("start it with wasmvisor up");
    expect(JSON.parse(readFileSync(at.path("wasmvisor.json"), "utf8"))).toEqual({
      kernel: "counter.bin",
      memory: "4M",
    });
    mkdirSync(at.path("inner"));
    expect(await at.good("status", "--project", "inner")).toContain("not created");
  });

  test("a disk that is not the machine's own is part of no snapshot and no clone", async () => {
    const at = project({ ...BARE, kernel: "counter.bin", drives: [{ file: "disk.img" }] });
    writeFileSync(at.path("disk.img"), new Uint8Array(2 ** 20));
    await at.good("up");
    for (const args of [
      ["snapshot", "x"],
      ["clone", "y"],
    ]) {
      const { code, stderr } = await at.run(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining("which is not its own and cannot be")]);
    }
    expect(await at.states()).toEqual({ default: "running" });
    await at.good("suspend");
    expect(await at.good("up")).toBe("default: running\n");
  });
});

test("the socket answers what it is asked, and refuses what makes no sense", async () => {
  const at = project();
  await at.good("up");
  expect(JSON.parse((await ask(at, "GET", "/openapi.json")).text)).toMatchObject({ openapi: "3.1.0" });
  expect((await ask(at, "GET", "/metrics")).text).toContain(
    'wasmvisor_machine_state{machine="default",state="running"} 1\n',
  );
  expect(await ask(at, "GET", "/nothing")).toMatchObject({ status: 404 });
  expect(await ask(at, "GET", "/machines/default/up")).toMatchObject({ status: 405 });
  expect(await ask(at, "GET", "/machines/other")).toMatchObject({ status: 409 });
  expect(await ask(at, "POST", "/machines/default/up", "{")).toMatchObject({ status: 400 });
  expect(await ask(at, "POST", "/machines/default/up", "[".repeat(100_000))).toMatchObject({ status: 400 });
  expect(await ask(at, "POST", "/machines/default/up", " ".repeat(2 ** 20 + 1))).toMatchObject({ status: 400 });
  expect(await ask(at, "POST", "/machines/default/clone", '{ "name": "../../x" }')).toMatchObject({ status: 400 });
  expect(await ask(at, "POST", "/machines/default/pause", "")).toEqual({ status: 200, text: "{}\n" });
  // Who says nothing, or what is no HTTP, holds up nobody.
  const silent = Array.from({ length: 20 }, () => connect(at.state("supervisor.sock")).on("error", () => undefined));
  silent[0]!.write("\0\0\0\0");
  expect(await at.good("resume")).toBe("default: running\n");
  for (const socket of silent) socket.destroy();
  await at.type("default", "x", "A");
});
