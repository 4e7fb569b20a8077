/** Zksh: SM3. */

import { Hart } from "../state/state";
import { setX, x1 } from "../state/regs";
import { sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function sm3p0(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(v ^ rotl<u32>(v, 9) ^ rotl<u32>(v, 17)));
}

// @ts-ignore: decorator
@inline export function sm3p1(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(v ^ rotl<u32>(v, 15) ^ rotl<u32>(v, 23)));
}
