/** The generation ID of VMs: who is given a new one, and who keeps it. */

import { expect, test } from "vitest";
import type { Host, Vm, VmConfig } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { flatGuest } from "../support/guest.ts";
import { closeHosts, newHost } from "../support/hosts.ts";

closeHosts();

const UUID = "01234567-89ab-4def-8123-456789abcdef";
/** Copies the ID to RAM, and the pending interrupts of the PLIC. */
const kernel = flatGuest(`
  li s0, 0x102000
  li s1, 0x80100000
  li s2, 0xc001000
again:
  ld t0, 0(s0)
  sd t0, 0(s1)
  ld t0, 8(s0)
  sd t0, 8(s1)
  lw t0, 0(s2)
  sw t0, 16(s1)
  lw t0, 24(s1)
  addi t0, t0, 1
  sw t0, 24(s1)
  j again
`);

const made = (host: Host, config: VmConfig = {}): Promise<Vm> =>
  host.createVm({ memory: "2M", bios: "none", kernel, generationId: true, ...config });

/** What the guest reads: the ID, and whether its interrupt is pending. */
async function seen(vm: Vm): Promise<{ id: string; pending: boolean }> {
  const rounds = () => new DataView(vm.memory.read(0x8010_0018, 4).buffer).getUint32(0, true);
  const before = rounds();
  if (vm.state === "created") vm.start();
  else vm.resume();
  while (rounds() < before + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  vm.pause();
  const bytes = Buffer.from(vm.memory.read(0x8010_0000, 20));
  const hex = bytes.subarray(0, 16).toString("hex");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return { id, pending: (bytes.readUInt32LE(16) & (1 << 12)) !== 0 };
}

async function bytesOf(vm: Vm): Promise<Uint8Array> {
  return new Uint8Array(await new Response(vm.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

test("a guest reads its ID; a restored one, a clone and one that goes back read another, and are interrupted", async () => {
  const host = await newHost();
  const vm = await made(host, { generationId: UUID });
  expect(vm.generationId).toBe(UUID);
  expect(await seen(vm)).toEqual({ id: UUID, pending: false });
  const restored = await host.restore(await bytesOf(vm));
  const [clone] = await vm.clone(1);
  expect(await seen(vm)).toEqual({ id: UUID, pending: false });
  const ids = [UUID];
  for (const copy of [restored, clone!]) {
    ids.push(copy.generationId!);
    expect(await seen(copy)).toEqual({ id: copy.generationId, pending: true });
  }
  await vm.checkpoint();
  await vm.revert();
  ids.push(vm.generationId!);
  expect(await seen(vm)).toEqual({ id: vm.generationId, pending: true });
  expect(new Set(ids).size).toBe(4);
});

test("a restart keeps it, and so does a migration", async () => {
  const host = await newHost();
  const vm = await made(host);
  const id = vm.generationId!;
  vm.start();
  await vm.reset();
  expect(vm.generationId).toBe(id);
  const [down, up] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const [, there] = await Promise.all([
    vm.migrateTo({ readable: up.readable, writable: down.writable }),
    host.receive({ readable: down.readable, writable: up.writable }),
  ]);
  expect(there.generationId).toBe(id);
  there.pause();
  expect(await seen(there)).toEqual({ id, pending: false });
});

test("a deterministic VM has the same in each run, and in what is restored", async () => {
  const host = await newHost();
  const vm = await made(host, { clock: "deterministic" });
  expect(vm.generationId).toBe((await made(host, { clock: "deterministic" })).generationId);
  expect((await host.restore(await bytesOf(vm))).generationId).toBe(vm.generationId);
});

test("a VM has none unless it is asked for, and then there is nothing on the bus", async () => {
  const host = await newHost();
  const vm = await made(host, { generationId: false });
  expect(vm.generationId).toBeUndefined();
  expect(vm.machine.board.devices.has("vmgenid")).toBe(false);
  expect((await host.restore(await bytesOf(vm))).generationId).toBeUndefined();
  for (const wrong of ["", "0123", 5])
    expect(await failureOf(() => made(host, { generationId: wrong as string }))).toMatchObject({ code: "option" });
});
