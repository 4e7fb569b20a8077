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
  type ShareFile,
  type ShareNode,
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

/** A file, folder or link. */
interface Node {
  readonly id: bigint;
  type: FileType;
  permissions: number;
  uid: number;
  gid: number;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  /** Names that it has. */
  names: number;
  parent: Node;
  name: string;
  /** Of a folder. */
  readonly children: Map<string, Node>;
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
  #lastId = 0n;
  #nodes = 0;
  #bytes = 0;

  /** @param now - nanoseconds since 1970 */
  constructor(map: FileMap, now: () => bigint = () => BigInt(Date.now()) * 1_000_000n) {
    this.description = "files in memory";
    this.#map = map;
    this.#now = now;
    this.root = this.#make(FileType.FOLDER, 0o755);
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
    const { id, type, permissions, uid, gid, atime, mtime, ctime, names } = node as Node;
    const size = BigInt(this.#size(node as Node));
    const nlink = type === FileType.FOLDER ? 2 : names;
    const blocks = ((size + 4095n) / 4096n) * 8n;
    return { mode: type | permissions, uid, gid, nlink, rdev: 0, size, blocks, atime, mtime, ctime, id };
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

  create(folder: ShareNode, name: string, mode: OpenMode, permissions: number, exclusive: boolean): ShareFile {
    const present = this.#folder(folder).children.get(name);
    if (present !== undefined && exclusive) throw new ShareError(Errno.EEXIST);
    if (present !== undefined) return this.open(present, mode);
    const made = this.#add(folder as Node, name, FileType.FILE, permissions);
    made.contents = new Uint8Array(0);
    this.#store(made);
    return this.open(made, mode);
  }

  list(folder: ShareNode): ShareEntry[] {
    return [...this.#folder(folder).children].map(([name, { type, id }]) => ({ name, type, id }));
  }

  makeFolder(folder: ShareNode, name: string, permissions: number): void {
    this.#free(folder, name);
    this.#add(folder as Node, name, FileType.FOLDER, permissions);
  }

  makeLink(folder: ShareNode, name: string, target: string): void {
    this.#free(folder, name);
    const contents = new TextEncoder().encode(target);
    if (contents.length > TARGET_MOST) throw new ShareError(Errno.ENAMETOOLONG);
    const made = this.#add(folder as Node, name, FileType.LINK, 0o777);
    made.contents = contents;
    made.length = contents.length;
  }

  /** A `Map` has one name for what is in it. */
  link(): void {
    throw new ShareError(Errno.EOPNOTSUPP);
  }

  target(node: ShareNode): string {
    const { type, contents } = node as Node;
    if (type !== FileType.LINK) throw new ShareError(Errno.EINVAL);
    return new TextDecoder().decode(contents);
  }

  rename(folder: ShareNode, name: string, toFolder: ShareNode, toName: string): void {
    const moved = this.child(folder, name);
    const [from, to] = [folder as Node, this.#folder(toFolder)];
    for (let above = to; above !== this.root; above = above.parent) {
      if (above === moved) throw new ShareError(Errno.EINVAL);
    }
    const present = to.children.get(toName);
    if (present === moved) return;
    if (present !== undefined) this.remove(to, toName, moved.type === FileType.FOLDER);
    const files = this.#filesBelow(moved);
    for (const file of files) this.#contents(file);
    for (const file of files) this.#map.delete(this.path(file).join("/"));
    from.children.delete(name);
    to.children.set(toName, moved);
    [moved.parent, moved.name] = [to, toName];
    for (const file of files) this.#store(file);
    from.mtime = to.mtime = moved.ctime = this.#now();
  }

  remove(folder: ShareNode, name: string, isFolder: boolean): void {
    const gone = this.child(folder, name);
    if (isFolder && gone.type !== FileType.FOLDER) throw new ShareError(Errno.ENOTDIR);
    if (!isFolder && gone.type === FileType.FOLDER) throw new ShareError(Errno.EISDIR);
    if (gone.children.size > 0) throw new ShareError(Errno.ENOTEMPTY);
    // Who has it open still reads it.
    if (gone.type === FileType.FILE) {
      this.#contents(gone);
      this.#map.delete(this.path(gone).join("/"));
    }
    (folder as Node).children.delete(name);
    (folder as Node).mtime = this.#now();
    gone.names = 0;
    this.#nodes--;
    this.#bytes -= gone.length;
  }

  room(): ShareRoom {
    const [blocks, used] = [BYTES_MOST / BLOCK_BYTES, Math.ceil(this.#bytes / BLOCK_BYTES)];
    const [files, freeFiles] = [BigInt(NODES_MOST), BigInt(NODES_MOST - this.#nodes)];
    return { blockBytes: BLOCK_BYTES, blocks: BigInt(blocks), freeBlocks: BigInt(blocks - used), files, freeFiles };
  }

  path(node: ShareNode): string[] {
    const names: string[] = [];
    for (let at = node as Node; at !== this.root; at = at.parent) names.unshift(at.name);
    return names;
  }

  hold(): void {}

  release(): void {}

  close(): void {}

  /** The folders and the file of a path; what cannot be a path is not to be seen. */
  #addPath(path: string): void {
    const names = path.split("/");
    if (names.some((name) => name === "" || name === "." || name === ".." || name.includes("\0"))) return;
    let folder = this.root;
    for (const name of names.slice(0, -1)) {
      const next = folder.children.get(name) ?? this.#add(folder, name, FileType.FOLDER, 0o755);
      if (next.type !== FileType.FOLDER) return;
      folder = next;
    }
    const last = names.at(-1)!;
    if (!folder.children.has(last)) this.#add(folder, last, FileType.FILE, 0o644);
  }

  #make(type: FileType, permissions: number): Node {
    const now = this.#now();
    const id = ++this.#lastId;
    const node = {
      ...{ id, type, permissions: permissions & 0o7777, uid: 0, gid: 0, atime: now, mtime: now, ctime: now, names: 1 },
      ...{ name: "", children: new Map<string, Node>(), contents: undefined, length: 0 },
    } as unknown as Node;
    node.parent = node;
    return node;
  }

  #add(folder: Node, name: string, type: FileType, permissions: number): Node {
    if (this.#nodes >= NODES_MOST || folder.names === 0) throw new ShareError(Errno.ENOSPC);
    const node = this.#make(type, permissions);
    this.#nodes++;
    [node.parent, node.name] = [folder, name];
    folder.children.set(name, node);
    folder.mtime = node.mtime;
    return node;
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
    if (this.#bytes - file.length + length > BYTES_MOST) throw new ShareError(Errno.ENOSPC);
    if (length > before.length) {
      const larger = new Uint8Array(Math.min(BYTES_MOST, Math.max(length, 2 * before.length)));
      larger.set(before.subarray(0, file.length));
      file.contents = larger;
    } else if (length < file.length) before.fill(0, length, file.length);
    if (file.names > 0) this.#bytes += length - file.length;
    file.length = length;
  }

  /** Tells the map. */
  #store(file: Node): void {
    if (file.names > 0) this.#map.set(this.path(file).join("/"), this.#contents(file).slice(0, file.length));
  }

  #filesBelow(node: Node): Node[] {
    const found: Node[] = [];
    const left = [node];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (next.type === FileType.FILE) found.push(next);
      left.push(...next.children.values());
    }
    return found;
  }
}
