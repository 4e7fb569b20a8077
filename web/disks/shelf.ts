/** The disks at hand: those in the browser's storage, and files that are used without being kept. */

import { BlobBlock } from "../../src/backend/block/blob.ts";
import { openDisk } from "../../src/disk/open.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";
import { deleteOpfs, exportOpfs, importOpfs, listOpfs } from "../../src/host/opfs.ts";
import type { SessionClient } from "../session/client.ts";
import { type DriveSpec, PageError } from "../session/protocol.ts";
import { choose, chosenNames, setAddress, storedDrive } from "./chosen.ts";

/** A disk at hand. */
export interface ShelfDisk {
  readonly name: string;
  /** Bytes of its file. */
  readonly fileBytes: number;
  /** Whether it is in the browser's storage, and there after a reload. */
  readonly isKept: boolean;
  /** Whether the machine gets it when it starts the next time. */
  readonly isChosen: boolean;
  readonly format: "raw" | "qcow2" | "unknown";
  /** Bytes that a guest sees. */
  readonly size: number;
  /** The image that it lies over. */
  readonly base?: string;
}

/** What the origin may store. */
export interface Room {
  readonly used: number;
  readonly quota: number;
}

/** How far the bringing in of a file has come. */
export type Progress = (done: number, total: number) => void;

/** The most disks of a machine. */
const MOST_CHOSEN = 8;

export class DiskShelf {
  readonly #session: SessionClient;
  readonly #files = new Map<string, File>();
  #chosen: string[] = chosenNames();

  constructor(session: SessionClient) {
    this.#session = session;
  }

  /** All disks, by name. */
  async list(): Promise<ShelfDisk[]> {
    const kept = await listOpfs();
    this.#chosen = this.#chosen.filter((name) => this.#files.has(name) || kept.some((disk) => disk.name === name));
    const all = await Promise.all([
      ...kept.map(async ({ name, size }) => this.#describe(name, size, true, await exportOpfs(name))),
      ...[...this.#files].map(([name, file]) => this.#describe(name, file.size, false, file)),
    ]);
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What is used and allowed; undefined where the browser does not say. */
  async room(): Promise<Room | undefined> {
    const { usage, quota } = await navigator.storage.estimate().catch((): StorageEstimate => ({}));
    return usage === undefined || quota === undefined ? undefined : { used: usage, quota };
  }

  /** What the machine gets when it starts the next time. */
  get drives(): DriveSpec[] {
    return this.#chosen.map((name) => {
      const file = this.#files.get(name);
      return file === undefined ? storedDrive(name) : { name, source: file };
    });
  }

  /** Has the machine get a disk, or not, when it starts the next time. */
  choose(name: string, isChosen: boolean): void {
    const others = this.#chosen.filter((other) => other !== name);
    if (isChosen && others.length >= MOST_CHOSEN)
      throw new PageError("drive", `A machine has at most ${MOST_CHOSEN} disks; take another one out.`);
    this.#chosen = isChosen ? [...others, name] : others;
    choose(this.#chosen.filter((one) => !this.#files.has(one)));
  }

  /** Takes a file for as long as the page is open. */
  use(name: string, file: File): void {
    this.#files.set(name, file);
    this.choose(name, true);
  }

  /** Copies a file into the browser's storage. */
  async keep(name: string, file: File, onProgress: Progress, signal: AbortSignal): Promise<void> {
    await askToKeep();
    await importOpfs(name, file, { signal, onProgress: (done) => onProgress(done, file.size) });
    this.choose(name, true);
  }

  create(name: string, size: number): Promise<void> {
    return this.#make(name, { size });
  }

  /** Makes an image that takes what changes, so that `base` stays as it is; the machine gets it in the place of that. */
  async layer(name: string, base: string): Promise<void> {
    await this.#make(name, { base });
    this.choose(base, false);
  }

  /** Makes an image that takes what changes of a disk on a server. */
  async layerOver(name: string, address: string): Promise<void> {
    await this.#make(name, { base: address });
    setAddress(name, address);
  }

  /** The bytes of its file, at one moment. */
  async download(name: string): Promise<Blob> {
    await this.#session.call("settleDisk", name);
    return exportOpfs(name);
  }

  async remove(name: string): Promise<void> {
    if (!this.#files.delete(name)) await deleteOpfs(name);
    setAddress(name, undefined);
    this.choose(name, false);
  }

  async #make(name: string, what: { readonly size: number } | { readonly base: string }): Promise<void> {
    await askToKeep();
    await this.#session.call("createDisk", name, what);
    this.choose(name, true);
  }

  async #describe(name: string, fileBytes: number, isKept: boolean, file: Blob): Promise<ShelfDisk> {
    const common = { name, fileBytes, isKept, isChosen: this.#chosen.includes(name) };
    try {
      const disk = await openDisk(new BlobBlock(file), { readonly: true, alone: true });
      const base = disk instanceof Qcow2 ? disk.info.backingFile : undefined;
      const format = disk instanceof Qcow2 ? "qcow2" : "raw";
      return { ...common, format, size: disk.size, ...(base === undefined ? {} : { base }) };
    } catch {
      // It is being changed, or damaged; who uses it learns more.
      return { ...common, format: "unknown", size: fileBytes };
    }
  }
}

/** Browsers that are short of room clear what they were not asked to keep. */
async function askToKeep(): Promise<void> {
  await navigator.storage.persist?.().catch(() => false);
}
