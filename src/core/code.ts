/** Compiles what the translator emitted and links it into the core's table. */

import { Install } from "../../assembly/shared/constants.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";
import { TableRanges } from "./table-ranges.ts";

/** What of the core's exports every emitted module imports (in the order of `Import` in assembly/dbt/locals.ts), and the linker calls. */
export interface CodeExports {
  readonly table: WebAssembly.Table;
  dbt_load(hart: number, va: bigint, size: number): number;
  dbt_store(hart: number, va: bigint, value: bigint, size: number): number;
  dbt_callout(hart: number, record: bigint, fuel: number): number;
  dbt_system(hart: number, record: bigint, fuel: number): number;
  /** Answers `install` later. Returns 0 when the VM does not want the functions any more. */
  vm_code_ready(vm: number, ticket: number, first: number): number;
  dbt_span(hart: number, va: bigint, info: number): number;
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
 * - `"async"`: the engine compiles aside, and the guest is interpreted meanwhile. Browsers may refuse anything else on the page's thread.
 */
export type Compilation = "sync" | "async";

/** The functions of one VM in the table: count by first index. */
type Ranges = Map<number, number>;

/** Links emitted modules. One for each core. */
export class CodeLinker {
  readonly counters: CodeCounters = { modules: 0, bytes: 0, refused: 0, late: 0, milliseconds: 0 };
  readonly #memory: MachineMemory;
  readonly #imports: { e: WebAssembly.ModuleImports } = { e: {} };
  #core!: CodeExports;
  #ranges!: TableRanges;
  readonly #vms = new Map<number, { readonly compilation: Compilation; readonly ranges: Ranges }>();

  constructor(memory: MachineMemory) {
    this.#memory = memory;
  }

  /** Takes the core's exports, once it is instantiated. */
  connect(core: CodeExports): void {
    const { table, dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span } = core;
    this.#core = core;
    this.#ranges = new TableRanges(table);
    const functions = [dbt_load, dbt_store, dbt_callout, dbt_system, dbt_span];
    this.#imports.e = { m: this.#memory.memory, t: table, ...functions };
  }

  /** From now on the VM at `vm` installs modules. */
  open(vm: number, compilation: Compilation): void {
    this.#vms.set(vm, { compilation, ranges: new Map() });
  }

  /** The VM is gone: forgets its functions, so that the engine can collect their modules. */
  close(vm: number): void {
    for (const [first, count] of this.#vms.get(vm)?.ranges ?? []) this.#clear(first, count);
    this.#vms.delete(vm);
  }

  /** Length of the core's table. */
  get tableLength(): number {
    return this.#core.table.length;
  }

  /** Indices of the table that functions of the VM occupy. */
  functions(vm: number): number {
    let sum = 0;
    for (const count of this.#vms.get(vm)?.ranges.values() ?? []) sum += count;
    return sum;
  }

  /**
   * The core's `code_install`: compiles the module of `bytes` at `ma` for the VM at `vm`. Returns the table index of the first of its
   * `count` functions, or an `Install`.
   */
  install(vm: number, ticket: number, ma: number, bytes: number, count: number): number {
    const start = performance.now();
    try {
      // A copy: the engine keeps the bytes, and the translator will write over these.
      const copy = this.#memory.u8.slice(ma, ma + bytes);
      this.counters.bytes += bytes;
      if (this.#vms.get(vm)!.compilation === "async") {
        void this.#installLater(vm, ticket, copy, count);
        return Install.LATER;
      }
      return this.#link(vm, new WebAssembly.Instance(new WebAssembly.Module(copy), this.#imports), count);
    } catch {
      this.counters.refused++;
      return Install.REFUSED;
    } finally {
      this.counters.milliseconds += performance.now() - start;
    }
  }

  /** The core's `code_release`. */
  release(vm: number, first: number, count: number): void {
    this.#vms.get(vm)!.ranges.delete(first);
    this.#clear(first, count);
  }

  async #installLater(vm: number, ticket: number, bytes: Uint8Array<ArrayBuffer>, count: number): Promise<void> {
    // Another VM may have the same address later.
    const owner = this.#vms.get(vm);
    const instance = await WebAssembly.instantiate(bytes, this.#imports).then(
      ({ instance }) => instance,
      () => undefined,
    );
    if (this.#vms.get(vm) !== owner) return;
    const start = performance.now();
    let first: number = Install.REFUSED;
    try {
      if (instance !== undefined) first = this.#link(vm, instance, count);
    } catch {
      // No room in the table.
    }
    if (first === Install.REFUSED) this.counters.refused++;
    if (this.#core.vm_code_ready(vm, ticket, first) === 0) {
      this.counters.late++;
      if (first !== Install.REFUSED) this.release(vm, first, count);
    }
    this.counters.milliseconds += performance.now() - start;
  }

  #link(vm: number, { exports }: WebAssembly.Instance, count: number): number {
    const first = this.#ranges.take(count);
    for (let i = 0; i < count; i++) this.#core.table.set(first + i, exports[i]);
    this.#vms.get(vm)!.ranges.set(first, count);
    this.counters.modules++;
    return first;
  }

  #clear(first: number, count: number): void {
    for (let i = 0; i < count; i++) this.#core.table.set(first + i, null);
    this.#ranges.give(first, count);
  }
}
