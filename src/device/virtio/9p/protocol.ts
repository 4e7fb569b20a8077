/** Constants of 9P2000.L. (github.com/chaos/diod, "protocol.md"; Linux `include/net/9p/9p.h`) */

export const VERSION_9P2000_L = "9P2000.L";

/** Requests; each answer is the next number. */
export enum Message {
  RLERROR = 7,
  STATFS = 8,
  LOPEN = 12,
  LCREATE = 14,
  SYMLINK = 16,
  MKNOD = 18,
  RENAME = 20,
  READLINK = 22,
  GETATTR = 24,
  SETATTR = 26,
  XATTRWALK = 30,
  XATTRCREATE = 32,
  READDIR = 40,
  FSYNC = 50,
  LOCK = 52,
  GETLOCK = 54,
  LINK = 70,
  MKDIR = 72,
  RENAMEAT = 74,
  UNLINKAT = 76,
  VERSION = 100,
  AUTH = 102,
  ATTACH = 104,
  FLUSH = 108,
  WALK = 110,
  READ = 116,
  WRITE = 118,
  CLUNK = 120,
  REMOVE = 122,
}

/** Size, type, tag. */
export const HEADER_BYTES = 7;
/** What stands before the bytes of an answer to READ: the header, and how many they are. */
export const READ_HEADER_BYTES = 11;
/** What stands before the bytes of a WRITE: the header, fid, offset, count. */
export const WRITE_HEADER_BYTES = 23;

/** Bytes of the largest message that either side may send. */
export const MSIZE_MOST = 2 ** 20;
/** A driver with less has no room for an answer. */
export const MSIZE_LEAST = 4096;

export const NO_FID = 0xffff_ffff;
/** Names of one WALK. */
export const WALK_MOST = 16;
export const NAME_MOST = 255;

/** Bits of a qid's type. */
export enum QidType {
  FOLDER = 0x80,
  LINK = 0x02,
  FILE = 0,
}

export const QID_BYTES = 13;

/** How LOPEN and LCREATE open. (Linux `P9_DOTL_…`) */
export enum OpenFlag {
  ACCESS = 3,
  WRONLY = 1,
  RDWR = 2,
  EXCL = 0o200,
  TRUNC = 0o1000,
  APPEND = 0o2000,
  DIRECTORY = 0o200000,
}

/** What SETATTR sets. (Linux `P9_ATTR_…`) */
export enum SetAttribute {
  MODE = 1,
  UID = 2,
  GID = 4,
  SIZE = 8,
  ATIME = 0x10,
  MTIME = 0x20,
  CTIME = 0x40,
  ATIME_SET = 0x80,
  MTIME_SET = 0x100,
}

/** All that GETATTR answers with: mode to blocks. (Linux `P9_STATS_BASIC`) */
export const GETATTR_BASIC = 0x7ffn;

/** UNLINKAT: a folder. */
export const AT_REMOVEDIR = 0x200;

/** GETLOCK: nobody holds one. */
export const LOCK_TYPE_UNLCK = 2;
/** What a file system is: V9FS_MAGIC. */
export const FS_MAGIC = 0x0102_1997;

/** How XATTRCREATE sets. (setxattr(2)) */
export enum XattrFlag {
  CREATE = 1,
  REPLACE = 2,
}
