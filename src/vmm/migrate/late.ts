/** Disks that only one VM may have open: the source closes them before the destination opens them. */

import { WasmvisorError } from "../../error.ts";
import type { BlockBackend } from "../../backend/block/block.ts";
import type { DriveDescription } from "../snapshot/description.ts";

/** Whether a disk that is described so is written to where it is, so that two VMs must not have it. */
export function isLate({ content, readonly }: DriveDescription): boolean {
  return content === "same" && !readonly;
}

/** Stands for a disk until its VM has it. Nothing reads it. */
export class AwaitedBlock implements BlockBackend {
  readonly readonly = false;
  readonly synchronous = true;
  readonly info = { description: "a disk that is still at the source of a migration" };
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  read(): never {
    throw this.#notHere();
  }

  write(): never {
    throw this.#notHere();
  }

  flush(): void {}

  flushNow(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  #notHere(): WasmvisorError {
    return new WasmvisorError("block-closed", `This is ${this.info.description}; wait for its end.`);
  }
}
