/** Paging of a host's memory as programs ask for it. */

import { WasmvisorError } from "../../error.ts";
import { known } from "../known.ts";

/** Where pages go that guests have not used lately, and whose pages go first. */
export interface PagingOptions {
  /**
   * A file that is made for it, which must not be there yet: a path in node, a name in the browser's storage in a worker. What guests have in
   * memory is in it as it is; it is deleted when the host is closed. Default: pages are kept compressed in memory that `maxMemory` does not count.
   */
  readonly file?: string;
  /** Bytes that it may take, 1 MiB to 64 GiB. Default 1 GiB in memory, 16 GiB in a file. A VM for which there is no room ends with `"out-of-memory"`. */
  readonly storeBytes?: number;
  /** The tax on idle memory: 0 (a page is a page) to 0.99 (all that is not used goes first). Default 0.75. */
  readonly idleTax?: number;
  /** Milliseconds in which it is seen which of a few pages are used, 10 to 3,600,000. Default 10,000. */
  readonly samplePeriod?: number;
}

/** All of them, checked. */
export interface PagingChoice {
  readonly file: string | undefined;
  readonly storeBytes: number;
  readonly idleTax: number;
  readonly samplePeriod: number;
}

const KEYS = Object.keys({
  file: 0,
  storeBytes: 0,
  idleTax: 0,
  samplePeriod: 0,
} satisfies Record<keyof PagingOptions, 0>);

const [MIB, GIB] = [2 ** 20, 2 ** 30];

/**
 * What is asked for, or undefined for no paging.
 * @throws WasmvisorError `option`
 */
export function checkPaging(paging: boolean | PagingOptions | undefined): PagingChoice | undefined {
  if (paging === undefined || paging === false) return undefined;
  const options: PagingOptions = paging === true ? {} : paging;
  known({ code: "option", where: "paging" }, options, KEYS);
  const { file, storeBytes = file === undefined ? GIB : 16 * GIB, idleTax = 0.75, samplePeriod = 10_000 } = options;
  if (file !== undefined && (typeof file !== "string" || file === ""))
    throw new WasmvisorError("option", "paging.file is the path of a file.", { key: "file", value: file });
  between("storeBytes", storeBytes, MIB, 64 * GIB);
  between("idleTax", idleTax, 0, 0.99);
  between("samplePeriod", samplePeriod, 10, 3_600_000);
  return { file, storeBytes, idleTax, samplePeriod };
}

function between(key: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new WasmvisorError("option", `paging.${key} is a number from ${least} to ${most}, not ${String(value)}.`, {
    key,
    value,
  });
}
