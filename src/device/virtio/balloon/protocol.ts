/** What the memory balloon and its driver say to each other. (Virtual I/O Device Specification, "Traditional Memory Balloon Device") */

/** Feature bits. */
export const BALLOON_F = {
  STATS_VQ: 1n << 1n,
  DEFLATE_ON_OOM: 1n << 2n,
  FREE_PAGE_HINT: 1n << 3n,
  REPORTING: 1n << 5n,
} as const;

/** Pages of the balloon are of this size, whatever the guest's are. */
export const BALLOON_PAGE_BYTES = 4096;

/** What a guest says of its memory: bytes, and counts since it was started. What it does not say is missing. */
export interface GuestMemoryStatistics {
  readonly swapInBytes?: number;
  readonly swapOutBytes?: number;
  readonly majorFaults?: number;
  readonly minorFaults?: number;
  /** Unused. */
  readonly freeBytes?: number;
  readonly totalBytes?: number;
  /** What programs could have without the guest swapping. */
  readonly availableBytes?: number;
  readonly cacheBytes?: number;
  readonly hugePageAllocations?: number;
  readonly hugePageFailures?: number;
  /** Programs killed for want of memory. */
  readonly oomKills?: number;
}

/** Their names by the number of its tag. ("Memory Statistics") */
const TAGS = [
  "swapInBytes",
  "swapOutBytes",
  "majorFaults",
  "minorFaults",
  "freeBytes",
  "totalBytes",
  "availableBytes",
  "cacheBytes",
  "hugePageAllocations",
  "hugePageFailures",
  "oomKills",
] as const satisfies readonly (keyof GuestMemoryStatistics)[];

/** A tag of 16 bits and a value of 64, without a gap. */
export const STATISTIC_BYTES = 10;
/** Bytes of the most entries that are looked at. */
export const STATISTICS_BYTES_MOST = 64 * STATISTIC_BYTES;

/** Reads what a driver has put into a buffer. Unknown tags are left out; values beyond 2^53 lose their last bits. */
export function readStatistics(bytes: Uint8Array): GuestMemoryStatistics {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const statistics: Partial<Record<keyof GuestMemoryStatistics, number>> = {};
  for (let at = 0; at + STATISTIC_BYTES <= bytes.length; at += STATISTIC_BYTES) {
    const tag = TAGS[view.getUint16(at, true)];
    const value = view.getBigUint64(at + 2, true);
    // All ones: the driver does not know.
    if (tag !== undefined && value !== 0xffff_ffff_ffff_ffffn) statistics[tag] = Number(value);
  }
  return statistics;
}
