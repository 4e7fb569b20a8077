/** Pages kept in a file, each at the place of its number. */

import { FRAME_BYTES } from "../frame-table.ts";
import type { PageBackend } from "./page-store.ts";

/** A file that is read and written at once; `PageFile` of the host is one. */
export interface RandomFile {
  /** Fills `into` from `offset` on. @throws when there is less, or it cannot be read */
  read(into: Uint8Array, offset: number): void;
  /** Writes all of `from` at `offset`. @throws when it cannot be written, or not all of it */
  write(from: Uint8Array, offset: number): void;
  /** Closes and deletes it; resolves when it is gone. */
  close(): void | Promise<void>;
}

/** Pages in a file. */
export class FilePages implements PageBackend {
  readonly #file: RandomFile;
  readonly #most: number;
  readonly #free: number[] = [];
  /** Numbers above this one have not been used. */
  #last = 0;

  /** @param most - bytes that it may take */
  constructor(file: RandomFile, most: number) {
    this.#file = file;
    this.#most = Math.floor(most / FRAME_BYTES);
  }

  get bytes(): number {
    return (this.#last - this.#free.length) * FRAME_BYTES;
  }

  write(page: Uint8Array): number {
    const number = this.#free.pop() ?? (this.#last < this.#most ? ++this.#last : 0);
    if (number === 0) return 0;
    try {
      this.#file.write(page, (number - 1) * FRAME_BYTES);
    } catch (error) {
      this.#free.push(number);
      throw error;
    }
    return number;
  }

  read(number: number, page: Uint8Array): void {
    this.#file.read(page, (number - 1) * FRAME_BYTES);
  }

  free(number: number): void {
    this.#free.push(number);
  }

  close(): void | Promise<void> {
    this.#free.length = 0;
    this.#last = 0;
    return this.#file.close();
  }
}
