/** One hart of a VM, for debuggers: registers, CSRs, and memory as the hart sees it. */

import { HartField } from "../../assembly/state/layout.ts";
import { Access, Priv } from "../../assembly/shared/constants.ts";
import type { CoreExports } from "../core/core.ts";
import type { HartView } from "../core/views.ts";
import { WasmvisorError } from "../error.ts";
import { type Address, virtualAddress } from "../memory/address.ts";
import { csrByName } from "../isa/csr.ts";
import type { PhysicalMemory } from "./physical-memory.ts";

/** What a hart has done since reset. */
export interface HartCounters {
  /** Instructions retired. */
  readonly instructions: number;
  /** Loads, stores and fetches that needed a page walk or a look at the memory map. */
  readonly tlbMisses: number;
  /** Page tables walked for them. */
  readonly pageWalks: number;
  /** Exceptions taken. */
  readonly traps: number;
  /** Interrupts taken. */
  readonly interrupts: number;
  /** Device accesses. */
  readonly mmio: number;
  /** Instructions decoded into records. */
  readonly decoded: number;
  /** FENCE.I executed. */
  readonly fenceI: number;
  /** SFENCE.VMA and SINVAL.VMA executed. */
  readonly sfence: number;
  /** How often the translator's jump caches were emptied: fences, and changes of satp, PMP and code. */
  readonly jumpCacheFlushes: number;
}

/** What a translation is for. */
export type AccessName = "fetch" | "load" | "store";

const ACCESS: Readonly<Record<AccessName, Access>> = {
  fetch: Access.FETCH,
  load: Access.LOAD,
  store: Access.STORE,
};

const PRIV_NAMES: Readonly<Record<number, "U" | "S" | "M">> = { [Priv.U]: "U", [Priv.S]: "S", [Priv.M]: "M" };

const PAGE_BYTES = 4096;
const NO_TRANSLATION = 0xffff_ffff_ffff_ffffn;

/**
 * A hart. What it shows is exact while the VM is paused, and between two tasks of the event loop. Once its VM is destroyed, everything
 * but `index` throws `vm-state`.
 *
 * ```ts
 * vm.pause();
 * const hart = vm.hart(0);
 * console.log(hart.pc.toString(16), hart.csr("satp").toString(16));
 * const stack = hart.read(hart.x(2), 64);
 * ```
 */
export class Hart {
  /** Its number, which is also `mhartid`. */
  readonly index: number;
  readonly #core: CoreExports;
  readonly #ownView: HartView;
  readonly #memory: PhysicalMemory;
  readonly #use: (what: string) => void;

  /** @param use - throws when the VM is destroyed @internal */
  constructor(index: number, core: CoreExports, view: HartView, memory: PhysicalMemory, use: (what: string) => void) {
    this.index = index;
    this.#core = core;
    this.#ownView = view;
    this.#memory = memory;
    this.#use = use;
  }

  /** Its state, while that is its own: another VM may have the place after this one is destroyed. */
  get #view(): HartView {
    this.#use("use a hart of");
    return this.#ownView;
  }

  /** Virtual address of the next instruction. */
  get pc(): bigint {
    return this.#view.pc;
  }

  set pc(va: Address) {
    this.#view.pc = virtualAddress(va);
  }

  /** The privilege mode. */
  get mode(): "U" | "S" | "M" {
    return PRIV_NAMES[this.#view.u32(HartField.priv)] ?? "M";
  }

  /** True while the hart waits for an interrupt. */
  get waiting(): boolean {
    return this.#view.u32(HartField.wfi) !== 0;
  }

  /**
   * Integer register `number`, 0 to 31.
   * @throws WasmvisorError `register`
   */
  x(number: number): bigint {
    return this.#view.x(registerNumber(number));
  }

  /** Writes an integer register, modulo 2^64; x0 stays zero. */
  setX(number: number, value: bigint): void {
    this.#view.setX(registerNumber(number), value);
  }

  /** Raw bits of floating-point register `number`, 0 to 31; narrower values are NaN-boxed. */
  f(number: number): bigint {
    return this.#view.f(registerNumber(number));
  }

  /** Writes the raw bits of a floating-point register. */
  setF(number: number, bits: bigint): void {
    this.#view.setF(registerNumber(number), bits);
  }

  /**
   * A CSR by name (`"satp"`, `"pmpaddr3"`) or number.
   * @throws WasmvisorError `csr` when the hart has no such CSR
   */
  csr(csr: string | number): bigint {
    if (this.#core.hart_csr_read(this.#view.ma, csrNumber(csr)) === 0) throw noSuchCsr(csr);
    return this.#view.u64(HartField.mmioData);
  }

  /**
   * Writes a CSR as an M-mode instruction would: its WARL and read-only fields stay legal.
   * @throws WasmvisorError `csr` when the hart has no such CSR or it is read-only
   */
  setCsr(csr: string | number, value: bigint): void {
    const number = csrNumber(csr);
    this.#view.setU64(HartField.mmioData, value);
    if (this.#core.hart_csr_write(this.#view.ma, number) === 0) throw noSuchCsr(csr);
  }

  /**
   * The physical address behind `va` in the hart's present mode, or undefined when the access would fault. Changes
   * nothing: no accessed bit, no TLB entry.
   */
  translate(va: Address, access: AccessName = "load"): number | undefined {
    const pa = BigInt.asUintN(
      64,
      this.#core.hart_translate(this.#view.ma, BigInt.asIntN(64, virtualAddress(va)), ACCESS[access]),
    );
    return pa === NO_TRANSLATION ? undefined : Number(pa);
  }

  /**
   * A copy of `length` bytes from virtual address `va` on.
   * @throws WasmvisorError `address` when part of them is not mapped, or is not RAM
   */
  read(va: Address, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const { pa, at, count } of this.#pages(va, length)) bytes.set(this.#memory.read(pa, count), at);
    return bytes;
  }

  /**
   * Writes to virtual memory, whatever the page's permissions are for stores. Code that the hart has decoded already is
   * looked at anew.
   * @throws WasmvisorError `address` when part of the range is not mapped, or is not RAM
   */
  write(va: Address, bytes: Uint8Array): void {
    for (const { pa, at, count } of this.#pages(va, bytes.length))
      this.#memory.write(pa, bytes.subarray(at, at + count));
  }

  /** What it has done since reset. */
  counters(): HartCounters {
    const view = this.#view;
    return {
      instructions: view.count(HartField.instret),
      tlbMisses: view.count(HartField.countTlbMiss),
      pageWalks: view.count(HartField.countWalk),
      traps: view.count(HartField.countTrap),
      interrupts: view.count(HartField.countInterrupt),
      mmio: view.count(HartField.countMmio),
      decoded: view.count(HartField.countDecode),
      fenceI: view.count(HartField.countFenceI),
      sfence: view.count(HartField.countSfence),
      jumpCacheFlushes: view.count(HartField.countJumpFlush),
    };
  }

  /** The pieces of a range, page by page; all of them are RAM. */
  #pages(address: Address, length: number): { pa: number; at: number; count: number }[] {
    const va = virtualAddress(address);
    const pieces = [];
    for (let at = 0; at < length;) {
      const here = BigInt.asUintN(64, va + BigInt(at));
      const count = Math.min(length - at, PAGE_BYTES - Number(here & BigInt(PAGE_BYTES - 1)));
      const pa = this.translate(here);
      if (pa === undefined || !this.#memory.contains(pa, count)) {
        const address = `0x${here.toString(16)}`;
        throw new WasmvisorError("address", `There is no RAM at virtual address ${address} of hart ${this.index}.`, {
          va: here,
        });
      }
      pieces.push({ pa, at, count });
      at += count;
    }
    return pieces;
  }
}

function registerNumber(number: number): number {
  if (Number.isInteger(number) && number >= 0 && number < 32) return number;
  throw new WasmvisorError("register", `There is no register ${number}; they are numbered from 0 to 31.`, { number });
}

function csrNumber(csr: string | number): number {
  if (typeof csr === "number") return csr;
  const found = csrByName.get(csr.toLowerCase());
  if (found === undefined) throw noSuchCsr(csr);
  return found.number;
}

function noSuchCsr(csr: string | number): WasmvisorError {
  const name = typeof csr === "string" ? csr : `0x${csr.toString(16)}`;
  return new WasmvisorError("csr", `The hart has no CSR ${name}, or it cannot be written.`, { csr });
}
