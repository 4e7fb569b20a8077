/** `wasmvisor run --control`, and the commands that drive such a guest from other processes. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { guestFile } from "../support/tools.ts";

const COMMAND = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: "pipe" });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (bytes) => (texts[name] += String(bytes)));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...texts })));
  return { child, ended, texts };
}

/** What `wasmvisor memory` says of a guest with 256 MiB. */
const memory = (target: number, works: number): string =>
  `256 MiB of RAM: it is to work with ${target} MiB, and works with ${works} MiB\n`;

test("a guest is driven from other processes: commands, files, its console's output", async () => {
  const [kernel, initrd] = [guestFile("Image"), guestFile("initrd-modules.cpio")].map((url) => fileURLToPath(url));
  await buildDist();
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-control-"));
  const socket = path.join(folder, "vm.sock");
  const line = path.join(folder, "line.sock");
  const kept = path.join(folder, "kept");
  const machine = [
    "--kernel",
    kernel!,
    "--initrd",
    initrd!,
    "--append",
    "console=ttyS0 quiet wasmvisor.modules=virtio_mmio,virtio_balloon",
    ...["--device", "virtio-balloon-device"],
    ...[
      "--chardev",
      `socket,id=line,path=${line},server=on,wait=off`,
      "--device",
      "virtserialport,name=line,chardev=line",
    ],
    ...["--chardev", `file,id=kept,path=${kept}`, "--device", "virtserialport,name=kept,chardev=kept"],
  ];
  const vm = start("run", "--agent", "--control", socket, ...machine);
  onTestFinished(() => {
    vm.child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 100));
  expect((statSync(socket).mode & 0o777).toString(8)).toBe("600");
  const ask = (name: string, ...args: readonly string[]) => start(name, "--control", socket, ...args);
  const seen = await ask("top", "--control", path.join(folder, "nobody.sock"), "--once", "--json").ended;
  expect(JSON.parse(seen.stdout)).toMatchObject([{ control: socket, state: "running" }, { state: "unreachable" }]);
  const run = async (input: string, ...args: readonly string[]): Promise<Ended> => {
    const { child, ended } = ask("exec", ...args);
    child.stdin.end(input);
    return ended;
  };
  expect(await run("", "sh", "-c", "echo out; echo err >&2; exit 7")).toEqual({
    code: 7,
    stdout: "out\n",
    stderr: "err\n",
  });
  expect(await run("a\nb\n", "-w", "/tmp", "-e", "A=b c", "--", "sh", "-c", 'wc -l; pwd; echo "$A"')).toMatchObject({
    stdout: "2\n/tmp\nb c\n",
  });
  expect(await run("", "--timeout", "0.1", "sleep", "100")).toMatchObject({ code: 124 });
  expect(await run("", "no-such")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cannot start no-such") as string,
  });
  const sleeping = ask("exec", "sh", "-c", "echo ready; sleep 100");
  while (!sleeping.texts.stdout.includes("ready")) await new Promise((resolve) => setTimeout(resolve, 50));
  sleeping.child.kill("SIGINT");
  expect(await sleeping.ended).toMatchObject({ code: 130 });

  // Named ports: a program at a socket, one after another, and a file.
  const port = 'port() { grep -lx "$1" /sys/class/virtio-ports/*/name | cut -d/ -f5; };';
  for (const word of ["one", "two"]) {
    const peer = connect(line);
    peer.write(`${word}\n`);
    const ends = run("", "sh", "-c", `${port} exec 3<>/dev/$(port line); read word <&3; echo "got $word" >&3`);
    const [answer] = (await once(peer, "data")) as [Buffer];
    expect(String(answer)).toBe(`got ${word}\n`);
    expect(await ends).toMatchObject({ code: 0 });
    peer.destroy();
  }
  expect(await run("", "sh", "-c", `${port} seq 1 20000 >/dev/$(port kept)`)).toMatchObject({ code: 0 });

  const tree = path.join(folder, "tree");
  mkdirSync(tree);
  for (let i = 0; i < 20; i++) writeFileSync(path.join(tree, String(i)), "x".repeat(i * 10_000));
  expect(await ask("cp", tree, ":/root/").ended).toMatchObject({ code: 0, stderr: "" });
  expect(await run("", "sh", "-c", "cat /root/tree/* | wc -c")).toMatchObject({ stdout: "1900000\n" });
  expect(await ask("cp", ":/root/tree", path.join(folder, "back")).ended).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(path.join(folder, "back/19"), "utf8").length).toBe(190_000);
  // 256 MiB, and what its driver gives when it is asked for.
  expect((await ask("memory").ended).stdout).toBe(memory(256, 256));
  expect((await ask("memory", "192M").ended).stdout).toMatch(/it is to work with 192 MiB, /);
  await expect.poll(async () => (await ask("memory").ended).stdout, { timeout: 60_000 }).toBe(memory(192, 192));
  expect((await ask("memory", "256M").ended).code).toBe(0);
  await expect.poll(async () => (await ask("memory").ended).stdout, { timeout: 60_000 }).toBe(memory(256, 256));
  expect(await ask("memory", "512M").ended).toMatchObject({ code: 2, stdout: "" });
  expect((await ask("logs").ended).stdout).toContain("wasmvisor: userland up");
  expect(await start("run", "--control", socket, "x").ended).toMatchObject({ code: 2 });
  await run("", "sh", "-c", "poweroff -f");
  expect(await vm.ended).toMatchObject({ code: 0 });
  expect(existsSync(socket)).toBe(false);
  expect(existsSync(line)).toBe(false);
  expect(readFileSync(kept, "utf8")).toHaveLength(108_894);
  expect(await run("", "true")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("does not answer") as string,
  });
});
