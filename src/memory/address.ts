/** Addresses as programs give them: as numbers, or as bigints. */

import { WasmvisorError } from "../error.ts";

/** An address. Both kinds of number are taken; what is given back is always of one kind: virtual ones are bigints, physical ones numbers. */
export type Address = bigint | number;

/**
 * A virtual address, modulo 2^64: -1n is the last one.
 * @throws WasmvisorError `address` when it is no whole number, or a `number` too large to be exact
 */
export function virtualAddress(address: Address): bigint {
  if (typeof address === "number" && !Number.isSafeInteger(address)) throw noAddress(address);
  return BigInt.asUintN(64, BigInt(address));
}

/**
 * A physical address; those above 2^53, where there is nothing, may come out rounded.
 * @throws WasmvisorError `address` when it is no whole number
 */
export function physicalAddress(address: Address): number {
  const pa = Number(address);
  if (!Number.isInteger(pa)) throw noAddress(address);
  return pa;
}

function noAddress(address: Address): WasmvisorError {
  return new WasmvisorError("address", `${address} is no address; give a whole number, as a bigint above 2^53.`, {
    address,
  });
}
