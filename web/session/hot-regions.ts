/** Where a guest spends its time: which of its translated regions its harts are seen in. */

import type { RegionInfo, Vm } from "../../src/index.ts";
import type { HotRegion } from "./protocol.ts";

/** Instructions between two looks at a hart: a prime, so as not to keep step with loops. */
const PERIOD = 2_000_003;
/** After so many looks, what was seen counts half. */
const HALF_LIFE = 400;
/** Addresses kept; a guest decides how many there are. */
const MAX_ADDRESSES = 4096;
/** Milliseconds after the last question in which it goes on looking. */
const PATIENCE = 3000;

/** Looks at the harts of a VM for as long as somebody asks. */
export class HotRegions {
  readonly #vm: Vm;
  /** How often harts were seen, by mode and address. */
  #seen = new Map<string, { readonly mode: "U" | "S" | "M"; readonly pc: bigint; count: number }>();
  #looks = 0;
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** The hottest first, then those that were made last. */
  list(most: number): HotRegion[] {
    this.#goOn();
    const regions = this.#vm.regions().reverse();
    const heat = new Map<RegionInfo, number>();
    let all = 0;
    for (const { mode, pc, count } of this.#seen.values()) {
      all += count;
      const region = narrowest(regions, mode, pc);
      if (region !== undefined) heat.set(region, (heat.get(region) ?? 0) + count);
    }
    const hottest = regions.sort((a, b) => (heat.get(b) ?? 0) - (heat.get(a) ?? 0)).slice(0, most);
    return hottest.map((region) => ({
      ...region,
      share: all === 0 ? 0 : (heat.get(region) ?? 0) / all,
      name: this.#nameOf(region.pc),
    }));
  }

  /** What it has seen is of no interest any more. */
  clear(): void {
    this.#seen = new Map();
  }

  #goOn(): void {
    this.#stop ??= this.#vm.sample(PERIOD, ({ hart }) => this.#see(hart));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#stop?.();
      this.#stop = undefined;
    }, PATIENCE);
  }

  #see(index: number): void {
    const { mode, pc } = this.#vm.hart(index);
    const key = `${mode}${pc}`;
    const known = this.#seen.get(key);
    if (known !== undefined) known.count++;
    else if (this.#seen.size < MAX_ADDRESSES) this.#seen.set(key, { mode, pc, count: 1 });
    if (++this.#looks % HALF_LIFE === 0) this.#forget();
  }

  #forget(): void {
    for (const [key, entry] of this.#seen) {
      entry.count /= 2;
      if (entry.count < 0.25) this.#seen.delete(key);
    }
  }

  /** The function that an address is in, and how far: `memcpy+0x10`. */
  #nameOf(pc: bigint): string | undefined {
    // Names with a dollar sign tell code from data.
    const symbol = this.#vm.symbols.findLast(
      ({ address, kind, name }) => address <= pc && kind !== "object" && !name.startsWith("$"),
    );
    if (symbol === undefined) return undefined;
    const distance = pc - symbol.address;
    if (distance > 0xffffn) return undefined;
    return distance === 0n ? symbol.name : `${symbol.name}+0x${distance.toString(16)}`;
  }
}

function narrowest(regions: readonly RegionInfo[], mode: "U" | "S" | "M", pc: bigint): RegionInfo | undefined {
  let found: RegionInfo | undefined;
  for (const region of regions) {
    if (region.mode !== mode || pc < region.start || pc >= region.end) continue;
    if (found === undefined || region.end - region.start < found.end - found.start) found = region;
  }
  return found;
}
