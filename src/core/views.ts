/** Typed access to the blocks of harts and VMs in machine memory. */

import type { HartField, VmField } from "../../assembly/state/layout.ts";
import { HartField as H } from "../../assembly/state/layout.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";

/** Fields of one block, by their offset from its start. Stays valid when the memory grows. */
export class BlockView<Field extends number> {
  readonly memory: MachineMemory;
  /** Machine address of the block. */
  readonly ma: number;

  constructor(memory: MachineMemory, ma: number) {
    this.memory = memory;
    this.ma = ma;
  }

  /** A 32-bit field, or element `index` of an array of them. */
  u32(field: Field, index = 0): number {
    return this.memory.u32[(this.ma + field) / 4 + index] ?? 0;
  }

  setU32(field: Field, value: number, index = 0): void {
    this.memory.u32[(this.ma + field) / 4 + index] = value;
  }

  /** A 64-bit field, or element `index` of an array of them. */
  u64(field: Field, index = 0): bigint {
    return this.memory.u64[(this.ma + field) / 8 + index] ?? 0n;
  }

  /** Stores `value` modulo 2^64. */
  setU64(field: Field, value: bigint, index = 0): void {
    this.memory.u64[(this.ma + field) / 8 + index] = value;
  }

  /** A 64-bit field as a number: exact below 2^53, which counters do not reach. */
  count(field: Field): number {
    const word = (this.ma + field) / 4;
    return (this.memory.u32[word] ?? 0) + (this.memory.u32[word + 1] ?? 0) * 2 ** 32;
  }
}

/** The state of one hart. */
export class HartView extends BlockView<HartField> {
  /** Integer register `index`, 0 to 31. */
  x(index: number): bigint {
    return this.u64(H.x, index);
  }

  /** Writes an integer register; x0 stays zero. */
  setX(index: number, value: bigint): void {
    if (index !== 0) this.setU64(H.x, value, index);
  }

  /** Raw bits of floating-point register `index`, 0 to 31. */
  f(index: number): bigint {
    return this.u64(H.f, index);
  }

  setF(index: number, bits: bigint): void {
    this.setU64(H.f, bits, index);
  }

  get pc(): bigint {
    return this.u64(H.pc);
  }

  set pc(va: bigint) {
    this.setU64(H.pc, va);
  }
}

/** The block of one virtual machine. */
export class VmView extends BlockView<VmField> {}
