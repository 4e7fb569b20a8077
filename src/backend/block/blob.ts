/** A disk that is a `Blob` or a `File`: read by range, never changed. */

import { WasmvisorError } from "../../error.ts";
import type { BlockBackend, BlockInfo } from "./block.ts";
import { expectChange, expectInside, expectOpen } from "./range.ts";

/** The name that a `File` has, and a plain `Blob` has not. */
interface Named {
  readonly name?: unknown;
}

/** Bytes of one read that are in memory twice, at most. */
const PIECE_BYTES = 2 ** 22;

/**
 * A `Blob`, of which nothing is in memory but what is being read. A `File` whose bytes on the host change meanwhile cannot be read any more.
 *
 * ```ts
 * const disk = await openDisk(new BlobBlock(input.files[0]));
 * ```
 */
export class BlobBlock implements BlockBackend {
  readonly size: number;
  readonly readonly = true;
  readonly synchronous = false;
  readonly info: BlockInfo;
  readonly #blob: Blob;
  #open = true;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.size = blob.size;
    const { name } = blob as Named;
    this.info = { description: typeof name === "string" ? `file ${JSON.stringify(name.slice(0, 100))}` : "blob" };
  }

  read(at: number, into: Uint8Array): Promise<void> {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    return this.#read(at, into);
  }

  async #read(at: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length; done += PIECE_BYTES) {
      const end = Math.min(into.length, done + PIECE_BYTES);
      into.set(await this.#piece(at + done, end - done), done);
    }
  }

  async #piece(at: number, length: number): Promise<Uint8Array> {
    try {
      const bytes = new Uint8Array(await this.#blob.slice(at, at + length).arrayBuffer());
      if (bytes.length === length) return bytes;
      throw new RangeError("it has become shorter");
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new WasmvisorError(
        "block-io",
        `The ${this.info.description} cannot be read (${reason.replace(/\.$/, "")}); if it has changed, choose it again.`,
        { at, length, reason },
        { cause },
      );
    }
  }

  /** Never: it cannot be changed. */
  write(at: number, from: Uint8Array): void {
    expectChange(this, this.#open, at, from.length);
  }

  flush(): void {
    expectOpen(this, this.#open);
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }
}
