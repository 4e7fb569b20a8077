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

interface Owner {
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
  readonly #vms = new Map<number, Owner>();
  /** Indices of the core's table that VMs had which are gone. */
  readonly #free: number[] = [];
  #pending = 0;

  constructor(memory: MachineMemory) {
    this.#memory = memory;
  }

  /** Takes the core's exports, once it is instantiated. */
  connect(core: CodeExports): void {
    const { dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span, dbt_find } = core;
    this.#core = core;
    this.#imports = { m: this.#memory.memory, ...[dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span, dbt_find] };
  }

  /**
   * From now on the VM at `vm` installs modules, of `most` functions together at most. Returns the index in the core's table of what
   * calls its regions.
   */
  open(vm: number, compilation: Compilation, most: number): number {
    const { table } = this.#core;
    const enter = this.#free.pop() ?? table.grow(1);
    const generation = new Generation(most);
    table.set(enter, generation.entry);
    this.#vms.set(vm, { compilation, enter, most, generation });
    return enter;
  }

  /** The VM is gone, and all of its code. */
  close(vm: number): void {
    const owner = this.#vms.get(vm);
    if (owner === undefined) return;
    this.#core.table.set(owner.enter, null);
    this.#free.push(owner.enter);
    this.#vms.delete(vm);
  }

  /** Modules that are being compiled aside. */
  get pending(): number {
    return this.#pending;
  }

  /** What an emitted module of a VM imports; undefined when it has no translator. */
  importsOf(vm: number): Record<string, Record<string, unknown>> | undefined {
    const owner = this.#vms.get(vm);
    return owner && this.#importsOf(owner.generation);
  }

  #importsOf({ table }: Generation): WebAssembly.Imports {
    return { e: { ...this.#imports, t: table } };
  }

  /** The table of a VM's functions, which they all import. */
  tableOf(vm: number): WebAssembly.Table | undefined {
    return this.#vms.get(vm)?.generation.table;
  }

  /** Functions that a VM has at present, and the length of the table they are in. */
  usage(vm: number): { readonly functions: number; readonly length: number } {
    const generation = this.#vms.get(vm)?.generation;
    return { functions: generation?.functions ?? 0, length: generation?.table.length ?? 0 };
  }

  /** The core's `code_install`. */
  install(vm: number, first: number, ma: number, bytes: number, count: number): Install {
    const start = performance.now();
    const { compilation, generation } = this.#vms.get(vm)!;
    this.counters.bytes += bytes;
    try {
      // A copy: the engine keeps the bytes, and the translator will write over these.
      const copy = this.#memory.u8.slice(ma, ma + bytes);
      const imports = this.#importsOf(generation);
      if (compilation === "async") {
        void this.#installLater(vm, generation, WebAssembly.instantiate(copy, imports), first, count);
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
  flush(vm: number): void {
    const owner = this.#vms.get(vm)!;
    owner.generation = new Generation(owner.most);
    this.#core.table.set(owner.enter, owner.generation.entry);
  }

  async #installLater(
    vm: number,
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
    // Thrown away meanwhile, or the VM is gone; another may have its address.
    if (this.#vms.get(vm)?.generation !== generation) {
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
