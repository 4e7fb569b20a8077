/** The entropy device of a VM as programs ask for it. */

import type { RngLimits } from "../device/virtio/rng/rng.ts";
import { WasmvisorError } from "../error.ts";
import { known } from "./known.ts";

/** An entropy device. */
export interface RngOptions extends RngLimits {
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
}

const KEYS = Object.keys({ maxBytes: 0, period: 0, slot: 0 } satisfies Record<keyof RngOptions, 0>);

/** Milliseconds of the longest period: more than a month. */
const PERIOD_MOST = 2 ** 32 - 1;

/**
 * What is asked for, or undefined for no device.
 * @throws WasmvisorError `option`
 */
export function checkRng(rng: boolean | RngOptions | undefined): RngOptions | undefined {
  if (rng === undefined || rng === false) return undefined;
  if (rng === true) return {};
  known({ code: "option", where: "rng" }, rng, KEYS);
  count("maxBytes", rng.maxBytes, Number.MAX_SAFE_INTEGER);
  count("period", rng.period, PERIOD_MOST);
  return rng;
}

function count(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  const sentence = `rng.${name} is a whole number from 1 to ${most}, not ${String(value)}.`;
  throw new WasmvisorError("option", sentence, { key: name, value });
}
