/** Numbers of the NBD protocol (the specification of the NetworkBlockDevice project, doc/proto.md), and texts for its errors. */

export const NBD_MAGIC = 0x4e42_444d_4147_4943n;
export const OPTION_MAGIC = 0x4948_4156_454f_5054n;
export const OPTION_REPLY_MAGIC = 0x0003_e889_0455_65a9n;
export const REQUEST_MAGIC = 0x2560_9513;
export const REPLY_MAGIC = 0x6744_6698;

/** Bits of the handshake, the server's and the client's. */
export enum Handshake {
  FIXED_NEWSTYLE = 1,
  NO_ZEROES = 2,
}

export enum Option {
  EXPORT_NAME = 1,
  ABORT = 2,
  GO = 7,
}

export enum OptionReply {
  ACK = 1,
  INFO = 3,
  /** Errors have this bit. */
  ERROR = 0x8000_0000,
  UNSUPPORTED = 0x8000_0001,
  POLICY = 0x8000_0002,
  TLS_REQUIRED = 0x8000_0005,
  UNKNOWN = 0x8000_0006,
}

export enum Info {
  EXPORT = 0,
  BLOCK_SIZE = 3,
}

/** What an export can do: transmission flags. */
export enum Can {
  HAS_FLAGS = 1,
  READ_ONLY = 2,
  FLUSH = 4,
  TRIM = 32,
  WRITE_ZEROES = 64,
}

export enum Command {
  READ = 0,
  WRITE = 1,
  DISCONNECT = 2,
  FLUSH = 3,
  TRIM = 4,
  WRITE_ZEROES = 6,
}

/** A flag of `WRITE_ZEROES`: the room is not to be given back. */
export const NO_HOLE = 2;

/** Errors that a server may answer, by number. */
export const ERRORS: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [5, "EIO"],
  [12, "ENOMEM"],
  [22, "EINVAL"],
  [28, "ENOSPC"],
  [75, "EOVERFLOW"],
  [95, "ENOTSUP"],
  [108, "ESHUTDOWN"],
]);

/** Port of a server when none is named. */
export const NBD_PORT = 10_809;
