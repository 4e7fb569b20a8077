/** A file for pages of RAM in node. */

import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { WasmvisorError } from "../error.ts";
import type { PageFile } from "./pages.ts";

/**
 * Makes a file that nobody else can open, and that is gone when it is closed.
 * @throws WasmvisorError `page-store` when it is there already, or cannot be made
 */
export async function openPageFile(path: string): Promise<PageFile> {
  let fd: number;
  try {
    fd = openSync(path, "wx+", 0o600);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const sentence = `The page file ${path} cannot be made (${reason}); name one that is not there yet.`;
    throw new WasmvisorError("page-store", sentence, { path, reason }, { cause });
  }
  const isNameless = unlinked(path);
  let isOpen = true;
  return await Promise.resolve({
    read: (into, offset) => all(into.length, (done) => readSync(fd, into, done, into.length - done, offset + done)),
    write: (from, offset) => all(from.length, (done) => writeSync(fd, from, done, from.length - done, offset + done)),
    close() {
      if (isOpen) closeSync(fd);
      if (isOpen && !isNameless) unlinked(path);
      isOpen = false;
    },
  });
}

/** Where an open file can lose its name, nothing of it stays when the process is killed. */
function unlinked(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function all(length: number, some: (done: number) => number): void {
  for (let done = 0; done < length;) {
    const count = some(done);
    if (count === 0) throw new Error("the file ends too early");
    done += count;
  }
}
