/** Compiles what the translator emitted and links it to the core. */

import { Install } from "../../assembly/shared/constants.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";
import { Generation } from "./generation.ts";

/** What of the core's exports every emitted module imports (in the order of `Import` in assembly/shared/emitted.ts), and the linker calls. */
export interface CodeExports {
  readonly table: WebAssembly.Table;
  dbt_load(hart: number, size: number, va: bigint): bigint;
  dbt_store(hart: number, size: number, va: bigint): bigint;
  dbt_callout(hart: number, fuel: number, record: bigint): bigint;
  dbt_system(hart: number, fuel: number, record: bigint): bigint;
  dbt_span(hart: number, info: number, va: bigint): bigint;
  dbt_find(hart: number, unused: number, pc: bigint): bigint;
  dbt_await(hart: number, depth: number, expected: bigint): bigint;
  /** Answers `install` later. */
  vm_code_ready(vm: number, first: number, count: number, answer: Install): void;
}

/** What compiling has cost so far. */
export interface CodeCounters {
  modules: number;
  bytes: number;
  /** Modules the engine has refused. */
  refused: number;
  /** Modules that nobody wanted any more when they had been compiled. */
  late: number;
  /** Milliseconds the thread has spent in compiling and linking. */
  milliseconds: number;
}

/**
 * - `"sync"`: the guest waits while its code is compiled; what it does depends on the guest alone.
 * - `"async"`: the engine compiles aside, and the guest is interpreted meanwhile.
 */
export type Compilation = "sync" | "async";

/** Machine address of the block of a VM that runs the code now; undefined when none does. */
export type CodeUser = () => number | undefined;

interface Owner {
  readonly user: CodeUser;
  readonly compilation: Compilation;
  /** Index in the core's table of its generation's entry. */
  readonly enter: number;
  /** Functions that it may have. */
  readonly most: number;
  generation: Generation;
}

/** Links emitted modules. One for each core. */
export class CodeLinker {
  readonly counters: CodeCounters = { modules: 0, bytes: 0, refused: 0, late: 0, milliseconds: 0 };
  readonly #memory: MachineMemory;
  #imports: WebAssembly.ModuleImports = {};
  #core!: CodeExports;
  /** By the machine address of the block of translated code. */
  readonly #owners = new Map<number, Owner>();
  /** Indices of the core's table that were of code which is gone. */
  readonly #free: number[] = [];
  #pending = 0;

  constructor(memory: MachineMemory) {
    this.#memory = memory;
  }

  /** Takes the core's exports, once it is instantiated. */
  connect(core: CodeExports): void {
    const { dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span, dbt_find, dbt_await } = core;
    this.#core = core;
    const helpers = [dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span, dbt_find, dbt_await];
    this.#imports = { m: this.#memory.memory, ...helpers };
  }

  /**
   * From now on modules are installed for the code whose block is at `code`, of `most` functions together at most. Returns the index in the
   * core's table of what calls its regions.
   */
  open(code: number, compilation: Compilation, most: number, user: CodeUser): number {
    const { table } = this.#core;
    const enter = this.#free.pop() ?? table.grow(1);
    const generation = new Generation(most);
    table.set(enter, generation.entry);
    this.#owners.set(code, { user, compilation, enter, most, generation });
    return enter;
  }

  /** All of the code is gone. */
  close(code: number): void {
    const owner = this.#owners.get(code);
    if (owner === undefined) return;
    this.#core.table.set(owner.enter, null);
    this.#free.push(owner.enter);
    this.#owners.delete(code);
  }

  /** Modules that are being compiled aside. */
  get pending(): number {
    return this.#pending;
  }

  /** What a module of the code imports; undefined when it is gone. */
  importsOf(code: number): Record<string, Record<string, unknown>> | undefined {
    const owner = this.#owners.get(code);
    return owner && this.#importsOf(owner.generation);
  }

  #importsOf({ table }: Generation): WebAssembly.Imports {
    return { e: { ...this.#imports, t: table } };
  }

  /** The table of the code's functions, which they all import. */
  tableOf(code: number): WebAssembly.Table | undefined {
    return this.#owners.get(code)?.generation.table;
  }

  /** Functions that the code has at present, and the length of the table they are in. */
  usage(code: number): { readonly functions: number; readonly length: number } {
    const generation = this.#owners.get(code)?.generation;
    return { functions: generation?.functions ?? 0, length: generation?.table.length ?? 0 };
  }

  /** The core's `code_install`. */
  install(code: number, first: number, ma: number, bytes: number, count: number): Install {
    const start = performance.now();
    const { compilation, generation } = this.#owners.get(code)!;
    this.counters.bytes += bytes;
    try {
      // A copy: the engine keeps the bytes, and the translator will write over these.
      const copy = this.#memory.u8.slice(ma, ma + bytes);
      const imports = this.#importsOf(generation);
      if (compilation === "async") {
        void this.#installLater(code, generation, WebAssembly.instantiate(copy, imports), first, count);
        return Install.LATER;
      }
      return this.#link(generation, new WebAssembly.Instance(new WebAssembly.Module(copy), imports), first, count);
    } catch {
      this.counters.refused++;
      return Install.REFUSED;
    } finally {
      this.counters.milliseconds += performance.now() - start;
    }
  }

  /** The core's `code_flush`: a new generation begins. */
  flush(code: number): void {
    const owner = this.#owners.get(code)!;
    owner.generation = new Generation(owner.most);
    this.#core.table.set(owner.enter, owner.generation.entry);
  }

  async #installLater(
    code: number,
    generation: Generation,
    compiled: Promise<{ readonly instance: WebAssembly.Instance }>,
    first: number,
    count: number,
  ): Promise<void> {
    this.#pending++;
    const instance = await compiled.then(
      (result) => result.instance,
      () => undefined,
    );
    this.#pending--;
    // Thrown away meanwhile, or the code is gone; other code may have its address.
    const owner = this.#owners.get(code);
    const vm = owner?.user();
    if (owner?.generation !== generation || vm === undefined) {
      this.counters.late++;
      return;
    }
    const start = performance.now();
    if (instance === undefined) this.counters.refused++;
    const answer = instance === undefined ? Install.REFUSED : this.#link(generation, instance, first, count);
    this.#core.vm_code_ready(vm, first, count, answer);
    this.counters.milliseconds += performance.now() - start;
  }

  #link(generation: Generation, instance: WebAssembly.Instance, first: number, count: number): Install {
    generation.add(instance, first, count);
    this.counters.modules++;
    return Install.DONE;
  }
}
