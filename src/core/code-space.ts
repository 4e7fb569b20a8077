/** Translated code, its budget and what is known of hot code: of a VM, or of VMs that are clones of each other. */

import { CodeField, StateBytes, VmField } from "../../assembly/state/layout.ts";
import { Translate, Translation } from "../../assembly/shared/constants.ts";
import { FRAME_BYTES, type MachineMemory } from "../memory/machine-memory.ts";
import { Ranges } from "../memory/ranges.ts";
import type { Compilation } from "./code.ts";
import type { Core } from "./core.ts";
import type { TranslatorSettings } from "./translator.ts";
import type { VmView } from "./views.ts";

/** The translator's working memory. */
const TRANSLATOR_BYTES = 3 << 20;

/** It holds machine memory as long as a VM uses it, or somebody keeps it for VMs that are to come. */
export class CodeSpace {
  /** Machine address of its block. */
  readonly ma: number;
  readonly #core: Core;
  readonly #memory: MachineMemory;
  readonly #settings: TranslatorSettings;
  readonly #ranges: Ranges;
  readonly #enter: number;
  readonly #regions: number;
  readonly #hot: number;
  readonly #dbt: number;
  readonly #vms = new Set<VmView>();
  #keepers = 0;
  #isOpen = false;

  /** @throws WasmvisorError `host-memory` */
  constructor(core: Core, memory: MachineMemory, settings: TranslatorSettings, compilation: Compilation) {
    this.#core = core;
    this.#memory = memory;
    this.#settings = settings;
    this.#ranges = new Ranges(memory);
    try {
      this.ma = this.#ranges.allocate(FRAME_BYTES);
      this.#regions = this.#ranges.allocate(settings.regions * Translation.REGION_BYTES);
      this.#hot = this.#ranges.allocate(Translation.HEAT_BYTES);
      this.#dbt = this.#ranges.allocate(TRANSLATOR_BYTES);
    } catch (error) {
      this.#ranges.release();
      throw error;
    }
    memory.u32[(this.ma + CodeField.regions) / 4] = this.#regions;
    const mode = settings.mechanisms & Translate.CACHE ? compilation : "sync";
    this.#enter = core.code.open(this.ma, mode, settings.regions, () => [...this.#vms][0]?.ma);
    core.codePages.keep();
  }

  /** Whether anybody but one VM has it. */
  get isShared(): boolean {
    return this.#vms.size + this.#keepers > 1;
  }

  /** Regions in use. */
  get regions(): number {
    return this.#memory.u32[(this.ma + CodeField.regionCount) / 4]!;
  }

  /** Has a VM use it. */
  attach(vm: VmView): void {
    const settings = this.#settings;
    vm.setU32(VmField.code, this.ma);
    vm.setU32(VmField.enter, this.#enter);
    vm.setU32(VmField.hot, this.#hot);
    vm.setU32(VmField.dbt, this.#dbt);
    vm.setU32(VmField.regionMax, settings.regions);
    vm.setU32(VmField.warmThreshold, Math.max(1, settings.hotThreshold >>> 1));
    vm.setU32(VmField.samplePeriod, 4096);
    vm.setU32(VmField.hotThreshold, settings.hotThreshold);
    vm.setU32(VmField.translate, settings.mechanisms);
    vm.setU32(VmField.sensitive, settings.sensitive);
    vm.setU32(VmField.maxInsns, settings.maxRegionInstructions);
    vm.setU32(VmField.codeBytesMax, settings.bytes);
    vm.setU32(VmField.codeModulesMax, settings.modules);
    this.#vms.add(vm);
    if (!this.#isOpen) this.#core.vm_open_translator(vm.ma, TRANSLATOR_BYTES);
    this.#isOpen = true;
  }

  /** A VM, none of whose harts is running, uses it no more: nothing leads that VM to translated code. */
  detach(vm: VmView): void {
    if (!this.#vms.delete(vm)) return;
    this.#core.vm_leave_code(vm.ma);
    this.#closeUnused();
  }

  /** Keeps it until `drop`. */
  keep(): void {
    this.#keepers++;
  }

  drop(): void {
    this.#keepers--;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#vms.size + this.#keepers > 0) return;
    this.#core.code_close(this.ma);
    this.#core.code.close(this.ma);
    this.#ranges.release();
    this.#core.codePages.drop();
  }
}

if (StateBytes.CODE > FRAME_BYTES) throw new RangeError("the block of translated code is larger than a frame");
