/**
 * Decoded code pages: the records of one frame of guest code, made one by one as they are first executed.
 *
 *  +0      u32 frame ma (0 when free) | u32 version, which changes whenever a record is forgotten
 *  +8      u64 epoch of the last verification
 *  +16     u32 address of the block of the VM that has used it; SEVERAL when more than one have
 *  +64     2048 records of 8 bytes, one for each halfword; zero is Op.UNDECODED
 *  +0x4040 the guard record, Op.PAGE_END
 *  +0x4080 the source bytes the records were made from
 *
 * All VMs of a host take them from one pool, in turn: a header (`CodePool`), then the pages.
 *
 * A frame's descriptor has its code page (`frame_code`), so VMs that share a frame share what is decoded of it. FENCE.I only notes when it was
 * (`vm.codeEpoch`): a page that was verified before is compared with memory when the VM next enters it, and only records whose bytes changed
 * are forgotten. The same happens when a frame comes to back another page.
 */

import { Hart, Vm } from "../state/state";
import { Op } from "../isa/op";
import { decode, decode16 } from "../isa/decode";
import { trap_forgotten } from "../state/raise";
import { fetch_address, fetch_settled, fetch_word } from "../mem/vmem";
import { frame_code, set_frame_code } from "../mem/frame";
import { phys_code } from "../mem/p2m";
import { pmp_page_uniform } from "../mem/pmp";
import { tlb_entry, tlb_empty_fetch_all, tlb_note } from "../mem/tlb";
import { Cause, CodePage, CodePool } from "../shared/constants";

/** What taking a page, and emptying it, counts as slow work; see hart/pace.ts. */
const PAGE_WORK: u32 = 31;

const FRAME = CodePage.FRAME;
const VERSION = 4;
const EPOCH = CodePage.EPOCH;
const OWNER = 16;

/** The owner of a page that several VMs have used. */
const SEVERAL: u32 = 1;

// @ts-ignore: decorator
@inline function pool_page(pool: usize, index: u32): usize {
  return pool + CodePool.PAGES + <usize>index * CodePage.BYTES;
}

// @ts-ignore: decorator
@inline function pool_next(vm: Vm): u32 {
  return load<u32>(<usize>vm.codePages, CodePool.NEXT);
}

// @ts-ignore: decorator
@inline function pool_epoch(vm: Vm): u64 {
  return load<u64>(<usize>vm.codePages, CodePool.EPOCH);
}

/** Changes whenever a record of `page` is forgotten: translated code made from it is then stale. */
// @ts-ignore: decorator
@inline export function page_version(page: usize): u32 {
  return load<u32>(page, VERSION);
}

/** Makes translated code that was made from `page` stale, though no record of it is. */
export function page_renew(page: usize): void {
  store<u32>(page, page_version(page) + 1, VERSION);
}

/**
 * The code page for the instruction at `pc`. A hit in the fetch TLB is the usual case. 0 after raising, and 0 with nothing
 * raised when PMP allows only a part of the page: then each instruction is fetched on its own.
 */
// @ts-ignore: decorator
@inline export function code_page(hart: Hart, pc: u64): usize {
  const entry = tlb_entry(hart.tlbFetch, pc);
  if (load<u64>(entry) == (pc & ~0xfff)) return load<u32>(entry, 8);
  return code_page_slow(hart, pc, entry);
}

function code_page_slow(hart: Hart, pc: u64, entry: usize): usize {
  const pa = fetch_address(hart, pc, 2);
  return pa == -1 ? 0 : code_page_at(hart, pc, entry, pa);
}

/** The code page for `pc`, whose instruction lies at `pa`, which goes into the fetch TLB. */
function code_page_at(hart: Hart, pc: u64, entry: usize, pa: u64): usize {
  const vm = changetype<Vm>(<usize>hart.vm);
  if (hart.pmpActive && !pmp_page_uniform(hart, pa)) return 0;
  const next = pool_next(vm);
  const page = code_page_of(vm, pa & ~0xfff);
  if (pool_next(vm) != next) hart.work -= min(hart.work - 1, PAGE_WORK);
  tlb_note(hart, entry);
  store<u64>(entry, pc & ~0xfff);
  store<u32>(entry, <u32>page, 8);
  return page;
}

/**
 * The decoded page of `pc` for the translator, which looks at code that may never be executed. 0 when there is none: nothing is raised and
 * nothing changed, also when a fetch would have to set the A bit.
 */
export function code_page_settled(hart: Hart, pc: u64): usize {
  const entry = tlb_entry(hart.tlbFetch, pc);
  if (load<u64>(entry) == (pc & ~0xfff)) return load<u32>(entry, 8);
  const pa = fetch_settled(hart, pc);
  return pa == -1 ? 0 : code_page_at(hart, pc, entry, pa);
}

/** Whether the instruction at the last halfword of `page` goes on in the next page. */
export function straddles(page: usize): bool {
  return (load<u16>(<usize>load<u32>(page, FRAME) + 4094) & 3) == 3;
}

/** The verified code page of the page of RAM at `pa`. */
function code_page_of(vm: Vm, pa: u64): usize {
  const ma = phys_code(vm, pa);
  let page = frame_code(ma);
  if (!page) {
    page = take_page(vm);
    store<u32>(page, <u32>ma, FRAME);
    set_frame_code(ma, page);
    memory.copy(page + CodePage.SOURCE, ma, 4096);
  } else {
    if (load<u32>(page, OWNER) != <u32>changetype<usize>(vm)) store<u32>(page, SEVERAL, OWNER);
    if (load<u64>(page, EPOCH) >= vm.codeEpoch) return page;
    verify_page(page);
  }
  store<u64>(page, pool_epoch(vm), EPOCH);
  return page;
}

/** Takes the next page of the pool in turn, evicting what it held. */
function take_page(vm: Vm): usize {
  const next = pool_next(vm);
  const index: u32 = next < vm.codePageCount ? next : 0;
  store<u32>(<usize>vm.codePages, index + 1 < vm.codePageCount ? index + 1 : 0, CodePool.NEXT);
  const page = pool_page(<usize>vm.codePages, index);
  if (load<u32>(page, FRAME)) {
    unfind(page);
    empty_fetch(vm, load<u32>(page, OWNER));
    memory.fill(page + CodePage.RECORDS, 0, CodePage.GUARD - CodePage.RECORDS);
    store<u32>(page, page_version(page) + 1, VERSION);
  }
  store<u32>(page, <u32>changetype<usize>(vm), OWNER);
  store<u64>(page, Op.PAGE_END, CodePage.GUARD);
  return page;
}

/** The page's frame does not lead to it any more, if it still does. */
function unfind(page: usize): void {
  const ma = <usize>load<u32>(page, FRAME);
  if (frame_code(ma) == page) set_frame_code(ma, 0);
}

/** Who may have a page of this owner in fetch TLBs has it no more. `vm` is any VM of the host. */
function empty_fetch(vm: Vm, owner: u32): void {
  if (owner != SEVERAL) {
    tlb_empty_fetch_all(changetype<Vm>(<usize>owner));
    return;
  }
  let at = load<u32>(<usize>vm.codePages, CodePool.VMS);
  for (; at; at = changetype<Vm>(<usize>at).nextVm) tlb_empty_fetch_all(changetype<Vm>(<usize>at));
}

/**
 * Empties the pages of the pool at `pool`, of which there are `count`, that only the VM whose block is at `owner` has used; with 0, all. Versions
 * stay, since they must never come again.
 */
export function pages_release(pool: usize, count: u32, owner: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const page = pool_page(pool, i);
    if (!load<u32>(page, FRAME) || (owner && load<u32>(page, OWNER) != owner)) continue;
    unfind(page);
    const version = page_version(page) + 1;
    memory.fill(page, 0, CodePage.BYTES);
    store<u32>(page, version, VERSION);
  }
}

/** Forgets the records whose source bytes are no longer what memory holds. */
function verify_page(page: usize): void {
  const ma = <usize>load<u32>(page, FRAME);
  const source = page + CodePage.SOURCE;
  for (let at: usize = 0; at < 4096; at += 8) {
    if (load<u64>(source + at) == load<u64>(ma + at)) continue;
    for (let half = at; half < at + 8; half += 2) {
      if (load<u16>(source + half) != load<u16>(ma + half)) forget_halfword(page, half);
    }
    store<u64>(source + at, load<u64>(ma + at));
  }
}

/** Forgets the records that the halfword at `offset` is part of: its own and the one before. */
function forget_halfword(page: usize, offset: usize): void {
  const record = page + CodePage.RECORDS + (offset << 2);
  store<u64>(record, 0);
  if (offset) store<u64>(record - 8, 0);
  store<u32>(page, page_version(page) + 1, VERSION);
}

/** Keeps the source halfword that a record is about to be made from, and forgets records made from an older one. */
function keep_halfword(page: usize, offset: usize, half: u16): void {
  const source = page + CodePage.SOURCE + offset;
  if (load<u16>(source) == half) return;
  store<u16>(source, half);
  forget_halfword(page, offset);
}

/** Decodes the instruction whose record is at `record`, and returns the record. */
export function decode_record(hart: Hart, page: usize, record: usize): u64 {
  const offset = (record - page - CodePage.RECORDS) >> 2;
  const ma = <usize>load<u32>(page, FRAME) + offset;
  const low = load<u16>(ma);
  let r: u64;
  keep_halfword(page, offset, low);
  if ((low & 3) != 3) {
    r = decode16(low);
  } else if (offset == 4094) {
    r = Op.STRADDLE;
  } else {
    const high = load<u16>(ma, 2);
    keep_halfword(page, offset + 2, high);
    r = decode(<u32>low | ((<u32>high) << 16));
  }
  store<u64>(record, r);
  hart.countDecode += 1;
  return r;
}

/** The instruction word at `pc` as it stands in memory now (16 bits for a compressed one), or 0 after raising. */
export function code_word(hart: Hart, pc: u64): u32 {
  const offset = <usize>pc & 0xfff;
  const page: usize = offset == 4094 ? 0 : code_page(hart, pc);
  if (!page) return hart.trapCause == Cause.NONE ? fetch_word(hart, pc) : 0;
  const ma = <usize>load<u32>(page, FRAME) + offset;
  const low = load<u16>(ma);
  return (low & 3) == 3 ? load<u32>(ma) : low;
}

/**
 * The record of the instruction at `pc`, in the decoded page `page`, whatever stands over it: a translated region's entry, or
 * a page border inside it. 0 when its second half cannot be fetched (and then perhaps a trap is raised).
 */
export function record_at(hart: Hart, page: usize, pc: u64): u64 {
  const at = page + CodePage.RECORDS + ((<usize>pc & 0xffe) << 2);
  let r = load<u64>(at);
  if ((<u32>r & 0xff) == Op.UNDECODED) r = decode_record(hart, page, at);
  // A region's entry may itself straddle.
  if ((<u32>r & 0xff) == Op.REGION) r = load<u64>(<usize>(r >> 32));
  if ((<u32>r & 0xff) != Op.STRADDLE) return r;
  // Read first: the second page may take this one's place.
  const low = <u32>load<u16>(<usize>load<u32>(page, FRAME) + 4094);
  const second = code_page(hart, pc + 2);
  if (!second) return 0;
  return decode(low | ((<u32>load<u16>(<usize>load<u32>(second, FRAME))) << 16));
}

/** The record of the instruction at `pc`, or 0 when there is none to be had. Raises nothing. */
export function record_peek(hart: Hart, pc: u64): u64 {
  return record_peek_in(hart, code_page(hart, pc), pc);
}

/** The record of the instruction at `pc` in the decoded page `page`, or 0 when its second half cannot be fetched or `page` is 0. Raises nothing. */
export function record_peek_in(hart: Hart, page: usize, pc: u64): u64 {
  const r = page ? record_at(hart, page, pc) : 0;
  trap_forgotten(hart);
  return r;
}

/**
 * The instruction word at `pc` as it stands in memory now, for who only looks: -1, with nothing raised and nothing changed, when it cannot
 * be fetched or a fetch would have to set the A bit.
 */
export function word_peek(hart: Hart, pc: u64): i64 {
  const page = code_page_settled(hart, pc);
  if (!page) return -1;
  const offset = <usize>pc & 0xfff;
  const ma = <usize>load<u32>(page, FRAME) + offset;
  const low = load<u16>(ma);
  if ((low & 3) != 3) return low;
  if (offset != 4094) return load<u32>(ma);
  const second = code_page_settled(hart, pc + 2);
  return second ? <i64>low | ((<i64>load<u16>(<usize>load<u32>(second, FRAME))) << 16) : -1;
}
