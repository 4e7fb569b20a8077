/**
 * Writes a cpio archive in the "newc" form, the one Linux unpacks as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format).
 * Every field that could vary between two runs (time, owner, inode) is fixed: same entries, same bytes.
 */

/** What lies in an archive. */
export interface CpioEntry {
  readonly path: string;
  /** Type and permissions. */
  readonly mode: number;
  readonly data: Uint8Array;
  /** Of a device. */
  readonly rdev?: readonly [major: number, minor: number];
}

const TYPE = { dir: 0o040000, file: 0o100000, link: 0o120000, char: 0o020000 } as const;
const TYPE_MASK = 0o170000;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** A directory. */
export const dir = (path: string, mode = 0o755): CpioEntry => ({ path, mode: TYPE.dir | mode, data: NOTHING });

/** A regular file; `data` is a string or bytes. */
export const file = (path: string, data: string | Uint8Array, mode = 0o644): CpioEntry => ({
  path,
  mode: TYPE.file | mode,
  data: typeof data === "string" ? encoder.encode(data) : data,
});

/** A symbolic link. */
export const link = (path: string, target: string): CpioEntry => ({
  path,
  mode: TYPE.link | 0o777,
  data: encoder.encode(target),
});

/** A character device node. */
export const charDevice = (path: string, major: number, minor: number, mode = 0o600): CpioEntry => ({
  path,
  mode: TYPE.char | mode,
  data: NOTHING,
  rdev: [major, minor],
});

const hex8 = (value: number) => value.toString(16).padStart(8, "0").toUpperCase();
const padding = (length: number) => new Uint8Array((4 - (length % 4)) % 4);

function entryBytes(entry: CpioEntry, ino: number): Uint8Array[] {
  const name = encoder.encode(`${entry.path}\0`);
  const [rdevMajor, rdevMinor] = entry.rdev ?? [0, 0];
  const isDirectory = (entry.mode & TYPE_MASK) === TYPE.dir;
  const fields = [
    ino,
    entry.mode,
    0, // uid
    0, // gid
    isDirectory ? 2 : 1, // nlink
    0, // mtime
    entry.data.length,
    0, // devmajor
    0, // devminor
    rdevMajor,
    rdevMinor,
    name.length,
    0, // check, unused in this form
  ];
  const header = encoder.encode(`070701${fields.map(hex8).join("")}`);
  return [header, name, padding(header.length + name.length), entry.data, padding(entry.data.length)];
}

/** The archive of `entries`, in their order. Parent directories must come before what lies in them. */
export function cpio(entries: readonly CpioEntry[]): Uint8Array {
  const trailer = { path: "TRAILER!!!", mode: 0, data: NOTHING };
  const parts = [...entries.flatMap((entry, index) => entryBytes(entry, index + 1)), ...entryBytes(trailer, 0)];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
