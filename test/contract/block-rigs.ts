/** The backends and formats that need nothing of the host they run on, each with how the contract's suite gets one. */

import { BlobBlock } from "../../src/backend/block/blob.ts";
import type { BlockBackend } from "../../src/backend/block/block.ts";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { hostCodec } from "../../src/disk/codec.ts";
import { snapshotOf } from "../../src/disk/open.ts";
import { createQcow2, type Qcow2Layout } from "../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";
import { RawDisk } from "../../src/disk/raw.ts";
import { blockContract, type BlockRig, pattern } from "./block-contract.ts";
import { Kept, Slow } from "./block-wrappers.ts";

/** What is below an overlay, and what of it is to be seen. */
interface Below {
  readonly backing: Uint8Array;
}

function qcow2Rig(
  layout: Omit<Qcow2Layout, "size">,
  wrap: (file: BlockBackend) => BlockBackend,
  below?: Below,
): BlockRig {
  let kept: Kept;
  const backing = () =>
    below === undefined ? {} : { backing: wrap(new MemoryBlock(below.backing, { readonly: true })) };
  const open = (readonly = false) => Qcow2.open(wrap(kept.again()), { codec: hostCodec, readonly, ...backing() });
  return {
    async make(content, options) {
      kept = new Kept(new MemoryBlock(0));
      await createQcow2(kept, { ...layout, size: content.length });
      const disk = await open();
      for (let at = 0; at < content.length; at += 50_000) {
        const part = content.subarray(at, at + 50_000);
        if (part.some((byte, index) => byte !== (below?.backing[at + index] ?? 0))) await disk.write(at, part);
      }
      if (!options?.readonly) return disk;
      await disk.close();
      return await open(true);
    },
    reopen: () => open(),
    async cleanUp() {
      if (kept === undefined) return;
      const disk = await Qcow2.open(kept.again(), { codec: hostCodec, readonly: true });
      const { corruptions, leaks, findings } = await disk.check();
      if (corruptions + leaks > 0) throw new Error(findings.slice(0, 10).join("\n"));
    },
    granularity: 512,
    runs: 15,
  };
}

const asItIs = (file: BlockBackend) => file;
const slowly = (file: BlockBackend) => new Slow(file);
const below = { backing: pattern(250_000, 77) };

/** Runs the suite of each of them. */
export function portableContracts(): void {
  blockContract("MemoryBlock", () => ({
    make: (content, options) => new MemoryBlock(content, options),
    discardsToZeros: true,
  }));

  blockContract("BlobBlock", () => ({
    make: (content) => new BlobBlock(new Blob([content])),
    readonly: true,
  }));

  blockContract("RawDisk", (): BlockRig => {
    let kept: Kept;
    return {
      make(content, options) {
        kept = new Kept(new MemoryBlock(content));
        return new RawDisk(kept, options);
      },
      reopen: () => new RawDisk(kept.again()),
      granularity: 512,
      discardsToZeros: true,
    };
  });

  blockContract("Qcow2", () => qcow2Rig({}, asItIs));
  blockContract("Qcow2 of version 2", () => qcow2Rig({ version: 2 }, asItIs));
  blockContract("Qcow2 with clusters of 512 bytes", () => qcow2Rig({ clusterBytes: 512 }, asItIs));
  blockContract("Qcow2 with clusters of 2 MiB and counts of 64 bits", () =>
    qcow2Rig({ clusterBytes: 2 ** 21, refcountBits: 64 }, asItIs),
  );
  blockContract("Qcow2 with counts of 1 bit", () => qcow2Rig({ clusterBytes: 4096, refcountBits: 1 }, asItIs));
  blockContract("Qcow2 over another disk", () => qcow2Rig({ clusterBytes: 4096 }, asItIs, below));
  blockContract("Qcow2 of version 2 over another disk", () =>
    qcow2Rig({ version: 2, clusterBytes: 1024 }, asItIs, below),
  );
  blockContract("Qcow2 that waits for its file", () => qcow2Rig({ clusterBytes: 512 }, slowly));
  blockContract("Qcow2 that waits for its file and for what lies below", () =>
    qcow2Rig({ clusterBytes: 4096 }, slowly, below),
  );

  blockContract("a snapshot in memory", () => ({
    make: async (content, options) => {
      const disk = await snapshotOf(new MemoryBlock(content, { readonly: true }));
      return options?.readonly ? new RawDisk(disk, { readonly: true }) : disk;
    },
    granularity: 512,
  }));
}
