/** Zifencei: instruction-fetch fence. (Unprivileged ISA, "Zifencei") */

import { Hart } from "../state/state";
import { fence_i as fence } from "../mem/tlb";

export function fence_i(hart: Hart, _r: u64): void {
  fence(hart);
}
