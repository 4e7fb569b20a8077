/** Makes FAT16 file systems, small enough to be read: what firmware boots from. (Microsoft, "FAT: General Overview of On-Disk Format") */

const SECTOR = 512;
const CLUSTER = 4 * SECTOR;
const ROOT_ENTRIES = 512;
const RESERVED = 1;

/** A file, by path: names of up to 8 and 3 characters, in capitals. */
export type FatFiles = Readonly<Record<string, Uint8Array | string>>;

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

  const entry = (name: string, attributes: number, cluster: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(32).fill(0x20, 0, 11);
    const [base = "", extension = ""] = name.startsWith(".") ? [name] : name.split(".");
    bytes.set(new TextEncoder().encode(base), 0);
    bytes.set(new TextEncoder().encode(extension), 8);
    bytes[11] = attributes;
    const fields = new DataView(bytes.buffer);
    fields.setUint16(26, cluster, true);
    fields.setUint32(28, length, true);
    return bytes;
  };

  /** Entries of a folder; its folders' own ".." is the root's 0 at one level, and not looked at by firmware deeper. */
  const entries = (folder: Folder): Uint8Array[] => [
    ...[...folder.folders].map(([name, inner]) => {
      const list = entries(inner);
      const at = next;
      const all = [entry(".", 0x10, at, 0), entry("..", 0x10, 0, 0), ...list];
      const data = new Uint8Array(all.length * 32);
      all.forEach((one, index) => data.set(one, index * 32));
      return entry(name, 0x10, place(data), 0);
    }),
    ...[...folder.files].map(([name, data]) => entry(name, 0x20, place(data), data.length)),
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
