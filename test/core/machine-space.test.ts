import { describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine, P2m } from "../../assembly/shared/constants.ts";
import { type Core, instantiateCore } from "../../src/core/core.ts";
import { MachineSpace, type SpaceConfig } from "../../src/core/machine-space.ts";
import { MachineMemory } from "../../src/memory/machine-memory.ts";
import { coreModule, RAM_PA } from "../support/core.ts";

const MIB = 2 ** 20;

async function newCore(memory: MachineMemory): Promise<Core> {
  const nothing = { mmioLoad: () => false, mmioStore: () => false, mtime: () => 0n };
  return instantiateCore(await coreModule(), memory, nothing);
}

const config = (changes: Partial<SpaceConfig> = {}): SpaceConfig => ({
  ramPa: RAM_PA,
  ramBytes: MIB,
  harts: 2,
  engine: Engine.PREDECODE,
  builtinSbi: true,
  ...changes,
});

describe("a machine space", () => {
  test("tells the core what it consists of", async () => {
    const memory = new MachineMemory();
    const space = new MachineSpace(await newCore(memory), memory, config());
    const { vm, harts } = space;
    expect(vm.u64(VmField.ramPa)).toBe(BigInt(RAM_PA));
    expect(vm.u64(VmField.ramSize)).toBe(BigInt(MIB));
    expect(vm.u32(VmField.ramMa)).toBe(space.ramMa);
    expect(vm.u32(VmField.hartCount)).toBe(2);
    expect(vm.u32(VmField.builtinSbi)).toBe(1);
    expect(vm.u32(VmField.engine)).toBe(Engine.PREDECODE);
    expect(harts.map(({ ma }) => ma % 4096)).toEqual([0, 0]);
    expect(harts.map((_, index) => vm.u32(VmField.harts, index))).toEqual(harts.map(({ ma }) => ma));
    expect(harts.map((hart) => hart.u64(HartField.hartid))).toEqual([0n, 1n]);
    expect(harts.map((hart) => hart.u32(HartField.vm))).toEqual([vm.ma, vm.ma]);
  });

  test("gives a page its frame when it is first written", async () => {
    const memory = new MachineMemory();
    const space = new MachineSpace(await newCore(memory), memory, config());
    const entry = () => memory.u32[space.vm.u32(VmField.p2m) / 4 + 3];
    expect(space.ramAddress(RAM_PA + 0x3123, false)).toBe(space.ramMa + 0x3123);
    expect(entry()).toBe(0);
    expect(space.ramAddress(RAM_PA + 0x3123, true)).toBe(space.ramMa + 0x3123);
    space.ramAddress(RAM_PA + 0x3fff, true);
    expect(entry()).toBe((space.ramMa + 0x3000) | P2m.PRESENT | P2m.WRITABLE);
    expect(space.vm.u32(VmField.framesTouched)).toBe(1);
  });

  test("clears memory wherever a byte of a frame is set, and nothing beside it", async () => {
    const memory = new MachineMemory();
    const core = await newCore(memory);
    const ma = memory.allocate(4 * 4096);
    const places = [0, 7, 8, 63, 64, 2048, 4032, 4095].map((offset) => ma + 4096 + offset);
    for (const place of places) {
      memory.u8[place] = 0x80;
      memory.u8[ma + 4095] = 1;
      memory.u8[ma + 3 * 4096] = 2;
      core.frames_clear(ma + 4096, 2 * 4096);
      expect(memory.u8.subarray(ma + 4096, ma + 3 * 4096).every((byte) => byte === 0)).toBe(true);
      expect([memory.u8[ma + 4095], memory.u8[ma + 3 * 4096]]).toEqual([1, 2]);
    }
  });

  test("clears memory up to its last byte, which lies below 4 GiB", async () => {
    const memory = new MachineMemory();
    const core = await newCore(memory);
    const end = 2 ** 32;
    memory.allocate(end - memory.byteLength);
    memory.u8[end - 1] = 1;
    memory.u8[end - 4096 - 1] = 2;
    core.frames_clear(end - 8192, 8192);
    expect([memory.u8[end - 1], memory.u8[end - 4096 - 1]]).toEqual([0, 0]);
  });

  test.each([Engine.PREDECODE, Engine.TIERED])("gives all its memory back (engine %i)", async (engine) => {
    const memory = new MachineMemory();
    const core = await newCore(memory);
    const before = memory.allocatedBytes;
    new MachineSpace(core, memory, config({ engine })).release();
    expect(memory.allocatedBytes).toBe(before);
  });

  test("that does not fit leaves nothing allocated", async () => {
    const memory = new MachineMemory(64 * MIB);
    const core = await newCore(memory);
    expect(() => new MachineSpace(core, memory, config({ ramBytes: 60 * MIB }))).toThrow(
      expect.objectContaining({ code: "host-memory" }),
    );
    expect(memory.allocatedBytes).toBe(0);
  });
});

describe("views", () => {
  test("stay valid when the memory grows", async () => {
    const memory = new MachineMemory();
    const space = new MachineSpace(await newCore(memory), memory, config());
    const [hart] = space.harts;
    hart!.setX(5, 0x1234n);
    hart!.pc = 0xffff_ffff_8000_0000n;
    memory.allocate(128 * MIB);
    expect(hart!.x(5)).toBe(0x1234n);
    expect(hart!.pc).toBe(0xffff_ffff_8000_0000n);
    hart!.setX(0, 1n);
    expect(hart!.x(0)).toBe(0n);
  });

  test("count beyond 32 bits", async () => {
    const memory = new MachineMemory();
    const space = new MachineSpace(await newCore(memory), memory, config());
    space.harts[0]!.setU64(HartField.instret, 2n ** 40n + 5n);
    expect(space.harts[0]!.count(HartField.instret)).toBe(2 ** 40 + 5);
  });
});
