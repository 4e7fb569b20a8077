/**
 * Registers and record fields.
 *
 *   63            32 31    24 23    16 15     8 7      0
 *  +----------------+--------+--------+--------+--------+
 *  |      imm       |  rs2   |  rs1   |   rd   |   op   |     register fields are byte offsets (number * 8);
 *  +----------------+--------+--------+--------+--------+     an integer rd counts from x1, so x0 becomes xsink
 */

import { HartField, VmField } from "./layout";
import { CodeSpace, Hart, Vm } from "./state";

// @ts-ignore: decorator
@inline export function base(hart: Hart): usize {
  return changetype<usize>(hart);
}

/** The VM's hart number `index`. */
// @ts-ignore: decorator
@inline export function hart_at(vm: Vm, index: u32): Hart {
  return changetype<Hart>(<usize>load<u32>(changetype<usize>(vm) + ((<usize>index) << 2), VmField.harts));
}

/** The integer register rs1 of record `r`. */
// @ts-ignore: decorator
@inline export function x1(hart: Hart, r: u64): u64 {
  return load<u64>(base(hart) + ((<usize>(<u32>r) >> 16) & 0xff), HartField.x);
}

/** The integer register rs2 of record `r`. */
// @ts-ignore: decorator
@inline export function x2(hart: Hart, r: u64): u64 {
  return load<u64>(base(hart) + (<usize>(<u32>r) >> 24), HartField.x);
}

/** The integer register rd of record `r` as it is now (AMOCAS reads it). */
// @ts-ignore: decorator
@inline export function xd(hart: Hart, r: u64): u64 {
  const rd = (<usize>(<u32>r) >> 8) & 0xff;
  return rd == 248 ? 0 : load<u64>(base(hart) + rd, HartField.x + 8);
}

/** Writes the integer register rd of record `r`; a write to x0 lands in `xsink`. */
// @ts-ignore: decorator
@inline export function setX(hart: Hart, r: u64, value: u64): void {
  store<u64>(base(hart) + ((<usize>(<u32>r) >> 8) & 0xff), value, HartField.x + 8);
}

/** True when record `r` writes x0. */
// @ts-ignore: decorator
@inline export function rdIsZero(r: u64): bool {
  return (<u32>r & 0xff00) == 248 << 8;
}

/** True when record `r` reads x0 as rs1 (for CSR immediates: when uimm is zero). */
// @ts-ignore: decorator
@inline export function rs1IsZero(r: u64): bool {
  return (<u32>r & 0xff0000) == 0;
}

/** Integer register by number, for debuggers and odd pairs. */
// @ts-ignore: decorator
@inline export function getX(hart: Hart, index: u32): u64 {
  return load<u64>(base(hart) + (index << 3), HartField.x);
}

/** Raw bits of the floating-point register rs1 of record `r`. */
// @ts-ignore: decorator
@inline export function f1(hart: Hart, r: u64): u64 {
  return load<u64>(base(hart) + ((<usize>(<u32>r) >> 16) & 0xff), HartField.f);
}

/** Raw bits of the floating-point register rs2 of record `r`. */
// @ts-ignore: decorator
@inline export function f2(hart: Hart, r: u64): u64 {
  return load<u64>(base(hart) + (<usize>(<u32>r) >> 24), HartField.f);
}

/** Raw bits of the floating-point register rs3 of record `r`. */
// @ts-ignore: decorator
@inline export function f3(hart: Hart, r: u64): u64 {
  return load<u64>(base(hart) + <usize>(r >> 56), HartField.f);
}

/** Writes raw bits to the floating-point register rd of record `r`. The caller marks FS dirty. */
// @ts-ignore: decorator
@inline export function setF(hart: Hart, r: u64, bits: u64): void {
  store<u64>(base(hart) + ((<usize>(<u32>r) >> 8) & 0xff), bits, HartField.f);
}

/** The sign-extended immediate of record `r`. */
// @ts-ignore: decorator
@inline export function imm(r: u64): i64 {
  return <i64>r >> 32;
}

/** The translated code of a VM, alone or with others; only while its engine translates. */
// @ts-ignore: decorator
@inline export function code_of(vm: Vm): CodeSpace {
  return changetype<CodeSpace>(<usize>vm.code);
}

/** The argument of an EXT or FP record: imm bits 16 to 31. */
// @ts-ignore: decorator
@inline export function arg(r: u64): u32 {
  return <u32>(r >> 48);
}

/** The rounding-mode field of an FP record. */
// @ts-ignore: decorator
@inline export function rm(r: u64): u32 {
  return <u32>(r >> 48) & 7;
}

/** The CSR number of a Zicsr record. */
// @ts-ignore: decorator
@inline export function csr(r: u64): u32 {
  return <u32>(r >> 48) & 0xfff;
}

/** The plain 5-bit immediate that CSR-immediate forms (and FLI) keep in the rs1 byte. */
// @ts-ignore: decorator
@inline export function uimm(r: u64): u64 {
  return <u64>((<u32>r >> 16) & 0xff);
}

/** The va of the instruction whose record is at `rec`, in the page at `pageVa` whose records start at `recs`. */
// @ts-ignore: decorator
@inline export function record_pc(pageVa: u64, recs: usize, rec: usize): u64 {
  return pageVa + <u64>(<i64>(<i32>(rec - recs) >> 2));
}
