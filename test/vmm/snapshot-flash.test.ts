/** Flash of a machine that is restored: what was read only is. */

import { afterAll, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { BANK_BYTES } from "../../src/device/pflash/cfi.ts";
import { Host, type Vm } from "../../src/index.ts";
import { connection } from "../support/line.ts";
import { flatGuest, PRINT } from "../support/guest.ts";

const host = await Host.create();
afterAll(() => host.close());

/** Programs the word 0x5a into a bank; prints "E" when that was refused, else "p", and what is there then: "Z", or "-" for nothing. */
const program = (bank: string, number: number): string => `
  li s1, ${bank}
  li t1, 0x40
  sb t1, 0(s1)
  li t1, 0x5a
  sb t1, 0(s1)
  lbu t2, 0(s1)
  andi t2, t2, 0x10
  li a0, 112
  beqz t2, say${number}
  li a0, 69
  say${number}: ${PRINT}
  li t1, 0x50
  sb t1, 0(s1)
  li t1, 0xff
  sb t1, 0(s1)
  lbu a0, 0(s1)
  bnez a0, there${number}
  li a0, 45
  there${number}: ${PRINT}`;

/** Does so to both banks for each byte that is typed. */
const PROGRAMMER = flatGuest(`
  li s0, 0x10000000
  next: lbu t1, 5(s0)
  andi t1, t1, 1
  beqz t1, next
  lbu t1, 0(s0)
  ${program("0x20001000", 0)}
  ${program("0x22001000", 1)}
  j next`);

/** What it says when it is asked once. */
async function asked(vm: Vm): Promise<string> {
  await vm.console.write("x");
  const { groups } = await vm.console.waitFor(/([Ep].[Ep].)/, 20_000);
  return groups[0]!;
}

test("a guest that writes to a bank is refused, or not, after a restore and a move as before", async () => {
  const sources = [true, false].map((readonly) => {
    const bytes = new Uint8Array(BANK_BYTES);
    bytes.set(flatGuest("li t0, 0x80000000\n jr t0"));
    return new MemoryBlock(bytes, { readonly });
  });
  const vm = await host.createVm({
    ...{ memory: "2M", bios: "none" },
    flash: sources.map((source) => ({ source })),
  });
  // Firmware finds it there; a kernel would be a file of the firmware's.
  vm.memory.write(0x8000_0000, PROGRAMMER);
  vm.start();
  expect(await asked(vm)).toBe("E-pZ");
  const kept = vm.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>;
  const restored = await host.restore(new Uint8Array(await new Response(kept).arrayBuffer()));
  restored.start();
  expect(await asked(restored)).toBe("E-pZ");
  const { source, destination } = connection();
  const [moved] = await Promise.all([host.receive(destination), vm.migrateTo(source)]);
  expect(await asked(moved)).toBe("E-pZ");
  for (const one of [restored, moved]) expect(one.flashReadonly).toEqual([true, false]);
});

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
