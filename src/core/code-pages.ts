/** The pool of decoded code pages that all VMs of a host take theirs from (assembly/code/pages.ts). */

import { VmField } from "../../assembly/state/layout.ts";
import { CodePage, CodePool } from "../../assembly/shared/constants.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";
import type { VmView } from "./views.ts";

/** Pages that one VM takes in turn, enough for a distribution's boot; untouched ones cost nothing. */
const FIRST_PAGES = 3072;
/** As many more for each other VM, and at most. */
const MORE_PAGES = 128;
const MOST_PAGES = 4096;
/** Of a small host's memory they get this part. */
const PART = 1 / 2;

interface Pool {
  readonly ma: number;
  readonly pages: number;
}

interface PagesCore {
  code_pages_release(pool: number, count: number, owner: number): void;
  vm_code_changed(vm: number): void;
}

/** Opens the pool for the first VM of a host, and gives it back after the last. */
export class CodePages {
  readonly #memory: MachineMemory;
  readonly #core: PagesCore;
  readonly #vms = new Set<VmView>();
  /** Who needs the pool beside VMs. */
  #keepers = 0;
  #pool: Pool | undefined;

  constructor(memory: MachineMemory, core: PagesCore) {
    this.#memory = memory;
    this.#core = core;
  }

  /**
   * Tells the VM where the pool is. `pages` says how many the VM itself takes in turn, for tests; the pool has as many as its first VM says.
   * @throws WasmvisorError `host-memory`
   */
  open(vm: VmView, pages?: number): void {
    this.#pool ??= this.#allocate(pages ?? this.#mostPages);
    vm.setU32(VmField.codePages, this.#pool.ma);
    vm.setU32(VmField.codePageCount, pages === undefined ? 0 : Math.min(pages, this.#pool.pages));
    this.#vms.add(vm);
    this.#link(this.#pool);
    // What others have decoded of a frame is compared with it before this VM executes it.
    this.#core.vm_code_changed(vm.ma);
    if (pages === undefined) this.#divide(this.#pool);
  }

  /** The VM takes none any more. */
  close(vm: VmView): void {
    const pool = this.#pool;
    if (pool === undefined || !this.#vms.delete(vm)) return;
    this.#core.code_pages_release(pool.ma, pool.pages, vm.ma);
    this.#link(pool);
    this.#releaseUnused();
  }

  /** Keeps what is decoded of frames until `drop`, also while there is no VM. It is open. */
  keep(): void {
    this.#keepers++;
  }

  drop(): void {
    this.#keepers--;
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    if (this.#pool === undefined || this.#vms.size + this.#keepers > 0) return;
    const { ma, pages } = this.#pool;
    // Frames that somebody keeps must not lead to what is gone.
    this.#core.code_pages_release(ma, pages, 0);
    this.#memory.release(ma, poolBytes(pages));
    this.#pool = undefined;
  }

  /** Each VM leads to the next. */
  #link({ ma }: Pool): void {
    let next = 0;
    for (const vm of this.#vms) {
      vm.setU32(VmField.nextVm, next);
      next = vm.ma;
    }
    this.#memory.u32[(ma + CodePool.VMS) / 4] = next;
  }

  /** The more VMs there are, the more pages are taken in turn. */
  #divide({ pages }: Pool): void {
    const count = Math.min(pages, FIRST_PAGES + (this.#vms.size - 1) * MORE_PAGES);
    for (const vm of this.#vms) vm.setU32(VmField.codePageCount, Math.max(count, vm.u32(VmField.codePageCount)));
  }

  get #mostPages(): number {
    return Math.min(MOST_PAGES, Math.floor((this.#memory.limitBytes * PART) / CodePage.BYTES));
  }

  #allocate(pages: number): Pool {
    return { ma: this.#memory.allocate(poolBytes(pages)), pages };
  }
}

function poolBytes(pages: number): number {
  return CodePool.PAGES + pages * CodePage.BYTES;
}
