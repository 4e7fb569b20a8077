/** Debian's driver of the memory balloon. */

import { expect, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

const MIB = 2 ** 20;

test("Debian gives memory back to its host: by the balloon, by reports of free pages, and takes it back when it must", async () => {
  const vm = await boot({
    ...debian("wasmvisor.modules=virtio_mmio,virtio_balloon quiet"),
    initrd: guestFile("initrd-modules.cpio"),
    memory: "256M",
    balloon: true,
  });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const touched = () => vm.memory.statistics().touchedBytes;
  const { guest } = await vm.balloon.statistics();
  expect(guest?.totalBytes).toBeGreaterThan(100 * MIB);
  expect(guest?.freeBytes).toBeLessThan(guest!.totalBytes!);

  // A file in memory, removed again, and the balloon takes nearly all that is free.
  await vm.console.write("dd if=/dev/zero of=/tmp/file bs=1M count=40 2>/dev/null; echo writ''ten\n");
  await expectOutput(vm, "written");
  const full = touched();
  await vm.console.write("rm /tmp/file; echo remo''ved\n");
  await expectOutput(vm, "removed");
  const target = Math.floor(guest!.freeBytes! / MIB - 32) * MIB;
  expect(target).toBeGreaterThan(40 * MIB);
  vm.balloon.setTarget(target);
  await until(() => vm.balloon.size === target);
  // Which of the free pages the balloon takes is the guest's choice; the rest of the file's pages are reported.
  await until(() => full - touched() > 35 * MIB);
  const { inflatedBytes, guest: pressed } = await vm.balloon.statistics();
  expect(inflatedBytes).toBeGreaterThanOrEqual(target);
  expect(pressed!.freeBytes).toBeLessThan(guest!.freeBytes! - target + 16 * MIB);

  // A program that needs more than is left: the driver lets pages out of the balloon, and none is killed.
  await vm.console.write(
    "dd if=/dev/zero of=/dev/null bs=60M count=1 2>/dev/null; echo do''ne $? $(dmesg | grep -c 'Out of memory')\n",
  );
  await expectOutput(vm, /done 0 0\s/);

  // Deflated: the guest has all of it again, and what it holds is right.
  vm.balloon.setTarget(0);
  await until(() => vm.balloon.size === 0);
  await vm.console.write("dd if=/dev/zero of=/tmp/file bs=1M count=60 2>/dev/null; md5sum /tmp/file\n");
  await expectOutput(vm, "76c136bc0d680abd978d9934070c01e5  /tmp/file");
  const held = touched();
  await vm.console.write("rm /tmp/file\n");
  // What the removed file had is reported within some seconds, in blocks of 2 MiB that are free as a whole.
  await until(() => held - touched() > 20 * MIB);
  await vm.console.write("poweroff\n");
  expect((await vm.exited).reason).toBe("poweroff");
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
