/** Browsers have no folders of their own to share. */

import type { Share } from "../backend/share/share.ts";
import { WasmvisorError } from "../error.ts";

/** @throws WasmvisorError `share` */
export function openFolder(_path: string): Share {
  throw new WasmvisorError("share", "There are no folders to share in a browser; share a Map of paths and contents.");
}
