/** Where pages of RAM are kept that have left the host's memory. Everything is done at once: a guest may be in the middle of an instruction. */

import { WasmvisorError } from "../../error.ts";
import { FRAME_BYTES } from "../frame-table.ts";

/** What keeps the bytes. Nobody else writes there, but it may fail. */
export interface PageBackend {
  /**
   * Keeps a page of 4096 bytes. Returns a number above 0 by which it is found; 0 when there is no room for it.
   * @throws when it cannot be written
   */
  write(page: Uint8Array): number;
  /**
   * Fills `page` with what was kept under that number.
   * @throws when it cannot be read
   */
  read(number: number, page: Uint8Array): void;
  /** Forgets a page. */
  free(number: number): void;
  /** Bytes that it takes now. */
  readonly bytes: number;
  /** Forgets all pages and gives everything back. */
  close(): void | Promise<void>;
}

/** What a page store has done. */
export interface PageStoreStatistics {
  /** Pages that it holds. */
  readonly pages: number;
  /** Bytes that these take where they are kept. */
  readonly storedBytes: number;
  /** How often a page was written to it, and read. */
  readonly written: number;
  readonly read: number;
  /** Why it takes no page any more; undefined while it does. */
  readonly failure?: string;
}

/** What is known of a page that is kept. */
interface Kept {
  readonly sum: number;
  /** How many want it. */
  users: number;
}

/** Pages by number, with a sum of each, and a count of those that want it. */
export class PageStore {
  readonly #backend: PageBackend;
  readonly #kept = new Map<number, Kept>();
  #written = 0;
  #read = 0;
  #failure: string | undefined;

  constructor(backend: PageBackend) {
    this.#backend = backend;
  }

  get statistics(): PageStoreStatistics {
    return {
      pages: this.#kept.size,
      storedBytes: this.#backend.bytes,
      written: this.#written,
      read: this.#read,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /** Keeps a page for one who wants it. Returns its number; 0 when it cannot be kept, and then it is still where it was. */
  put(page: Uint8Array): number {
    if (this.#failure !== undefined) return 0;
    try {
      const number = this.#backend.write(page);
      if (number === 0) return 0;
      this.#kept.set(number, { sum: sumOf(page), users: 1 });
      this.#written++;
      return number;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      return 0;
    }
  }

  /**
   * Fills `page` with a page that is kept.
   * @throws WasmvisorError `page-store` when it cannot be read, or is not as it was
   */
  get(number: number, page: Uint8Array): void {
    this.#read++;
    let cause: unknown;
    try {
      this.#backend.read(number, page);
    } catch (error) {
      cause = error;
    }
    if (cause === undefined && this.#kept.get(number)?.sum === sumOf(page)) return;
    throw new WasmvisorError(
      "page-store",
      "A page of the VM's cannot be read from the host's page store any more; look at the disk that it is on, and start the VM anew.",
      {},
      { cause },
    );
  }

  /** One more wants the page. */
  retain(number: number): void {
    const kept = this.#kept.get(number);
    if (kept !== undefined) kept.users++;
  }

  /** One less wants it; the last one has it forgotten. */
  release(number: number): void {
    const kept = this.#kept.get(number);
    if (kept === undefined || --kept.users > 0) return;
    this.#kept.delete(number);
    this.#backend.free(number);
  }

  close(): void | Promise<void> {
    this.#kept.clear();
    return this.#backend.close();
  }
}

/** A sum that sees any word that has changed. */
function sumOf(page: Uint8Array): number {
  const words = new Uint32Array(page.buffer, page.byteOffset, FRAME_BYTES / 4);
  let sum = 0x811c_9dc5;
  for (const word of words) sum = Math.imul(sum ^ word, 0x0100_0193);
  return sum >>> 0;
}
