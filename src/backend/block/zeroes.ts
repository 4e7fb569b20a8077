/** Making zeros, for backends that can and those that cannot. */

import type { BlockBackend, Done } from "./block.ts";

const ZEROS = new Uint8Array(2 ** 20);

/** Makes bytes zeros: as the backend does it, or by writing them, a MiB at a time. */
export function writeZeroes(backend: BlockBackend, at: number, length: number, mayUnmap: boolean): Done {
  if (backend.writeZeroes !== undefined) return backend.writeZeroes(at, length, mayUnmap);
  for (let done = 0; done < length;) {
    const count = Math.min(ZEROS.length, length - done);
    const act = backend.write(at + done, ZEROS.subarray(0, count));
    done += count;
    if (act !== undefined) return act.then(() => writeZeroes(backend, at + done, length - done, mayUnmap));
  }
}
