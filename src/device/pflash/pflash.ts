/**
 * One bank of flash memory. In array mode the guest's loads and fetches see its memory itself; from the first command on, loads come here.
 * (QEMU `hw/block/pflash_cfi01.c`)
 */

import type { BlockBackend } from "../../backend/block/block.ts";
import { flag, table, u16, u32, u8 } from "../../state/table.ts";
import type { AccessSize, Arrivals, Clock, FdtNode, FdtPlace } from "../device.ts";
import { checkedState, type TableDevice } from "../state.ts";
import {
  BANK_BYTES,
  BANK_WIDTH,
  BLOCK_BYTES,
  BUFFER_BYTES,
  Command,
  IDENTIFIERS,
  LOCK_BLOCK,
  QUERY,
  Status,
} from "./cfi.ts";

/** What is written back at once, and the ticks that it waits for more: a millisecond. */
const GRAIN_BYTES = 4096;
const WRITE_BACK_TICKS = 10_000n;

/** The memory of a bank. */
export interface FlashMemory {
  /** Its bytes as they are now; good until the machine runs on. */
  bytes(): Uint8Array;
  /** Whether the guest's loads see it; else they come to the device. */
  show(shown: boolean): void;
}

/** Where the contents of a bank are kept. */
export interface FlashMedium {
  /** Of `BANK_BYTES` bytes; undefined for a bank that is empty at power-on. */
  readonly backend: BlockBackend | undefined;
  /** Told when it could not be written. */
  onError(error: unknown): void;
}

/** What a bank stands on. */
export interface PFlashDeps {
  readonly memory: FlashMemory;
  readonly medium: FlashMedium;
  readonly clock: Clock;
  readonly arrivals: Arrivals;
}

/** Some bytes on their way to the medium. */
interface Grain {
  readonly grain: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

const TABLE = table(1, { command: u8(), cycle: u8(3), status: u8(), counter: u16(), isArray: flag(), offset: u32() });

type PFlashState = ReturnType<(typeof TABLE)["decode"]>;

/** A bank. Its contents are the medium's, as a disk's are, and are not saved. */
export class PFlash implements TableDevice<PFlashState> {
  readonly name: string;
  readonly size = BANK_BYTES;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table = TABLE;
  readonly #deps: PFlashDeps;
  readonly #isFirst: boolean;
  #command: number = Command.RESET;
  /** How many stores of the command have come. */
  #cycle = 0;
  #status = 0;
  /** Stores that a buffer still takes. */
  #counter = 0;
  /** Where the buffer's block is. */
  #offset = 0;
  #isArray = true;
  /** Numbers of the grains that are not on the medium yet. */
  readonly #dirty = new Set<number>();
  #writeBackAt: bigint | undefined;
  #isWriting = false;
  /** Resolves when what was to be written has been. */
  #written: Promise<void> = Promise.resolve();

  constructor(unit: number, deps: PFlashDeps) {
    this.name = `flash${unit}`;
    this.#isFirst = unit === 0;
    this.#deps = deps;
  }

  load(offset: number, size: number): number {
    switch (this.#command) {
      case Command.RESET:
        return this.#data(offset, size);
      case Command.READ_ID:
        return both(IDENTIFIERS[(offset >>> 2) & 0xff] ?? 0, size);
      case Command.CFI_QUERY:
        return both(QUERY.get(offset >>> 2) ?? 0, size);
      default:
        return both(this.#status, size);
    }
  }

  store(offset: number, value: number, size: number): void {
    if (this.#cycle === 0) this.#show(false);
    switch (this.#cycle) {
      case 0:
        return this.#begin(offset, value & 0xff);
      case 1:
        return this.#second(offset, value, size);
      case 2:
        return this.#fill(offset, value, size);
      default:
        if ((value & 0xff) === Command.CONFIRM) this.#done(0);
        else this.#readArray();
    }
  }

  reset(): void {
    this.#status = 0;
    this.#counter = 0;
    this.#offset = 0;
    this.#readArray(true);
  }

  nextDeadline(): bigint | undefined {
    return this.#isWriting ? undefined : this.#writeBackAt;
  }

  update(): void {
    const { clock, arrivals, medium } = this.#deps;
    if (this.#writeBackAt === undefined || this.#isWriting || clock.ticks() < this.#writeBackAt) return;
    this.#writeBackAt = undefined;
    this.#isWriting = true;
    arrivals.expect(this.writeBack(), (error) => {
      this.#isWriting = false;
      if (error !== undefined) medium.onError(error);
    });
  }

  /**
   * Writes to the medium what has changed, as it is when this is called, and flushes it.
   * @throws what the medium throws; what has not been written is tried again with the next change
   */
  writeBack(): Promise<void> {
    const { medium, memory } = this.#deps;
    if (medium.backend === undefined || this.#dirty.size === 0) return this.#written;
    const all = memory.bytes();
    const copies = [...this.#dirty].map((grain) => {
      const at = grain * GRAIN_BYTES;
      return { grain, at, bytes: all.slice(at, at + GRAIN_BYTES) };
    });
    this.#dirty.clear();
    // One after another: two may be about the same bytes.
    const done = this.#written.then(() => this.#write(medium.backend!, copies));
    this.#written = done.catch(() => undefined);
    return done;
  }

  async #write(backend: BlockBackend, copies: readonly Grain[]): Promise<void> {
    try {
      for (const { at, bytes } of copies) await backend.write(at, bytes);
      await backend.flush();
    } catch (error) {
      for (const { grain } of copies) this.#dirty.add(grain);
      throw error;
    }
  }

  save(): PFlashState {
    const [command, cycle, status, counter] = [this.#command, this.#cycle, this.#status, this.#counter];
    return { command, cycle, status, counter, isArray: this.#isArray, offset: this.#offset };
  }

  restore(state: unknown): void {
    const { command, cycle, status, counter, isArray, offset } = checkedState(this, state);
    [this.#command, this.#cycle, this.#status, this.#counter] = [command, cycle, status, counter];
    this.#offset = offset;
    this.#isArray = !isArray;
    this.#show(isArray);
  }

  /** One node for both banks, the first one's. */
  fdt(parent: FdtNode, { pa }: FdtPlace): void {
    if (!this.#isFirst) return;
    parent
      .node(`flash@${pa.toString(16)}`)
      .strings("compatible", "cfi-flash")
      .cells64("reg", pa, BANK_BYTES, pa + BANK_BYTES, BANK_BYTES)
      .cells("bank-width", BANK_WIDTH);
  }

  get #isReadonly(): boolean {
    return this.#deps.medium.backend?.readonly ?? false;
  }

  #begin(offset: number, command: number): void {
    switch (command) {
      case Command.PROGRAM:
      case Command.PROGRAM_ALTERNATE:
      case Command.BLOCK_LOCK:
      case Command.CFI_QUERY:
        break;
      case Command.BLOCK_ERASE:
      case Command.PROGRAM_BUFFER_ALTERNATE:
        this.#erase(offset - (offset % BLOCK_BYTES));
        break;
      case Command.WRITE_BUFFER:
        this.#status |= Status.READY;
        break;
      case Command.READ_STATUS:
      case Command.READ_ID:
        this.#command = command;
        return;
      case Command.CLEAR_STATUS:
        this.#status = 0;
        return this.#readArray();
      default:
        return this.#readArray();
    }
    this.#command = command;
    this.#cycle = 1;
  }

  /** The second store of a command. */
  #second(offset: number, value: number, size: number): void {
    const byte = value & 0xff;
    switch (this.#command) {
      case Command.PROGRAM:
      case Command.PROGRAM_ALTERNATE:
        this.#program(offset, value, size);
        return this.#done(0);
      case Command.WRITE_BUFFER:
        // Each of the two devices has its own count; they are the same.
        this.#counter = value & 0xffff;
        this.#offset = offset - (offset % BUFFER_BYTES);
        this.#cycle = 2;
        return;
      case Command.BLOCK_ERASE:
      case Command.PROGRAM_BUFFER_ALTERNATE:
        return byte === Command.CONFIRM ? this.#done(0) : this.#readArray();
      case Command.BLOCK_LOCK:
        return byte === Command.CONFIRM || byte === LOCK_BLOCK ? this.#done(0) : this.#readArray();
      case Command.CFI_QUERY:
        if (byte === Command.READ_ARRAY) this.#readArray();
        return;
      default:
        return this.#readArray();
    }
  }

  /** A store into the buffer. It must keep to the block that it was begun for. */
  #fill(offset: number, value: number, size: number): void {
    if (offset - (offset % BUFFER_BYTES) === this.#offset) this.#program(offset, value, size);
    else this.#status |= Status.PROGRAM_ERROR;
    this.#status |= Status.READY;
    if (this.#counter === 0) this.#cycle = 3;
    else this.#counter--;
  }

  #done(status: number): void {
    this.#cycle = 0;
    this.#status |= Status.READY | status;
  }

  #readArray(force = false): void {
    this.#cycle = 0;
    this.#command = Command.RESET;
    if (force) this.#isArray = false;
    this.#show(true);
  }

  #show(shown: boolean): void {
    if (this.#isArray === shown) return;
    this.#isArray = shown;
    this.#deps.memory.show(shown);
  }

  #data(offset: number, size: number): number {
    const bytes = this.#deps.memory.bytes().subarray(offset, offset + size);
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  #program(offset: number, value: number, size: number): void {
    if (this.#isReadonly) {
      this.#status |= Status.PROGRAM_ERROR;
      return;
    }
    const bytes = this.#deps.memory.bytes();
    for (let i = 0; i < size; i++) bytes[offset + i] = value >>> (8 * i);
    this.#changed(offset, size);
  }

  #erase(at: number): void {
    this.#status |= Status.READY;
    if (this.#isReadonly) {
      this.#status |= Status.ERASE_ERROR;
      return;
    }
    this.#deps.memory.bytes().fill(0xff, at, at + BLOCK_BYTES);
    this.#changed(at, BLOCK_BYTES);
  }

  #changed(at: number, length: number): void {
    for (let grain = Math.floor(at / GRAIN_BYTES); grain * GRAIN_BYTES < at + length; grain++) this.#dirty.add(grain);
    if (this.#deps.medium.backend !== undefined) {
      this.#writeBackAt ??= this.#deps.clock.ticks() + WRITE_BACK_TICKS;
    }
  }
}

/** What each of the two devices says, as a load of `size` bytes sees it. */
function both(value: number, size: number): number {
  return size === 4 ? value + value * 2 ** 16 : value;
}
