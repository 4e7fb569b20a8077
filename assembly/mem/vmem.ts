/**
 * Guest loads, stores and fetches by virtual address: the TLB inline, everything else out of line.
 *
 * All of these may raise a trap; the caller looks at `trapped(hart)` before it uses what came back. Before calling the
 * slow forms, the dispatcher has made `hart.runPc` and `hart.instret` exact: a device may read the clock.
 */

import { mmio_load, mmio_store } from "../state/env";
import { Hart, Vm } from "../state/state";
import { base } from "../state/regs";
import { raise } from "../state/raise";
import { Access, Cause, MemoryModel, Priv, Tlb } from "../shared/constants";
import { frame_pa } from "./frame";
import { NO_FRAME, phys_code, phys_ram, phys_ram_store, ram_page } from "./p2m";
import { pmp_check, pmp_page_uniform } from "./pmp";
import { Walk, walk, walk_probe, walk_settled } from "./ptw";
import { stlb_keep, stlb_refill } from "./stlb";
import { data_priv, tlb_entry, tlb_note, tlb_note_large } from "./tlb";

/** Tag of an access: a misaligned one keeps low bits that no entry has. */
// @ts-ignore: decorator
@inline function tag(va: u64, size: u64): u64 {
  return va & (~0xfff | (size - 1));
}

// @ts-ignore: decorator
@inline export function load8(hart: Hart, va: u64): u64 {
  const entry = tlb_entry(hart.tlbLoad, va);
  if (load<u64>(entry) == tag(va, 1)) return load<u8>(<usize>va + load<u32>(entry, 8));
  return load_slow(hart, va, 1);
}

// @ts-ignore: decorator
@inline export function load16(hart: Hart, va: u64): u64 {
  const entry = tlb_entry(hart.tlbLoad, va);
  if (load<u64>(entry) == tag(va, 2)) return load<u16>(<usize>va + load<u32>(entry, 8));
  return load_slow(hart, va, 2);
}

// @ts-ignore: decorator
@inline export function load32(hart: Hart, va: u64): u64 {
  const entry = tlb_entry(hart.tlbLoad, va);
  if (load<u64>(entry) == tag(va, 4)) return load<u32>(<usize>va + load<u32>(entry, 8));
  return load_slow(hart, va, 4);
}

// @ts-ignore: decorator
@inline export function load64(hart: Hart, va: u64): u64 {
  const entry = tlb_entry(hart.tlbLoad, va);
  if (load<u64>(entry) == tag(va, 8)) return load<u64>(<usize>va + load<u32>(entry, 8));
  return load_slow(hart, va, 8);
}

// @ts-ignore: decorator
@inline export function store8(hart: Hart, va: u64, value: u64): void {
  const entry = tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va);
  if (load<u64>(entry) == tag(va, 1)) store<u8>(<usize>va + load<u32>(entry, 8), <u8>value);
  else store_slow(hart, va, value, 1);
}

// @ts-ignore: decorator
@inline export function store16(hart: Hart, va: u64, value: u64): void {
  const entry = tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va);
  if (load<u64>(entry) == tag(va, 2)) store<u16>(<usize>va + load<u32>(entry, 8), <u16>value);
  else store_slow(hart, va, value, 2);
}

// @ts-ignore: decorator
@inline export function store32(hart: Hart, va: u64, value: u64): void {
  const entry = tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va);
  if (load<u64>(entry) == tag(va, 4)) store<u32>(<usize>va + load<u32>(entry, 8), <u32>value);
  else store_slow(hart, va, value, 4);
}

// @ts-ignore: decorator
@inline export function store64(hart: Hart, va: u64, value: u64): void {
  const entry = tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va);
  if (load<u64>(entry) == tag(va, 8)) store<u64>(<usize>va + load<u32>(entry, 8), value);
  else store_slow(hart, va, value, 8);
}

/** Set in `resolve`'s answer when the address is not RAM; the pa is the rest. */
const NOT_RAM: u64 = 1 << 63;

// @ts-ignore: decorator
@inline function access_fault(access: u32): u32 {
  return access == Access.FETCH ? Cause.FETCH_ACCESS : access == Access.LOAD ? Cause.LOAD_ACCESS : Cause.STORE_ACCESS;
}

/**
 * Translates `bytes` at `va` (all in one page) for `access` at privilege `priv`, with PMP, and fills `entry` when the
 * whole page may be cached. Returns the ma, or the pa with NOT_RAM, or 0 after raising.
 */
function resolve(hart: Hart, va: u64, bytes: u32, access: u32, priv: u32, entry: usize): u64 {
  const vm = changetype<Vm>(<usize>hart.vm);
  const model = vm.memoryModel;
  if (model == MemoryModel.TLB && load<u64>(entry) == pa_tag(va)) {
    return ram_at(hart, va, load<u64>(entry, 8) | (va & 0xfff), access);
  }
  hart.countTlbMiss += 1;
  if (model == MemoryModel.SHADOW && stlb_refill(hart, va, entry)) {
    tlb_note(hart, entry);
    return hit(entry, va);
  }
  const pa = translate(hart, va, bytes, access, priv);
  if (pa == FAULT) return 0;
  const ma = ram_at(hart, va, pa, access);
  if (ma & NOT_RAM || !ma) return ma;
  if (model == MemoryModel.NESTED || (hart.pmpActive && !pmp_page_uniform(hart, pa))) return ma;
  tlb_note(hart, entry);
  if (model == MemoryModel.TLB) {
    store<u64>(entry, pa_tag(va));
    store<u64>(entry, pa & ~0xfff, 8);
  } else {
    store<u64>(entry, va & ~0xfff);
    store<u32>(entry, <u32>ma - <u32>va, 8);
    store<u32>(entry, ram_page(vm, pa), 12);
    stlb_keep(hart, entry);
  }
  return ma;
}

/** What `translate` returns after raising. */
const FAULT: u64 = Walk.FAULT;

/** The pa of `bytes` at `va` (all in one page) for `access` at privilege `priv`, with PMP, or FAULT after raising. */
function translate(hart: Hart, va: u64, bytes: u32, access: u32, priv: u32): u64 {
  let pa = va;
  if (priv != Priv.M && hart.satp >> 60) {
    hart.countWalk += 1;
    const walked = walk(hart, va, access, priv);
    if (walked == Walk.FAULT) return FAULT;
    pa = (walked & Walk.PA) | (va & 0xfff);
    if (walked & Walk.LARGE) tlb_note_large(hart, va, Walk.largeBytes(walked));
  }
  if (!(pa >> 56) && pmp_check(hart, pa, bytes, access, priv)) return pa;
  raise(hart, access_fault(access), va);
  return FAULT;
}

/** The ma of `pa`, which `va` leads to, for `access`; the pa with NOT_RAM; or 0 after raising. */
function ram_at(hart: Hart, va: u64, pa: u64, access: u32): u64 {
  const vm = changetype<Vm>(<usize>hart.vm);
  const ma = access == Access.STORE ? phys_ram_store(vm, pa) : phys_ram(vm, pa);
  if (!ma) return pa | NOT_RAM;
  if (ma != NO_FRAME) return ma;
  raise(hart, Cause.NO_FRAME, va);
  return 0;
}

/** The ma of `va` by the entry that holds its page. */
// @ts-ignore: decorator
@inline function hit(entry: usize, va: u64): usize {
  return (<usize>va + load<u32>(entry, 8)) & 0xffff_ffff;
}

/** Tag of an entry that holds the page's pa (`MemoryModel.TLB`). No access has that bit, so none hits it but in `resolve`. */
// @ts-ignore: decorator
@inline function pa_tag(va: u64): u64 {
  return (va & ~0xfff) | 0x800;
}

/** A load that missed the TLB: zero-extended bits, or 0 after raising. A load across pages does nothing unless both pages allow it. */
export function load_slow(hart: Hart, va: u64, size: u32): u64 {
  const inPage: u32 = 0x1000 - (<u32>va & 0xfff);
  if (size > inPage) {
    const first = resolve_load(hart, va, inPage);
    if (!first) return 0;
    const second = resolve_load(hart, va + inPage, size - inPage);
    if (!second) return 0;
    const low = load_part(hart, va, first, inPage);
    if (hart.trapCause != Cause.NONE) return 0;
    return low | (load_part(hart, va + inPage, second, size - inPage) << ((<u64>inPage) << 3));
  }
  const at = resolve_load(hart, va, size);
  return at ? load_part(hart, va, at, size) : 0;
}

// @ts-ignore: decorator
@inline function resolve_load(hart: Hart, va: u64, bytes: u32): u64 {
  return resolve(hart, va, bytes, Access.LOAD, data_priv(hart), tlb_entry(hart.tlbLoad, va));
}

/** Loads 1 to 8 bytes that lie in one page from where `resolve` said. */
function load_part(hart: Hart, va: u64, at: u64, bytes: u32): u64 {
  if (!(at & NOT_RAM)) return load_bytes(<usize>at, bytes);
  const pa = at ^ NOT_RAM;
  hart.countMmio += 1;
  if (pa & (bytes - 1) || popcnt(bytes) != 1 || !mmio_load(<u32>base(hart), <u32>pa, <u32>(pa >> 32), bytes)) {
    raise(hart, Cause.LOAD_ACCESS, va);
    return 0;
  }
  return hart.mmioData;
}

function load_bytes(ma: usize, bytes: u32): u64 {
  switch (bytes) {
    case 1:
      return load<u8>(ma);
    case 2:
      return load<u16>(ma);
    case 4:
      return load<u32>(ma);
    case 8:
      return load<u64>(ma);
  }
  let value: u64 = 0;
  for (let i: u32 = 0; i < bytes; i++) value |= (<u64>load<u8>(ma + i)) << ((<u64>i) << 3);
  return value;
}

/** A store that missed the TLB. A store across pages changes nothing unless both pages allow it. */
export function store_slow(hart: Hart, va: u64, value: u64, size: u32): void {
  const inPage: u32 = 0x1000 - (<u32>va & 0xfff);
  if (size <= inPage) {
    const at = resolve_store(hart, va, size);
    if (at) store_part(hart, va, at, value, size);
    return;
  }
  const first = resolve_store(hart, va, inPage);
  if (!first) return;
  const second = resolve_store(hart, va + inPage, size - inPage);
  if (!second) return;
  store_part(hart, va, first, value, inPage);
  if (hart.trapCause == Cause.NONE) store_part(hart, va + inPage, second, value >> ((<u64>inPage) << 3), size - inPage);
}

// @ts-ignore: decorator
@inline function resolve_store(hart: Hart, va: u64, bytes: u32): u64 {
  return resolve(hart, va, bytes, Access.STORE, data_priv(hart), tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va));
}

/** Stores 1 to 8 bytes where `resolve` said. */
function store_part(hart: Hart, va: u64, at: u64, value: u64, bytes: u32): void {
  if (!(at & NOT_RAM)) {
    store_bytes(<usize>at, value, bytes);
    return;
  }
  const pa = at ^ NOT_RAM;
  hart.countMmio += 1;
  hart.mmioData = bytes == 8 ? value : value & (((<u64>1) << (bytes << 3)) - 1);
  if (pa & (bytes - 1) || popcnt(bytes) != 1 || !mmio_store(<u32>base(hart), <u32>pa, <u32>(pa >> 32), bytes)) {
    raise(hart, Cause.STORE_ACCESS, va);
  }
}

function store_bytes(ma: usize, value: u64, bytes: u32): void {
  switch (bytes) {
    case 1:
      store<u8>(ma, <u8>value);
      return;
    case 2:
      store<u16>(ma, <u16>value);
      return;
    case 4:
      store<u32>(ma, <u32>value);
      return;
    case 8:
      store<u64>(ma, value);
      return;
  }
  for (let i: u32 = 0; i < bytes; i++) store<u8>(ma + i, <u8>(value >> ((<u64>i) << 3)));
}

/** The ma for an AMO or SC of `size` bytes at `va`, or 0 after raising. Store permission implies load permission. */
export function amo_address(hart: Hart, va: u64, size: u32): usize {
  const entry = tlb_entry(hart.tlbLoad + Tlb.STORE_DELTA, va);
  if (load<u64>(entry) == tag(va, size)) return <usize>va + load<u32>(entry, 8);
  return atomic_slow(hart, va, size, Access.STORE, entry);
}

/** The ma for an LR of `size` bytes at `va`, or 0 after raising. */
export function lr_address(hart: Hart, va: u64, size: u32): usize {
  const entry = tlb_entry(hart.tlbLoad, va);
  if (load<u64>(entry) == tag(va, size)) return <usize>va + load<u32>(entry, 8);
  return atomic_slow(hart, va, size, Access.LOAD, entry);
}

function atomic_slow(hart: Hart, va: u64, size: u32, access: u32, entry: usize): usize {
  if (va & (size - 1)) {
    raise(hart, access == Access.LOAD ? Cause.LOAD_MISALIGNED : Cause.STORE_MISALIGNED, va);
    return 0;
  }
  const at = resolve(hart, va, size, access, data_priv(hart), entry);
  if (!(at & NOT_RAM)) return <usize>at;
  raise(hart, access_fault(access), va);
  return 0;
}

/** The pa of `va`, which `amo_address` or `lr_address` has just found at `ma`. */
export function pa_of(hart: Hart, va: u64, ma: usize): u64 {
  const pa = frame_pa(changetype<Vm>(<usize>hart.vm), ma);
  if (pa != -1) return pa;
  const priv = data_priv(hart);
  return (walk_probe(hart, va, Access.LOAD, priv) & Walk.PA) | (va & 0xfff);
}

/** The pa of RAM that holds `bytes` of instructions at `va`, all in one page, which is here; all ones after raising. Only RAM and ROM can be executed. */
export function fetch_address(hart: Hart, va: u64, bytes: u32): u64 {
  hart.countTlbMiss += 1;
  const pa = translate(hart, va, bytes, Access.FETCH, hart.priv);
  if (pa == FAULT) return pa;
  if (!is_code(hart, pa)) raise(hart, Cause.FETCH_ACCESS, va);
  else if (is_here(hart, pa)) return pa;
  else raise(hart, Cause.NO_FRAME, va);
  return FAULT;
}

// @ts-ignore: decorator
@inline function is_code(hart: Hart, pa: u64): bool {
  const vm = changetype<Vm>(<usize>hart.vm);
  return pa - vm.ramPa < vm.ramSize || pa - vm.romPa < vm.romSize;
}

/** Whether the page of RAM or ROM at `pa` is here now. */
// @ts-ignore: decorator
@inline function is_here(hart: Hart, pa: u64): bool {
  return phys_code(changetype<Vm>(<usize>hart.vm), pa) != NO_FRAME;
}

/** Looks for the pa of instructions at `va`: all ones, with nothing raised and nothing changed, when a fetch would trap, or would have to set the A bit. */
export function fetch_settled(hart: Hart, va: u64): u64 {
  const priv = hart.priv;
  let pa = va;
  if (priv != Priv.M && hart.satp >> 60) {
    hart.countWalk += 1;
    const walked = walk_settled(hart, va, Access.FETCH, priv);
    if (walked == Walk.FAULT) return FAULT;
    pa = (walked & Walk.PA) | (va & 0xfff);
    if (walked & Walk.LARGE) tlb_note_large(hart, va, Walk.largeBytes(walked));
  }
  if (pa >> 56 || !pmp_check(hart, pa, 2, Access.FETCH, priv) || !is_code(hart, pa)) return FAULT;
  return is_here(hart, pa) ? pa : FAULT;
}

/** The instruction word at `va` (16 bits for a compressed one), or 0 after raising. */
export function fetch_word(hart: Hart, va: u64): u32 {
  const vm = changetype<Vm>(<usize>hart.vm);
  const pa = fetch_address(hart, va, 2);
  if (pa == FAULT) return 0;
  const low = load<u16>(phys_code(vm, pa));
  if ((low & 3) != 3) return low;
  const high = fetch_address(hart, va + 2, 2);
  return high == FAULT ? 0 : low | ((<u32>load<u16>(phys_code(vm, high))) << 16);
}

/** Checks translation and permission for `access` of `bytes` (in one page) without touching memory; false after raising. */
export function probe(hart: Hart, va: u64, bytes: u32, access: u32): bool {
  hart.countTlbMiss += 1;
  return translate(hart, va, bytes, access, data_priv(hart)) != FAULT;
}

/** A load that emitted code could not do: false, with nothing changed and nothing raised, unless all of it is RAM. */
export function load_ram(hart: Hart, va: u64, size: u32): bool {
  const inPage: u32 = 0x1000 - (<u32>va & 0xfff);
  const first = min(size, inPage);
  const low = quiet(hart, va, first, Access.LOAD);
  if (!low) return false;
  let value = load_bytes(low, first);
  if (size > inPage) {
    const high = quiet(hart, va + inPage, size - inPage, Access.LOAD);
    if (!high) return false;
    value |= load_bytes(high, size - inPage) << ((<u64>inPage) << 3);
  }
  hart.mmioData = value;
  return true;
}

/** A store that emitted code could not do: false, with nothing changed and nothing raised, unless all of it is RAM. */
export function store_ram(hart: Hart, va: u64, value: u64, size: u32): bool {
  const inPage: u32 = 0x1000 - (<u32>va & 0xfff);
  const first = min(size, inPage);
  const low = quiet(hart, va, first, Access.STORE);
  if (!low) return false;
  if (size > inPage) {
    const high = quiet(hart, va + inPage, size - inPage, Access.STORE);
    if (!high) return false;
    store_bytes(high, value >> ((<u64>inPage) << 3), size - inPage);
  }
  store_bytes(low, value, first);
  return true;
}

/**
 * The ma of `bytes` at `va` when all of them are RAM that `access` may reach, in one page or in two that lie side by side; else 0,
 * with nothing changed and nothing raised. A and D bits are never set: that is left to the access itself.
 */
export function span_ram(hart: Hart, va: u64, bytes: u32, access: u32): usize {
  const inPage: u32 = 0x1000 - (<u32>va & 0xfff);
  const low = part_ram(hart, va, access);
  if (bytes <= inPage || !low) return low;
  return part_ram(hart, va + inPage, access) == low + inPage ? low : 0;
}

/** The ma of RAM at `va`, good to the end of its page. */
function part_ram(hart: Hart, va: u64, access: u32): usize {
  const entry = tlb_entry(access == Access.STORE ? hart.tlbLoad + Tlb.STORE_DELTA : hart.tlbLoad, va);
  if (load<u64>(entry) == (va & ~0xfff) || stlb_refill(hart, va, entry)) return hit(entry, va);
  const priv = data_priv(hart);
  if (priv != Priv.M && hart.satp >> 60 && walk_settled(hart, va, access, priv) == Walk.FAULT) return 0;
  const ma = quiet(hart, va, 1, access);
  // Where the page has no entry even now, PMP allows only a part of it.
  return load<u64>(entry) == (va & ~0xfff) ? ma : 0;
}

/** The ma of RAM at `va`, filling the TLB, or 0 with nothing raised. */
function quiet(hart: Hart, va: u64, bytes: u32, access: u32): usize {
  const set = access == Access.STORE ? hart.tlbLoad + Tlb.STORE_DELTA : hart.tlbLoad;
  const at = resolve(hart, va, bytes, access, data_priv(hart), tlb_entry(set, va));
  hart.trapCause = Cause.NONE;
  return at & NOT_RAM ? 0 : <usize>at;
}
