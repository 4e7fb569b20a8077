/**
 * Writes a cpio archive in the "newc" form, the one Linux unpacks as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format).
 * Every field that could vary between two runs (time, owner, inode) is fixed: same entries, same bytes.
 */

const TYPE = { dir: 0o040000, file: 0o100000, link: 0o120000, char: 0o020000 };

/** A directory. */
export const dir = (path, mode = 0o755) => ({ path, mode: TYPE.dir | mode, data: Buffer.alloc(0) });

/** A regular file; `data` is a string or bytes. */
export const file = (path, data, mode = 0o644) => ({ path, mode: TYPE.file | mode, data: Buffer.from(data) });

/** A symbolic link. */
export const link = (path, target) => ({ path, mode: TYPE.link | 0o777, data: Buffer.from(target) });

/** A character device node. */
export const charDevice = (path, major, minor, mode = 0o600) => ({
  path,
  mode: TYPE.char | mode,
  data: Buffer.alloc(0),
  rdev: [major, minor],
});

const hex8 = (value) => value.toString(16).padStart(8, "0").toUpperCase();
const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);

function entryBytes(entry, ino) {
  const name = Buffer.from(`${entry.path}\0`);
  const [rdevMajor, rdevMinor] = entry.rdev ?? [0, 0];
  const isDirectory = (entry.mode & 0o170000) === TYPE.dir;
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
  const header = Buffer.from(`070701${fields.map(hex8).join("")}`);
  return [header, name, padding(header.length + name.length), entry.data, padding(entry.data.length)];
}

/** The archive of `entries`, in their order. Parent directories must come before what lies in them. */
export function cpio(entries) {
  const trailer = { path: "TRAILER!!!", mode: 0, data: Buffer.alloc(0) };
  const parts = entries.flatMap((entry, index) => entryBytes(entry, index + 1));
  return Buffer.concat([...parts, ...entryBytes(trailer, 0)]);
}
