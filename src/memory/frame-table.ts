/** What is known of each frame of machine memory; the table that `Frame` (assembly/shared/constants.ts) draws, which the core reads too. */

import { Frame } from "../../assembly/shared/constants.ts";

/** Bytes of a frame, the unit of allocation. */
export const FRAME_BYTES = 4096;

/** The first machine address behind the table, for a memory that ends at `limit`. */
export function frameTableEnd(limit: number): number {
  return Frame.TABLE_MA + (Math.ceil(limit / FRAME_BYTES) << Frame.SHIFT);
}

/** The counts of frames, by machine address. */
export class FrameTable {
  readonly #memory: { readonly u32: Uint32Array };

  constructor(memory: { readonly u32: Uint32Array }) {
    this.#memory = memory;
  }

  /** How many pages of RAM the frame at `ma` backs; 0 also for one of a VM's own piece that nobody has looked at yet. */
  count(ma: number): number {
    return this.#memory.u32[word(ma, Frame.COUNT)] ?? 0;
  }

  /** The p2m slot of the only page that the frame at `ma` backs; 0 when it is not known. */
  slot(ma: number): number {
    return this.#memory.u32[word(ma, Frame.SLOT)] ?? 0;
  }

  /** Sets the count, and the p2m slot (its machine address) of the only page; 0 when there are several, or it is not known. */
  set(ma: number, count: number, slot = 0): void {
    this.#memory.u32[word(ma, Frame.COUNT)] = count;
    this.#memory.u32[word(ma, Frame.SLOT)] = slot;
    // What was decoded of it is nobody's any more.
    if (count === 0) this.#memory.u32[word(ma, Frame.CODE)] = 0;
  }

  /** Machine address of the decoded form of instructions in the frame at `ma`; 0 when none have been executed lately. */
  code(ma: number): number {
    return this.#memory.u32[word(ma, Frame.CODE)]!;
  }
}

function word(ma: number, field: Frame): number {
  return (Frame.TABLE_MA + (Math.floor(ma / FRAME_BYTES) << Frame.SHIFT) + field) / 4;
}
