/** mstatus.FS as the fast paths look at it. */

import { Hart } from "./state";

/** True when the floating-point unit is on and already marked dirty: then nothing needs checking or marking. */
// @ts-ignore: decorator
@inline export function fs_dirty(hart: Hart): bool {
  return (hart.mstatus & 0x6000) == 0x6000;
}
