/** A file server that speaks 9P2000.L, over a share. It answers at once. */

import {
  Errno,
  FileType,
  type OpenMode,
  type Share,
  type ShareAttributes,
  type ShareChange,
  ShareError,
  type ShareEntry,
  type ShareFile,
  type ShareNode,
  type ShareOwner,
} from "../../../backend/share/share.ts";
import { AnswerWriter, entryBytes, type Qid, RequestReader } from "./messages.ts";
import {
  AT_REMOVEDIR,
  FS_MAGIC,
  GETATTR_BASIC,
  HEADER_BYTES,
  LOCK_TYPE_UNLCK,
  Message,
  MSIZE_LEAST,
  MSIZE_MOST,
  NAME_MOST,
  NO_FID,
  OpenFlag,
  QidType,
  READ_HEADER_BYTES,
  SetAttribute,
  VERSION_9P2000_L,
  WALK_MOST,
  XattrFlag,
} from "./protocol.ts";

/** Files that a driver may have at once. */
const FIDS_MOST = 2 ** 16;
/** Bytes of an answer that is made here; READ writes the guest's memory itself. */
const ANSWER_MOST = 2 ** 16;

/** Names of folders that are kept for who reads on; they are listed anew when they have been dropped. */
const ENTRIES_MOST = 2 ** 21;
/** Bytes of the paths that are saved; files beyond are lost to a restored driver. */
const SAVED_PATH_MOST = 2 ** 16;
const SAVED_ALL_MOST = 2 ** 25;

/** Bytes of an extended attribute, and of all those that are on their way. */
const EXTENDED_MOST = 2 ** 16;
const EXTENDED_ALL_MOST = 2 ** 24;

/** An extended attribute that is read or written by its own number. (9p(5), "txattrwalk") */
interface Extended {
  /** Empty: the list of names, or bytes that are only read. */
  readonly name: string;
  readonly value: Uint8Array;
  /** Bytes that have been written. */
  written: number;
  /** Of XATTRCREATE. */
  readonly flags: number;
}

/** A file of the driver's. */
interface Fid {
  readonly node: ShareNode;
  /** Who uses it, as the driver says. */
  readonly uid: number;
  extended: Extended | undefined;
  /** When it is open: the file, or the names of the folder. */
  file: ShareFile | undefined;
  entries: readonly ShareEntry[] | undefined;
  isOpen: boolean;
  flags: number;
}

/** What is saved of a file of the driver's. */
export interface SavedFid {
  readonly fid: number;
  readonly path: string;
  readonly isOpen: boolean;
  readonly flags: number;
}

/** The bytes of a READ or WRITE, which are the guest's own memory. */
export interface DataSpan {
  /** The bytes at `offset` of it, as far as they lie in one piece; undefined behind the end. */
  view(offset: number, most: number): Uint8Array | undefined;
}

/** One session with a driver. */
export class Server {
  readonly #share: Share;
  readonly #readonly: boolean;
  readonly #fids = new Map<number, Fid>();
  readonly #request = new RequestReader();
  readonly #answer = new AnswerWriter(ANSWER_MOST);
  #msize = MSIZE_MOST;
  /** Bytes of attributes that are on their way: a value that is read may have been replaced. */
  #extendedBytes = 0;
  /** Open folders whose names are kept, the one that was listed first first. */
  readonly #listed = new Set<Fid>();
  #entries = 0;

  constructor(share: Share, readonly: boolean) {
    this.#share = share;
    this.#readonly = readonly;
  }

  /**
   * Answers a request; the answer is good until the next one.
   * @param data - what READ fills and WRITE takes
   */
  serve(message: Uint8Array, data: DataSpan): Uint8Array {
    const view = new DataView(message.buffer, message.byteOffset, message.length);
    const [type, tag] = [view.getUint8(4), view.getUint16(5, true)];
    this.#request.begin(message);
    this.#answer.begin();
    try {
      const more = this.#do(type, data);
      const { length } = this.#answer;
      this.#answer.finish(type + 1, tag, length + more);
      return this.#answer.bytes.subarray(0, length);
    } catch (error) {
      this.#answer.begin();
      this.#answer.u32(error instanceof ShareError ? error.errno : Errno.EIO);
      this.#answer.finish(Message.RLERROR, tag);
      return this.#answer.bytes.subarray(0, this.#answer.length);
    }
  }

  /** Bytes that the share has moved since it was asked last, beside those of READ and WRITE. */
  takeWork(): number {
    return this.#share.takeWork?.() ?? 0;
  }

  /** Forgets all files. */
  reset(): void {
    for (const fid of this.#fids.keys()) this.#forget(fid);
    this.#msize = MSIZE_MOST;
  }

  save(): { msize: number; fids: SavedFid[] } {
    // Attributes on their way are lost: the driver is told EBADF.
    const files = [...this.#fids].filter(([, { extended }]) => extended === undefined);
    let left = SAVED_ALL_MOST;
    const fids: SavedFid[] = [];
    for (const [fid, { node, uid, isOpen, flags }] of files) {
      const path = this.#share.path(node).join("/") + (uid === NO_UID ? "" : `${UID_MARK}${uid}`);
      left -= path.length;
      if (left < 0) break;
      if (path.length <= SAVED_PATH_MOST) fids.push({ fid, isOpen, flags, path });
    }
    return { msize: this.#msize, fids };
  }

  /** What is not there any more is a file that nothing can be done with. */
  restore(msize: number, fids: readonly SavedFid[]): void {
    this.reset();
    this.#msize = msize;
    for (const { fid, path, isOpen, flags } of fids) {
      if (this.#fids.has(fid)) continue;
      try {
        let node = this.#share.root;
        const [names, uid] = path.split(UID_MARK);
        for (const name of names!.split("/")) if (name !== "") node = this.#share.child(node, checkedName(name));
        this.#add(fid, node, uid === undefined ? NO_UID : Number(uid) >>> 0);
        // What it was to be cut to, it has been.
        if (isOpen) this.#open(this.#fids.get(fid)!, (flags & ~OpenFlag.TRUNC) >>> 0);
      } catch {
        // The driver is told EBADF.
      }
    }
  }

  /** Does what is asked for; how many bytes of `data` belong to the answer. */
  #do(type: number, data: DataSpan): number {
    switch (type) {
      case Message.VERSION:
        this.#version();
        return 0;
      case Message.ATTACH:
        this.#attach();
        return 0;
      case Message.WALK:
        this.#walk();
        return 0;
      case Message.READ:
        return this.#read(data);
      case Message.WRITE:
        this.#write(data);
        return 0;
      case Message.CLUNK:
        this.#clunk();
        return 0;
      case Message.FLUSH:
        return 0;
      case Message.GETATTR:
        this.#getAttributes();
        return 0;
      case Message.SETATTR:
        this.#setAttributes();
        return 0;
      case Message.LOPEN:
        this.#lopen();
        return 0;
      case Message.READDIR:
        this.#readFolder();
        return 0;
      case Message.STATFS:
        this.#statistics();
        return 0;
      case Message.READLINK:
        this.#answer.text(this.#share.target(this.#node()));
        return 0;
      case Message.FSYNC:
        this.#sync();
        return 0;
      case Message.LOCK:
        this.#node();
        // There is nobody else to lock it against. (P9_LOCK_SUCCESS)
        this.#answer.u8(0);
        return 0;
      case Message.GETLOCK:
        this.#getLock();
        return 0;
      case Message.XATTRWALK:
        this.#walkToExtended();
        return 0;
      case Message.AUTH:
        throw new ShareError(Errno.EOPNOTSUPP);
    }
    if (this.#readonly) throw new ShareError(Errno.EROFS);
    switch (type) {
      case Message.LCREATE:
        this.#create();
        return 0;
      case Message.MKNOD:
        this.#makeSpecial();
        return 0;
      case Message.XATTRCREATE:
        this.#createExtended();
        return 0;
      case Message.SYMLINK:
        this.#makeLink();
        return 0;
      case Message.MKDIR:
        this.#makeFolder();
        return 0;
      case Message.LINK:
        this.#link();
        return 0;
      case Message.RENAME:
        this.#rename();
        return 0;
      case Message.RENAMEAT:
        this.#renameAt();
        return 0;
      case Message.UNLINKAT:
        this.#unlinkAt();
        return 0;
      case Message.REMOVE:
        this.#remove();
        return 0;
      default:
        throw new ShareError(Errno.EOPNOTSUPP);
    }
  }

  #version(): void {
    const [msize, version] = [this.#request.u32(), this.#request.text()];
    if (msize < MSIZE_LEAST) throw new ShareError(Errno.EINVAL);
    this.reset();
    this.#msize = Math.min(msize, MSIZE_MOST);
    this.#answer.u32(this.#msize).text(version === VERSION_9P2000_L ? version : "unknown");
  }

  #attach(): void {
    const [fid, , , , uid] = [
      this.#request.u32(),
      this.#request.u32(),
      this.#request.text(),
      this.#request.text(),
      this.#request.u32(),
    ];
    this.#add(fid, this.#share.root, uid);
    this.#answer.qid(this.#qid(this.#share.root));
  }

  #walk(): void {
    const [from, to, count] = [this.#request.u32(), this.#request.u32(), this.#request.u16()];
    if (count > WALK_MOST) throw new ShareError(Errno.EINVAL);
    const names = Array.from({ length: count }, () => this.#request.text());
    const { uid, extended, node: start } = this.#fid(from);
    if (extended !== undefined) throw new ShareError(Errno.EBADF);
    let node = start;
    const qids: Qid[] = [];
    for (const name of names) {
      try {
        node = this.#step(node, name);
        qids.push(this.#qid(node));
      } catch (error) {
        // Some of the way: the driver is told how far. ("walk(5)")
        if (qids.length === 0) throw error;
        break;
      }
    }
    if (qids.length === count) {
      // What is unlinked stays while a number leads to it.
      this.#share.hold(node);
      try {
        if (from === to) this.#forget(to);
        this.#add(to, node, uid);
      } finally {
        this.#share.release(node);
      }
    }
    this.#answer.u16(qids.length);
    for (const qid of qids) this.#answer.qid(qid);
  }

  #step(node: ShareNode, name: string): ShareNode {
    if (name === "..") return this.#share.parent(node);
    if (name === ".") return node;
    return this.#share.child(node, checkedName(name));
  }

  #lopen(): void {
    const fid = this.#fid(this.#request.u32());
    const flags = this.#request.u32();
    if (fid.isOpen || fid.extended !== undefined) throw new ShareError(Errno.EBADF);
    this.#open(fid, flags);
    this.#answer.qid(this.#qid(fid.node)).u32(0);
  }

  #open(fid: Fid, flags: number): void {
    const isFolder = (this.#share.attributes(fid.node).mode & FileType.MASK) === FileType.FOLDER;
    const mode = modeOf(flags);
    if (this.#readonly && (mode.write || mode.truncate)) throw new ShareError(Errno.EROFS);
    if (isFolder && mode.write) throw new ShareError(Errno.EISDIR);
    if (!isFolder && (flags & OpenFlag.DIRECTORY) !== 0) throw new ShareError(Errno.ENOTDIR);
    if (!isFolder) fid.file = this.#share.open(fid.node, mode);
    [fid.isOpen, fid.flags] = [true, flags];
  }

  #create(): void {
    const number = this.#request.u32();
    const fid = this.#fid(number);
    const name = checkedName(this.#request.text());
    const [flags, permissions] = [this.#request.u32(), this.#request.u32() & 0o7777];
    const owner = this.#owner(fid);
    if (fid.isOpen || fid.extended !== undefined) throw new ShareError(Errno.EBADF);
    const exclusive = (flags & OpenFlag.EXCL) !== 0;
    const file = this.#share.create(fid.node, name, modeOf(flags), permissions, exclusive, owner);
    // From now on the number is the new file's. ("lcreate")
    const node = this.#share.child(fid.node, name);
    this.#forget(number);
    this.#add(number, node, fid.uid);
    Object.assign(this.#fid(number), { file, isOpen: true, flags });
    this.#answer.qid(this.#qid(node)).u32(0);
  }

  #read(data: DataSpan): number {
    const { file, extended } = this.#fid(this.#request.u32());
    const [offset, count] = [this.#request.u64(), this.#request.u32()];
    const most = Math.min(count, this.#msize - READ_HEADER_BYTES);
    let done: number;
    if (extended !== undefined) done = each(data, most, (view, at) => copy(extended.value, place(offset, at), view));
    else if (file === undefined) throw new ShareError(Errno.EBADF);
    else done = each(data, most, (view, at) => file.read(place(offset, at), view));
    this.#answer.u32(done);
    return done;
  }

  #write(data: DataSpan): void {
    const { file, extended } = this.#fid(this.#request.u32());
    const [offset, count] = [this.#request.u64(), this.#request.u32()];
    if (this.#readonly) throw new ShareError(Errno.EROFS);
    if (extended !== undefined) return void this.#answer.u32(fill(extended, offset, count, data));
    if (file === undefined) throw new ShareError(Errno.EBADF);
    this.#answer.u32(each(data, Math.min(count, this.#msize), (view, at) => file.write(place(offset, at), view)));
  }

  #clunk(): void {
    const number = this.#request.u32();
    const { node, extended } = this.#fid(number);
    try {
      if (extended !== undefined && extended.name !== "") this.#store(node, extended);
    } finally {
      this.#forget(number);
    }
  }

  /** A number for an attribute of a file's, or for the list of their names. */
  #walkToExtended(): void {
    const [{ node, uid, extended }, to] = [this.#fid(this.#request.u32()), this.#request.u32()];
    const name = this.#request.text();
    const all = this.#share.extended;
    if (all === undefined) throw new ShareError(Errno.EOPNOTSUPP);
    if (extended !== undefined) throw new ShareError(Errno.EBADF);
    const value = name === "" ? listOf(all.list(node)) : all.get(node, name);
    this.#addExtended(to, node, uid, { name: "", value, written: 0, flags: 0 });
    this.#answer.u64(BigInt(value.length));
  }

  /** The number is that of an attribute from now on; it is the file's when the number is given back. */
  #createExtended(): void {
    const number = this.#request.u32();
    const { node, uid, isOpen, extended } = this.#fid(number);
    const [name, bytes, flags] = [checkedName(this.#request.text()), this.#request.u64(), this.#request.u32()];
    if (this.#share.extended === undefined) throw new ShareError(Errno.EOPNOTSUPP);
    if (isOpen || extended !== undefined) throw new ShareError(Errno.EBADF);
    if (bytes > BigInt(EXTENDED_MOST)) throw new ShareError(Errno.E2BIG);
    this.#expectRoomFor(Number(bytes));
    this.#forget(number);
    this.#addExtended(number, node, uid, { name, value: new Uint8Array(Number(bytes)), written: 0, flags });
  }

  #addExtended(number: number, node: ShareNode, uid: number, extended: Extended): void {
    this.#expectRoomFor(extended.value.length);
    this.#add(number, node, uid);
    this.#fid(number).extended = extended;
    this.#extendedBytes += extended.value.length;
  }

  #expectRoomFor(bytes: number): void {
    if (this.#extendedBytes + bytes > EXTENDED_ALL_MOST) throw new ShareError(Errno.ENOSPC);
  }

  /** Nothing written: it is removed. (As in QEMU) */
  #store(node: ShareNode, { name, value, written, flags }: Extended): void {
    const all = this.#share.extended!;
    if (value.length === 0 && (flags & XattrFlag.CREATE) === 0) return all.remove(node, name);
    if (written !== value.length) throw new ShareError(Errno.EINVAL);
    const exists = (flags & XattrFlag.REPLACE) !== 0 ? true : (flags & XattrFlag.CREATE) !== 0 ? false : undefined;
    all.set(node, name, value, exists);
  }

  #getAttributes(): void {
    const node = this.#node();
    const found = this.#share.attributes(node);
    const { mode, uid, gid, nlink, rdev, size, blocks, atime, mtime, ctime } = found;
    this.#answer.u64(GETATTR_BASIC).qid(qidOf(found)).u32(mode).u32(uid).u32(gid);
    this.#answer.u64(BigInt(nlink)).u64(BigInt(rdev)).u64(size).u64(4096n).u64(blocks);
    for (const time of [atime, mtime, ctime, 0n]) this.#answer.u64(time / SECOND).u64(time % SECOND);
    this.#answer.u64(0n).u64(0n);
  }

  #setAttributes(): void {
    const node = this.#node();
    const [valid, mode, uid, gid] = [
      this.#request.u32(),
      this.#request.u32(),
      this.#request.u32(),
      this.#request.u32(),
    ];
    const size = this.#request.u64();
    const [atime, mtime] = [this.#time(), this.#time()];
    if (this.#readonly) throw new ShareError(Errno.EROFS);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new ShareError(Errno.EFBIG);
    const now = BigInt(Date.now()) * 1_000_000n;
    const has = (bit: SetAttribute): boolean => (valid & bit) !== 0;
    const change: ShareChange = {
      ...(has(SetAttribute.MODE) ? { mode: mode & 0o7777 } : {}),
      ...(has(SetAttribute.UID) ? { uid } : {}),
      ...(has(SetAttribute.GID) ? { gid } : {}),
      ...(has(SetAttribute.SIZE) ? { size: Number(size) } : {}),
      ...(has(SetAttribute.ATIME) ? { atime: has(SetAttribute.ATIME_SET) ? atime : now } : {}),
      ...(has(SetAttribute.MTIME) ? { mtime: has(SetAttribute.MTIME_SET) ? mtime : now } : {}),
    };
    this.#share.change(node, change);
  }

  #time(): bigint {
    return this.#request.u64() * SECOND + this.#request.u64();
  }

  #readFolder(): void {
    const fid = this.#fid(this.#request.u32());
    const [offset, count] = [this.#request.u64(), this.#request.u32()];
    if (!fid.isOpen || fid.file !== undefined) throw new ShareError(Errno.EBADF);
    // From the beginning: as it is now.
    const entries = offset === 0n || fid.entries === undefined ? this.#list(fid) : fid.entries;
    const room = Math.min(count, this.#msize - READ_HEADER_BYTES, ANSWER_MOST - READ_HEADER_BYTES);
    this.#answer.u32(0);
    let used = 0;
    const first = offset > BigInt(entries.length) ? entries.length : Number(offset);
    for (let index = first; index < entries.length; index++) {
      const { name, type, id } = entries[index]!;
      const text = new TextEncoder().encode(name);
      if (text.length > NAME_MOST) continue;
      used += entryBytes(text);
      if (used > room) {
        used -= entryBytes(text);
        break;
      }
      this.#answer.qid({ type: qidType(type), version: 0, path: id });
      this.#answer
        .u64(BigInt(index + 1))
        .u8((type & FileType.MASK) >> 12)
        .counted(text);
    }
    this.#answer.patch32(HEADER_BYTES, used);
  }

  /** Lists a folder, and drops the names of others when there are too many. */
  #list(fid: Fid): readonly ShareEntry[] {
    this.#dropEntries(fid);
    const entries = this.#share.list(fid.node);
    fid.entries = entries;
    this.#listed.add(fid);
    this.#entries += entries.length;
    for (const oldest of this.#listed) {
      if (this.#entries <= ENTRIES_MOST || oldest === fid) break;
      this.#dropEntries(oldest);
    }
    return entries;
  }

  #dropEntries(fid: Fid): void {
    this.#listed.delete(fid);
    this.#entries -= fid.entries?.length ?? 0;
    fid.entries = undefined;
  }

  #statistics(): void {
    this.#node();
    const { blockBytes, blocks, freeBlocks, files, freeFiles } = this.#share.room();
    this.#answer.u32(FS_MAGIC).u32(blockBytes).u64(blocks).u64(freeBlocks).u64(freeBlocks);
    this.#answer.u64(files).u64(freeFiles).u64(0n).u32(NAME_MOST);
  }

  #sync(): void {
    const { file } = this.#fid(this.#request.u32());
    const dataOnly = this.#request.u32() !== 0;
    if (!this.#readonly) file?.sync(dataOnly);
  }

  #getLock(): void {
    this.#node();
    this.#request.u8();
    const [start, length, process] = [this.#request.u64(), this.#request.u64(), this.#request.u32()];
    const client = this.#request.text();
    if (client.length > NAME_MOST) throw new ShareError(Errno.EINVAL);
    this.#answer.u8(LOCK_TYPE_UNLCK).u64(start).u64(length).u32(process).text(client);
  }

  #makeLink(): void {
    const fid = this.#fid(this.#request.u32());
    const folder = fid.node;
    const [name, target] = [checkedName(this.#request.text()), this.#request.text()];
    if (target === "" || target.includes("\0")) throw new ShareError(Errno.EINVAL);
    this.#share.makeLink(folder, name, target, this.#owner(fid));
    this.#answer.qid(this.#qid(this.#share.child(folder, name)));
  }

  #makeFolder(): void {
    const fid = this.#fid(this.#request.u32());
    const name = checkedName(this.#request.text());
    this.#share.makeFolder(fid.node, name, this.#request.u32() & 0o7777, this.#owner(fid));
    this.#answer.qid(this.#qid(this.#share.child(fid.node, name)));
  }

  #makeSpecial(): void {
    const fid = this.#fid(this.#request.u32());
    const name = checkedName(this.#request.text());
    const [mode, major, minor] = [this.#request.u32(), this.#request.u32(), this.#request.u32()];
    this.#share.makeSpecial(fid.node, name, mode, deviceOf(major, minor), this.#owner(fid));
    this.#answer.qid(this.#qid(this.#share.child(fid.node, name)));
  }

  /** Whose a new file is: whoever the folder's number is for, and the group that follows in the request. */
  #owner({ uid }: Fid): ShareOwner {
    const gid = this.#request.u32();
    return { uid: uid === NO_UID ? undefined : uid, gid: gid === NO_UID ? undefined : gid };
  }

  #link(): void {
    const folder = this.#node();
    const node = this.#node();
    this.#share.link(node, folder, checkedName(this.#request.text()));
  }

  #rename(): void {
    const node = this.#node();
    const folder = this.#node();
    const name = checkedName(this.#request.text());
    const own = this.#share.path(node).at(-1);
    if (own === undefined) throw new ShareError(Errno.EBUSY);
    this.#share.rename(this.#share.parent(node), own, folder, name);
  }

  #renameAt(): void {
    const from = this.#node();
    const name = checkedName(this.#request.text());
    const to = this.#node();
    this.#share.rename(from, name, to, checkedName(this.#request.text()));
  }

  #unlinkAt(): void {
    const folder = this.#node();
    const name = checkedName(this.#request.text());
    this.#share.remove(folder, name, (this.#request.u32() & AT_REMOVEDIR) !== 0);
  }

  /** The number is gone, whether the file is or not. ("remove(5)") */
  #remove(): void {
    const number = this.#request.u32();
    const { node } = this.#fid(number);
    try {
      const name = this.#share.path(node).at(-1);
      if (name === undefined) throw new ShareError(Errno.EBUSY);
      const isFolder = (this.#share.attributes(node).mode & FileType.MASK) === FileType.FOLDER;
      this.#share.remove(this.#share.parent(node), name, isFolder);
    } finally {
      this.#forget(number);
    }
  }

  #fid(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid === undefined) throw new ShareError(Errno.EBADF);
    return fid;
  }

  /** The file that the next number of the request is. */
  #node(): ShareNode {
    return this.#fid(this.#request.u32()).node;
  }

  #add(number: number, node: ShareNode, uid: number): void {
    if (number === NO_FID || this.#fids.has(number)) throw new ShareError(Errno.EBADF);
    if (this.#fids.size >= FIDS_MOST) throw new ShareError(Errno.EMFILE);
    const nothing = { file: undefined, entries: undefined, extended: undefined };
    this.#fids.set(number, { node, uid, ...nothing, isOpen: false, flags: 0 });
    this.#share.hold(node);
  }

  #forget(number: number): void {
    const fid = this.#fids.get(number);
    this.#fids.delete(number);
    if (fid === undefined) return;
    this.#extendedBytes -= fid.extended?.value.length ?? 0;
    this.#dropEntries(fid);
    try {
      fid.file?.close();
    } catch {
      // Nobody is there to be told.
    }
    this.#share.release(fid.node);
  }

  #qid(node: ShareNode): Qid {
    return qidOf(this.#share.attributes(node));
  }
}

const SECOND = 1_000_000_000n;

/** Nobody in particular; also of a group. */
const NO_UID = 0xffff_ffff;
/** Between a saved path and whose number it is: no name has it. */
const UID_MARK = "\0";

/** Names, each with a zero byte behind it. (listxattr(2)) */
function listOf(names: readonly string[]): Uint8Array {
  return new TextEncoder().encode(names.map((name) => `${name}\0`).join(""));
}

/** Copies what there is of `from` at `at`; how many bytes. */
function copy(from: Uint8Array, at: number, into: Uint8Array): number {
  const part = from.subarray(Math.min(at, from.length), Math.min(at + into.length, from.length));
  into.set(part);
  return part.length;
}

/** Takes bytes of an attribute; how many. They come one after another. */
function fill(extended: Extended, offset: bigint, count: number, data: DataSpan): number {
  const { name, value, written } = extended;
  if (name === "" || offset !== BigInt(written)) throw new ShareError(Errno.EINVAL);
  const most = Math.min(count, value.length - written);
  const done = each(data, most, (view, at) => (value.set(view, written + at), view.length));
  extended.written += done;
  return done;
}

/** A device's number as stat(2) has it. (Linux `new_encode_dev`) */
function deviceOf(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

function qidType(mode: number): QidType {
  const type = mode & FileType.MASK;
  if (type === FileType.FOLDER) return QidType.FOLDER;
  return type === FileType.LINK ? QidType.LINK : QidType.FILE;
}

/** As QEMU's: another version for another time of change or size. */
function qidOf({ mode, mtime, size, id }: ShareAttributes): Qid {
  const version = Number(BigInt.asUintN(32, mtime ^ (size << 8n)));
  return { type: qidType(mode), version, path: id };
}

function modeOf(flags: number): OpenMode {
  const access = flags & OpenFlag.ACCESS;
  return {
    read: access !== OpenFlag.WRONLY,
    write: access === OpenFlag.WRONLY || access === OpenFlag.RDWR,
    truncate: (flags & OpenFlag.TRUNC) !== 0,
    append: (flags & OpenFlag.APPEND) !== 0,
  };
}

/** A name of a file in a folder, and of nothing else. */
function checkedName(name: string): string {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) {
    throw new ShareError(Errno.EINVAL);
  }
  if (new TextEncoder().encode(name).length > NAME_MOST) throw new ShareError(Errno.ENAMETOOLONG);
  return name;
}

/** An offset as a number. */
function place(offset: bigint, more: number): number {
  const at = Number(offset) + more;
  if (at > Number.MAX_SAFE_INTEGER) throw new ShareError(Errno.EINVAL);
  return at;
}

/** Moves up to `most` bytes, piece by piece, until one comes short; how many that were. An error counts when it is the first thing. */
function each(data: DataSpan, most: number, move: (view: Uint8Array, at: number) => number): number {
  let done = 0;
  while (done < most) {
    const view = data.view(done, most - done);
    if (view === undefined) break;
    let count = 0;
    try {
      count = move(view, done);
    } catch (error) {
      if (done === 0) throw error;
    }
    done += count;
    if (count < view.length) break;
  }
  return done;
}
