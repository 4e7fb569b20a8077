/** Compiles what the translator emitted and links it into the core's table. */

import type { MachineMemory } from "../memory/machine-memory.ts";

/** The functions of the core that every emitted module imports, in the order of `Import` in assembly/dbt/locals.ts. */
export interface CodeImports {
  readonly table: WebAssembly.Table;
  dbt_load(hart: number, va: bigint, size: number): number;
  dbt_store(hart: number, va: bigint, value: bigint, size: number): number;
  dbt_callout(hart: number, record: bigint, fuel: number): number;
}

/** What compiling has cost so far. */
export interface CodeCounters {
  modules: number;
  bytes: number;
  /** Modules the engine has refused. */
  refused: number;
  /** Milliseconds spent in compiling and linking. */
  milliseconds: number;
}

/** Links emitted modules. One for each core. */
export class CodeLinker {
  readonly counters: CodeCounters = { modules: 0, bytes: 0, refused: 0, milliseconds: 0 };
  readonly #memory: MachineMemory;
  #imports: Record<string, unknown> = {};
  #table: WebAssembly.Table | undefined;
  #free: { first: number; count: number }[] = [];

  constructor(memory: MachineMemory) {
    this.#memory = memory;
  }

  /** Takes the core's exports, once it is instantiated. */
  connect(core: CodeImports): void {
    this.#table = core.table;
    this.#imports = { m: this.#memory.memory, t: core.table, 0: core.dbt_load, 1: core.dbt_store, 2: core.dbt_callout };
  }

  /** A range of the table for `count` functions; returns its first index. */
  reserve(count: number): number {
    const free = this.#free.findIndex((range) => range.count === count);
    const [range] = free < 0 ? [] : this.#free.splice(free, 1);
    return range ? range.first : this.#table!.grow(count);
  }

  /** Gives a range back and forgets its functions, so that their modules can be collected. */
  release(first: number, count: number): void {
    for (let i = 0; i < count; i++) this.#table!.set(first + i, null);
    this.#free.push({ first, count });
  }

  /** Compiles the module at `ma` and puts its functions into the table from `first`. False when the engine refuses it. */
  install(ma: number, bytes: number, first: number, count: number): boolean {
    const start = performance.now();
    try {
      // A copy: the engine keeps the bytes, and the translator will write over these.
      const module = new WebAssembly.Module(this.#memory.u8.slice(ma, ma + bytes));
      const { exports } = new WebAssembly.Instance(module, { e: this.#imports });
      for (let i = 0; i < count; i++) this.#table!.set(first + i, exports[i]);
      this.counters.modules++;
      this.counters.bytes += bytes;
      return true;
    } catch {
      this.counters.refused++;
      return false;
    } finally {
      this.counters.milliseconds += performance.now() - start;
    }
  }
}
