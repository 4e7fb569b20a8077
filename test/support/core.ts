/** A bare machine for tests of the core: harts and RAM, no board. MMIO and time are whatever the test plugs in. */

import { readFile } from "node:fs/promises";
import { type Core, type CoreExports, type CoreHost, instantiateCore } from "../../src/core/core.ts";
import { MachineSpace } from "../../src/core/machine-space.ts";
import type { Compilation } from "../../src/core/code.ts";
import { DEFAULT_TRANSLATOR, type TranslatorSettings } from "../../src/core/translator.ts";
import type { HartView } from "../../src/core/views.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createGuestMemory, type GuestMemory } from "../../src/memory/guest-memory.ts";
import type { PageStore } from "../../src/memory/paging/page-store.ts";
import { MachineMemory } from "../../src/memory/machine-memory.ts";
import { HartField } from "../../assembly/state/layout.ts";
import type { Exit } from "../../assembly/shared/constants.ts";
import { Access, Engine, MemoryModel } from "../../assembly/shared/constants.ts";

/** Where RAM begins, as on the virt board. */
export const RAM_PA = 0x8000_0000;

export interface TestMachineOptions {
  /** Bytes of RAM, a multiple of 4096. Default 1 MiB. */
  ram?: number;
  /** Bytes of frames that its RAM takes at most, which then has no range to itself. */
  ramLimit?: number | undefined;
  /** Where its pages may go, and those of machines beside it. Default: nowhere. */
  pageStore?: PageStore;
  /** Bytes of its machine memory. Default 4 GiB. */
  maxMemory?: number;
  /** A machine whose core and machine memory it shares. Default: its own. */
  beside?: TestMachine | undefined;
  /** 1 to 8. Default 1. */
  harts?: number;
  /** True makes an S-mode ECALL return `Exit.SBI`. Default false. */
  builtinSbi?: boolean;
  engine?: Engine;
  /** Decoded code pages. Default 64. */
  codePages?: number;
  /** What differs from `DEFAULT_TRANSLATOR`. */
  translator?: Partial<TranslatorSettings>;
  compilation?: Compilation;
  /** Default: `SHADOW`. */
  memoryModel?: MemoryModel | undefined;
  /** Answers loads outside RAM; undefined is an access fault. Default: always a fault. */
  mmioLoad?: (pa: number, size: number, hart: number) => bigint | undefined;
  /** Answers stores outside RAM; false is an access fault. Default: always a fault. */
  mmioStore?: (pa: number, size: number, value: bigint, hart: number) => boolean;
  /** The value of `time`. Default 0. */
  mtime?: () => bigint;
}

/** One hart of a test machine. */
export class TestHart {
  readonly view: HartView;
  readonly #core: CoreExports;

  constructor(core: CoreExports, view: HartView) {
    this.#core = core;
    this.view = view;
  }

  x(index: number): bigint {
    return this.view.x(index);
  }

  setX(index: number, value: bigint): void {
    this.view.setX(index, value);
  }

  f(index: number): bigint {
    return this.view.f(index);
  }

  setF(index: number, bits: bigint): void {
    this.view.setF(index, bits);
  }

  get pc(): bigint {
    return this.view.pc;
  }

  set pc(va: bigint) {
    this.view.pc = va;
  }

  get priv(): number {
    return this.view.u32(HartField.priv);
  }

  /** Instructions retired since reset. */
  get instret(): bigint {
    return this.view.u64(HartField.instret);
  }

  /** A CSR by number, as a debugger reads it. Throws when there is no such CSR. */
  csr(number: number): bigint {
    if (this.#core.hart_csr_read(this.view.ma, number) === 0) throw new Error(`no CSR 0x${number.toString(16)}`);
    return this.view.u64(HartField.mmioData);
  }

  /** Writes a CSR as a debugger does (WARL rules apply). Throws when there is no such CSR. */
  setCsr(number: number, value: bigint): void {
    this.view.setU64(HartField.mmioData, value);
    if (this.#core.hart_csr_write(this.view.ma, number) === 0) throw new Error(`no CSR 0x${number.toString(16)}`);
  }

  /** Drives interrupt lines in mip's bit positions. */
  setLines(mask: number, value: number): void {
    this.#core.hart_set_lines(this.view.ma, mask, value);
  }

  /** pa of va, or undefined when the walk faults. */
  translate(va: bigint, access: Access = Access.LOAD): bigint | undefined {
    const pa = BigInt.asUintN(64, this.#core.hart_translate(this.view.ma, va, access));
    return pa === 0xffff_ffff_ffff_ffffn ? undefined : pa;
  }

  /** Runs at most `budget` instructions. */
  run(budget: number): Exit {
    return this.#core.hart_run(this.view.ma, budget);
  }

  /** Runs instructions until the hart's pc is `pc`; throws when that takes more than `limit`. */
  runTo(pc: bigint, limit = 100_000): void {
    for (let count = 0; this.pc !== pc; count++) {
      if (count === limit) throw new Error(`pc 0x${pc.toString(16)} not reached; at 0x${this.pc.toString(16)}`);
      this.run(1);
    }
  }
}

/** Harts and RAM at `RAM_PA`; every hart starts there, in M mode. */
export class TestMachine {
  readonly core: Core;
  readonly memory: MachineMemory;
  readonly space: MachineSpace;
  readonly harts: readonly TestHart[];
  /** RAM as devices see it. */
  readonly ram: GuestMemory;

  constructor(core: Core, memory: MachineMemory, space: MachineSpace) {
    this.ram = createGuestMemory({
      ramPa: space.ramPa,
      ramSize: space.ramBytes,
      memory: memory.memory,
      translate: (pa, write) => space.ramAddress(pa, write),
    });
    this.core = core;
    this.memory = memory;
    this.space = space;
    this.harts = space.harts.map((view) => new TestHart(core, view));
    for (const hart of this.harts) hart.pc = BigInt(RAM_PA);
  }

  hart(index = 0): TestHart {
    const hart = this.harts[index];
    if (hart === undefined) throw new RangeError(`no hart ${index}`);
    return hart;
  }

  /** Copies bytes into RAM. */
  load(bytes: ArrayLike<number>, pa: number = RAM_PA): void {
    if (!this.ram.write(pa, Uint8Array.from(bytes))) throw notRam(pa);
  }

  /** Writes 32-bit instruction words. */
  loadWords(words: readonly number[], pa: number = RAM_PA): void {
    words.forEach((word, index) => this.write32(pa + index * 4, word));
  }

  /** A copy of `length` bytes of RAM. */
  read(pa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (!this.ram.read(pa, bytes)) throw notRam(pa);
    return bytes;
  }

  read64(pa: number): bigint {
    const value = this.ram.load64(pa);
    if (value === undefined) throw notRam(pa);
    return value;
  }

  write64(pa: number, value: bigint): void {
    if (!this.ram.store64(pa, value)) throw notRam(pa);
  }

  read32(pa: number): number {
    const value = this.ram.load32(pa);
    if (value === undefined) throw notRam(pa);
    return value;
  }

  write32(pa: number, value: number): void {
    if (!this.ram.store32(pa, value)) throw notRam(pa);
  }
}

function notRam(pa: number): RangeError {
  return new RangeError(`0x${pa.toString(16)} is not RAM`);
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The core, compiled once for each test file; vitest's global set-up has built it. */
export function coreModule(): Promise<WebAssembly.Module> {
  compiled ??= readFile(new URL("../../build/core.wasm", import.meta.url)).then((bytes) => WebAssembly.compile(bytes));
  return compiled;
}

function coreHost(memory: MachineMemory, options: TestMachineOptions): CoreHost {
  const dataMa = (hart: number) => hart + HartField.mmioData;
  return {
    mmioLoad(hart, pa, size) {
      const value = options.mmioLoad?.(pa, size, hart);
      if (value !== undefined) memory.view.setBigUint64(dataMa(hart), value, true);
      return value !== undefined;
    },
    mmioStore: (hart, pa, size) =>
      options.mmioStore?.(pa, size, memory.view.getBigUint64(dataMa(hart), true), hart) ?? false,
    mtime: () => options.mtime?.() ?? 0n,
  };
}

/** Makes a machine of its own memory and core. */
export async function createTestMachine(options: TestMachineOptions = {}): Promise<TestMachine> {
  const memory = options.beside?.memory ?? new MachineMemory(options.maxMemory);
  const core = options.beside?.core ?? (await instantiateCore(await coreModule(), memory, coreHost(memory, options)));
  const { pageStore } = options;
  if (pageStore !== undefined) core.pool.pager ??= { store: pageStore, took: () => undefined, rescue: () => false };
  const space = new MachineSpace(core, memory, {
    ramPa: RAM_PA,
    ramBytes: options.ram ?? 1024 * 1024,
    ramLimit: options.ramLimit,
    harts: options.harts ?? 1,
    engine: options.engine ?? Engine.PREDECODE,
    builtinSbi: options.builtinSbi ?? false,
    codePages: options.codePages ?? 64,
    translator: { ...DEFAULT_TRANSLATOR, ...options.translator },
    compilation: options.compilation ?? "sync",
    memoryModel: options.memoryModel ?? MemoryModel.SHADOW,
  });
  return new TestMachine(core, memory, space);
}

/**
 * Assembles a program, loads it at `RAM_PA` and runs hart 0 (M mode) until it reaches the program's end, which counts as
 * an address of its own: fall off the last instruction to finish.
 *
 * ```ts
 * const { x } = await runProgram("li a0, 2\nadd a0, a0, a0");
 * expect(x(10)).toBe(4n);
 * ```
 */
export async function runProgram(source: string, options: TestMachineOptions = {}): Promise<TestHart> {
  const machine = await createTestMachine(options);
  const code = assemble(source, BigInt(RAM_PA));
  machine.load(code);
  machine.hart().runTo(BigInt(RAM_PA + code.length));
  return machine.hart();
}
