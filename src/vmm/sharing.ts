/** Sharing of equal pages as programs ask for it. */

import type { ScanRate } from "../memory/scanner.ts";
import { WasmvisorError } from "../error.ts";
import { known } from "./known.ts";

/** How equal pages of a host's VMs are found while they run. */
export interface SharingOptions {
  /** Pages that are looked at in a second when little is found, 1 to 1,000,000. Default 500. */
  readonly leastPagesPerSecond?: number;
  /** Pages that are looked at in a second when much is found: about 2 us each. Default 20,000. */
  readonly mostPagesPerSecond?: number;
}

const KEYS = Object.keys({ leastPagesPerSecond: 0, mostPagesPerSecond: 0 } satisfies Record<keyof SharingOptions, 0>);

const RATE_MOST = 1_000_000;

/**
 * The rate that is asked for, or undefined for no scanning.
 * @throws WasmvisorError `option`
 */
export function checkSharing(sharing: boolean | SharingOptions | undefined): ScanRate | undefined {
  if (sharing === undefined || sharing === false) return undefined;
  const options: SharingOptions = sharing === true ? {} : sharing;
  known({ code: "option", where: "sharing" }, options, KEYS);
  const { mostPagesPerSecond: most = 20_000, leastPagesPerSecond: least = Math.min(500, most) } = options;
  for (const value of [least, most]) {
    if (typeof value === "number" && value >= 1 && value <= RATE_MOST && least <= most) continue;
    const sentence = `sharing takes leastPagesPerSecond and mostPagesPerSecond, numbers from 1 to ${RATE_MOST} in this order.`;
    throw new WasmvisorError("option", sentence, { least, most });
  }
  return { least, most };
}
