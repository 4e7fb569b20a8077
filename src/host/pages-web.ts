/** A file for pages of RAM in the browser's storage (File System Standard); only workers can read and write there at once. */

import { WasmvisorError } from "../error.ts";
import type { PageFile } from "./pages.ts";

/** What is used of a `FileSystemSyncAccessHandle`. */
interface AccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(from: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  close(): void;
}

interface Folder {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<Folder>;
  getFileHandle(
    name: string,
    options: { readonly create: boolean },
  ): Promise<{ createSyncAccessHandle?(): Promise<AccessHandle> }>;
  removeEntry(name: string): Promise<void>;
}

/** Of its own, apart from disks. */
const FOLDER = "wasmvisor-pages";

/** @throws WasmvisorError `page-store` when it is in use, or this is no worker of a browser */
export async function openPageFile(name: string): Promise<PageFile> {
  let handle: AccessHandle;
  let folder: Folder;
  try {
    const { storage } = (globalThis as unknown as { navigator: { storage: { getDirectory(): Promise<Folder> } } })
      .navigator;
    folder = await (await storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
    const file = await folder.getFileHandle(name, { create: true });
    handle = await file.createSyncAccessHandle!();
  } catch (cause) {
    const isUsed = (cause as { readonly name?: string }).name === "NoModificationAllowedError";
    const sentence = isUsed
      ? `The page file ${name} is another host's, here or in another tab; choose another name.`
      : `The page file ${name} cannot be made here; make the host in a worker, or leave paging.file out.`;
    throw new WasmvisorError("page-store", sentence, { name }, { cause });
  }
  handle.truncate(0);
  return {
    read: (into, offset) => expectAll(into.length, handle.read(into, { at: offset })),
    write: (from, offset) => expectAll(from.length, handle.write(from, { at: offset })),
    async close() {
      handle.close();
      await folder.removeEntry(name).catch(() => undefined);
    },
  };
}

function expectAll(wanted: number, done: number): void {
  if (done !== wanted) throw new Error("the browser's storage took, or had, less");
}
