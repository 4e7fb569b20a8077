/**
 * The built-in supervisor binary interface, version 2.0, as functions over `SbiHost`. Arguments come from the guest:
 * each is checked, nothing throws, nothing loops longer than a bounded number of bytes.
 * (RISC-V Supervisor Binary Interface Specification)
 */

import { callHsm } from "./sbi-hsm.ts";
import { SBI_IMPLEMENTATION_ID, SBI_IMPLEMENTATION_VERSION, SBI_VERSION } from "./sbi-types.ts";
import { HartState, SbiError, SbiExtension } from "./sbi-types.ts";
import type { SbiCall, SbiHost, SbiResult } from "./sbi-types.ts";
import type { Touch } from "../memory/late-pages.ts";

export { HartState } from "./sbi-types.ts";
export type { SbiHost } from "./sbi-types.ts";

/** Registers of the calling convention. */
const A0 = 10;
const A1 = 11;
const A6 = 16;
const A7 = 17;

/** The most one console call moves; callers go on with the rest. */
const MAX_CONSOLE_BYTES = 65536;

/** Answers the ECALL that `hart` has just executed in S mode; its pc is already past it. */
export function handleSbi(host: SbiHost, hart: number): void {
  const argument = (index: number): bigint => host.getX(hart, A0 + index);
  const call = { hart, fid: host.getX(hart, A6), a0: argument(0), a1: argument(1), a2: argument(2) };
  const eid = host.getX(hart, A7);
  if (eid <= BigInt(SbiExtension.LEGACY_SHUTDOWN)) {
    const value = callLegacy(host, call, Number(eid));
    if (value !== undefined) host.setX(hart, A0, BigInt.asUintN(64, value));
    return;
  }
  const result = callExtension(host, call, eid);
  if (result === undefined) return;
  host.setX(hart, A0, BigInt.asUintN(64, BigInt(result[0])));
  host.setX(hart, A1, result[1] ?? 0n);
}

/** Names the RAM that the call uses which `hart` has just made. */
export function touchSbi(host: SbiHost, hart: number, touch: Touch): void {
  const eid = host.getX(hart, A7);
  const [fid, a0, a1] = [host.getX(hart, A6), host.getX(hart, A0), host.getX(hart, A1)];
  if (eid === BigInt(SbiExtension.DBCN) && fid < 2n) touch(Number(a1), Math.min(Number(a0), MAX_CONSOLE_BYTES));
  const hasMask =
    eid >= BigInt(SbiExtension.LEGACY_SEND_IPI) && eid <= BigInt(SbiExtension.LEGACY_REMOTE_SFENCE_VMA_ASID);
  if (hasMask && a0 !== 0n) host.touchU64(hart, a0, touch);
}

function callExtension(host: SbiHost, call: SbiCall, eid: bigint): SbiResult {
  switch (eid) {
    case BigInt(SbiExtension.BASE):
      return callBase(host, call);
    case BigInt(SbiExtension.TIME):
      return callTime(host, call);
    case BigInt(SbiExtension.IPI):
      return callIpi(host, call);
    case BigInt(SbiExtension.RFENCE):
      return callRfence(host, call);
    case BigInt(SbiExtension.HSM):
      return callHsm(host, call);
    case BigInt(SbiExtension.SRST):
      return callSrst(host, call);
    case BigInt(SbiExtension.DBCN):
      return callDbcn(host, call);
    default:
      return [SbiError.NOT_SUPPORTED];
  }
}

/** What `probe_extension` says yes to. */
const PRESENT = new Set<bigint>(
  [
    SbiExtension.LEGACY_SET_TIMER,
    SbiExtension.LEGACY_CONSOLE_PUTCHAR,
    SbiExtension.LEGACY_CONSOLE_GETCHAR,
    SbiExtension.LEGACY_CLEAR_IPI,
    SbiExtension.LEGACY_SEND_IPI,
    SbiExtension.LEGACY_REMOTE_FENCE_I,
    SbiExtension.LEGACY_REMOTE_SFENCE_VMA,
    SbiExtension.LEGACY_REMOTE_SFENCE_VMA_ASID,
    SbiExtension.LEGACY_SHUTDOWN,
    SbiExtension.BASE,
    SbiExtension.TIME,
    SbiExtension.IPI,
    SbiExtension.RFENCE,
    SbiExtension.HSM,
    SbiExtension.SRST,
    SbiExtension.DBCN,
  ].map(BigInt),
);

/** "Base Extension". */
function callBase({ ids }: SbiHost, { fid, a0 }: SbiCall): SbiResult {
  switch (fid) {
    case 0n:
      return [SbiError.SUCCESS, SBI_VERSION];
    case 1n:
      return [SbiError.SUCCESS, SBI_IMPLEMENTATION_ID];
    case 2n:
      return [SbiError.SUCCESS, SBI_IMPLEMENTATION_VERSION];
    case 3n:
      return [SbiError.SUCCESS, PRESENT.has(a0) ? 1n : 0n];
    case 4n:
      return [SbiError.SUCCESS, ids.mvendorid];
    case 5n:
      return [SbiError.SUCCESS, ids.marchid];
    case 6n:
      return [SbiError.SUCCESS, ids.mimpid];
    default:
      return [SbiError.NOT_SUPPORTED];
  }
}

/** "Timer Extension". */
function callTime(host: SbiHost, { hart, fid, a0 }: SbiCall): SbiResult {
  if (fid !== 0n) return [SbiError.NOT_SUPPORTED];
  host.setTimer(hart, a0);
  return [SbiError.SUCCESS];
}

/** "IPI Extension". */
function callIpi(host: SbiHost, { fid, a0, a1 }: SbiCall): SbiResult {
  if (fid !== 0n) return [SbiError.NOT_SUPPORTED];
  const harts = hartMask(host, a0, a1);
  if (harts === undefined) return [SbiError.INVALID_PARAM];
  for (const hart of harts) host.setSsip(hart, true);
  return [SbiError.SUCCESS];
}

/** "RFENCE Extension". A fence over everything is a fence over any range and address space. */
function callRfence(host: SbiHost, { fid, a0, a1 }: SbiCall): SbiResult {
  if (fid > 2n) return [SbiError.NOT_SUPPORTED];
  const harts = hartMask(host, a0, a1);
  if (harts === undefined) return [SbiError.INVALID_PARAM];
  for (const hart of harts) {
    if (fid === 0n) host.fenceI(hart);
    else host.sfenceVma(hart);
  }
  return [SbiError.SUCCESS];
}

/** "System Reset Extension". */
function callSrst(host: SbiHost, { fid, a0, a1 }: SbiCall): SbiResult {
  if (fid !== 0n) return [SbiError.NOT_SUPPORTED];
  const type = a0 & 0xffff_ffffn;
  const reason = a1 & 0xffff_ffffn;
  if (type > 2n || reason > 1n) return [SbiError.INVALID_PARAM];
  host.onPower(type === 0n ? { kind: "poweroff", code: Number(reason) } : { kind: "reset" });
  return undefined;
}

/** "Debug Console Extension". */
function callDbcn(host: SbiHost, { fid, a0, a1, a2 }: SbiCall): SbiResult {
  if (fid === 2n) {
    host.putByte(Number(a0 & 0xffn));
    return [SbiError.SUCCESS];
  }
  if (fid > 2n) return [SbiError.NOT_SUPPORTED];
  if (a2 !== 0n || a0 > LIMIT || a1 > LIMIT) return [SbiError.INVALID_PARAM];
  const [length, pa] = [Number(a0), Number(a1)];
  if (!host.memory.contains(pa, length)) return [SbiError.INVALID_PARAM];
  const moved = fid === 0n ? writeConsole(host, pa, length) : readConsole(host, pa, length);
  return [SbiError.SUCCESS, BigInt(moved)];
}

/** Numbers beyond this are exact no more, and no address. */
const LIMIT = BigInt(Number.MAX_SAFE_INTEGER);

function writeConsole(host: SbiHost, pa: number, length: number): number {
  const bytes = new Uint8Array(Math.min(length, MAX_CONSOLE_BYTES));
  if (!host.memory.read(pa, bytes)) return 0;
  for (const byte of bytes) host.putByte(byte);
  return bytes.length;
}

function readConsole(host: SbiHost, pa: number, length: number): number {
  const most = Math.min(length, MAX_CONSOLE_BYTES);
  for (let count = 0; count < most; count++) {
    const byte = host.getByte();
    if (byte === undefined) return count;
    host.memory.store8(pa + count, byte);
  }
  return most;
}

/**
 * The started harts that a mask names, or undefined when it names one that does not exist.
 * (SBI Specification, "Hart list parameter")
 */
function hartMask(host: SbiHost, mask: bigint, base: bigint): number[] | undefined {
  const all = Array.from({ length: host.harts }, (_, hart) => hart);
  const started = (hart: number): boolean => host.hartState(hart) !== HartState.STOPPED;
  if (base === 0xffff_ffff_ffff_ffffn) return all.filter(started);
  if (mask === 0n) return [];
  if (base >= BigInt(host.harts) || mask >> (BigInt(host.harts) - base) !== 0n) return undefined;
  return all.filter((hart) => ((mask << base) >> BigInt(hart)) & 1n).filter(started);
}

/** "Legacy Extensions", which older guests use without probing; undefined leaves a0. */
function callLegacy(host: SbiHost, { hart, a0 }: SbiCall, eid: number): bigint | undefined {
  switch (eid as SbiExtension) {
    case SbiExtension.LEGACY_SET_TIMER:
      host.setTimer(hart, a0);
      return 0n;
    case SbiExtension.LEGACY_CONSOLE_PUTCHAR:
      host.putByte(Number(a0 & 0xffn));
      return 0n;
    case SbiExtension.LEGACY_CONSOLE_GETCHAR:
      return BigInt(host.getByte() ?? -1);
    case SbiExtension.LEGACY_CLEAR_IPI:
      host.setSsip(hart, false);
      return 0n;
    case SbiExtension.LEGACY_SEND_IPI:
      return forLegacyMask(host, hart, a0, (target) => host.setSsip(target, true));
    case SbiExtension.LEGACY_REMOTE_FENCE_I:
      return forLegacyMask(host, hart, a0, (target) => host.fenceI(target));
    case SbiExtension.LEGACY_REMOTE_SFENCE_VMA:
    case SbiExtension.LEGACY_REMOTE_SFENCE_VMA_ASID:
      return forLegacyMask(host, hart, a0, (target) => host.sfenceVma(target));
    case SbiExtension.LEGACY_SHUTDOWN:
      host.onPower({ kind: "poweroff", code: 0 });
      return undefined;
    default:
      return BigInt(SbiError.NOT_SUPPORTED);
  }
}

/**
 * Does something to the started harts of a mask that lies at a virtual address of the caller's; at 0, to all. As in OpenSBI,
 * harts that do not exist are passed over.
 */
function forLegacyMask(host: SbiHost, hart: number, va: bigint, act: (target: number) => void): bigint | undefined {
  const mask = va === 0n ? -1n : host.loadU64(hart, va);
  if (mask === undefined) return undefined;
  for (let target = 0; target < host.harts; target++) {
    if ((mask >> BigInt(target)) & 1n && host.hartState(target) !== HartState.STOPPED) act(target);
  }
  return 0n;
}
