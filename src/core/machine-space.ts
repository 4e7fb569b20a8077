/** Everything one VM owns in machine memory: its blocks, p2m, decoded code and RAM. */

import { HartField, StateBytes, VmField } from "../../assembly/state/layout.ts";
import { Engine, HartBlock, MemoryModel } from "../../assembly/shared/constants.ts";
import { hartState, vmState } from "../isa/state.ts";
import { FRAME_BYTES, type MachineMemory } from "../memory/machine-memory.ts";
import { pagesAbsent, Ram } from "../memory/ram.ts";
import { Ranges } from "../memory/ranges.ts";
import { clearCounters } from "./block-state.ts";
import { CodeSpace } from "./code-space.ts";
import type { Compilation } from "./code.ts";
import type { Core } from "./core.ts";
import { DEFAULT_TRANSLATOR, type TranslatorSettings } from "./translator.ts";
import { HartView, VmView } from "./views.ts";

/** What is known of a page of RAM; bits of `pageFlags`. */
export enum PageFlag {
  /** It has its frame of machine memory: the guest, a device or a loader has used it. */
  TOUCHED = 1,
  /** Its frame is read-only, because it is somebody else's too; a write will copy it. */
  SHARED = 2,
  /** Instructions in it have been executed, and their decoded form is kept. */
  CODE = 4,
}

/** What a VM's space is made from. */
export interface SpaceConfig {
  readonly ramPa: number;
  /** A multiple of 4096. */
  readonly ramBytes: number;
  /** RAM has no range to itself: pages get frames when they are first stored to, up to this many bytes. Default: it has one. */
  readonly ramLimit?: number | undefined;
  /** Memory that only devices change: its place and its bytes, a multiple of 4096. Default: none. */
  readonly rom?: { readonly pa: number; readonly bytes: number } | undefined;
  /** 1 to 8. */
  readonly harts: number;
  readonly engine: Engine;
  readonly builtinSbi: boolean;
  /** How many decoded code pages it takes in turn. Default: what the host allows. */
  readonly codePages?: number;
  /** Default: `SHADOW`. */
  readonly memoryModel?: MemoryModel;
  /** Default: `DEFAULT_TRANSLATOR`. */
  readonly translator?: TranslatorSettings;
  /** Default: `"sync"`. */
  readonly compilation?: Compilation;
  /** The translated code of the VM that it is a clone of, made with the same settings. Default: it has its own. */
  readonly code?: CodeSpace | undefined;
}

/** Allocates a VM's ranges, fills the VM block and resets the harts. */
export class MachineSpace {
  readonly memory: MachineMemory;
  readonly vm: VmView;
  readonly harts: readonly HartView[];
  readonly ramPa: number;
  readonly ramBytes: number;
  /** Machine address of the contiguous range that backs RAM, or 0. */
  readonly ramMa: number;
  /** Machine address of ROM, or 0. */
  romMa = 0;
  /** RAM, page by page. */
  readonly ram: Ram;
  readonly #core: Core;
  readonly #settings: TranslatorSettings;
  readonly #compilation: Compilation;
  readonly #ranges: Ranges;
  /** Whether the VM has been given its share of what the host's VMs have together. */
  #filled = false;
  /** Undefined until it is there, and when it has been given back. */
  #ram: Ram | undefined;
  /** Undefined while its engine does not translate. */
  #code: CodeSpace | undefined;

  constructor(core: Core, memory: MachineMemory, config: SpaceConfig) {
    this.memory = memory;
    this.#ranges = new Ranges(memory);
    this.#core = core;
    this.#settings = config.translator ?? DEFAULT_TRANSLATOR;
    this.#compilation = config.compilation ?? "sync";
    this.ramPa = config.ramPa;
    this.ramBytes = config.ramBytes;
    try {
      const blocks = this.#ranges.allocate(FRAME_BYTES + config.harts * HartBlock.BYTES);
      this.vm = new VmView(memory, blocks);
      this.harts = Array.from(
        { length: config.harts },
        (_, index) => new HartView(memory, blocks + FRAME_BYTES + index * HartBlock.BYTES),
      );
      this.#fillVmBlock(config);
      this.#filled = true;
      const { ramLimit } = config;
      this.ram = this.#ram = new Ram(core, memory, this.vm, config.ramBytes / FRAME_BYTES, ramLimit === undefined);
      if (ramLimit !== undefined) this.ram.limit = Math.floor(ramLimit / FRAME_BYTES);
      this.ramMa = this.ram.pieceMa;
      this.setEngine(config.engine, config.code);
    } catch (error) {
      this.release();
      throw error;
    }
    this.harts.forEach((hart, index) => {
      hart.setU32(HartField.vm, this.vm.ma);
      hart.setU64(HartField.hartid, BigInt(index));
      core.hart_reset(hart.ma);
    });
  }

  /**
   * The machine address behind `pa`, which is in RAM, good to the end of its page until the page next gets another frame. `write` says
   * that it is about to change: then the page gets a frame of its own; undefined when none can be had, or what the page holds is not here.
   */
  ramAddress(pa: number, write: boolean): number | undefined {
    const offset = pa - this.ramPa;
    const page = Math.floor(offset / FRAME_BYTES);
    if (!this.ram.ensure(page)) return undefined;
    this.ram.use(page);
    const ma = write ? this.ram.writable(page) : this.ram.frame(page);
    return ma === undefined ? undefined : ma + (offset % FRAME_BYTES);
  }

  /** Has loads from `bytes` bytes of ROM at `offset` see its memory, or go to their device. */
  showRom(offset: number, bytes: number, shown: boolean): void {
    const page = (this.ramBytes + offset) / FRAME_BYTES;
    this.#core.rom_show(this.vm.ma, page, bytes / FRAME_BYTES, this.romMa + offset, shown ? 1 : 0);
  }

  /** Makes all of RAM zero and untouched, as it is when the space is new. */
  clearRam(): void {
    this.ram.clear();
  }

  /** Gives the frames of pages back, which hold zeros from now on. No hart may be running. */
  discardPages(pages: readonly number[]): void {
    let hadCode = false;
    for (const page of pages) {
      const isCode = this.ram.hasCode(page);
      if (this.ram.discard(page) && isCode) hadCode = true;
    }
    if (hadCode) this.codeChanged(this.#core);
  }

  /**
   * The numbers of the pages that have been touched, ascending. Translated code that reaches RAM through its window leaves no trace in
   * the p2m, so pages of the VM's own piece are looked at, too: those that hold something count as touched from now on.
   */
  touchedPages(): Uint32Array {
    const { ram } = this;
    const touched: number[] = [];
    for (let page = 0; page < ram.pages; page++) {
      const isPaged = ram.paged.has(page);
      if (!isPaged && !ram.ensure(page)) throw pagesAbsent();
      if (!isPaged && !ram.touched(page)) {
        if (ram.pieceMa === 0 || this.#core.frame_holds(ram.frame(page)) === 0) continue;
        ram.writable(page);
      }
      touched.push(page);
    }
    return Uint32Array.from(touched);
  }

  /** Forgets all translated code, and what was learnt about which is hot; what others have too, they keep. */
  forgetCode(): void {
    if (this.#code?.isShared === true) this.#openCode();
    else this.#core.vm_forget_code(this.vm.ma);
  }

  /** Its translated code, for its clones; undefined while its engine does not translate. */
  get code(): CodeSpace | undefined {
    return this.#code;
  }

  /** Sets all that is counted for people back to zero. */
  clearCounters(): void {
    clearCounters(this.vm, vmState, VmField);
    for (const hart of this.harts) clearCounters(hart, hartState, HartField);
  }

  /** One byte of `PageFlag` bits for each page of RAM, in order. */
  pageFlags(): Uint8Array<ArrayBuffer> {
    const pages = this.ramBytes / FRAME_BYTES;
    const flags = new Uint8Array(pages);
    for (let page = 0; page < pages; page++) {
      if (!this.ram.touched(page)) continue;
      const shared = this.ram.shared(page) ? PageFlag.SHARED : 0;
      const code = this.ram.hasCode(page) ? PageFlag.CODE : 0;
      flags[page] = PageFlag.TOUCHED | shared | code;
    }
    return flags;
  }

  /** Has the harts look anew at code that the host may have changed. */
  codeChanged(core: Core): void {
    core.vm_code_changed(this.vm.ma);
    for (const hart of this.harts) core.hart_sync(hart.ma);
  }

  /** Gives all ranges back. The space must not be used afterwards. */
  release(): void {
    this.#closeCode();
    if (this.#filled) this.#core.codePages.close(this.vm);
    this.#filled = false;
    this.#ram?.release();
    this.#ram = undefined;
    this.#ranges.release();
  }

  /**
   * Has the harts run on `engine` from now on; none may be running. The translator takes its memory when it is first
   * needed, and gives it back when it is not any more. `code` is translated code to begin with, which others have too.
   */
  setEngine(engine: Engine, code?: CodeSpace): void {
    const before = this.vm.u32(VmField.engine);
    if (!translates(engine)) {
      if (this.#code?.isShared === false) this.forgetCode();
      this.#closeCode();
    } else if (this.#code === undefined) this.#openCode(code);
    else if (engine !== before) this.forgetCode();
    this.vm.setU32(VmField.engine, engine);
  }

  #fillVmBlock(config: SpaceConfig): void {
    const { vm } = this;
    const { rom } = config;
    const pages = (config.ramBytes + (rom?.bytes ?? 0)) / FRAME_BYTES;
    if (rom !== undefined) {
      this.romMa = this.#ranges.allocate(rom.bytes);
      vm.setU64(VmField.romPa, BigInt(rom.pa));
      vm.setU64(VmField.romSize, BigInt(rom.bytes));
    }
    vm.setU64(VmField.ramPa, BigInt(config.ramPa));
    vm.setU64(VmField.ramSize, BigInt(config.ramBytes));
    // All zero: the core gives each page its frame when it is first touched.
    vm.setU32(VmField.p2m, this.#ranges.allocate(pages * 4));
    vm.setU32(VmField.hartCount, config.harts);
    vm.setU32(VmField.builtinSbi, config.builtinSbi ? 1 : 0);
    this.harts.forEach((hart, index) => vm.setU32(VmField.harts, hart.ma, index));
    this.#core.codePages.open(vm, config.codePages);
    vm.setU32(VmField.svadu, 1);
    vm.setU32(VmField.memoryModel, config.memoryModel ?? MemoryModel.SHADOW);
  }

  /** Has the VM use `code`, or new translated code of its own, and nothing of what it has used. */
  #openCode(code?: CodeSpace): void {
    const next = code ?? new CodeSpace(this.#core, this.memory, this.#settings, this.#compilation);
    this.#closeCode();
    next.attach(this.vm);
    this.#code = next;
  }

  #closeCode(): void {
    this.#code?.detach(this.vm);
    this.#code = undefined;
  }
}

function translates(engine: Engine): boolean {
  return engine === Engine.TRANSLATE || engine === Engine.TIERED;
}

if (StateBytes.HART > HartBlock.TLB) throw new RangeError("the hart's state runs into its TLB sets");
