/** The contract of block backends, for each of them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { FileBlock } from "../../src/host/block-file.ts";
import { blockContract, type BlockRig } from "./block-contract.ts";

blockContract("MemoryBlock", () => ({
  make: (content, options) => new MemoryBlock(content, options),
  discardsToZeros: true,
}));

blockContract("FileBlock", (): BlockRig => {
  let folder: string | undefined;
  const file = () => path.join((folder ??= mkdtempSync(path.join(tmpdir(), "wasmvisor-block-"))), "disk.img");
  return {
    make(content, options) {
      writeFileSync(file(), content);
      return FileBlock.open(file(), options);
    },
    reopen: () => FileBlock.open(file()),
    cleanUp() {
      if (folder !== undefined) rmSync(folder, { recursive: true });
      folder = undefined;
    },
  };
});
