/** A disk on a web server: read by ranges, which are kept for a while. */

import { WasmvisorError } from "../../../error.ts";
import type { BlockBackend, BlockInfo, Done } from "../block.ts";
import { expectChange, expectInside, expectOpen, expectSize } from "../range.ts";
import { BlockCache } from "./cache.ts";
import { type Fetch, type FileIdentity, RangeFetcher } from "./fetch-range.ts";

/** How a disk on a web server is read. */
export interface HttpBlockOptions {
  /** Bytes of it that are kept in memory. Default: 32 MiB. */
  readonly cacheBytes?: number;
  /** Bytes that are fetched beyond what is read, when it is read from front to back. Default: 1 MiB; 0 for none. */
  readonly readAhead?: number;
  /** How often a request is made before it is an I/O error. Default: 4. */
  readonly tries?: number;
  /** Milliseconds without a byte after which a try is given up. Default: 10,000. */
  readonly stallTimeout?: number;
  /** Milliseconds before the second try; twice as many before each later one. Default: 250. */
  readonly pause?: number;
  /** Further headers of each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What asks for addresses. Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
}

/** What is fetched and kept is a whole number of these. */
const BLOCK_BYTES = 65_536;

/** Bytes that are asked for at once. */
const MOST_BYTES_OF_REQUEST = 2 ** 20;

/** Requests on their way at once; browsers allow six to a server over HTTP/1.1. */
const MOST_REQUESTS = 6;

/**
 * A file on a web server. Nothing but its beginning is fetched before it is read. Once the server sends bytes of another file (another size,
 * ETag or time of change), every read is an I/O error: what is read is never a mixture.
 *
 * With the default options, a server that is silent is an I/O error after 42 seconds, one that refuses connections after 2.
 *
 * ```ts
 * const disk = await openDisk(await HttpBlock.open("https://example.org/disk.qcow2"));
 * ```
 */
export class HttpBlock implements BlockBackend {
  readonly size: number;
  readonly readonly = true;
  readonly synchronous = false;
  readonly info: BlockInfo;
  /** Requests made and bytes that came, for whoever wants to know what a disk costs. */
  readonly traffic = { requests: 0, bytes: 0 };
  readonly #fetcher: RangeFetcher;
  readonly #identity: FileIdentity;
  readonly #cache: BlockCache;
  readonly #readAhead: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** Where the last read ended, and up to which block has been fetched ahead. */
  #end = 0;
  #ahead = 0;
  #failure: WasmvisorError | undefined;
  #open = true;

  private constructor(fetcher: RangeFetcher, identity: FileIdentity, first: Uint8Array, options: HttpBlockOptions) {
    const { cacheBytes = 2 ** 25, readAhead = 2 ** 20 } = options;
    this.#fetcher = fetcher;
    this.#identity = identity;
    this.size = identity.size;
    this.info = { description: `disk at ${fetcher.shown}` };
    this.#cache = new BlockCache(Math.max(1, Math.floor(cacheBytes / BLOCK_BYTES)));
    this.#readAhead = Math.min(readAhead, cacheBytes / 2);
    if (first.length > 0) this.#cache.expect(0, Promise.resolve(first));
  }

  /**
   * Asks the server for the file's beginning.
   * @throws WasmvisorError `source-unreadable` when it is no address, or the server has no such file or sends no ranges; `block-io` when
   * it cannot be reached
   */
  static async open(address: string | URL, options: HttpBlockOptions = {}): Promise<HttpBlock> {
    const { tries = 4, stallTimeout = 10_000, pause = 250, headers = {} } = options;
    const ask: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
    const fetcher = new RangeFetcher(address, headers, ask, { tries, stallTimeout, pause });
    const { bytes, identity } = await fetcher.read(0, BLOCK_BYTES);
    expectSize(identity.size);
    const disk = new HttpBlock(fetcher, identity, bytes, options);
    disk.traffic.requests = 1;
    disk.traffic.bytes = bytes.length;
    return disk;
  }

  read(at: number, into: Uint8Array): Done {
    expectOpen(this, this.#open);
    if (this.#failure !== undefined) throw this.#failure;
    expectInside(this, at, into.length);
    if (into.length === 0) return;
    const last = Math.floor((at + into.length - 1) / BLOCK_BYTES);
    const sequential = at === this.#end;
    this.#end = at + into.length;
    const copied = this.#copyKept(at, into);
    if (copied < into.length) return this.#readLater(at, into, copied, sequential);
    if (sequential) this.#fetchAhead(last + 1);
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
    this.#fetcher.close();
    this.#cache.clear();
    return Promise.resolve();
  }

  /** Copies while blocks are kept; returns how far it came. */
  #copyKept(at: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const block = this.#cache.get(Math.floor((at + done) / BLOCK_BYTES));
      if (!(block instanceof Uint8Array)) break;
      done += copyPart(block, at + done, into, done);
    }
    return done;
  }

  async #readLater(at: number, into: Uint8Array, from: number, sequential: boolean): Promise<void> {
    const last = Math.floor((at + into.length - 1) / BLOCK_BYTES);
    for (let done = from; done < into.length;) {
      expectOpen(this, this.#open);
      const index = Math.floor((at + done) / BLOCK_BYTES);
      if (!this.#cache.has(index)) this.#request(index, last);
      const block = await this.#cache.get(index)!;
      if (this.#failure !== undefined) throw this.#failure;
      done += copyPart(block, at + done, into, done);
    }
    if (sequential) this.#fetchAhead(last + 1);
  }

  /** When the disk is read from front to back, half of what may be fetched ahead is always on its way. */
  #fetchAhead(next: number): void {
    const blocks = Math.floor(this.#readAhead / BLOCK_BYTES);
    const end = Math.min(next + blocks, Math.ceil(this.size / BLOCK_BYTES));
    if (this.#ahead < next || this.#ahead > end) this.#ahead = next;
    if (end - this.#ahead < blocks / 2 && end * BLOCK_BYTES < this.size) return;
    for (let index = this.#ahead; index < end; index++) {
      if (!this.#cache.has(index)) this.#request(index, end - 1);
    }
    this.#ahead = end;
  }

  /** Asks for the blocks from `first` on that are not there: up to `last`, or as many as one request may have. */
  #request(first: number, last: number): void {
    let end = first + 1;
    const most = first + MOST_BYTES_OF_REQUEST / BLOCK_BYTES;
    while (end <= last && end < most && !this.#cache.has(end)) end++;
    const bytes = this.#fetchBlocks(first, end);
    // Nobody may be waiting for it.
    bytes.catch(() => undefined);
    for (let index = first; index < end; index++) {
      const from = (index - first) * BLOCK_BYTES;
      // A copy each, or one that is kept would keep all that came with it.
      this.#cache.expect(
        index,
        bytes.then((all) => all.slice(from, from + BLOCK_BYTES)),
      );
    }
  }

  async #fetchBlocks(first: number, end: number): Promise<Uint8Array> {
    if (this.#running >= MOST_REQUESTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      expectOpen(this, this.#open);
      const at = first * BLOCK_BYTES;
      const { bytes, identity } = await this.#fetcher.read(at, Math.min(end * BLOCK_BYTES, this.size) - at);
      this.traffic.requests++;
      this.traffic.bytes += bytes.length;
      const { size, version } = this.#identity;
      if (identity.size !== size || identity.version !== version) throw this.#changed();
      return bytes;
    } catch (cause) {
      throw lost(cause);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #changed(): WasmvisorError {
    return (this.#failure ??= new WasmvisorError(
      "block-io",
      `The ${this.info.description} has changed on its server since it was opened; open it again.`,
      { reason: "changed" },
    ));
  }
}

/** A server that refuses a file which it has had is an I/O error, as any other that befalls an open disk. */
function lost(cause: unknown): unknown {
  if (!(cause instanceof WasmvisorError) || cause.code !== "source-unreadable") return cause;
  return new WasmvisorError("block-io", cause.message, { ...cause.data, reason: "refused" }, { cause });
}

/** Copies what a block has of the bytes at `at` to `into` from `done` on; returns how many those are. */
function copyPart(block: Uint8Array, at: number, into: Uint8Array, done: number): number {
  const from = at % BLOCK_BYTES;
  const part = block.subarray(from, from + into.length - done);
  into.set(part, done);
  return part.length;
}
