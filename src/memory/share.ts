/** Finds pages that hold the same and has them share a frame. */

import { FRAME_BYTES } from "./machine-memory.ts";
import type { Ram } from "./ram.ts";

/** A page of RAM. */
interface Page {
  readonly ram: Ram;
  readonly page: number;
}

/**
 * Has all pages of `rams` that hold the same share a frame, as far as a hash tells them apart; each pair is compared before it is shared.
 * Looks at every page that has a frame once.
 *
 * @param hash - of the frame at a machine address
 * @returns bytes that became free
 */
export function shareEqualFrames(rams: readonly Ram[], hash: (ma: number) => number): number {
  const first = new Map<number, Page>();
  let bytes = 0;
  for (const ram of rams) {
    for (let page = 0; page < ram.pages; page++) {
      if (!ram.touched(page)) continue;
      const key = hash(ram.frame(page));
      const known = first.get(key);
      if (known === undefined) first.set(key, { ram, page });
      else if (known.ram.frame(known.page) !== ram.frame(page) && ram.share(page, known.ram, known.page))
        bytes += FRAME_BYTES;
    }
  }
  return bytes;
}
