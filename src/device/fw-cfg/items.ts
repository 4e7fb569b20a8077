/** What a firmware configuration device holds: items by key, and a directory of those that have names. (QEMU `docs/specs/fw_cfg.rst`) */

/** Keys that are the same on all machines. */
export enum Key {
  SIGNATURE = 0x00,
  ID = 0x01,
  UUID = 0x02,
  RAM_SIZE = 0x03,
  NOGRAPHIC = 0x04,
  NB_CPUS = 0x05,
  KERNEL_SIZE = 0x08,
  INITRD_SIZE = 0x0b,
  BOOT_MENU = 0x0e,
  KERNEL_DATA = 0x11,
  INITRD_DATA = 0x12,
  CMDLINE_SIZE = 0x14,
  CMDLINE_DATA = 0x15,
  FILE_DIR = 0x19,
  /** The first of the files. */
  FILE_FIRST = 0x20,
}

/** ID: the interface of old, and DMA. */
const ID_BITS = 3;

/** Bytes of a name, with the NUL at its end. */
export const NAME_BYTES = 56;
/** The most files there are. */
export const MAX_FILES = 32;

/** A named item. */
export interface FwCfgFile {
  /** By which the guest finds it; what is not QEMU's own begins with `opt/`. 1 to 55 characters of ASCII. */
  readonly name: string;
  /** What it holds; text goes as UTF-8. */
  readonly data: Uint8Array | string;
}

/** What firmware is to boot. */
export interface FirmwareBoot {
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly append?: string;
}

const ENTRY_BYTES = 8 + NAME_BYTES;

/** Items by key. */
export type Items = Map<number, Uint8Array>;

/** The items of a machine. */
export function makeItems(harts: number, ramBytes: number, files: readonly FwCfgFile[]): Items {
  const items: Items = new Map([
    [Key.SIGNATURE, utf8("QEMU")],
    [Key.ID, u32(ID_BITS)],
    [Key.UUID, new Uint8Array(16)],
    [Key.RAM_SIZE, u64(ramBytes)],
    [Key.NOGRAPHIC, u16(1)],
    [Key.NB_CPUS, u16(harts)],
    [Key.BOOT_MENU, u16(0)],
  ]);
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const directory = new DataView(new ArrayBuffer(4 + ENTRY_BYTES * sorted.length));
  directory.setUint32(0, sorted.length);
  sorted.forEach(({ name, data }, index) => {
    const bytes = typeof data === "string" ? utf8(data) : data.slice();
    const at = 4 + ENTRY_BYTES * index;
    directory.setUint32(at, bytes.length);
    directory.setUint16(at + 4, Key.FILE_FIRST + index);
    new Uint8Array(directory.buffer).set(utf8(name).subarray(0, NAME_BYTES - 1), at + 8);
    items.set(Key.FILE_FIRST + index, bytes);
  });
  return items.set(Key.FILE_DIR, new Uint8Array(directory.buffer));
}

/** Items for firmware that looks for its kernel here; without `boot` there are none. (QEMU `riscv_setup_firmware_boot`) */
export function setBoot(items: Items, boot: FirmwareBoot | undefined): void {
  const append = boot?.append === undefined ? undefined : utf8(`${boot.append}\0`);
  const parts = [
    [Key.KERNEL_SIZE, Key.KERNEL_DATA, boot?.kernel],
    [Key.INITRD_SIZE, Key.INITRD_DATA, boot?.initrd],
    [Key.CMDLINE_SIZE, Key.CMDLINE_DATA, append],
  ] as const;
  for (const [size, data, bytes] of parts) {
    items.delete(size);
    items.delete(data);
    if (bytes !== undefined) items.set(size, u32(bytes.length)).set(data, bytes);
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function number(bytes: number, set: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  set(view);
  return new Uint8Array(view.buffer);
}

/** Numbers among the items are little-endian. */
const u16 = (value: number): Uint8Array => number(2, (view) => view.setUint16(0, value, true));
const u32 = (value: number): Uint8Array => number(4, (view) => view.setUint32(0, value, true));
const u64 = (value: number): Uint8Array => number(8, (view) => view.setBigUint64(0, BigInt(value), true));
