/** The agent in Debian's kernel. */

import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { failureOf } from "../support/failure.ts";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput, PATIENCE_MILLISECONDS } from "./support.ts";

const withModules = () => ({
  ...debian("quiet wasmvisor.modules=virtio_mmio"),
  initrd: guestFile("initrd-modules.cpio"),
  agent: true,
});

test("commands run in the guest: output, exit codes, input, user, folder, variables, signals, time", async () => {
  const vm = await boot(withModules());
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  expect(await vm.waitReady({ signal })).toEqual({ version: 1 });
  // Busybox has made its links by then.
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const run = (...args: Parameters<typeof vm.exec>) => vm.exec(...args);
  expect(await run("echo out; echo err >&2; exit 3")).toEqual({
    ...{ code: 3, signal: undefined, timedOut: false },
    ...{ stdout: "out\n", stderr: "err\n" },
  });
  expect(await run("printf", { args: ["%s|", "a b", ""] })).toMatchObject({ code: 0, stdout: "a b||" });
  expect(await run("pwd; echo $A $HOME; id -u", { cwd: "/tmp", env: { A: "b c" } })).toMatchObject({
    stdout: "/tmp\nb c /root\n0\n",
  });
  expect(await run("id -u; id -g", { user: 1000 })).toMatchObject({ stdout: "1000\n1000\n" });
  expect(await run("env", { args: [], cleanEnv: true, env: { ONLY: "1" } })).toMatchObject({ stdout: "ONLY=1\n" });
  // More than any buffer on the way.
  const line = "0123456789abcde\n".repeat(2 ** 16);
  const { stdout } = await run("cat", { stdin: line });
  expect(stdout === line).toBe(true);
  expect(await run("kill -TERM $$")).toMatchObject({ code: 143, signal: "SIGTERM", timedOut: false });
  expect(await run("sleep 100 & sleep 100", { timeout: 50 })).toMatchObject({ signal: "SIGKILL", timedOut: true });
  expect(await failureOf(() => run("no-such-program", { args: [] }))).toMatchObject({
    code: "guest-program",
    data: { reason: "ENOENT" },
  });
  expect(await failureOf(() => run("true", { user: "nobody-here" }))).toMatchObject({ data: { reason: "ESRCH" } });
  expect(await failureOf(() => run("yes", { maxOutput: 1000 }))).toMatchObject({ code: "agent-output" });
  const abort = new AbortController();
  const aborted = failureOf(() => run("sleep 100", { signal: abort.signal }));
  abort.abort(new Error("enough"));
  expect(await aborted).toMatchObject({ message: "enough" });
  // What it leaves behind in the background does not hold it up.
  expect(await run("sleep 100 & echo done")).toMatchObject({ code: 0, stdout: "done\n" });
});

test("files and folders are copied both ways, with bytes, permissions, times and links", async () => {
  const vm = await boot(withModules());
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-agent-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const noise = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 2_654_435_761) >>> 13);
  await vm.writeFile("/tmp/noise", noise, { mode: 0o600 });
  expect(await vm.exec("stat -c '%a %s' /tmp/noise; sha256sum </tmp/noise")).toMatchObject({
    stdout: `600 ${noise.length}\n${createHash("sha256").update(noise).digest("hex")}  -\n`,
  });
  expect(Buffer.compare(await vm.readFile("/tmp/noise"), noise)).toBe(0);
  expect(await vm.readFile("/tmp/noise", { offset: 10, length: 3 })).toEqual(noise.slice(10, 13));
  await vm.writeFile("/tmp/text", "a");
  await vm.writeFile("/tmp/text", "b", { append: true });
  expect(new TextDecoder().decode(await vm.readFile("/tmp/text"))).toBe("ab");
  expect(new TextDecoder().decode(await vm.readFile("/proc/sys/kernel/ostype"))).toBe("Linux\n");
  expect(await failureOf(() => vm.readFile("/no/such"))).toMatchObject({
    code: "guest-file",
    data: { reason: "ENOENT" },
  });
  expect(await failureOf(() => vm.readFile("/tmp"))).toMatchObject({ data: { reason: "EISDIR" } });
  expect(await failureOf(() => vm.writeFile("/proc/version", "x"))).toMatchObject({ code: "guest-file" });

  const tree = path.join(folder, "tree");
  mkdirSync(path.join(tree, "deep/er"), { recursive: true });
  writeFileSync(path.join(tree, "script"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  for (let i = 0; i < 50; i++) writeFileSync(path.join(tree, `deep/er/${i}`), String(i));
  symlinkSync("../script", path.join(tree, "deep/link"));
  expect(await vm.copyTo(tree, "/root/")).toMatchObject({ files: 51, folders: 3, links: 1 });
  expect(await vm.exec("tree/deep/link; cat tree/deep/er/* | wc -c; ls tree/deep/er | wc -l")).toMatchObject({
    stdout: "ran\n90\n50\n",
  });
  const back = path.join(folder, "back");
  expect(await vm.copyFrom("/root/tree", back)).toMatchObject({ files: 51, folders: 3, links: 1, bytes: 19 + 90 });
  expect(readFileSync(path.join(back, "deep/er/49"), "utf8")).toBe("49");
  expect(readlinkSync(path.join(back, "deep/link"))).toBe("../script");
  const [before, after] = [lstatSync(path.join(tree, "script")), lstatSync(path.join(back, "script"))];
  expect(after.mode).toBe(before.mode);
  // To the microsecond, which a number of milliseconds can just hold.
  expect(after.mtimeMs).toBeCloseTo(before.mtimeMs, 2);
});

test("a guest's clock is set, its disks are frozen, and it restarts and switches itself off", async () => {
  const vm = await boot(withModules());
  await expectOutput(vm, "Type 'poweroff' to leave.");
  await vm.setClock(new Date("2040-02-03T04:05:06Z"));
  expect(await vm.exec("date -u +%Y-%m-%d")).toMatchObject({ stdout: "2040-02-03\n" });
  expect(await vm.freeze()).toBe(0);
  expect(await failureOf(() => vm.exec("true"))).toMatchObject({ data: { reason: "EBUSY" } });
  expect(await vm.thaw()).toBe(0);
  const sleeping = failureOf(() => vm.exec("sleep 1000"));
  await vm.shutdown({ how: "reboot" });
  expect(await sleeping).toMatchObject({ code: "agent-lost" });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  expect(await vm.exec("echo again")).toMatchObject({ stdout: "again\n" });
  await vm.shutdown();
  expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
  expect(await failureOf(() => vm.exec("true"))).toMatchObject({ code: "agent-lost" });
});

test("a command has a terminal of the size it is told", async () => {
  const vm = await boot(withModules());
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const shell = await vm.spawn("sh", { args: [], tty: { columns: 77, rows: 11 } });
  const writer = shell.stdin.getWriter();
  const text = new TextDecoder();
  let seen = "";
  const reader = shell.stdout.getReader();
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(seen)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`it has ended: ${seen}`);
      seen += text.decode(value, { stream: true });
    }
  };
  await writer.write("tty; stty size\n");
  await until(/\/dev\/pts\/\d+\r\n11 77\r\n/);
  shell.resize(132, 43);
  await writer.write("stty size\n");
  await until(/43 132\r\n/);
  // A key is a signal only once the program is in the foreground, and the shell no longer edits a line.
  await writer.write("sh -c 'echo begun; exec sleep 1000'\n");
  await until(/\nbegun\r\n/);
  await writer.write("\x03");
  await writer.write("exit 5\n");
  expect(await shell.exited).toEqual({ code: 5, signal: undefined, timedOut: false });
});

test("a guest that has moved on to its disk is driven there, and shut down by its own init", async () => {
  const vm = await boot({
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-root.cpio"),
    append: "console=ttyS0 quiet root=/dev/vda rw",
    memory: "512M",
    drives: [{ source: fileURLToPath(guestFile("rootfs.qcow2")), snapshot: true }],
    agent: true,
  });
  // It answers as soon as the disk is its root; services come later.
  expect(await vm.exec("head -n1 /etc/os-release")).toMatchObject({
    stdout: 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
  });
  await vm.exec("until systemctl is-system-running --wait | grep -E 'running|degraded'; do sleep 0.2; done");
  expect(await vm.exec("echo kept >/var/kept; id -un", { user: "nobody", cwd: "/" })).toMatchObject({
    stdout: "nobody\n",
  });
  expect(await vm.freeze()).toBe(1);
  expect(await vm.thaw()).toBe(1);
  await vm.shutdown();
  expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
});
