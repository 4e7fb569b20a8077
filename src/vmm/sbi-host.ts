/** The harts as the built-in SBI reaches them, and the state in which it starts them. */

import { HartField } from "../../assembly/state/layout.ts";
import { Access, Cause, Irq, Priv } from "../../assembly/shared/constants.ts";
import { Status } from "../../assembly/shared/csr.ts";
import type { CoreExports } from "../core/core.ts";
import type { HartView } from "../core/views.ts";
import type { Ns16550a } from "../device/ns16550a.ts";
import type { PowerEvent } from "../device/sifive-test.ts";
import { csrByName } from "../isa/csr.ts";
import { HartState, type SbiHost } from "../machine/sbi-types.ts";
import type { Part } from "../state/saved.ts";
import { array, table, u8, where } from "../state/table.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { Touch } from "../memory/late-pages.ts";

/** What the adapter stands on. */
export interface SbiHostDeps {
  readonly core: CoreExports;
  readonly views: readonly HartView[];
  readonly memory: GuestMemory;
  readonly uart: Ns16550a;
  putByte(byte: number): void;
  onPower(event: PowerEvent): void;
}

const A0 = 10;
const A1 = 11;

const LSR = 5;
const LSR_DATA_READY = 1;

/** Every exception but those that S mode calls its environment with. */
const MEDELEG = 0xffffn & ~((1n << BigInt(Cause.ECALL_S)) | (1n << BigInt(Cause.ECALL_M)));
const MIDELEG = (1n << BigInt(Irq.SSI)) | (1n << BigInt(Irq.STI)) | (1n << BigInt(Irq.SEI));

/** menvcfg: STCE, PBMTE, CBZE, CBCFE and CBIE; what the hart lacks of it stays zero. */
const MENVCFG = (1n << 63n) | (1n << 62n) | (1n << 7n) | (1n << 6n) | (3n << 4n);

const PMP_EVERYTHING = (1n << 54n) - 1n;
const PMP_NAPOT_RWX = 0x1fn;

const ECALL_BYTES = 4n;

/** What `hart_translate` says where nothing may be loaded. */
const NO_PA = -1n;

const HART_STATE = where(u8(), (state) => HartState[state] !== undefined);

/** Serves `handleSbi` with the harts of one VM. */
export class VmSbiHost implements SbiHost {
  readonly harts: number;
  readonly memory: GuestMemory;
  readonly ids: SbiHost["ids"];
  readonly #deps: SbiHostDeps;
  readonly #states: HartState[];

  constructor(deps: SbiHostDeps) {
    this.#deps = deps;
    this.harts = deps.views.length;
    this.memory = deps.memory;
    this.#states = new Array<HartState>(this.harts).fill(HartState.STOPPED);
    this.ids = {
      mvendorid: this.#readCsr("mvendorid"),
      marchid: this.#readCsr("marchid"),
      mimpid: this.#readCsr("mimpid"),
    };
  }

  /** Which harts are started, stopped or suspended; a start that has been asked for is a started hart. */
  get saved(): Part {
    return {
      name: "sbi",
      table: table(1, { states: array(HART_STATE, this.harts) }),
      save: () => ({ states: [...this.#states] }),
      restore: ({ states }: { states: HartState[] }) => states.forEach((state, hart) => (this.#states[hart] = state)),
    };
  }

  getX(hart: number, register: number): bigint {
    return this.#view(hart).x(register);
  }

  setX(hart: number, register: number, value: bigint): void {
    this.#view(hart).setX(register, value);
  }

  setTimer(hart: number, deadline: bigint): void {
    this.#view(hart).setU64(HartField.stimecmp, deadline);
  }

  setSsip(hart: number, pending: boolean): void {
    const view = this.#view(hart);
    const bit = 1 << Irq.SSI;
    const mip = view.u32(HartField.mip);
    view.setU32(HartField.mip, pending ? mip | bit : mip & ~bit);
    this.#deps.core.hart_set_lines(view.ma, 0, 0);
  }

  fenceI(hart: number): void {
    this.#deps.core.hart_fence_i(this.#view(hart).ma);
  }

  sfenceVma(hart: number): void {
    this.#deps.core.hart_flush(this.#view(hart).ma);
  }

  hartState(hart: number): HartState {
    const state = this.#states[hart] ?? HartState.STOPPED;
    const suspended = state === HartState.SUSPENDED && this.#view(hart).u32(HartField.wfi) !== 0;
    return state === HartState.SUSPENDED && !suspended ? HartState.STARTED : state;
  }

  startHart(hart: number, pc: bigint, opaque: bigint): void {
    const { core } = this.#deps;
    const view = this.#view(hart);
    const lines = view.u64(HartField.lines);
    core.hart_reset(view.ma);
    // Devices go on driving them.
    view.setU64(HartField.lines, lines);
    // One entry that opens the whole address space: without any, S mode may access nothing.
    this.#writeCsr(view, "pmpaddr0", PMP_EVERYTHING);
    this.#writeCsr(view, "pmpcfg0", PMP_NAPOT_RWX);
    this.#writeCsr(view, "medeleg", MEDELEG);
    this.#writeCsr(view, "mideleg", MIDELEG);
    this.#writeCsr(view, "mcounteren", 0xffff_ffffn);
    // As OpenSBI does: Linux's vDSO reads the time in U mode.
    this.#writeCsr(view, "scounteren", 7n);
    this.#writeCsr(view, "menvcfg", view.u64(HartField.menvcfg) | MENVCFG);
    view.setU32(HartField.priv, Priv.S);
    view.setX(A0, BigInt(hart));
    view.setX(A1, opaque);
    view.pc = pc;
    core.hart_sync(view.ma);
    this.#states[hart] = HartState.STARTED;
  }

  stopHart(hart: number): void {
    this.#states[hart] = HartState.STOPPED;
  }

  suspendHart(hart: number, resume?: { readonly pc: bigint; readonly opaque: bigint }): void {
    const view = this.#view(hart);
    // With SIE clear, the interrupt that ends the wait is not taken: the hart goes on at `resume.pc`.
    if (resume !== undefined) this.#startKeepingInterrupts(hart, resume.pc, resume.opaque);
    view.setU32(HartField.wfi, 1);
    this.#states[hart] = HartState.SUSPENDED;
  }

  onPower(event: PowerEvent): void {
    this.#deps.onPower(event);
  }

  putByte(byte: number): void {
    this.#deps.putByte(byte);
  }

  /** Takes it from the UART, as firmware does. */
  getByte(): number | undefined {
    const { uart } = this.#deps;
    return uart.load(LSR) & LSR_DATA_READY ? uart.load(0) : undefined;
  }

  loadU64(hart: number, va: bigint): bigint | undefined {
    let value = 0n;
    for (let at = 0n; at < 8n; at++) {
      const byteVa = BigInt.asUintN(64, va + at);
      const pa = this.#deps.core.hart_translate(this.#view(hart).ma, BigInt.asIntN(64, byteVa), Access.LOAD);
      if (pa === NO_PA) return this.#fault(hart, Cause.LOAD_PAGE, byteVa);
      const byte = this.memory.load8(Number(BigInt.asUintN(64, pa)));
      if (byte === undefined) return this.#fault(hart, Cause.LOAD_ACCESS, byteVa);
      value |= BigInt(byte) << (8n * at);
    }
    return value;
  }

  touchU64(hart: number, va: bigint, touch: Touch): void {
    for (let at = 0n; at < 8n; at++) {
      const byteVa = BigInt.asIntN(64, va + at);
      // The walk asks for the tables that it misses.
      const pa = this.#deps.core.hart_translate(this.#view(hart).ma, byteVa, Access.LOAD);
      if (pa !== NO_PA) touch(Number(BigInt.asUintN(64, pa)), 1);
    }
  }

  /** Has the hart enter its trap handler in place of the ECALL that it is past. */
  #fault(hart: number, cause: Cause, tval: bigint): undefined {
    const view = this.#view(hart);
    view.setU64(HartField.scause, BigInt(cause));
    view.setU64(HartField.sepc, view.pc - ECALL_BYTES);
    view.setU64(HartField.stval, tval);
    const old = view.u64(HartField.mstatus);
    const [sie, spie, spp] = [BigInt(Status.SIE), BigInt(Status.SPIE), BigInt(Status.SPP)];
    view.setU64(HartField.mstatus, (old & ~(sie | spie)) | ((old & sie) === 0n ? 0n : spie) | spp);
    view.pc = view.u64(HartField.stvec) & ~3n;
    this.#deps.core.hart_sync(view.ma);
    return undefined;
  }

  #startKeepingInterrupts(hart: number, pc: bigint, opaque: bigint): void {
    const view = this.#view(hart);
    const [mie, mip] = [view.u64(HartField.mie), view.u64(HartField.mip)];
    this.startHart(hart, pc, opaque);
    view.setU64(HartField.mie, mie);
    view.setU64(HartField.mip, mip);
  }

  #view(hart: number): HartView {
    const view = this.#deps.views[hart];
    if (view === undefined) throw new RangeError(`SBI reached for hart ${hart}, which does not exist`);
    return view;
  }

  #readCsr(name: string): bigint {
    const view = this.#view(0);
    const { number } = csrByName.get(name)!;
    return this.#deps.core.hart_csr_read(view.ma, number) === 0 ? 0n : view.u64(HartField.mmioData);
  }

  #writeCsr(view: HartView, name: string, value: bigint): void {
    view.setU64(HartField.mmioData, value);
    this.#deps.core.hart_csr_write(view.ma, csrByName.get(name)!.number);
  }
}
