/** Guests with Debian's kernel and busybox, in processes of their own, ours and QEMU's: what commands begin with, and how they come to a shell. */

import { GuestProcess } from "./guest-process.ts";

export const guestFile = (name: string) => new URL(`../../.guests/${name}`, import.meta.url).pathname;

/** The root file system's initramfs, which has the modules of disks and networks. */
export const INITRD = guestFile("initrd-root.cpio");
/** Loads all modules, and says little. */
export const QUIET = "console=ttyS0 wasmvisor.modules=all quiet";

/** Words that ours and QEMU's command both understand. */
export function bootWords(initrd: string, append: string, memory = "512M"): readonly string[] {
  return [
    ...["-M", "virt", "-nographic", "-m", memory, "-kernel", guestFile("Image"), "-initrd", initrd],
    ...["-append", append],
  ];
}

/** Words for a disk of `.guests`, which keeps nothing. */
export function diskOf(name: string): Readonly<Record<"ours" | "QEMU", readonly string[]>> {
  const file = `file=${guestFile(name)},format=raw,snapshot=on`;
  return {
    ours: ["-drive", file],
    QEMU: ["-drive", `if=none,id=a,${file}`, "-device", "virtio-blk-device,drive=a"],
  };
}

export const inDisk = (command: string) => `chroot /mnt ${command}`;

/** Boots a guest to its shell, with the disk at /mnt. */
export async function boot(command: readonly [string, ...string[]]): Promise<GuestProcess> {
  const guest = new GuestProcess(command);
  try {
    await guest.waitFor(/Type 'poweroff' to leave\./);
    await guest.run("mount -t ext4 /dev/vda /mnt; for i in dev proc sys; do mount -o bind /$i /mnt/$i; done");
  } catch (error) {
    await guest.end();
    throw error;
  }
  return guest;
}
