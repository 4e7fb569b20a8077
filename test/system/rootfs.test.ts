/** Debian's root disk (`npm run guests:debian -- --rootfs`): systemd, apt and ext4, from a qcow2 image below an overlay. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Vm } from "../../src/index.ts";
import { guestFile, requireTools } from "../support/tools.ts";
import { boot } from "./support.ts";

/** A boot to the login is four times Debian's with busybox. */
const PATIENCE_MILLISECONDS = 1_200_000;

let folder = "";
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-rootfs-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command in the guest's shell; its exit code and what it printed. */
async function shell(vm: Vm, command: string): Promise<{ status: number; text: string }> {
  await vm.console.write(`${command}; echo "status:$?"\n`);
  const { groups, before } = await vm.console.waitFor(/status:(\d+)/, PATIENCE_MILLISECONDS);
  return { status: Number(groups[0]), text: before };
}

/** Runs a program on the host; its exit code, and what it printed where that is not 0. */
function program(name: string, ...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: "utf8" });
  return { status, text: status === 0 ? "" : stdout + stderr };
}
const GOOD = { status: 0, text: "" };

/** 4 KiB blocks at random, each with a checksum that is read back; then files small and large. */
const LOAD = [
  "fio --name=load --filename=/root/load --size=8M --rw=randwrite --bs=4k --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_fatal=1 --fsync=64 --output=/root/fio.txt",
  "mkdir /root/copy && tar -C /usr -c share/perl5 share/zoneinfo | tar -C /root/copy -x",
  "diff -r /usr/share/perl5 /root/copy/share/perl5",
  "dd if=/dev/urandom of=/root/random bs=64k count=128 conv=fsync status=none",
  "rm -r /root/copy/share/zoneinfo /root/load",
  "sync",
];

describe("Debian on a disk", () => {
  test("boots to a login with an overlay, has its packages in order, takes a load, and leaves clean file systems", async () => {
    requireTools("qemu-img", "e2fsck");
    const base = fileURLToPath(guestFile("rootfs.qcow2"));
    const [overlay, raw] = [path.join(folder, "overlay.qcow2"), path.join(folder, "disk.raw")];
    const vm = await boot({
      memory: "512M",
      kernel: guestFile("Image"),
      initrd: guestFile("initrd-root.cpio"),
      append: "console=ttyS0 root=/dev/vda",
      drives: [{ source: base, overlay }],
      // systemd's patience does not depend on how busy the host is.
      clock: "deterministic",
    });
    await vm.console.waitFor("login: ", PATIENCE_MILLISECONDS);
    await vm.console.write("root\n");
    await vm.console.waitFor("# ", PATIENCE_MILLISECONDS);
    expect(await shell(vm, "systemctl --failed --no-legend --plain | grep . && false")).toMatchObject({ status: 1 });
    expect(await shell(vm, "apt-get check")).toMatchObject({ status: 0 });
    expect(await shell(vm, 'test -z "$(dpkg --audit)"')).toMatchObject({ status: 0 });
    for (const command of LOAD)
      expect({ command, ...(await shell(vm, command)) }).toMatchObject({ command, status: 0 });
    await vm.console.write("systemctl poweroff\n");
    expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
    const statistics = vm.drives[0]!.statistics();
    expect(statistics.errors).toBe(0);
    expect(statistics.flushes).toBeGreaterThan(0);
    await vm.close();

    expect(program("qemu-img", "check", "-q", overlay)).toEqual(GOOD);
    expect(program("qemu-img", "check", "-q", base)).toEqual(GOOD);
    expect(program("qemu-img", "convert", "-O", "raw", overlay, raw)).toEqual(GOOD);
    expect(program("e2fsck", "-fn", raw)).toEqual(GOOD);
  }, 3_600_000);
});
