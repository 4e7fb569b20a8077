/**
 * A folder of node's as a share. On Linux each file of the guest's is held by a descriptor that was opened without following links
 * (`O_PATH`), and what is done to a name is done by way of its folder's descriptor in /proc/self/fd: whatever is renamed, or replaced by a
 * link, meanwhile, nothing leads out of the folder. Elsewhere each part of a path is looked at before it is used.
 */

import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { platform } from "node:process";
import {
  Errno,
  FileType,
  type OpenMode,
  type Share,
  type ShareAttributes,
  type ShareChange,
  type ShareEntry,
  ShareError,
  type ShareFile,
  type ShareNode,
  type ShareOwner,
  type ShareRoom,
} from "../backend/share/share.ts";
import { WasmvisorError } from "../error.ts";

/** Descriptors of nodes that are kept; others are opened again when they are used. */
const KEPT = 1024;
/** Files that a guest has open at once: descriptors are the whole process's. */
const OPEN_MOST = 4096;
/** Folders within each other that a guest is led into. */
const DEPTH_MOST = 2048;
/** What a name, and a number of the guest's, that is looked at counts for, in bytes that are moved. */
const NAME_WORK = 4096;
const HELD_WORK = 16;

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** Linux's, on all its architectures. */
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const hasPathDescriptors = platform === "linux";

/** A file that the guest knows. */
interface Node {
  parent: Node;
  name: string;
  /** Which file it was when it was found: another one in its place is not it. */
  readonly dev: bigint;
  readonly ino: bigint;
  readonly type: number;
  /** How many folders it was found in. */
  readonly depth: number;
  fd: number | undefined;
}

/** Numbers of errors by name, where the host's own may be others. */
const NUMBERS = Errno as unknown as Readonly<Record<string, Errno | undefined>>;

/** Runs `act`; what the host's system refuses, the share refuses. */
function refusing<Value>(act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    if (error instanceof ShareError) throw error;
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new ShareError(NUMBERS[code] ?? Errno.EIO);
  }
}

class FolderShare implements Share {
  readonly description: string;
  readonly root: Node;
  readonly #path: string;
  /** Nodes with a descriptor, the one that was not used for longest first. */
  readonly #kept = new Set<Node>();
  /** Nodes that the guest has numbers for, and how many. */
  readonly #held = new Map<Node, number>();
  readonly #devices = new Map<bigint, bigint>();
  #open = 0;
  #work = 0;

  /** @throws the system's error */
  constructor(path: string) {
    this.#path = realpathSync(path);
    this.description = `folder ${this.#path}`;
    const { dev, ino, mode } = lstatSync(this.#path, { bigint: true });
    if (!isFolder(mode)) throw Object.assign(new Error("it is no folder"), { code: "ENOTDIR" });
    const root = { name: "", dev, ino, type: Number(mode) & FileType.MASK, depth: 0, fd: undefined } as unknown as Node;
    root.parent = root;
    if (hasPathDescriptors) root.fd = openSync(this.#path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    this.root = root;
  }

  child(folder: ShareNode, name: string): Node {
    return refusing(() => {
      const parent = folder as Node;
      const place = this.#in(parent, name);
      if (!hasPathDescriptors) return nodeOf(parent, name, lstatSync(place, { bigint: true }), undefined);
      const fd = openSync(place, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      try {
        const node = nodeOf(parent, name, fstatSync(fd, { bigint: true }), fd);
        this.#keep(node);
        return node;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    });
  }

  parent(node: ShareNode): Node {
    return (node as Node).parent;
  }

  attributes(node: ShareNode): ShareAttributes {
    return refusing(() => {
      const found = this.#status(node as Node);
      return {
        ...{ mode: Number(found.mode), uid: Number(found.uid), gid: Number(found.gid), nlink: Number(found.nlink) },
        ...{ rdev: Number(found.rdev), size: found.size, blocks: found.blocks },
        ...{ atime: found.atimeNs, mtime: found.mtimeNs, ctime: found.ctimeNs, id: this.#idOf(found) },
      };
    });
  }

  change(node: ShareNode, { mode, uid, gid, size, atime, mtime }: ShareChange): void {
    refusing(() => {
      const of = node as Node;
      const isLink = of.type === FileType.LINK;
      if (!isLink && of.type !== FileType.FILE && of.type !== FileType.FOLDER) throw new ShareError(Errno.EPERM);
      const place = this.#place(of);
      if (size !== undefined) {
        if (of.type !== FileType.FILE) throw new ShareError(Errno.EINVAL);
        truncateSync(place, size);
      }
      if (uid !== undefined || gid !== undefined) this.#changeOwner(of, place, uid, gid);
      if (mode !== undefined) {
        if (isLink) throw new ShareError(Errno.EOPNOTSUPP);
        chmodSync(place, mode);
      }
      if (atime === undefined && mtime === undefined) return;
      const found = this.#status(of);
      const [accessed, modified] = [seconds(atime ?? found.atimeNs), seconds(mtime ?? found.mtimeNs)];
      if (isLink) lutimesSync(this.#in(of.parent, of.name), accessed, modified);
      else utimesSync(place, accessed, modified);
    });
  }

  open(node: ShareNode, mode: OpenMode): ShareFile {
    return refusing(() => {
      const of = node as Node;
      if (of.type === FileType.LINK) throw new ShareError(Errno.ELOOP);
      // A pipe, socket or device of the host's is none of the guest's.
      if (of.type !== FileType.FILE) throw new ShareError(Errno.EPERM);
      return this.#opened(() =>
        fileOf(openSync(this.#place(of), flagsOf(mode) | (hasPathDescriptors ? 0 : O_NOFOLLOW)), mode),
      );
    });
  }

  create(
    folder: ShareNode,
    name: string,
    mode: OpenMode,
    permissions: number,
    exclusive: boolean,
    owner: ShareOwner,
  ): ShareFile {
    return refusing(() => {
      const place = this.#in(folder as Node, name);
      return this.#opened(() => {
        try {
          return makeFile(place, mode, permissions, owner);
        } catch (error) {
          if (exclusive || (error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
        return openFile(place, mode);
      });
    });
  }

  list(folder: ShareNode): ShareEntry[] {
    return refusing(() => {
      const place = this.#place(folder as Node);
      const entries: ShareEntry[] = [];
      for (const name of readdirSync(place)) {
        this.#work += NAME_WORK;
        try {
          const found = lstatSync(`${place}/${name}`, { bigint: true });
          entries.push({ name, type: Number(found.mode) & FileType.MASK, id: this.#idOf(found) });
        } catch {
          // It is gone again.
        }
      }
      return entries;
    });
  }

  makeFolder(folder: ShareNode, name: string, permissions: number, owner: ShareOwner): void {
    refusing(() => {
      mkdirSync(this.#in(folder as Node, name), permissions);
      const made = this.child(folder, name);
      const place = this.#place(made);
      give(owner, (uid, gid) => chownSync(place, uid, gid));
      // The mask of this process is none of the guest's.
      chmodSync(place, permissions);
    });
  }

  makeLink(folder: ShareNode, name: string, target: string, owner: ShareOwner): void {
    refusing(() => {
      const place = this.#in(folder as Node, name);
      symlinkSync(target, place);
      give(owner, (uid, gid) => lchownSync(place, uid, gid));
    });
  }

  /** Node makes none. A file may be made in this way too. (mknod(2)) */
  makeSpecial(folder: ShareNode, name: string, mode: number, _rdev: number, owner: ShareOwner): void {
    refusing(() => {
      if ((mode & FileType.MASK) !== FileType.FILE) throw new ShareError(Errno.EPERM);
      const write = { read: false, write: true, truncate: false, append: false };
      makeFile(this.#in(folder as Node, name), write, mode & 0o7777, owner).close();
    });
  }

  link(node: ShareNode, folder: ShareNode, name: string): void {
    const { parent, name: own } = node as Node;
    refusing(() => linkSync(this.#in(parent, own), this.#in(folder as Node, name)));
  }

  target(node: ShareNode): string {
    return refusing(() => {
      const { parent, name, type } = node as Node;
      if (type !== FileType.LINK) throw new ShareError(Errno.EINVAL);
      return readlinkSync(this.#in(parent, name));
    });
  }

  rename(folder: ShareNode, name: string, toFolder: ShareNode, toName: string): void {
    refusing(() => {
      const [from, to] = [folder as Node, toFolder as Node];
      renameSync(this.#in(from, name), this.#in(to, toName));
      // What is known by the old name is found again by the new one; also what is only on the way to something.
      const moved = (node: Node): boolean =>
        node.name === name && node.parent.ino === from.ino && node.parent.dev === from.dev;
      for (const held of this.#held.keys()) {
        for (let node = held; node !== this.root; node = node.parent) {
          this.#work += HELD_WORK;
          if (moved(node)) [node.parent, node.name] = [to, toName];
        }
      }
    });
  }

  remove(folder: ShareNode, name: string, isFolder: boolean): void {
    refusing(() => (isFolder ? rmdirSync : unlinkSync)(this.#in(folder as Node, name)));
  }

  room(): ShareRoom {
    return refusing(() => {
      const found = statfsSync(this.#place(this.root), { bigint: true });
      const { bsize, blocks, bavail, files, ffree } = found;
      return { blockBytes: Number(bsize), blocks, freeBlocks: bavail, files, freeFiles: ffree };
    });
  }

  path(node: ShareNode): string[] {
    const names: string[] = [];
    for (let at = node as Node; at !== this.root; at = at.parent) names.push(at.name);
    return names.reverse();
  }

  hold(node: ShareNode): void {
    this.#held.set(node as Node, (this.#held.get(node as Node) ?? 0) + 1);
  }

  release(node: ShareNode): void {
    const of = node as Node;
    const left = (this.#held.get(of) ?? 0) - 1;
    if (left > 0) return void this.#held.set(of, left);
    this.#held.delete(of);
    if (of !== this.root) this.#drop(of);
  }

  close(): void {
    for (const node of this.#kept) this.#drop(node);
    if (this.root.fd !== undefined) closeSync(this.root.fd);
    this.root.fd = undefined;
  }

  takeWork(): number {
    const work = this.#work;
    this.#work = 0;
    return work;
  }

  /** Counts a file until it is closed. */
  #opened(open: () => ShareFile): ShareFile {
    if (this.#open >= OPEN_MOST) throw new ShareError(Errno.EMFILE);
    const file = open();
    this.#open++;
    const close = (): void => {
      this.#open--;
      file.close();
    };
    return { ...file, close };
  }

  #keep(node: Node): void {
    this.#kept.delete(node);
    this.#kept.add(node);
    if (this.#kept.size <= KEPT) return;
    const [oldest] = this.#kept;
    this.#drop(oldest!);
  }

  #drop(node: Node): void {
    this.#kept.delete(node);
    if (node.fd !== undefined) closeSync(node.fd);
    node.fd = undefined;
  }

  /** A path that leads to the node itself, and is good until the next call. */
  #place(node: Node): string {
    if (!hasPathDescriptors) return this.#walkTo(node);
    if (node.fd === undefined) {
      if (node === this.root) throw new ShareError(Errno.ESTALE);
      const fd = openSync(this.#in(node.parent, node.name), O_PATH | O_NOFOLLOW | O_CLOEXEC);
      const { dev, ino } = fstatSync(fd, { bigint: true });
      if (dev !== node.dev || ino !== node.ino) {
        closeSync(fd);
        throw new ShareError(Errno.ESTALE);
      }
      node.fd = fd;
    }
    if (node !== this.root) this.#keep(node);
    return `/proc/self/fd/${node.fd}`;
  }

  /** A path for a name in a folder. */
  #in(folder: Node, name: string): string {
    if (folder.type !== FileType.FOLDER) throw new ShareError(Errno.ENOTDIR);
    return `${this.#place(folder)}/${name}`;
  }

  /** The path of a node, no part of which is a link. */
  #walkTo(node: Node): string {
    let place = this.#path;
    const names = this.path(node);
    names.forEach((name, index) => {
      place += `/${name}`;
      const found = lstatSync(place, { bigint: true });
      if (index < names.length - 1 && !isFolder(found.mode)) throw new ShareError(Errno.ENOTDIR);
      if (index === names.length - 1 && (found.ino !== node.ino || found.dev !== node.dev))
        throw new ShareError(Errno.ESTALE);
    });
    return place;
  }

  #status(node: Node): BigIntStats {
    const place = this.#place(node);
    return hasPathDescriptors ? fstatSync(node.fd!, { bigint: true }) : lstatSync(place, { bigint: true });
  }

  #changeOwner(node: Node, place: string, uid: number | undefined, gid: number | undefined): void {
    const found = this.#status(node);
    give({ uid: uid ?? Number(found.uid), gid: gid ?? Number(found.gid) }, (...owners) => {
      if (node.type === FileType.LINK) lchownSync(this.#in(node.parent, node.name), ...owners);
      else chownSync(place, ...owners);
    });
  }

  /** Files of other file systems below the folder may have the same numbers. */
  #idOf({ dev, ino }: BigIntStats): bigint {
    let device = this.#devices.get(dev);
    if (device === undefined) this.#devices.set(dev, (device = BigInt(this.#devices.size)));
    return BigInt.asUintN(64, ino ^ (device << 56n));
  }
}

function nodeOf(parent: Node, name: string, { dev, ino, mode }: BigIntStats, fd: number | undefined): Node {
  if (parent.depth >= DEPTH_MOST) throw new ShareError(Errno.ENAMETOOLONG);
  return { parent, name, dev, ino, type: Number(mode) & FileType.MASK, depth: parent.depth + 1, fd };
}

const isFolder = (mode: bigint): boolean => (Number(mode) & FileType.MASK) === FileType.FOLDER;

const seconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e9;

function flagsOf({ read, write, truncate, append }: OpenMode): number {
  const access = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  // What has become a pipe meanwhile must not hold the machine up.
  return access | (truncate ? O_TRUNC : 0) | (append ? O_APPEND : 0) | O_NONBLOCK;
}

/** -1 of chown(2): as it is. */
const SAME = 0xffff_ffff;

/** Only root may give files away: everybody else's stay their own. (QEMU `security_model=none`) */
function give({ uid = SAME, gid = SAME }: ShareOwner, change: (uid: number, gid: number) => void): void {
  try {
    change(uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}

/** Makes a file where nothing is. */
function makeFile(place: string, mode: OpenMode, permissions: number, owner: ShareOwner): ShareFile {
  const fd = openSync(place, flagsOf(mode) | O_CREAT | O_EXCL | O_NOFOLLOW, permissions);
  try {
    give(owner, (uid, gid) => fchownSync(fd, uid, gid));
    // The mask of this process is none of the guest's, and a change of owner takes bits away.
    fchmodSync(fd, permissions);
    return fileOf(fd, mode);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Opens what may be no file: that is found out before it is cut. */
function openFile(place: string, mode: OpenMode): ShareFile {
  const fd = openSync(place, (flagsOf(mode) & ~O_TRUNC) | O_NOFOLLOW);
  try {
    if (!fstatSync(fd).isFile()) throw new ShareError(Errno.EPERM);
    if (mode.truncate) truncateSync(hasPathDescriptors ? `/proc/self/fd/${fd}` : place, 0);
    return fileOf(fd, mode);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function fileOf(fd: number, { append }: OpenMode): ShareFile {
  return {
    read: (at, into) => refusing(() => readSync(fd, into, 0, into.length, at)),
    write: (at, from) => refusing(() => writeSync(fd, from, 0, from.length, append ? null : at)),
    sync: (dataOnly) => refusing(() => (dataOnly ? fdatasyncSync : fsyncSync)(fd)),
    close: () => refusing(() => closeSync(fd)),
  };
}

/**
 * A folder as a share.
 * @throws WasmvisorError `share`
 */
export function openFolder(path: string): Share {
  try {
    return new FolderShare(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const sentence = `The folder ${path} cannot be shared (${reason}); check the path.`;
    throw new WasmvisorError("share", sentence, { path, reason }, { cause });
  }
}
