/**
 * The firmware configuration device, in memory, with DMA. (QEMU `docs/specs/fw_cfg.rst`, `hw/nvram/fw_cfg.c`)
 *
 * ```
 *  +0   data      8 bytes: the item's next bytes, in the order of the item
 *  +8   selector  2 bytes, big-endian: the key of an item, which is read from its beginning then
 *  +16  DMA       8 bytes, big-endian: the address of a request; the store of its low half begins it. Reads as "QEMU CFG"
 * ```
 */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import type { LateMemory, Touch } from "../../memory/late-pages.ts";
import { flag, optional, record, table, u16, u32, u64 } from "../../state/table.ts";
import type { AccessSize, Clock, FdtNode, FdtPlace, Word64 } from "../device.ts";
import { checkedState, type TableDevice } from "../state.ts";
import { type FirmwareBoot, type Items, setBoot } from "./items.ts";

const SELECTOR = 8;
const DMA = 16;
const SIGNATURE = new TextEncoder().encode("QEMU CFG");

/** A DMA request: control, length, address; big-endian. */
const REQUEST_BYTES = 16;

enum Control {
  ERROR = 1,
  READ = 2,
  SKIP = 4,
  SELECT = 8,
  WRITE = 16,
}

/** Bytes that are moved before the machine goes on; the rest follows at the next tick. The driver waits until `control` is 0. */
const BYTES_AT_ONCE = 2 ** 20;

/** A DMA request that is under way. */
interface Transfer {
  /** Where its request lies. */
  readonly request: bigint;
  readonly reads: boolean;
  /** Where the next byte goes, and how many are left. */
  readonly address: bigint;
  readonly left: number;
}

/** What the device stands on. */
export interface FwCfgDeps {
  readonly memory: GuestMemory;
  readonly clock: Clock;
  /** Tells which pages are not here; without it all are. */
  readonly late?: LateMemory;
}

const TABLE = table(1, {
  key: u16(),
  offset: u32(),
  dmaHigh: u32(),
  transfer: optional(
    record<Readonly<Pick<Transfer, keyof Transfer>>>({ request: u64(), reads: flag(), address: u64(), left: u32() }),
  ),
});

type FwCfgState = ReturnType<(typeof TABLE)["decode"]>;

/** The device. What it holds is the configuration's and is not saved; where the guest is in it is. */
export class FwCfg implements TableDevice<FwCfgState> {
  readonly name = "fw-cfg";
  readonly size = 0x18;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table = TABLE;
  readonly #items: Items;
  readonly #memory: GuestMemory;
  readonly #clock: Clock;
  readonly #late: LateMemory | undefined;
  #key = 0;
  #offset = 0;
  #dmaHigh = 0;
  #transfer: Transfer | undefined;
  #resumeAt: bigint | undefined;

  constructor(items: Items, { memory, clock, late }: FwCfgDeps) {
    this.#items = items;
    this.#memory = memory;
    this.#clock = clock;
    this.#late = late;
  }

  /** What firmware is to boot, from now on. */
  setBoot(boot: FirmwareBoot | undefined): void {
    setBoot(this.#items, boot);
  }

  load(offset: number, size: number): number {
    if (offset >= DMA) return littleEndian(SIGNATURE.subarray(offset - DMA, offset - DMA + size));
    if (offset >= SELECTOR) return 0;
    const item = this.#item;
    const bytes = item?.subarray(this.#offset, this.#offset + size) ?? new Uint8Array(0);
    this.#offset += bytes.length;
    return littleEndian(bytes);
  }

  store(offset: number, value: number, size: number): void {
    if (offset === SELECTOR && size === 2) this.#select(((value & 0xff) << 8) | (value >>> 8));
    else if (offset === DMA && size === 4) this.#dmaHigh = swapped(value);
    else if (offset === DMA + 4 && size === 4) {
      const high = this.#dmaHigh;
      this.#dmaHigh = 0;
      this.#request(high * 2 ** 32 + swapped(value));
    }
  }

  load64(offset: number, into: Word64): void {
    into.low = this.load(offset, 4);
    into.high = this.load(offset + 4, 4);
  }

  store64(offset: number, low: number, high: number): void {
    if (offset === DMA) this.#request(swapped(low) * 2 ** 32 + swapped(high));
  }

  reset(): void {
    this.#select(0);
    this.#dmaHigh = 0;
    this.#transfer = undefined;
    this.#resumeAt = undefined;
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  update(): void {
    if (this.#resumeAt === undefined || this.#clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    this.#whenHere(
      (touch) => this.#touchTransfer(touch),
      () => this.#goOn(),
    );
  }

  save(): FwCfgState {
    return { key: this.#key, offset: this.#offset, dmaHigh: this.#dmaHigh, transfer: this.#transfer };
  }

  restore(state: unknown): void {
    const { key, offset, dmaHigh, transfer } = checkedState(this, state);
    [this.#key, this.#offset, this.#dmaHigh, this.#transfer] = [key, offset, dmaHigh, transfer];
    this.#resumeAt = transfer === undefined ? undefined : this.#clock.ticks() + 1n;
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`fw-cfg@${place.pa.toString(16)}`)
      .strings("compatible", "qemu,fw-cfg-mmio")
      .cells64("reg", place.pa, place.size)
      .flag("dma-coherent");
  }

  get #item(): Uint8Array | undefined {
    return this.#items.get(this.#key);
  }

  #select(key: number): void {
    this.#key = key;
    this.#offset = 0;
  }

  #whenHere(uses: (touch: Touch) => void, act: () => void): void {
    if (this.#late === undefined) act();
    else this.#late.whenHere(uses, act);
  }

  /** What is written next of a transfer. */
  #touchTransfer(touch: Touch): void {
    if (this.#transfer === undefined) return;
    const { request, address, left } = this.#transfer;
    touch(Number(request), REQUEST_BYTES);
    touch(Number(address), Math.min(left, BYTES_AT_ONCE));
  }

  /** What the request at `pa` uses at first. */
  #touchRequest(pa: number, touch: Touch): void {
    if (!touch(pa, REQUEST_BYTES)) return;
    const half = (at: number): number => swapped(this.#memory.load32(pa + at) ?? 0) >>> 0;
    touch(half(8) * 2 ** 32 + half(12), Math.min(half(4), BYTES_AT_ONCE));
  }

  /** Begins the request at `pa`, which may be anything, as soon as it is here. */
  #request(pa: number): void {
    this.#whenHere(
      (touch) => this.#touchRequest(pa, touch),
      () => this.#begin(pa),
    );
  }

  #begin(pa: number): void {
    const bytes = new Uint8Array(REQUEST_BYTES);
    // One that comes while another is under way is refused.
    if (this.#transfer !== undefined || !this.#memory.read(pa, bytes)) return this.#answer(pa, Control.ERROR);
    const request = new DataView(bytes.buffer);
    const control = request.getUint32(0);
    if ((control & Control.SELECT) !== 0) this.#select(control >>> 16);
    const reads = (control & Control.READ) !== 0;
    if (!reads && (control & Control.WRITE) !== 0)
      return this.#answer(pa, request.getUint32(4) > 0 ? Control.ERROR : 0);
    const moves = reads || (control & Control.SKIP) !== 0;
    const left = moves ? request.getUint32(4) : 0;
    this.#transfer = { request: BigInt(pa), reads, address: request.getBigUint64(8), left };
    this.#goOn();
  }

  #goOn(): void {
    const transfer = this.#transfer;
    if (transfer === undefined) return;
    const { request, reads, address, left } = transfer;
    const count = Math.min(left, reads ? BYTES_AT_ONCE : left);
    const bytes = this.#item?.subarray(this.#offset, this.#offset + count) ?? new Uint8Array(0);
    const to = Number(address);
    const fits =
      !reads ||
      left === 0 ||
      (this.#memory.contains(to, left) &&
        this.#memory.write(to, bytes) &&
        this.#memory.fill(to + bytes.length, count - bytes.length, 0));
    this.#offset += bytes.length;
    if (fits && left > count) {
      this.#transfer = { request, reads, address: address + BigInt(count), left: left - count };
      this.#resumeAt = this.#clock.ticks() + 1n;
      return;
    }
    this.#transfer = undefined;
    this.#answer(Number(request), fits ? 0 : Control.ERROR);
  }

  #answer(pa: number, control: number): void {
    this.#memory.store32(pa, swapped(control));
  }
}

/** The bytes as they stand in memory; those that are missing are zeros. */
function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** The 4 bytes of `value` in the other order. */
function swapped(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
