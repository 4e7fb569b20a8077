/** A share in memory: a tree of files that a `Map` of the embedding program is filled from and written back to. */

import {
  Errno,
  FileType,
  type OpenMode,
  type Share,
  type ShareAttributes,
  type ShareChange,
  type ShareEntry,
  ShareError,
  type ShareExtended,
  type ShareFile,
  type ShareNode,
  type ShareOwner,
  type ShareRoom,
} from "./share.ts";

/** What a share needs of a `Map`: the paths of files, without a "/" at the beginning, and what is in them. */
export interface FileMap {
  keys(): Iterable<string>;
  get(path: string): Uint8Array | string | undefined;
  set(path: string, contents: Uint8Array): unknown;
  delete(path: string): unknown;
}

/** Bytes that a share in memory may have. */
const BYTES_MOST = 2 ** 30;
/** Files and folders that it may have. */
const NODES_MOST = 2 ** 20;
const BLOCK_BYTES = 4096;
const TARGET_MOST = 4096;
/** Names of one file besides its first: the map is told by each of them when the file has been written. */
const NAMES_MOST = 1000;
/** Bytes of a file's extended attributes, names and values, and how many it may have. */
const EXTENDED_MOST = 2 ** 16;
const EXTENDED_COUNT_MOST = 256;
/** Bytes that an attribute counts for beside its name and value. */
const EXTENDED_ROOM = 256;
/** Characters of a path from the root, as Linux has it (PATH_MAX), and of the paths of all files: the map has each as a whole. */
const PATH_MOST = 4096;
const PATHS_MOST = 2 ** 28;
/** What a node, or a name, that is looked at counts for beside bytes that are moved. */
const LOOK = 256;

/** A name in a folder. */
interface Place {
  parent: Node;
  name: string;
}

/** A file, folder or link, and one of its places. */
interface Node extends Place {
  readonly id: bigint;
  readonly type: FileType;
  readonly rdev: number;
  permissions: number;
  uid: number;
  gid: number;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  /** The places that it has besides; without any, `isGone` says whether it has its own. */
  readonly others: Place[];
  isGone: boolean;
  /** Numbers of the guest's: what is gone takes room while there are any. */
  holds: number;
  isForgotten: boolean;
  extended: Map<string, Uint8Array> | undefined;
  /** Of a folder, and how many of them are folders. */
  readonly children: Map<string, Node>;
  folders: number;
  /** Of a file; a link's target. Undefined: as the map has it. */
  contents: Uint8Array | undefined;
  length: number;
}

/** The tree of a `Map`. What is there when it is made is what the guest finds; what the guest changes is in the map as soon as it is closed. */
export class MapShare implements Share {
  readonly description: string;
  readonly root: Node;
  readonly #map: FileMap;
  readonly #now: () => bigint;
  readonly #pathsMost: number;
  readonly extended: ShareExtended = {
    list: (node) => [...((node as Node).extended?.keys() ?? [])],
    get: (node, name) => extendedOf(node as Node, name),
    set: (node, name, value, exists) => this.#setExtended(node as Node, name, value, exists),
    remove: (node, name) => this.#setExtended(node as Node, name, undefined, true),
  };
  #lastId = 0n;
  #nodes = 0;
  #bytes = 0;
  /** Characters of the paths of all files. */
  #paths = 0;
  #work = 0;

  /**
   * @param now - nanoseconds since 1970
   * @param pathsMost - characters that the paths of all files have together
   */
  constructor(map: FileMap, now: () => bigint = () => BigInt(Date.now()) * 1_000_000n, pathsMost: number = PATHS_MOST) {
    this.description = "files in memory";
    this.#map = map;
    this.#now = now;
    this.#pathsMost = pathsMost;
    this.root = this.#make(FileType.FOLDER, 0o755, NOBODY, 0);
    for (const path of map.keys()) this.#addPath(path);
  }

  child(folder: ShareNode, name: string): Node {
    const found = this.#folder(folder).children.get(name);
    if (found === undefined) throw new ShareError(Errno.ENOENT);
    return found;
  }

  parent(node: ShareNode): Node {
    return (node as Node).parent;
  }

  attributes(node: ShareNode): ShareAttributes {
    const { id, type, permissions, uid, gid, rdev, atime, mtime, ctime } = node as Node;
    const size = BigInt(this.#size(node as Node));
    const nlink = namesOf(node as Node);
    const blocks = ((size + 4095n) / 4096n) * 8n;
    return { mode: type | permissions, uid, gid, nlink, rdev, size, blocks, atime, mtime, ctime, id };
  }

  change(node: ShareNode, { mode, uid, gid, size, atime, mtime }: ShareChange): void {
    const of = node as Node;
    if (size !== undefined) {
      if (of.type !== FileType.FILE) throw new ShareError(Errno.EISDIR);
      this.#resize(of, size);
      of.mtime = this.#now();
      this.#store(of);
    }
    if (mode !== undefined) of.permissions = mode & 0o7777;
    of.uid = uid ?? of.uid;
    of.gid = gid ?? of.gid;
    of.atime = atime ?? of.atime;
    of.mtime = mtime ?? of.mtime;
    of.ctime = this.#now();
  }

  open(node: ShareNode, mode: OpenMode): ShareFile {
    const of = node as Node;
    if (of.type === FileType.FOLDER) throw new ShareError(Errno.EISDIR);
    if (of.type !== FileType.FILE) throw new ShareError(Errno.ELOOP);
    if (mode.truncate) this.change(of, { size: 0 });
    let isChanged = false;
    const store = (): void => {
      if (isChanged) this.#store(of);
      isChanged = false;
    };
    return {
      read: (at, into) => {
        const part = this.#contents(of).subarray(Math.min(at, of.length), Math.min(at + into.length, of.length));
        into.set(part);
        return part.length;
      },
      write: (offset, from) => {
        const at = mode.append ? of.length : offset;
        if (at + from.length > of.length) this.#resize(of, at + from.length);
        this.#contents(of).set(from, at);
        of.mtime = of.ctime = this.#now();
        isChanged = true;
        return from.length;
      },
      sync: store,
      close: store,
    };
  }

  create(
    folder: ShareNode,
    name: string,
    mode: OpenMode,
    permissions: number,
    exclusive: boolean,
    owner: ShareOwner,
  ): ShareFile {
    const present = this.#folder(folder).children.get(name);
    if (present !== undefined && exclusive) throw new ShareError(Errno.EEXIST);
    if (present !== undefined) return this.open(present, mode);
    return this.open(this.#makeFile(folder as Node, name, permissions, owner), mode);
  }

  list(folder: ShareNode): ShareEntry[] {
    this.#work += LOOK * this.#folder(folder).children.size;
    return [...this.#folder(folder).children].map(([name, { type, id }]) => ({ name, type, id }));
  }

  makeFolder(folder: ShareNode, name: string, permissions: number, owner: ShareOwner): void {
    this.#free(folder, name);
    this.#add(folder as Node, name, FileType.FOLDER, permissions, owner);
  }

  makeLink(folder: ShareNode, name: string, target: string, owner: ShareOwner): void {
    this.#free(folder, name);
    const contents = new TextEncoder().encode(target);
    if (contents.length > TARGET_MOST) throw new ShareError(Errno.ENAMETOOLONG);
    if (this.#bytes + contents.length > BYTES_MOST) throw new ShareError(Errno.ENOSPC);
    const made = this.#add(folder as Node, name, FileType.LINK, 0o777, owner);
    made.contents = contents;
    made.length = contents.length;
    this.#bytes += contents.length;
  }

  makeSpecial(folder: ShareNode, name: string, mode: number, rdev: number, owner: ShareOwner): void {
    this.#free(folder, name);
    const type = mode & FileType.MASK;
    if (type === FileType.FILE) return void this.#makeFile(folder as Node, name, mode, owner);
    if (!SPECIAL.has(type)) throw new ShareError(Errno.EINVAL);
    this.#add(folder as Node, name, type, mode, owner, rdev);
  }

  /** A file's contents are in the map by each of its names. */
  link(node: ShareNode, folder: ShareNode, name: string): void {
    const of = node as Node;
    this.#free(folder, name);
    if (of.type === FileType.FOLDER) throw new ShareError(Errno.EPERM);
    if (of.isGone || (folder as Node).isGone) throw new ShareError(Errno.ENOENT);
    if (of.others.length >= NAMES_MOST) throw new ShareError(Errno.EMLINK);
    if (this.#nodes >= NODES_MOST) throw new ShareError(Errno.ENOSPC);
    this.#addName(of.type, folder as Node, name);
    this.#nodes++;
    of.others.push({ parent: folder as Node, name });
    (folder as Node).children.set(name, of);
    this.#touch(folder as Node);
    of.ctime = this.#now();
    if (of.type === FileType.FILE) this.#store(of);
  }

  target(node: ShareNode): string {
    const { type, contents } = node as Node;
    if (type !== FileType.LINK) throw new ShareError(Errno.EINVAL);
    return new TextDecoder().decode(contents);
  }

  rename(folder: ShareNode, name: string, toFolder: ShareNode, toName: string): void {
    const moved = this.child(folder, name);
    const [from, to] = [folder as Node, this.#folder(toFolder)];
    if (to.isGone) throw new ShareError(Errno.ENOENT);
    for (let above = to; above !== this.root; above = above.parent) {
      if (above === moved) throw new ShareError(Errno.EINVAL);
    }
    const present = to.children.get(toName);
    if (present === moved) return;
    const place = moved.parent === from && moved.name === name ? moved : placeAmong(moved, from, name);
    const path = this.#pathOf(place);
    const below = [...this.#filesBelow(moved, path, lengthOf(to, toName) - path.length)];
    if (present !== undefined) this.remove(to, toName, moved.type === FileType.FOLDER);
    this.#paths += below.length * (lengthOf(to, toName) - path.length);
    // Also what has not been read is told by its new name.
    const files = new Set<Node>();
    for (const { node, path } of below) {
      this.#contents(node);
      files.add(node);
      this.#map.delete(path);
    }
    from.children.delete(name);
    to.children.set(toName, moved);
    if (moved.type === FileType.FOLDER) {
      from.folders--;
      to.folders++;
    }
    [place.parent, place.name] = [to, toName];
    for (const file of files) this.#store(file);
    this.#touch(from);
    this.#touch(to);
    moved.ctime = this.#now();
  }

  remove(folder: ShareNode, name: string, isFolder: boolean): void {
    const gone = this.child(folder, name);
    if (isFolder && gone.type !== FileType.FOLDER) throw new ShareError(Errno.ENOTDIR);
    if (!isFolder && gone.type === FileType.FOLDER) throw new ShareError(Errno.EISDIR);
    if (gone.children.size > 0) throw new ShareError(Errno.ENOTEMPTY);
    // Who has it open still reads it.
    if (gone.type === FileType.FILE) {
      this.#contents(gone);
      this.#map.delete(this.#pathOf({ parent: folder as Node, name }));
      this.#paths -= lengthOf(folder as Node, name);
    }
    (folder as Node).children.delete(name);
    if (isFolder) (folder as Node).folders--;
    this.#touch(folder as Node);
    gone.ctime = this.#now();
    leave(gone, folder as Node, name);
    if (!gone.isGone) this.#nodes--;
    this.#forgetIfUnused(gone);
  }

  room(): ShareRoom {
    const [blocks, used] = [BYTES_MOST / BLOCK_BYTES, Math.ceil(this.#bytes / BLOCK_BYTES)];
    const [files, freeFiles] = [BigInt(NODES_MOST), BigInt(NODES_MOST - this.#nodes)];
    return { blockBytes: BLOCK_BYTES, blocks: BigInt(blocks), freeBlocks: BigInt(blocks - used), files, freeFiles };
  }

  path(node: ShareNode): string[] {
    const names: string[] = [];
    for (let at = node as Node; at !== this.root; at = at.parent) names.push(at.name);
    return names.reverse();
  }

  hold(node: ShareNode): void {
    (node as Node).holds++;
  }

  release(node: ShareNode): void {
    (node as Node).holds--;
    this.#forgetIfUnused(node as Node);
  }

  close(): void {}

  takeWork(): number {
    const work = this.#work;
    this.#work = 0;
    return work;
  }

  /** The folders and the file of a path; what cannot be a path is not to be seen. */
  #addPath(path: string): void {
    if (path.length > PATH_MOST) return;
    const names = path.split("/");
    if (names.some((name) => name === "" || name === "." || name === ".." || name.includes("\0"))) return;
    let folder = this.root;
    for (const name of names.slice(0, -1)) {
      const next = folder.children.get(name) ?? this.#add(folder, name, FileType.FOLDER, 0o755, NOBODY);
      if (next.type !== FileType.FOLDER) return;
      folder = next;
    }
    const last = names.at(-1)!;
    if (!folder.children.has(last)) this.#add(folder, last, FileType.FILE, 0o644, NOBODY);
  }

  #make(type: FileType, mode: number, { uid = 0, gid = 0 }: ShareOwner, rdev: number): Node {
    const now = this.#now();
    const id = ++this.#lastId;
    const node = {
      ...{ id, type, rdev, permissions: mode & 0o7777, uid, gid, atime: now, mtime: now, ctime: now },
      ...{ name: "", others: [], isGone: false, holds: 0, isForgotten: false, extended: undefined },
      ...{ children: new Map<string, Node>(), folders: 0, contents: undefined, length: 0 },
    } as unknown as Node;
    node.parent = node;
    return node;
  }

  #add(folder: Node, name: string, type: FileType, mode: number, owner: ShareOwner, rdev = 0): Node {
    if (folder.isGone) throw new ShareError(Errno.ENOENT);
    if (this.#nodes >= NODES_MOST) throw new ShareError(Errno.ENOSPC);
    this.#addName(type, folder, name);
    const node = this.#make(type, mode, owner, rdev);
    this.#nodes++;
    [node.parent, node.name] = [folder, name];
    folder.children.set(name, node);
    if (type === FileType.FOLDER) folder.folders++;
    folder.mtime = folder.ctime = node.mtime;
    return node;
  }

  /** There is room for a name. */
  #addName(type: FileType, folder: Node, name: string): void {
    const length = lengthOf(folder, name);
    if (length > PATH_MOST) throw new ShareError(Errno.ENAMETOOLONG);
    if (type !== FileType.FILE) return;
    if (this.#paths + length > this.#pathsMost) throw new ShareError(Errno.ENOSPC);
    this.#paths += length;
  }

  #makeFile(folder: Node, name: string, mode: number, owner: ShareOwner): Node {
    const made = this.#add(folder, name, FileType.FILE, mode, owner);
    made.contents = new Uint8Array(0);
    this.#store(made);
    return made;
  }

  /** The names in a folder have changed. */
  #touch(folder: Node): void {
    folder.mtime = folder.ctime = this.#now();
  }

  #forgetIfUnused(node: Node): void {
    if (!node.isGone || node.isForgotten || node.holds > 0) return;
    node.isForgotten = true;
    this.#nodes--;
    this.#bytes -= node.length + extendedRoom(node);
    node.contents = new Uint8Array(0);
    [node.length, node.extended] = [0, undefined];
  }

  #setExtended(node: Node, name: string, value: Uint8Array | undefined, exists: boolean | undefined): void {
    if (node.isForgotten) throw new ShareError(Errno.ENOENT);
    const present = node.extended?.get(name);
    if (exists === true && present === undefined) throw new ShareError(Errno.ENODATA);
    if (exists === false && present !== undefined) throw new ShareError(Errno.EEXIST);
    const names = node.extended?.size ?? 0;
    const isOneMore = value !== undefined && present === undefined;
    const before = extendedRoom(node);
    const without = before - (present === undefined ? 0 : roomOf(name, present));
    const after = without + (value === undefined ? 0 : roomOf(name, value));
    const own = after - EXTENDED_ROOM * (names + (isOneMore ? 1 : 0));
    if (own > EXTENDED_MOST || (isOneMore && names >= EXTENDED_COUNT_MOST)) throw new ShareError(Errno.ENOSPC);
    if (this.#bytes - before + after > BYTES_MOST) throw new ShareError(Errno.ENOSPC);
    node.extended ??= new Map();
    if (value === undefined) node.extended.delete(name);
    else node.extended.set(name, value);
    this.#bytes += after - before;
    node.ctime = this.#now();
  }

  #folder(node: ShareNode): Node {
    if ((node as Node).type !== FileType.FOLDER) throw new ShareError(Errno.ENOTDIR);
    return node as Node;
  }

  #free(folder: ShareNode, name: string): void {
    if (this.#folder(folder).children.has(name)) throw new ShareError(Errno.EEXIST);
  }

  #size(node: Node): number {
    if (node.type === FileType.FILE) this.#contents(node);
    return node.length;
  }

  /** What is in a file, with room for more behind `length`. */
  #contents(file: Node): Uint8Array {
    if (file.contents === undefined) {
      const found = this.#map.get(this.path(file).join("/")) ?? "";
      // A copy: the program's own bytes do not change under it.
      file.contents = typeof found === "string" ? new TextEncoder().encode(found) : found.slice();
      file.length = file.contents.length;
      this.#bytes += file.length;
    }
    return file.contents;
  }

  #resize(file: Node, length: number): void {
    const before = this.#contents(file);
    if (length > BYTES_MOST) throw new ShareError(Errno.EFBIG);
    if (this.#bytes - file.length + length > BYTES_MOST) throw new ShareError(Errno.ENOSPC);
    this.#work += Math.abs(length - file.length);
    if (length > before.length) {
      const larger = new Uint8Array(Math.min(BYTES_MOST, Math.max(length, 2 * before.length)));
      larger.set(before.subarray(0, file.length));
      file.contents = larger;
      this.#work += file.length;
    } else if (before.length > 2 * length) {
      // What has been cut off takes no room.
      file.contents = before.slice(0, length);
      this.#work += length;
    } else if (length < file.length) before.fill(0, length, file.length);
    this.#bytes += length - file.length;
    file.length = length;
  }

  /** Tells the map. */
  #store(file: Node): void {
    if (file.isGone) return;
    const bytes = this.#contents(file).slice(0, file.length);
    this.#work += bytes.length + LOOK * (1 + file.others.length);
    for (const place of [file, ...file.others]) this.#map.set(this.#pathOf(place), bytes);
  }

  #pathOf({ parent, name }: Place): string {
    return [...this.path(parent), name].join("/");
  }

  /**
   * The files below a node, and their paths.
   * @param longer - characters that their paths are to become longer by
   */
  *#filesBelow(node: Node, path: string, longer: number): Generator<{ node: Node; path: string }> {
    let room = this.#pathsMost - this.#paths;
    const left = [{ node, path }];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      this.#work += LOOK;
      if (next.path.length + longer > PATH_MOST) throw new ShareError(Errno.ENAMETOOLONG);
      for (const [name, child] of next.node.children) left.push({ node: child, path: `${next.path}/${name}` });
      if (next.node.type !== FileType.FILE) continue;
      room -= longer;
      if (room < 0) throw new ShareError(Errno.ENOSPC);
      yield next;
    }
  }
}

const NOBODY: ShareOwner = { uid: undefined, gid: undefined };

const SPECIAL: ReadonlySet<number> = new Set([FileType.PIPE, FileType.CHARACTER, FileType.BLOCK, FileType.SOCKET]);

/** A folder is named by itself and by each of its folders. */
function namesOf({ type, isGone, others, folders }: Node): number {
  if (isGone) return 0;
  return type === FileType.FOLDER ? 2 + folders : 1 + others.length;
}

/** Characters of the path of a name in a folder. */
function lengthOf(folder: Node, name: string): number {
  let length = name.length;
  for (let at = folder; at.parent !== at; at = at.parent) length += 1 + at.name.length;
  return length;
}

function placeAmong({ others }: Node, parent: Node, name: string): Place {
  return others.find((place) => place.parent === parent && place.name === name)!;
}

/** Takes one of a node's places. */
function leave(node: Node, parent: Node, name: string): void {
  if (node.parent !== parent || node.name !== name) {
    node.others.splice(node.others.indexOf(placeAmong(node, parent, name)), 1);
    return;
  }
  const next = node.others.pop();
  if (next === undefined) node.isGone = true;
  else [node.parent, node.name] = [next.parent, next.name];
}

function extendedOf({ extended }: Node, name: string): Uint8Array {
  const found = extended?.get(name);
  if (found === undefined) throw new ShareError(Errno.ENODATA);
  return found;
}

const roomOf = (name: string, value: Uint8Array): number => EXTENDED_ROOM + name.length + value.length;

function extendedRoom({ extended }: Node): number {
  let bytes = 0;
  for (const [name, value] of extended ?? []) bytes += roomOf(name, value);
  return bytes;
}
