/** What a file is that somebody has dropped or chosen, told by its first bytes and its name. */

/** What may be done with it. */
export type FileKind = "kernel" | "initrd" | "firmware" | "disk";

/** Where the first bytes end in which all of these are. */
const FIRST_BYTES = 2048;

/** Bytes at an address of a file's start. */
interface Magic {
  readonly at: number;
  readonly bytes: string;
}

const KERNELS: readonly Magic[] = [
  { at: 0, bytes: "\x7fELF" },
  { at: 0, bytes: "\x1f\x8b" },
  { at: 0x30, bytes: "RISCV\0\0\0" },
  { at: 0x38, bytes: "RSC\x05" },
];

const DISKS: readonly Magic[] = [
  { at: 0, bytes: "QFI\xfb" },
  // A partition table, "EFI PART" behind it, and the superblock of ext2 to ext4.
  { at: 510, bytes: "\x55\xaa" },
  { at: 512, bytes: "EFI PART" },
  { at: 0x438, bytes: "\x53\xef" },
];

/** What a file is most likely. */
export async function kindOf(file: File): Promise<FileKind> {
  const { name } = file;
  const start = new Uint8Array(
    await file
      .slice(0, FIRST_BYTES)
      .arrayBuffer()
      .catch(() => new ArrayBuffer(0)),
  );
  const has = ({ at, bytes }: Magic) => [...bytes].every((char, index) => start[at + index] === char.charCodeAt(0));
  if (has(DISKS[0]!)) return "disk";
  if (/initrd|initramfs|\.cpio/i.test(name)) return "initrd";
  if (/^fw_|opensbi|u-boot|bios/i.test(name)) return "firmware";
  if (KERNELS.some(has)) return "kernel";
  if (DISKS.some(has) || /\.(img|raw|iso|qcow2)$/i.test(name)) return "disk";
  return /rootfs/i.test(name) ? "initrd" : "kernel";
}
