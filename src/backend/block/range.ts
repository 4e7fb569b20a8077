/** What every block backend refuses, in the same words. */

import { WasmvisorError } from "../../error.ts";
import type { BlockBackend } from "./block.ts";

type Checked = Pick<BlockBackend, "size" | "readonly" | "info">;

/**
 * Returns when bytes lie inside a backend.
 * @throws WasmvisorError `block-range`
 */
export function expectInside(backend: Checked, at: number, length: number): void {
  const { size } = backend;
  if (at >= 0 && length >= 0 && Number.isSafeInteger(at) && Number.isSafeInteger(length) && at + length <= size) return;
  throw new WasmvisorError(
    "block-range",
    `There are no ${length} bytes at ${at} of the ${backend.info.description}, which has ${size}; keep to its size.`,
    { at, length, size },
  );
}

/**
 * Returns when a backend may be changed.
 * @throws WasmvisorError `block-readonly`
 */
export function expectWritable(backend: Checked): void {
  if (!backend.readonly) return;
  throw new WasmvisorError(
    "block-readonly",
    `The ${backend.info.description} was opened to be read only; open it for writing, or put an overlay over it.`,
  );
}

/**
 * Returns when a backend is open.
 * @throws WasmvisorError `block-closed`
 */
export function expectOpen(backend: Pick<BlockBackend, "info">, open: boolean): void {
  if (open) return;
  throw new WasmvisorError("block-closed", `The ${backend.info.description} is closed; open it again.`);
}

/**
 * Returns when bytes of a backend may be changed.
 * @throws WasmvisorError `block-closed`, `block-readonly`, `block-range`
 */
export function expectChange(backend: Checked, open: boolean, at: number, length: number): void {
  expectOpen(backend, open);
  expectWritable(backend);
  expectInside(backend, at, length);
}

/** The largest size of a disk, in bytes: addresses are exact numbers. */
export const MOST_BYTES = 2 ** 53 - 512;

/**
 * Returns when `size` can be the size of a backend.
 * @throws WasmvisorError `block-size`
 */
export function expectSize(size: number): void {
  if (Number.isSafeInteger(size) && size >= 0 && size <= MOST_BYTES) return;
  throw new WasmvisorError(
    "block-size",
    `A disk of ${size} bytes cannot be; give a whole number up to ${MOST_BYTES}.`,
    { size },
  );
}
