/** Errors of images of disks. */

import { type ErrorCode, WasmvisorError } from "../error.ts";

/** An image whose own fields contradict each other or itself. */
export function damaged(what: string, data: Readonly<Record<string, unknown>> = {}): WasmvisorError {
  return new WasmvisorError(
    "image-damaged",
    `The disk image is damaged: ${what}; see wasmvisor img check, or take another copy.`,
    data,
  );
}

/** An image that needs what there is not. */
export function lacking(feature: string, instead: string): WasmvisorError {
  return new WasmvisorError("image-feature", `The disk image uses ${feature}, which is not supported; ${instead}.`, {
    feature,
  });
}

/** Any other sentence about an image. */
export function imageError(
  code: ErrorCode,
  sentence: string,
  data: Readonly<Record<string, unknown>> = {},
): WasmvisorError {
  return new WasmvisorError(code, sentence, data);
}
