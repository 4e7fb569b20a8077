/**
 * The NS16550A UART, as QEMU's virt board has it: one byte per register, transmission takes no time.
 * (National Semiconductor PC16550D data sheet; QEMU `hw/char/serial.c`)
 *
 * ```
 *   load                store
 * 0 RBR  (DLAB: DLL)    THR  (DLAB: DLL)
 * 1 IER  (DLAB: DLM)    IER  (DLAB: DLM)
 * 2 IIR                 FCR
 * 3 LCR   4 MCR   5 LSR (loads)   6 MSR (loads)   7 SCR
 * ```
 *
 * What is typed before the guest's driver is ready is not lost, which is all that is not QEMU's: drivers empty the receiver when they
 * start, and read it once for good measure. What a guest clears that has never listened is kept, and comes in again when it does: with
 * RDI on, or polling LSR (two loads in a row; or one by a guest that does not poll it to send).
 */

import { flag, list, optional, table, u16, u64, u8, where, type ValuesIn } from "../state/table.ts";
import type { AccessSize, Clock, ConsoleBackend, FdtNode, FdtPlace } from "./device.ts";
import type { IrqLine, Word64 } from "./device.ts";
import { Fcr, FIFO_SIZE, Ier, Iir, Lcr, Lsr, Mcr, Msr, Register, TRIGGER } from "./ns16550a-registers.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** What the UART's own clock divides, in symbols a second; QEMU's figure. */
const BAUD_BASE = 399_193;
/** What the device tree says of its clock, in Hz. */
const CLOCK_FREQUENCY = 3_686_400;
const DIVISOR_AT_RESET = 12;
const TICKS_PER_SECOND = 10_000_000;
const MSR_AT_RESET = Msr.DCD | Msr.DSR | Msr.CTS;

/** What the UART stands on. */
export interface Ns16550aDeps {
  readonly clock: Clock;
  readonly irq: IrqLine;
  readonly console: ConsoleBackend;
}

const bits = (mask: number) => where(u8(), (value) => (value & ~mask) === 0);

const TABLE = table(1, {
  fifo: list(u8(), FIFO_SIZE),
  rbr: u8(),
  divisor: u16(),
  ier: bits(Ier.ALL),
  fcr: bits(Fcr.STICKY),
  lcr: u8(),
  mcr: bits(Mcr.ALL),
  lsrErrors: bits(Lsr.ERRORS),
  msr: u8(),
  scr: u8(),
  thrPending: flag(),
  timeoutPending: flag(),
  /** Ticks from now. */
  timeoutIn: optional(u64(2n ** 40n)),
  heard: flag(),
  deaf: flag(),
  held: list(u8(), FIFO_SIZE),
  looped: flag(),
  lsrLast: flag(),
  thrLast: flag(),
  sendsBlindly: flag(),
});
type UartState = ValuesIn<typeof TABLE>;

/** A serial port. */
export class Ns16550a implements TableDevice<UartState> {
  readonly name = "uart0";
  readonly size = 8;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table = TABLE;
  private readonly clock: Clock;
  private readonly irq: IrqLine;
  private readonly console: ConsoleBackend;
  /** Received bytes; at most one when the FIFO is off. */
  private fifo: number[] = [];
  /** What a load of an empty receiver gives when the FIFO is off: the last byte again. */
  private rbr = 0;
  private divisor = DIVISOR_AT_RESET;
  private ier = 0;
  private fcr = 0;
  private lcr = 0;
  private mcr: number = Mcr.OUT2;
  /** The error bits only; the others follow from the FIFO. */
  private lsrErrors = 0;
  private msr: number = MSR_AT_RESET;
  private scr = 0;
  /** The transmitter became empty and nobody has been told yet. */
  private thrPending = false;
  private timeoutPending = false;
  /** Clock ticks at which a receive timeout is due. */
  private timeoutAt: bigint | undefined;
  /** The guest has listened since reset. */
  private heard = false;
  /** It has not, and has cleared the receiver: nothing comes in before it does. */
  private deaf = false;
  /** Typed bytes that it has cleared away unheard; they come in before any others. */
  private held: number[] = [];
  /** Some of the received bytes are the guest's own, from loopback. */
  private looped = false;
  /** The last access was a load of LSR; a store to THR. */
  private lsrLast = false;
  private thrLast = false;
  /** Two bytes have been sent in a row without a look at LSR. */
  private sendsBlindly = false;

  constructor(deps: Ns16550aDeps) {
    this.clock = deps.clock;
    this.irq = deps.irq;
    this.console = deps.console;
    this.console.onInput((bytes) => this.receive(bytes));
  }

  /** When the receive timeout is due. */
  nextDeadline(): bigint | undefined {
    return this.timeoutAt;
  }

  /** Raises the receive timeout if its time has come. */
  update(): void {
    if (this.timeoutAt === undefined || this.clock.ticks() < this.timeoutAt) return;
    this.timeoutAt = undefined;
    if (this.fifo.length === 0) return;
    this.timeoutPending = true;
    this.drive();
  }

  load(offset: number): number {
    const dlab = (this.lcr & Lcr.DLAB) !== 0;
    const again = this.lsrLast;
    this.lsrLast = offset === (Register.LSR as number);
    this.thrLast = false;
    switch (offset as Register) {
      case Register.DATA:
        return dlab ? this.divisor & 0xff : this.loadRbr();
      case Register.IER:
        return dlab ? this.divisor >>> 8 : this.ier;
      case Register.IIR:
        return this.loadIir();
      case Register.LCR:
        return this.lcr;
      case Register.MCR:
        return this.mcr;
      case Register.LSR:
        if (again || this.sendsBlindly) this.hear();
        return this.loadLsr();
      case Register.MSR:
        return this.loadMsr();
      case Register.SCR:
        return this.scr;
    }
    return 0;
  }

  store(offset: number, word: number): void {
    const value = word & 0xff;
    const dlab = (this.lcr & Lcr.DLAB) !== 0;
    const sending = offset === (Register.DATA as number) && !dlab;
    if (sending && this.thrLast) this.sendsBlindly = true;
    this.lsrLast = false;
    this.thrLast = sending;
    switch (offset as Register) {
      case Register.DATA:
        if (dlab) this.divisor = (this.divisor & 0xff00) | value;
        else this.storeThr(value);
        return;
      case Register.IER:
        if (dlab) this.divisor = (this.divisor & 0xff) | (value << 8);
        else this.storeIer(value);
        return;
      case Register.IIR:
        return this.storeFcr(value);
      case Register.LCR:
        this.lcr = value;
        return;
      case Register.MCR:
        return this.storeMcr(value);
      case Register.SCR:
        this.scr = value;
        return;
    }
  }

  /** Whatever the width of the access, one register answers. */
  load64(offset: number, into: Word64): void {
    into.low = this.load(offset);
    into.high = 0;
  }

  store64(offset: number, low: number): void {
    this.store(offset, low);
  }

  reset(): void {
    this.fifo = [];
    this.rbr = this.ier = this.fcr = this.lcr = this.lsrErrors = this.scr = 0;
    this.divisor = DIVISOR_AT_RESET;
    this.mcr = Mcr.OUT2;
    this.msr = MSR_AT_RESET;
    this.thrPending = this.timeoutPending = false;
    this.timeoutAt = undefined;
    this.heard = this.deaf = this.looped = this.lsrLast = this.thrLast = this.sendsBlindly = false;
    this.held = [];
    this.drive();
    this.refill();
  }

  save(): UartState {
    const { fifo, rbr, divisor, ier, fcr, lcr, mcr, lsrErrors, msr, scr, thrPending, timeoutPending } = this;
    const { heard, deaf, held, looped, lsrLast, thrLast, sendsBlindly } = this;
    const left = this.timeoutAt === undefined ? undefined : this.timeoutAt - this.clock.ticks();
    return {
      ...{ fifo: [...fifo], rbr, divisor, ier, fcr, lcr, mcr, lsrErrors, msr, scr, thrPending, timeoutPending },
      timeoutIn: left === undefined || left > 0n ? left : 0n,
      ...{ heard, deaf, held: [...held], looped, lsrLast, thrLast, sendsBlindly },
    };
  }

  restore(state: unknown): void {
    const { timeoutIn, fifo, held, ...registers } = checkedState(this, state);
    Object.assign(this, registers);
    this.fifo = [...fifo];
    this.held = [...held];
    this.timeoutAt = timeoutIn === undefined ? undefined : this.clock.ticks() + timeoutIn;
    this.drive();
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`serial@${place.pa.toString(16)}`)
      .strings("compatible", "ns16550a")
      .cells64("reg", place.pa, place.size)
      .cells("clock-frequency", CLOCK_FREQUENCY)
      .cells("interrupt-parent", place.intc)
      .cells("interrupts", place.irq);
  }

  private get fifoOn(): boolean {
    return (this.fcr & Fcr.ENABLE) !== 0;
  }

  private get trigger(): number {
    return TRIGGER[this.fcr >>> 6]!;
  }

  /** Takes no more than the trigger level, so that a guest hears of input at the level it has chosen. */
  private receive(bytes: Uint8Array): number {
    if ((this.mcr & Mcr.LOOP) !== 0 || this.deaf || this.held.length > 0) return 0;
    return this.take(bytes);
  }

  /** What was held back, and then what is typed. */
  private refill(): void {
    if ((this.mcr & Mcr.LOOP) !== 0 || this.deaf) return;
    if (this.held.length > 0) this.held.splice(0, this.take(Uint8Array.from(this.held)));
    if (this.held.length === 0) this.console.ready();
  }

  /** The guest reads what comes in. */
  private hear(): void {
    if (this.heard) return;
    this.heard = true;
    this.deaf = false;
    this.refill();
  }

  private take(bytes: Uint8Array): number {
    const room = (this.fifoOn ? this.trigger : 1) - this.fifo.length;
    const count = Math.max(0, Math.min(room, bytes.length));
    for (let i = 0; i < count; i++) this.put(bytes[i]!);
    if (count > 0) this.drive();
    return count;
  }

  /** One byte off the line. An overrun keeps the FIFO's contents, but overwrites a lone RBR. */
  private put(byte: number): void {
    if (!this.fifoOn) {
      if (this.fifo.length > 0) this.lsrErrors |= Lsr.OE;
      this.fifo = [byte];
      this.rbr = byte;
      return;
    }
    if (this.fifo.length < FIFO_SIZE) this.fifo.push(byte);
    else this.lsrErrors |= Lsr.OE;
    this.armTimeout();
  }

  private loadRbr(): number {
    const typed = this.fifo.length > 0 && !this.looped;
    const byte = this.fifo.shift() ?? (this.fifoOn ? 0 : this.rbr);
    if (this.fifo.length === 0) this.lsrErrors &= ~Lsr.BI;
    else this.armTimeout();
    this.looped &&= this.fifo.length > 0;
    this.timeoutPending = false;
    this.drive();
    if (typed) this.hear();
    this.refill();
    return byte;
  }

  /** Reading IIR is what acknowledges the transmitter's interrupt. */
  private loadIir(): number {
    const id = this.interruptId();
    if (id === Iir.THRI) {
      this.thrPending = false;
      this.drive();
    }
    return id | (this.fifoOn ? Iir.FIFO_ON : 0);
  }

  private loadLsr(): number {
    const lsr = this.lsr();
    if (this.lsrErrors !== 0) {
      this.lsrErrors = 0;
      this.drive();
    }
    return lsr;
  }

  /** In loopback the modem outputs are connected to the inputs. */
  private loadMsr(): number {
    const { mcr } = this;
    if ((mcr & Mcr.LOOP) !== 0) {
      return ((mcr & (Mcr.OUT1 | Mcr.OUT2)) << 4) | ((mcr & Mcr.RTS) << 3) | ((mcr & Mcr.DTR) << 5);
    }
    const { msr } = this;
    this.msr &= ~Msr.DELTAS;
    if (msr !== this.msr) this.drive();
    return msr;
  }

  private storeThr(byte: number): void {
    if ((this.mcr & Mcr.LOOP) !== 0) this.loop(byte);
    else this.console.write(byte);
    this.thrPending = true;
    this.drive();
  }

  /** Switching THRI on announces an empty transmitter, even one that has been acknowledged, as QEMU does. */
  private storeIer(value: number): void {
    const changed = (value ^ this.ier) & Ier.ALL;
    this.ier = value & Ier.ALL;
    if ((changed & Ier.THRI) !== 0) this.thrPending = (value & Ier.THRI) !== 0;
    if (changed !== 0) this.drive();
    if ((value & Ier.RDI) !== 0) this.hear();
  }

  private storeFcr(value: number): void {
    const toggled = ((value ^ this.fcr) & Fcr.ENABLE) !== 0;
    this.fcr = value & Fcr.STICKY;
    if (toggled || (value & Fcr.RESET_RECEIVER) !== 0) this.clearReceiver();
    if (toggled || (value & Fcr.RESET_TRANSMITTER) !== 0) this.thrPending = true;
    this.drive();
    this.refill();
  }

  private storeMcr(value: number): void {
    const wasLoop = (this.mcr & Mcr.LOOP) !== 0;
    this.mcr = value & Mcr.ALL;
    if (wasLoop && (value & Mcr.LOOP) === 0) this.refill();
  }

  private loop(byte: number): void {
    this.put(byte);
    this.looped = true;
  }

  private clearReceiver(): void {
    if (!this.heard && !this.looped && this.fifo.length > 0) {
      this.deaf = true;
      this.held = this.fifo;
    }
    this.looped = false;
    this.fifo = [];
    this.lsrErrors &= ~Lsr.BI;
    this.timeoutPending = false;
    this.timeoutAt = undefined;
  }

  private lsr(): number {
    return Lsr.THRE | Lsr.TEMT | this.lsrErrors | (this.fifo.length > 0 ? Lsr.DR : 0);
  }

  /** The highest-priority interrupt there is. */
  private interruptId(): number {
    const { ier } = this;
    if ((ier & Ier.RLSI) !== 0 && this.lsrErrors !== 0) return Iir.RLSI;
    if ((ier & Ier.RDI) !== 0 && this.timeoutPending) return Iir.CTI;
    if ((ier & Ier.RDI) !== 0 && this.fifo.length >= (this.fifoOn ? this.trigger : 1)) return Iir.RDI;
    if ((ier & Ier.THRI) !== 0 && this.thrPending) return Iir.THRI;
    if ((ier & Ier.MSI) !== 0 && (this.msr & Msr.DELTAS) !== 0) return Iir.MSI;
    return Iir.NONE;
  }

  /** Called wherever QEMU calls `serial_update_irq`: at the PLIC, driving a line that is high already counts. */
  private drive(): void {
    this.irq.set(this.interruptId() !== Iir.NONE);
  }

  /** A byte that stays unread for four character times is announced whatever the trigger level. */
  private armTimeout(): void {
    const speed = Math.max(1, Math.floor(BAUD_BASE / Math.max(1, this.divisor)));
    this.timeoutAt = this.clock.ticks() + BigInt(4 * this.frameBits() * Math.floor(TICKS_PER_SECOND / speed));
  }

  /** Start bit, data bits, parity bit, stop bits. */
  private frameBits(): number {
    const { lcr } = this;
    return 1 + ((lcr & 3) + 5) + ((lcr & Lcr.PARITY) !== 0 ? 1 : 0) + ((lcr & Lcr.TWO_STOP) !== 0 ? 2 : 1);
  }
}
