/** Flash of a machine that is restored: what was read only is. */

import { afterAll, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { BANK_BYTES } from "../../src/device/pflash/cfi.ts";
import { Host } from "../../src/index.ts";

const host = await Host.create();
afterAll(() => host.close());

test("a bank that was read only is so after a restore", async () => {
  const flash = [true, false].map((readonly) => ({ source: new MemoryBlock(BANK_BYTES, { readonly }) }));
  const vm = await host.createVm({ memory: "16M", flash });
  const bytes = new Uint8Array(
    await new Response(vm.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
  const restored = await host.restore(bytes);
  expect(restored.flashReadonly).toEqual([true, false]);
  // And after the next one.
  const again = new Uint8Array(
    await new Response(restored.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
  expect((await host.restore(again)).flashReadonly).toEqual([true, false]);
});
