/** A worker that runs the contract's suite of block backends in the browser, and tells what became of each test. */

import { openOpfs, deleteOpfs } from "../../../src/host/opfs.ts";
import type { BlockBackend } from "../../../src/backend/block/block.ts";
import { hostCodec } from "../../../src/disk/codec.ts";
import { createQcow2 } from "../../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../../src/disk/qcow2/qcow2.ts";
import { blockContract } from "../../contract/block-contract.ts";
import { portableContracts } from "../../contract/block-rigs.ts";
import { runAll } from "./vitest.ts";

const NAME = "contract.img";

async function make(content: Uint8Array, { readonly = false } = {}): Promise<BlockBackend> {
  const disk = await openOpfs(NAME, { create: content.length });
  await disk.write(0, content);
  if (!readonly) return disk;
  await disk.close();
  return openOpfs(NAME, { readonly });
}

const cleanUp = () => deleteOpfs(NAME).catch(() => undefined);

blockContract("A disk in the browser's storage", () => ({ make, reopen: () => openOpfs(NAME), cleanUp, runs: 20 }));

blockContract("Qcow2 in the browser's storage", () => {
  const open = async (readonly = false) =>
    Qcow2.open(await openOpfs(NAME, { readonly }), { codec: hostCodec, readonly });
  return {
    async make(content, { readonly = false } = {}) {
      const file = await openOpfs(NAME, { create: 0 });
      await createQcow2(file, { size: content.length });
      const disk = await Qcow2.open(file, { codec: hostCodec });
      await disk.write(0, content);
      await disk.close();
      return open(readonly);
    },
    reopen: () => open(),
    async cleanUp() {
      const disk = await open(true).catch(() => undefined);
      const { corruptions = 0, leaks = 0 } = (await disk?.check()) ?? {};
      await disk?.close();
      await cleanUp();
      if (corruptions + leaks > 0) throw new Error(`${corruptions} corruptions, ${leaks} leaks`);
    },
    granularity: 512,
    runs: 10,
  };
});

portableContracts();

(globalThis as unknown as { postMessage(message: unknown): void }).postMessage(await runAll());
