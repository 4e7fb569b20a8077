/** Makes FAT16 file systems, small enough to be read: what firmware boots from. (Microsoft, "FAT: General Overview of On-Disk Format") */

const SECTOR = 512;
const CLUSTER = 4 * SECTOR;
const ROOT_ENTRIES = 512;
const RESERVED = 1;

/** A file, by path. Names are in capitals; longer ones than 8 and 3 characters have entries for long names. */
export type FatFiles = Readonly<Record<string, Uint8Array | string>>;

/** The name that a longer one has for those who know only short ones. */
function shortName(name: string): string {
  const [base = "", extension = ""] = name.split(".");
  return base.length <= 8 && extension.length <= 3 ? name : `${base.slice(0, 6)}~1.${extension.slice(0, 3)}`;
}

/** The entries before that of `short` which have its long name, 13 characters each, the last ones first. */
function longNameEntries(name: string, short: Uint8Array): Uint8Array[] {
  const sum = short.subarray(0, 11).reduce((all, byte) => (((all & 1) << 7) + (all >> 1) + byte) & 255, 0);
  const count = Math.ceil(name.length / 13);
  return Array.from({ length: count }, (_, index) => {
    const number = count - index;
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    bytes[0] = number | (index === 0 ? 0x40 : 0);
    bytes[11] = 0x0f;
    bytes[13] = sum;
    for (let at = 0; at < 13; at++) {
      const char = (number - 1) * 13 + at;
      const unit = char < name.length ? name.charCodeAt(char) : char === name.length ? 0 : 0xffff;
      view.setUint16(at < 5 ? 1 + 2 * at : at < 11 ? 14 + 2 * (at - 5) : 28 + 2 * (at - 11), unit, true);
    }
    return bytes;
  });
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, Uint8Array>;
}

function folderOf(files: FatFiles): Folder {
  const root: Folder = { folders: new Map(), files: new Map() };
  for (const [path, data] of Object.entries(files)) {
    const names = path.split("/");
    const last = names.pop()!;
    let folder = root;
    for (const name of names) {
      if (!folder.folders.has(name)) folder.folders.set(name, { folders: new Map(), files: new Map() });
      folder = folder.folders.get(name)!;
    }
    folder.files.set(last, typeof data === "string" ? new TextEncoder().encode(data) : data);
  }
  return root;
}

/** A disk of `bytes` bytes, a multiple of 2 KiB from 16 to 128 MiB, without partitions. */
export function fatDisk(bytes: number, files: FatFiles): Uint8Array {
  const disk = new Uint8Array(bytes);
  const view = new DataView(disk.buffer);
  const sectors = bytes / SECTOR;
  const fatSectors = Math.ceil((sectors / 4 + 2) / (SECTOR / 2));
  const fatAt = RESERVED * SECTOR;
  const rootAt = fatAt + 2 * fatSectors * SECTOR;
  const dataAt = rootAt + ROOT_ENTRIES * 32;
  let next = 2;

  /** Writes `data` into new clusters and returns the first, 0 for none. */
  const place = (data: Uint8Array): number => {
    const count = Math.ceil(data.length / CLUSTER);
    if (count === 0) return 0;
    const first = next;
    next += count;
    if (dataAt + (next - 2) * CLUSTER > bytes) throw new RangeError("the files do not fit");
    disk.set(data, dataAt + (first - 2) * CLUSTER);
    for (let i = 0; i < count; i++) {
      const value = i === count - 1 ? 0xffff : first + i + 1;
      for (const fat of [0, 1]) view.setUint16(fatAt + fat * fatSectors * SECTOR + 2 * (first + i), value, true);
    }
    return first;
  };

  const entry = (name: string, attributes: number, cluster: number, length: number): Uint8Array[] => {
    const bytes = new Uint8Array(32).fill(0x20, 0, 11);
    const short = shortName(name);
    const [base = "", extension = ""] = name.startsWith(".") ? [name] : short.split(".");
    bytes.set(new TextEncoder().encode(base), 0);
    bytes.set(new TextEncoder().encode(extension), 8);
    bytes[11] = attributes;
    const fields = new DataView(bytes.buffer);
    fields.setUint16(26, cluster, true);
    fields.setUint32(28, length, true);
    return short === name || name.startsWith(".") ? [bytes] : [...longNameEntries(name, bytes), bytes];
  };

  /** Entries of a folder; its folders' own ".." is the root's 0 at one level, and not looked at by firmware deeper. */
  const entries = (folder: Folder): Uint8Array[] => [
    ...[...folder.folders].flatMap(([name, inner]) => {
      const list = entries(inner);
      const at = next;
      const all = [...entry(".", 0x10, at, 0), ...entry("..", 0x10, 0, 0), ...list];
      const data = new Uint8Array(all.length * 32);
      all.forEach((one, index) => data.set(one, index * 32));
      return entry(name, 0x10, place(data), 0);
    }),
    ...[...folder.files].flatMap(([name, data]) => entry(name, 0x20, place(data), data.length)),
  ];

  disk.set([0xeb, 0x3c, 0x90]);
  disk.set(new TextEncoder().encode("MSDOS5.0"), 3);
  view.setUint16(11, SECTOR, true);
  view.setUint8(13, CLUSTER / SECTOR);
  view.setUint16(14, RESERVED, true);
  view.setUint8(16, 2);
  view.setUint16(17, ROOT_ENTRIES, true);
  view.setUint16(19, sectors < 65_536 ? sectors : 0, true);
  view.setUint8(21, 0xf8);
  view.setUint16(22, fatSectors, true);
  view.setUint32(32, sectors < 65_536 ? 0 : sectors, true);
  view.setUint8(36, 0x80);
  view.setUint8(38, 0x29);
  disk.set(new TextEncoder().encode("NO NAME    FAT16   "), 43);
  view.setUint16(510, 0xaa55, true);
  for (const fat of [0, 1]) view.setUint32(fatAt + fat * fatSectors * SECTOR, 0xffff_fff8, true);
  entries(folderOf(files)).forEach((one, index) => disk.set(one, rootAt + index * 32));
  return disk;
}

/** A disk with a partition table (MBR) whose one partition, at 1 MiB, has this file system; it is marked as bootable. */
export function partitioned(fileSystem: Uint8Array): Uint8Array {
  const FIRST = 2048;
  const disk = new Uint8Array(FIRST * SECTOR + fileSystem.length);
  const view = new DataView(disk.buffer);
  disk[446] = 0x80;
  disk[450] = 0x0e;
  view.setUint32(454, FIRST, true);
  view.setUint32(458, fileSystem.length / SECTOR, true);
  view.setUint16(510, 0xaa55, true);
  disk.set(fileSystem, FIRST * SECTOR);
  return disk;
}
