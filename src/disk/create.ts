/** Making disk images. */

import { diskHost } from "#disk";
import type { BlockBackend } from "../backend/block/block.ts";
import { expectSize } from "../backend/block/range.ts";
import type { DiskFormat } from "./open.ts";
import { checkQcow2Layout, createQcow2, type Qcow2Layout, writeZeros } from "./qcow2/create.ts";
import { settle } from "./steps.ts";

/** What is made. */
export interface CreateDiskOptions extends Qcow2Layout {
  /** Default: `"qcow2"`. */
  readonly format?: DiskFormat;
}

/**
 * Makes an image in a file (in a browser's worker: of its storage), or in a backend, in the place of what is there. A backend stays open.
 *
 * ```ts
 * await createDisk("disk.qcow2", { size: 8 * 2 ** 30 });
 * ```
 *
 * @throws WasmvisorError `option` and `block-size` when it cannot be like that; `file-unwritable`, `image-locked`, `block-full`
 */
export async function createDisk(target: string | BlockBackend, options: CreateDiskOptions): Promise<void> {
  // What cannot be made leaves what is there.
  if (options.format !== "raw") checkQcow2Layout(options);
  else expectSize(options.size);
  const file = typeof target === "string" ? await diskHost.openFile(target, { create: 0 }) : target;
  try {
    const { format = "qcow2", size, preallocation } = options;
    if (format === "qcow2") await createQcow2(file, options);
    else {
      const bytes = Math.ceil(size / 512) * 512;
      await file.resize?.(0);
      await file.resize?.(bytes);
      if (preallocation === "full") await settle(writeZeros(file, 0, bytes));
    }
  } finally {
    if (typeof target === "string") await file.close();
  }
}
