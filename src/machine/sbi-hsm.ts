/** Starting, stopping and suspending harts. (SBI Specification, "Hart State Management Extension") */

import { HartState, SbiError } from "./sbi-types.ts";
import type { SbiCall, SbiHost, SbiResult } from "./sbi-types.ts";

const RETENTIVE = 0x0000_0000n;
const NON_RETENTIVE = 0x8000_0000n;
/** Types from here on (in both halves) are the platform's own. */
const PLATFORM_RETENTIVE = 0x1000_0000n;
const PLATFORM_NON_RETENTIVE = 0x9000_0000n;

/** One call of the extension. */
export function callHsm(host: SbiHost, call: SbiCall): SbiResult {
  switch (call.fid) {
    case 0n:
      return hartStart(host, call);
    case 1n:
      host.stopHart(call.hart);
      return undefined;
    case 2n:
      if (call.a0 >= BigInt(host.harts)) return [SbiError.INVALID_PARAM];
      return [SbiError.SUCCESS, BigInt(host.hartState(Number(call.a0)))];
    case 3n:
      return hartSuspend(host, call);
    default:
      return [SbiError.NOT_SUPPORTED];
  }
}

function hartStart(host: SbiHost, { a0, a1, a2 }: SbiCall): SbiResult {
  if (a0 >= BigInt(host.harts)) return [SbiError.INVALID_PARAM];
  const hart = Number(a0);
  if (host.hartState(hart) !== HartState.STOPPED) return [SbiError.ALREADY_AVAILABLE];
  if (!executable(host, a1)) return [SbiError.INVALID_ADDRESS];
  host.startHart(hart, a1, a2);
  return [SbiError.SUCCESS];
}

function hartSuspend(host: SbiHost, { hart, a0, a1, a2 }: SbiCall): SbiResult {
  const type = a0 & 0xffff_ffffn;
  if (type === RETENTIVE) {
    host.suspendHart(hart);
    return [SbiError.SUCCESS];
  }
  if (type === NON_RETENTIVE) {
    if (!executable(host, a1)) return [SbiError.INVALID_ADDRESS];
    host.suspendHart(hart, { pc: a1, opaque: a2 });
    return undefined;
  }
  const platform = type >= PLATFORM_NON_RETENTIVE || (type >= PLATFORM_RETENTIVE && type < NON_RETENTIVE);
  return [platform ? SbiError.NOT_SUPPORTED : SbiError.INVALID_PARAM];
}

/** Code is run from RAM, two-byte aligned. */
function executable(host: SbiHost, pc: bigint): boolean {
  return pc <= BigInt(Number.MAX_SAFE_INTEGER) && (pc & 1n) === 0n && host.memory.contains(Number(pc), 2);
}
