/** Whose pages leave first: shares per page, with a tax on idle memory (Waldspurger, OSDI 2002, section 5.2). */

/** What a VM has, and what it uses of it. */
export interface Holding {
  readonly shares: number;
  /** Pages of the host's memory. */
  readonly pages: number;
  /** The part of them that it uses, 0 to 1. */
  readonly active: number;
}

/**
 * Shares that a VM has for each of its pages, an idle one of which counts as 1 / (1 − `tax`). The VM with the least gives pages up first.
 * @param tax - 0 (none) to less than 1 (all idle memory can be taken)
 */
export function sharesPerPage({ shares, pages, active }: Holding, tax: number): number {
  const idleCost = 1 / (1 - tax);
  return shares / (Math.max(1, pages) * (active + idleCost * (1 - active)));
}
