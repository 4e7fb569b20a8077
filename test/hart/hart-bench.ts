/** One hart whose CSR file, trap entry, page walk and PMP are called directly, without a program. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Cause, Engine, Exit } from "../../assembly/shared/constants.ts";
import type { Core } from "../../src/core/core.ts";
import { MachineSpace } from "../../src/core/machine-space.ts";
import type { HartView } from "../../src/core/views.ts";
import { MachineMemory } from "../../src/memory/machine-memory.ts";
import { MemoryPool } from "../../src/memory/pool.ts";
import { compileAssembly } from "../support/compile.ts";

/** Where RAM begins. */
export const RAM_PA = 0x8000_0000;

const entry = `
  export { csr_access, csr_exists, csr_read, csr_write, csr_poke } from "./hart/csr";
  export { trap_take, interrupt_take, trap_return_m, trap_return_s } from "./hart/trap";
  export { interrupt_pending, interrupt_wakes } from "./hart/interrupt";
  export { raise } from "./state/raise";
  export { hart_set_lines, hart_sync } from "./host";
  export { hart_reset_state } from "./hart/reset";
  export { pmp_changed, pmp_check, pmp_page_uniform } from "./mem/pmp";
  export { walk, walk_probe } from "./mem/ptw";
  export { csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci } from "./insn/rv_zicsr";
  export * from "./insn/rv_priv";
`;

/** An instruction handler. */
export type Handler = (hart: number, record: bigint) => void;

type HandlerName =
  | ("csrrw" | "csrrs" | "csrrc" | "csrrwi" | "csrrsi" | "csrrci")
  | ("ecall" | "ebreak" | "mret" | "sret" | "wfi")
  | ("sfence_vma" | "sinval_vma" | "sfence_w_inval" | "sfence_inval_ir");

interface Exports extends Readonly<Record<HandlerName, Handler>> {
  csr_access(hart: number, csr: number, write: number): number;
  csr_exists(csr: number): number;
  csr_read(hart: number, csr: number): bigint;
  csr_write(hart: number, csr: number, value: bigint): void;
  csr_poke(hart: number, csr: number, value: bigint): void;
  trap_take(hart: number, epc: bigint): void;
  interrupt_take(hart: number, irq: number): void;
  trap_return_m(hart: number): void;
  trap_return_s(hart: number): void;
  interrupt_pending(hart: number): number;
  interrupt_wakes(hart: number): number;
  raise(hart: number, cause: number, tval: bigint): void;
  hart_reset_state(hart: number): void;
  hart_set_lines(hart: number, mask: number, value: number): void;
  hart_sync(hart: number): void;
  pmp_check(hart: number, pa: bigint, bytes: number, access: number, priv: number): number;
  pmp_page_uniform(hart: number, pa: bigint): number;
  pmp_changed(hart: number): void;
  walk(hart: number, va: bigint, access: number, priv: number): bigint;
  walk_probe(hart: number, va: bigint, access: number, priv: number): bigint;
}

/** A record with register numbers `rd` and `rs1` and a CSR number. (docs/design/records.md) */
export function record(rd: number, rs1: number, csr = 0): bigint {
  return BigInt(((rd * 8 - 8) & 0xff) << 8) | BigInt((rs1 * 8) << 16) | (BigInt(csr) << 48n);
}

/** A record of a CSR-immediate form, which keeps its immediate in the place of rs1. */
export function immediateRecord(rd: number, uimm: number, csr: number): bigint {
  return BigInt(((rd * 8 - 8) & 0xff) << 8) | BigInt(uimm << 16) | (BigInt(csr) << 48n);
}

let compiled: Promise<WebAssembly.Module> | undefined;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** A hart and 1 MiB of RAM. Every getter reads machine memory, so it shows what the core left there. */
export class HartBench {
  readonly exports: Exports;
  readonly hart: number;
  readonly view: HartView;
  readonly space: MachineSpace;
  readonly memory: MachineMemory;
  /** What `time` reads. */
  time = 0n;

  private constructor(module: WebAssembly.Module, options: { ram?: number; builtinSbi?: boolean }) {
    this.memory = new MachineMemory();
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory: this.memory.memory,
        mmio_load: () => 0,
        mmio_store: () => 0,
        mtime: () => this.time,
        frame_take: () => 0,
        page_fetch: () => 0,
      },
    });
    this.exports = instance.exports as unknown as Exports;
    const core = {
      pool: new MemoryPool(this.memory),
      codePages: { open: () => undefined },
      hart_reset: (hart: number) => this.exports.hart_reset_state(hart),
    };
    this.space = new MachineSpace(core as unknown as Core, this.memory, {
      ramPa: RAM_PA,
      ramBytes: options.ram ?? 1024 * 1024,
      harts: 1,
      engine: Engine.INTERPRET,
      builtinSbi: options.builtinSbi ?? false,
      codePages: 1,
    });
    this.view = this.space.harts[0]!;
    this.hart = this.view.ma;
  }

  static async create(options: { ram?: number; builtinSbi?: boolean } = {}): Promise<HartBench> {
    compiled ??= compileAssembly(entry);
    return new HartBench(await compiled, options);
  }

  /** Back to the state after reset. */
  reset(svadu = 1): void {
    this.space.vm.setU32(VmField.svadu, svadu);
    this.exports.hart_reset_state(this.hart);
  }

  /** A `Priv`. */
  get priv(): number {
    return this.view.u32(HartField.priv);
  }

  set priv(priv: number) {
    this.view.setU32(HartField.priv, priv);
  }

  /** Fills the TLB entry at machine address `at` with the page of `va`, and has that noted, as a miss does. */
  fillTlb(at: number, va: bigint): void {
    const fills = this.view.u32(HartField.tlbFills);
    this.memory.view.setBigUint64(at, va, true);
    this.view.setU32(HartField.tlbLog, at - this.hart, fills);
    this.view.setU32(HartField.tlbFills, fills + 1);
  }

  read(csr: number): bigint {
    return u64(this.exports.csr_read(this.hart, csr));
  }

  write(csr: number, value: bigint): void {
    this.exports.csr_write(this.hart, csr, value);
  }

  /** What a CSR reads after `value` was written. */
  readBack(csr: number, value: bigint): bigint {
    this.write(csr, value);
    return this.read(csr);
  }

  access(csr: number, write = false): boolean {
    return this.exports.csr_access(this.hart, csr, write ? 1 : 0) !== 0;
  }

  /** The exception noted (a `Cause` and tval), which this takes back; undefined when there is none. */
  raised(): { cause: number; tval: bigint } | undefined {
    const cause = this.view.u32(HartField.trapCause);
    if (cause === Cause.NONE) return undefined;
    this.view.setU32(HartField.trapCause, Cause.NONE);
    return { cause, tval: this.view.u64(HartField.trapTval) };
  }

  /** The `Exit` asked for, which this takes back. */
  exitAsked(): number {
    const exit = this.view.u32(HartField.exitReason);
    this.view.setU32(HartField.exitReason, Exit.NONE);
    return exit;
  }

  /** Writes the field of a hart directly. */
  set(field: HartField, value: bigint | number): void {
    if (typeof value === "bigint") this.view.setU64(field, value);
    else this.view.setU32(field, value);
  }

  /** Executes the instruction `word`, standing at RAM_PA, whose handler and record these are. Returns what it raised. */
  execute(name: HandlerName, record = 0n, word = 0): { cause: number; tval: bigint } | undefined {
    this.memory.view.setUint32(this.ma(RAM_PA), word, true);
    this.set(HartField.runPc, BigInt(RAM_PA));
    this.set(HartField.pc, BigInt(RAM_PA) + 4n);
    this.exports[name](this.hart, record);
    return this.raised();
  }

  /** Whether the run loop would look at interrupts now; takes the request back. */
  attention(): boolean {
    const asked = this.view.u32(HartField.attention) !== 0;
    this.view.setU32(HartField.attention, 0);
    return asked;
  }

  /** The offset in machine memory of RAM at `pa`. */
  ma(pa: number): number {
    return this.space.ramMa + pa - RAM_PA;
  }

  load64(pa: number): bigint {
    return this.memory.view.getBigUint64(this.ma(pa), true);
  }

  store64(pa: number, value: bigint): void {
    this.memory.view.setBigUint64(this.ma(pa), value, true);
  }
}
