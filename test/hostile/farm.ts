/** The machines that a hostile program is run on, one for each engine, among machines that nobody runs. */

import { readFile } from "node:fs/promises";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine, Exit, MemoryModel, Sensitive, Translate } from "../../assembly/shared/constants.ts";
import { saveHart } from "../../src/core/block-state.ts";
import { piecesOf, placeFields } from "../../src/isa/gen/state.ts";
import { hartState, isSaved } from "../../src/isa/state.ts";
import { type Core, instantiateCore } from "../../src/core/core.ts";
import { MachineSpace } from "../../src/core/machine-space.ts";
import { DEFAULT_TRANSLATOR } from "../../src/core/translator.ts";
import { Random } from "../../src/isa/random/values.ts";
import { MachineMemory } from "../../src/memory/machine-memory.ts";
import { DEVICE, DEVICE_ATTENTION, DEVICE_BYTES, DEVICE_LINES, MAX_HARTS, RAM, RAM_BYTES } from "./layout.ts";
import { type HostileProgram, programParts, type Slice, startPc } from "./program.ts";

/** Where a hart's own state lies. */
const SAVED = piecesOf(placeFields(hartState), isSaved);

/** Decoded code pages of each machine; programs use fewer. */
const CODE_PAGES = 16;

/** After these a hart goes on with its slice. */
const GO_ON: ReadonlySet<Exit> = new Set([Exit.SENSITIVE, Exit.TIMER, Exit.ATTENTION, Exit.YIELD]);

/** What fills the neighbours. */
const PATTERN = 0x6a;

/** A machine and what its device has seen. */
export interface Machine {
  readonly name: string;
  readonly space: MachineSpace;
  readonly engine: Engine;
  device: { accesses: number; log: number };
}

/** How a hart's slice ended. */
interface Ended {
  readonly hart: number;
  readonly exit: Exit;
}

const ENGINES = [Engine.INTERPRET, Engine.PREDECODE, Engine.TIERED, Engine.TRANSLATE] as const;
export const ENGINE_NAMES = ["decoding each time", "interpreter", "tiered", "translator"] as const;

function mix(log: number, ...values: number[]): number {
  for (const value of values) log = Math.imul(log ^ value, 0x9e37_79b1) ^ (log >>> 15);
  return log >>> 0;
}

/** One host with a machine for each engine; between them lie machines that are only filled. */
export class Farm {
  readonly machines: Machine[] = [];
  readonly #memory = new MachineMemory();
  readonly #byHart = new Map<number, Machine>();
  readonly #quiet: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  #core!: Core;

  static async create(): Promise<Farm> {
    const farm = new Farm();
    const wasm = await WebAssembly.compile(await readFile(new URL("../../build/core.wasm", import.meta.url)));
    farm.#core = await instantiateCore(wasm, farm.#memory, {
      mmioLoad: (hart, pa, size) => farm.#load(hart, pa, size),
      mmioStore: (hart, pa, size) => farm.#store(hart, pa, size),
      mtime: (hart) => farm.#u64(hart + HartField.instret),
    });
    farm.#addNeighbour();
    for (const [i, engine] of ENGINES.entries()) {
      farm.#addMachine(ENGINE_NAMES[i]!, engine);
      farm.#addNeighbour();
    }
    for (const area of farm.#quiet) area.bytes.set(farm.#memory.u8.subarray(area.from, area.from + area.bytes.length));
    return farm;
  }

  #newSpace(engine: Engine): MachineSpace {
    return new MachineSpace(this.#core, this.#memory, {
      ramPa: Number(RAM),
      ramBytes: RAM_BYTES,
      harts: MAX_HARTS,
      engine,
      builtinSbi: false,
      codePages: CODE_PAGES,
      translator: DEFAULT_TRANSLATOR,
    });
  }

  #addMachine(name: string, engine: Engine): void {
    const machine: Machine = { name, engine, space: this.#newSpace(engine), device: { accesses: 0, log: 0 } };
    this.machines.push(machine);
    for (const { ma } of machine.space.harts) this.#byHart.set(ma, machine);
  }

  /** A machine with RAM full of a pattern; its blocks and its RAM are looked at after each program. */
  #addNeighbour(): void {
    const space = this.#newSpace(Engine.PREDECODE);
    this.#memory.u8.fill(PATTERN, space.ramMa, space.ramMa + RAM_BYTES);
    this.#quiet.push({ from: space.ramMa, bytes: new Uint8Array(RAM_BYTES) });
    const blocks = space.harts.at(-1)!.ma + 4096 - space.vm.ma;
    this.#quiet.push({ from: space.vm.ma, bytes: new Uint8Array(blocks) });
  }

  #u64(ma: number): bigint {
    return this.#memory.u64[ma / 8]!;
  }

  #load(hart: number, pa: number, size: number): boolean {
    if (pa < DEVICE || pa >= DEVICE + DEVICE_BYTES) return false;
    const { device } = this.#byHart.get(hart)!;
    device.log = mix(device.log, pa, size, 1);
    const at = (hart + HartField.mmioData) / 4;
    const word = mix(device.accesses++, pa);
    this.#memory.u32[at] = size === 1 ? word & 0xff : size === 2 ? word & 0xffff : word;
    this.#memory.u32[at + 1] = size === 8 ? mix(word, 1) : 0;
    return true;
  }

  #store(hart: number, pa: number, size: number): boolean {
    if (pa < DEVICE || pa >= DEVICE + DEVICE_BYTES) return false;
    const { device } = this.#byHart.get(hart)!;
    const at = (hart + HartField.mmioData) / 4;
    const value = this.#memory.u32[at]!;
    device.log = mix(device.log, pa, size, value, this.#memory.u32[at + 1]!);
    device.accesses++;
    const register = (pa - DEVICE) & 0xff8;
    if (register === DEVICE_LINES) this.#core.hart_set_lines(hart, 0xaaa, value & 0xaaa);
    if (register === DEVICE_ATTENTION) {
      this.#memory.u32[(hart + HartField.exitReason) / 4] = Exit.ATTENTION;
      this.#memory.u32[(hart + HartField.attention) / 4] = 1;
    }
    return true;
  }

  /** Loads the program into every machine and switches it on; pools, budgets and thresholds are the seed's. */
  begin(program: HostileProgram): void {
    const parts = programParts(program);
    for (const machine of this.machines) {
      const { space } = machine;
      const { u8 } = this.#memory;
      u8.fill(0, space.ramMa, space.ramMa + RAM_BYTES);
      for (const { offset, bytes } of parts) u8.set(bytes, space.ramMa + offset);
      machine.device = { accesses: 0, log: 0 };
      this.#settings(machine, program.seed);
      for (const view of space.harts) {
        this.#core.hart_reset(view.ma);
        view.pc = startPc();
      }
      space.forgetCode();
      space.codeChanged(this.#core);
    }
  }

  #settings(machine: Machine, seed: number): void {
    const random = new Random(Math.imul(seed, 31) + machine.engine);
    const { vm } = machine.space;
    this.#memory.u32[vm.u32(VmField.codePages) / 4] = 0;
    vm.setU32(VmField.codePageCount, random.pick([2, 3, 4, 6, CODE_PAGES]));
    vm.setU32(VmField.hotThreshold, random.pick([1, 1, 64, 300]));
    vm.setU32(VmField.warmThreshold, random.pick([1, 32]));
    vm.setU32(VmField.samplePeriod, random.pick([16, 64, 200]));
    vm.setU32(VmField.maxInsns, random.pick([1, 8, 60, 300, 300]));
    vm.setU32(VmField.regionMax, random.pick([2, 5, 24, 400]));
    vm.setU32(VmField.codeModulesMax, random.pick([1, 4, 400]));
    vm.setU32(VmField.codeBytesMax, random.pick([3000, 20_000, 1 << 20, 1 << 20]));
    vm.setU32(VmField.sensitive, random.pick([Sensitive.EXIT, Sensitive.CALLOUT, Sensitive.INLINE, Sensitive.INLINE]));
    vm.setU32(VmField.translate, mechanisms(random, machine.engine));
    const interprets = machine.engine === Engine.INTERPRET || machine.engine === Engine.PREDECODE;
    const models = [MemoryModel.SHADOW, MemoryModel.TLB, MemoryModel.NESTED];
    vm.setU32(VmField.memoryModel, interprets ? random.pick(models) : MemoryModel.SHADOW);
  }

  /** Runs one slice of every hart of `machine`, and does what the host does then. */
  run(machine: Machine, slice: Slice, harts: number): Ended[] {
    const ended: Ended[] = [];
    for (let hart = 0; hart < harts; hart++) ended.push({ hart, exit: this.runHart(machine, hart, slice.steps) });
    this.act(machine, slice);
    return ended;
  }

  /** Does what the host does after `slice`. */
  act(machine: Machine, slice: Slice): void {
    for (const { hart, mask, value, fence } of slice.events) {
      const { ma } = machine.space.harts[hart]!;
      this.#core.hart_set_lines(ma, mask, value);
      if (fence === "i") this.#core.hart_fence_i(ma);
      if (fence === "vma") this.#core.hart_flush(ma);
    }
  }

  /** Runs one hart of `machine`, and serves its exits. */
  runHart(machine: Machine, index: number, steps: number): Exit {
    const hart = machine.space.harts[index]!;
    this.#core.hart_note_time(hart.ma, hart.u64(HartField.instret));
    if (this.#core.hart_waits(hart.ma) !== 0) return Exit.NONE;
    hart.setU32(HartField.wfi, 0);
    let exit = this.#core.hart_run(hart.ma, steps);
    while (GO_ON.has(exit) && hart.u32(HartField.fuel) > 0) {
      if (exit === Exit.SENSITIVE) exit = this.#core.hart_emulate(hart.ma);
      else {
        this.#core.hart_note_time(hart.ma, hart.u64(HartField.instret));
        exit = this.#core.hart_run(hart.ma, hart.u32(HartField.fuel));
      }
    }
    return exit;
  }

  /** The RAM of `machine`, as it is now. */
  ram({ space }: Machine): DataView {
    return new DataView(this.#memory.u8.buffer, space.ramMa, RAM_BYTES);
  }

  /** What differs between `machine` and `other`, in words. */
  differences(machine: Machine, other: Machine, harts: number): string[] {
    const lines: string[] = [];
    for (let hart = 0; hart < harts; hart++) lines.push(...this.#hartDifferences(machine, other, hart));
    const at = this.#firstDifference(machine.space.ramMa, other.space.ramMa, RAM_BYTES);
    if (at >= 0) {
      const word = (space: MachineSpace): string => this.#u64(space.ramMa + (at & ~7)).toString(16);
      lines.push(
        `RAM at 0x${(Number(RAM) + (at & ~7)).toString(16)}: 0x${word(machine.space)}, 0x${word(other.space)}`,
      );
    }
    if (machine.device.log !== other.device.log || machine.device.accesses !== other.device.accesses) {
      lines.push(`accesses of the device: ${machine.device.accesses}, ${other.device.accesses}`);
    }
    return lines;
  }

  #hartDifferences(machine: Machine, other: Machine, index: number): string[] {
    const a = machine.space.harts[index]!;
    const b = other.space.harts[index]!;
    if (SAVED.every(({ offset, bytes }) => this.#firstDifference(a.ma + offset, b.ma + offset, bytes) < 0)) return [];
    const [left, right] = [saveHart(a), saveHart(b)];
    return Object.keys(left).flatMap((name) =>
      left[name]!.flatMap((value, i) => {
        const other = right[name]![i]!;
        return value === other ? [] : [`hart ${index} ${name}[${i}]: 0x${value.toString(16)}, 0x${other.toString(16)}`];
      }),
    );
  }

  #firstDifference(a: number, b: number, length: number): number {
    const { u8 } = this.#memory;
    const x = Buffer.from(u8.buffer, a, length);
    const y = Buffer.from(u8.buffer, b, length);
    return x.equals(y) ? -1 : x.findIndex((byte, i) => byte !== y[i]);
  }

  /** Where a neighbour is not what it was, in words. */
  damage(): string[] {
    const { buffer } = this.#memory.u8;
    return this.#quiet.flatMap(({ from, bytes }) =>
      Buffer.from(buffer, from, bytes.length).equals(bytes)
        ? []
        : [`a neighbour at 0x${from.toString(16)} was changed`],
    );
  }

  /** Does what no guest can: changes a byte of a neighbour's. */
  spoil(): void {
    const { from } = this.#quiet[0]!;
    this.#memory.u8[from + 5] = PATTERN ^ 1;
  }

  clearCounters(machine: Machine): void {
    machine.space.clearCounters();
  }

  /** What the machines' translators have done so far, to see that there is anything to see. */
  counters(machine: Machine): { regions: number; evicted: number; translated: number } {
    const { vm } = machine.space;
    return {
      regions: vm.count(VmField.countRegion),
      evicted: vm.count(VmField.countEvicted),
      translated: vm.count(VmField.countTranslated),
    };
  }
}

/** Mostly all mechanisms; the cache is off now and then, which is slow. */
function mechanisms(random: Random, engine: Engine): number {
  if (random.oneIn(3)) return Translate.ALL;
  const some = (random.next() | random.next()) & Translate.ALL;
  return engine === Engine.TIERED && random.oneIn(8) ? some & ~Translate.CACHE : some | Translate.CACHE;
}
