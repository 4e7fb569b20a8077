/** What a shared folder stands on: a tree of files that is there at once. (docs/design/shares.md) */

/** Error numbers of Linux's that a share may have. (asm-generic/errno.h) */
export enum Errno {
  EPERM = 1,
  ENOENT = 2,
  EIO = 5,
  E2BIG = 7,
  EBADF = 9,
  EACCES = 13,
  EBUSY = 16,
  EEXIST = 17,
  EXDEV = 18,
  ENOTDIR = 20,
  EISDIR = 21,
  EINVAL = 22,
  EMFILE = 24,
  EFBIG = 27,
  ENOSPC = 28,
  EROFS = 30,
  EMLINK = 31,
  ENAMETOOLONG = 36,
  ENOSYS = 38,
  ENOTEMPTY = 39,
  ELOOP = 40,
  ENODATA = 61,
  EOPNOTSUPP = 95,
  ESTALE = 116,
}

/** Why a share does not do something. */
export class ShareError extends Error {
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(Errno[errno]);
    this.errno = errno;
  }
}

/** The type bits of a mode. (inode(7)) */
export enum FileType {
  MASK = 0o170000,
  PIPE = 0o010000,
  CHARACTER = 0o020000,
  FOLDER = 0o040000,
  BLOCK = 0o060000,
  FILE = 0o100000,
  LINK = 0o120000,
  SOCKET = 0o140000,
}

/** What is known of a file. */
export interface ShareAttributes {
  /** Type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly rdev: number;
  /** Bytes. */
  readonly size: bigint;
  /** Units of 512 bytes that it takes. */
  readonly blocks: bigint;
  /** Nanoseconds since 1970. */
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
  /** One for each file of the share; links of one file have the same. */
  readonly id: bigint;
}

/** What of a file is to be changed. */
export interface ShareChange {
  /** Permissions. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Bytes. */
  readonly size?: number;
  /** Nanoseconds since 1970. */
  readonly atime?: bigint;
  readonly mtime?: bigint;
}

/** Whose a new file is. Whoever may not give files away keeps them. */
export interface ShareOwner {
  /** Undefined: whoever serves the share. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Extended attributes, of shares that have them. Values are not changed in place. */
export interface ShareExtended {
  list(node: ShareNode): readonly string[];
  /** ENODATA where there is none. */
  get(node: ShareNode, name: string): Uint8Array;
  /** @param exists - whether it must be there already, or must not */
  set(node: ShareNode, name: string, value: Uint8Array, exists?: boolean): void;
  /** ENODATA where there is none. */
  remove(node: ShareNode, name: string): void;
}

/** How a file is opened. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  readonly truncate: boolean;
  readonly append: boolean;
}

/** A file that is open. */
export interface ShareFile {
  /** Fills `into`, which is the guest's own memory, from `at` on; how many bytes there were. */
  read(at: number, into: Uint8Array): number;
  /** Writes `from`, the guest's own memory; how many bytes were. */
  write(at: number, from: Uint8Array): number;
  /** Resolves nothing later: returns when what was written is durable. */
  sync(dataOnly: boolean): void;
  close(): void;
}

/** A name in a folder. */
export interface ShareEntry {
  readonly name: string;
  /** Type bits. */
  readonly type: number;
  readonly id: bigint;
}

/** How much there is room for. */
export interface ShareRoom {
  readonly blockBytes: number;
  readonly blocks: bigint;
  readonly freeBlocks: bigint;
  readonly files: bigint;
  readonly freeFiles: bigint;
}

/** A file, folder or link of a share, whatever it is to it. */
export type ShareNode = object;

/**
 * A tree of files. Names are single ones: never empty, "." or "..", and without "/". All is done at once, and fails by throwing a
 * `ShareError`; what else is thrown is EIO to the guest. Links are never followed here: the guest does that.
 */
export interface Share {
  readonly description: string;
  readonly root: ShareNode;
  readonly extended?: ShareExtended;
  child(folder: ShareNode, name: string): ShareNode;
  /** The folder that a node is in; the root's is itself. */
  parent(node: ShareNode): ShareNode;
  attributes(node: ShareNode): ShareAttributes;
  change(node: ShareNode, change: ShareChange): void;
  open(node: ShareNode, mode: OpenMode): ShareFile;
  /** Makes a file, or with `exclusive` false opens the one that is there. */
  create(
    folder: ShareNode,
    name: string,
    mode: OpenMode,
    permissions: number,
    exclusive: boolean,
    owner: ShareOwner,
  ): ShareFile;
  list(folder: ShareNode): readonly ShareEntry[];
  makeFolder(folder: ShareNode, name: string, permissions: number, owner: ShareOwner): void;
  makeLink(folder: ShareNode, name: string, target: string, owner: ShareOwner): void;
  /**
   * Makes a pipe, socket or device, which means something to the guest alone; EPERM where the share has none.
   * @param mode - type and permissions
   * @param rdev - a device's number, as stat(2) has it
   */
  makeSpecial(folder: ShareNode, name: string, mode: number, rdev: number, owner: ShareOwner): void;
  /** Gives a file another name. */
  link(node: ShareNode, folder: ShareNode, name: string): void;
  /** Where a link leads. */
  target(node: ShareNode): string;
  rename(folder: ShareNode, name: string, toFolder: ShareNode, toName: string): void;
  remove(folder: ShareNode, name: string, isFolder: boolean): void;
  room(): ShareRoom;
  /** The names that lead to a node from the root. */
  path(node: ShareNode): readonly string[];
  /** The guest has a number for the node. */
  hold(node: ShareNode): void;
  /** It has one less: what `hold` was called for is over. */
  release(node: ShareNode): void;
  /** Bytes that have been moved, or what took as long, since it was asked last, beside those that are read and written. */
  takeWork?(): number;
  /** Nobody uses the share any more. */
  close(): void;
}
