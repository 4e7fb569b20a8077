/** Where the bytes of a disk are: what formats and disk devices stand on (docs/design/block.md). */

/** Nothing when it was done at once, or the promise that it will be. */
export type Done<Value = void> = Value | Promise<Value>;

/** What lies at an address of a disk. */
export interface Extent {
  /** How many bytes from there on are of this kind, at least 1. */
  readonly length: number;
  /** Whether they take room at this level: `hole` reads as what lies below, or as zeros. */
  readonly kind: "data" | "zero" | "hole";
  /** Where they lie in the file below, if they lie there in one piece and as they are. */
  readonly fileOffset?: number;
}

/** What people want to know of a backend; formats have more. */
export interface BlockInfo {
  /** In a few words, for people: `file /tmp/a.img`. */
  readonly description: string;
}

/**
 * A range of bytes that can be read and perhaps written: a file, memory, an image in some format.
 *
 * Addresses and lengths are whole numbers of bytes. Unless a method says otherwise, the caller keeps them inside `size`; outside, and on
 * an error of what lies below, a method throws or rejects with a `WasmvisorError`. Requests may overlap in time; two that touch the same
 * bytes at once, one of them a write, have either order. A method that returns a promise may use the bytes it was given until the
 * promise is settled.
 */
export interface BlockBackend {
  /** Bytes. */
  readonly size: number;
  /** Whether all that would change it is refused, with `block-readonly`. */
  readonly readonly: boolean;
  /**
   * Whether `read` and `write` never return a promise. Then they may be given the memory of a guest, which may be somebody else's by the
   * time a promise is settled.
   */
  readonly synchronous: boolean;
  /** Whether each call costs so much that a device had better copy the pieces of a request into one. Default: false. */
  readonly prefersLarge?: boolean;
  readonly info: BlockInfo;
  /** Fills `into` from the bytes at `at` on. */
  read(at: number, into: Uint8Array): Done;
  /** Writes all of `from` at `at`. */
  write(at: number, from: Uint8Array): Done;
  /** After it, what had been written before it was called survives a crash of the process and of the host. */
  flush(): Done;
  /**
   * `flush`, done at once: for a format that must have one of its tables on the disk before the next, and cannot wait. It may take
   * milliseconds. Without it, a format over this backend does not answer at once either, unless `flush` does.
   */
  flushNow?(): void;
  /** These bytes are not needed any more; they read as zeros or as they were. Without it, nothing happens. */
  discard?(at: number, length: number): Done;
  /** Makes bytes zeros, without writing them where that can be had. `mayUnmap` allows to give their room back. Without it, zeros are written. */
  writeZeroes?(at: number, length: number, mayUnmap: boolean): Done;
  /** Makes it larger (by zeros) or smaller. Without it, its size is fixed. */
  resize?(size: number): Done;
  /** What lies at `at`. Without it, all of it is data. */
  extent?(at: number): Done<Extent>;
  /** Flushes, and gives up what it holds: files, locks, connections. Later calls are refused with `block-closed`. */
  close(): Promise<void>;
}
