/** Loads the core and gives its ABI types. */

import { CodeLinker, type CodeExports } from "./code.ts";
import { CodePages } from "./code-pages.ts";
import type { MachineMemory } from "../memory/machine-memory.ts";
import { MemoryPool } from "../memory/pool.ts";
import type { Exit } from "../../assembly/shared/constants.ts";

/** What the core exports; see docs/abi.md. Addresses are machine addresses. */
export interface CoreExports {
  /** Runs at most `budget` instructions and says why it returned. */
  hart_run(hart: number, budget: number): Exit;
  /** After `Exit.SENSITIVE`: executes the instruction at pc, and goes on with what is left of the budget. */
  hart_emulate(hart: number): Exit;
  hart_reset(hart: number): void;
  hart_set_lines(hart: number, mask: number, value: number): void;
  /** Whether the hart is stalled in WFI with no enabled interrupt pending: 1 or 0. */
  hart_waits(hart: number): number;
  /**
   * mtime is `now`: drives the timer line that Sstc has, and returns the mtime at which that next rises by itself, -1n for never. Before
   * the hart runs, and whenever the guest reads mtime from a device.
   */
  hart_note_time(hart: number, now: bigint): bigint;
  /** Call after writing architectural state: TLBs, TLB set pointers and pending interrupts follow. */
  hart_sync(hart: number): void;
  hart_flush(hart: number): void;
  hart_fence_i(hart: number): void;
  hart_csr_read(hart: number, csr: number): number;
  hart_csr_write(hart: number, csr: number): number;
  hart_translate(hart: number, va: bigint, access: number): bigint;
  /** Makes `bytes` bytes zero, writing only to frames that hold something. Both are multiples of a frame. */
  frames_clear(ma: number, bytes: number): void;
  /** Whether two frames hold the same: 1 or 0. */
  frames_equal(a: number, b: number): number;
  /** A hash of what a frame holds. */
  frame_hash(ma: number): number;
  /** The frame of page `page` of RAM, ready to be written; 0 when none can be had. */
  ram_frame(vm: number, page: number): number;
  /** Maps a page to a frame that holds the same (or, while decoded code is looked at anew, something else), with flags (`P2m`). */
  ram_map(vm: number, page: number, ma: number, flags: number): void;
  /** Has the next use of each of `count` pages seen (`P2m.UNUSED`), as far as it can be. */
  ram_unuse(vm: number, first: number, count: number): void;
  /** Has the next store to each page seen. */
  ram_protect(vm: number): void;
  /** Notes frames in a table of a word a page, and keeps them as they are; how many. */
  ram_freeze(vm: number, table: number, since: number): number;
  /** Backs the pages of a VM that has no RAM yet by the frames of a table. */
  ram_adopt(vm: number, table: number): void;
  /** Backs them so again; writes the frames that nobody uses any more to `released`, and says how many these are. */
  ram_revert(vm: number, table: number, released: number): number;
  /** Gives up the frames of a table; those that nobody uses any more are written over it. */
  frames_thaw(table: number, pages: number): number;
  /** Forgets where RAM lies, in all harts. */
  ram_flush(vm: number): void;
  /** Has loads from pages of ROM see the frames from `ma` on, or go to their device. */
  rom_show(vm: number, page: number, count: number, ma: number, shown: number): void;
  /** Whether any byte of the frame at `ma` is not zero: 1 or 0. */
  frame_holds(ma: number): number;
  decode_word(word: number): bigint;
  /** Lays the translator's working memory out. */
  vm_open_translator(vm: number, bytes: number): void;
  /** Empties the pages of a pool of decoded code, which holds `count`, that only the VM at `owner` has used; with 0, all. */
  code_pages_release(pool: number, count: number, owner: number): void;
  /** Has a VM look anew at code that the host may have changed. */
  vm_code_changed(vm: number): void;
  /** Has a VM run its translated code no more. */
  vm_leave_code(vm: number): void;
  /** Has nothing lead to the regions of translated code any more, which goes. */
  code_close(code: number): void;
  /** Drops all translated code that a VM has, alone or with others. */
  vm_forget_code(vm: number): void;
  /** What the region at a pc would be made of in privilege mode `priv`, now: address of an `Explained` header, or 0. */
  dbt_explain(hart: number, pc: bigint, priv: number): number;
}

/** A core, what links translated code into it, and the frames that it gives its VMs. */
export interface Core extends CoreExports {
  readonly code: CodeLinker;
  readonly pool: MemoryPool;
  readonly codePages: CodePages;
  /** Who brings pages of RAM that are not here yet, by the machine address of their VM: true when it is here now. It never throws. */
  readonly fetchers: Map<number, (page: number) => boolean>;
}

/** What the core asks of its host. `hart` is the hart's machine address. */
export interface CoreHost {
  /** Answers a guest's load; the value goes into `hart.mmioData`. False means an access fault. */
  mmioLoad(hart: number, pa: number, size: number): boolean;
  /** Answers a guest's store of `hart.mmioData`. False means an access fault. */
  mmioStore(hart: number, pa: number, size: number): boolean;
  /** The machine's mtime, as this hart sees it. */
  mtime(hart: number): bigint;
}

const TWO_32 = 2 ** 32;

/** Physical addresses above 2^53 are nobody's; rounding them to a number cannot make them somebody's. */
function paOf(low: number, high: number): number {
  return (high >>> 0) * TWO_32 + (low >>> 0);
}

/** Instantiates a compiled core over `memory`, with `host` behind its imports. */
export async function instantiateCore(
  module: WebAssembly.Module,
  memory: MachineMemory,
  host: CoreHost,
): Promise<Core> {
  const code = new CodeLinker(memory);
  const pool = new MemoryPool(memory);
  const fetchers: Core["fetchers"] = new Map();
  const instance = await WebAssembly.instantiate(module, {
    env: {
      memory: memory.memory,
      mmio_load: (hart: number, pa: number, paHigh: number, size: number) =>
        host.mmioLoad(hart, paOf(pa, paHigh), size) ? 1 : 0,
      mmio_store: (hart: number, pa: number, paHigh: number, size: number) =>
        host.mmioStore(hart, paOf(pa, paHigh), size) ? 1 : 0,
      mtime: (hart: number) => host.mtime(hart),
      host_ns: () => performance.now() * 1e6,
      code_install: (space: number, region: number, ma: number, bytes: number, count: number) =>
        code.install(space >>> 0, region, ma >>> 0, bytes, count),
      frame_take: (vm: number, page: number) => pool.takeFor(vm >>> 0, page),
      page_fetch: (vm: number, page: number) => (fetchers.get(vm >>> 0)?.(page) === true ? 1 : 0),
      code_flush: (space: number) => code.flush(space >>> 0),
    },
  });
  const exports = instance.exports as unknown as CoreExports & CodeExports;
  code.connect(exports);
  memory.clearWith((ma, bytes) => {
    exports.frames_clear(ma, bytes);
  });
  return { ...exports, code, pool, codePages: new CodePages(memory, exports), fetchers };
}
