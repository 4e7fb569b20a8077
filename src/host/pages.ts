/** A file that pages of RAM are kept in; see `imports` in package.json. */

/** A file that is read and written at once. */
export interface PageFile {
  /** Fills `into` from `offset` on. @throws when there is less, or it cannot be read */
  read(into: Uint8Array, offset: number): void;
  /** Writes all of `from` at `offset`. @throws when it cannot be written, or not all of it */
  write(from: Uint8Array, offset: number): void;
  /** Closes and deletes it; resolves when it is gone. */
  close(): void | Promise<void>;
}
