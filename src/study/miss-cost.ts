/** What a TLB miss costs, from a footprint experiment: time and misses that a variant has more of where the TLB does not reach. */

import { isValid } from "./finish.ts";
import { figure } from "./report/figures.ts";
import type { Cell, Summary } from "./result.ts";
import { median } from "./statistics.ts";

/** A variant's price of a miss. */
export interface MissCost {
  readonly variant: string;
  readonly workload: string;
  /** KiB between which it was found. */
  readonly from: number;
  readonly to: number;
  /** Misses for each guest instruction that there are more at `to`. */
  readonly misses: number;
  /** Nanoseconds for each of them; what direct execution takes longer at `to` (the host's own caches) is not in it. */
  readonly nanoseconds: number;
}

/** Misses for each instruction, between two footprints, below which their price would be noise. */
const ENOUGH = 0.02;

/** For each workload and variant that counts page walks: between the smallest footprint and that with the most misses. */
export function missCosts(cells: readonly Cell[], native: Summary["native"]): MissCost[] {
  const valid = cells.filter((cell) => isValid(cell) && cell.footprint !== undefined && cell.nanoseconds);
  const direct = native === "gcc" ? "native" : "wasm";
  const series = new Map<string, Cell[]>();
  for (const cell of valid) {
    const key = `${cell.workload} ${cell.variant}`;
    series.set(
      key,
      [...(series.get(key) ?? []), cell].sort((a, b) => a.footprint! - b.footprint!),
    );
  }
  return [...series.values()].flatMap((points) => {
    const [small] = points;
    const { workload, variant } = small!;
    const baseline = series.get(`${workload} ${direct}`);
    const large = points.reduce((most, point) => (missesOf(point) > missesOf(most) ? point : most));
    const misses = missesOf(large) - missesOf(small!);
    const at = (footprint: number) => baseline?.find((cell) => cell.footprint === footprint)?.nanoseconds?.median ?? 0;
    if (variant === direct || !(misses >= ENOUGH) || missesOf(small!) > missesOf(large) / 2) return [];
    const [from, to] = [small!.footprint!, large.footprint!];
    const slower = large.nanoseconds!.median - small!.nanoseconds!.median - (at(to) - at(from));
    return [{ variant, workload, from, to, misses, nanoseconds: slower / misses }];
  });
}

/** TLB misses, each with a page walk, for each guest instruction, steady state. */
function missesOf({ samples }: Cell): number {
  return median(samples.map(({ steadyPageWalks = 0, steadyInstructions }) => steadyPageWalks / steadyInstructions));
}

/** A sentence for each. */
export function missSentences(costs: readonly MissCost[]): string[] {
  return costs.map(
    ({ variant, workload, from, to, misses, nanoseconds }) =>
      `${workload} on ${variant}: a TLB miss with its page walk costs ${figure(nanoseconds)} ns (${figure(misses)} more of them for each instruction at ${to} KiB than at ${from} KiB).`,
  );
}
