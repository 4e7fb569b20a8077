/** What the built-in SBI asks of its host, and the numbers of the specification. */

import type { PowerEvent } from "../device/sifive-test.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { Touch } from "../memory/late-pages.ts";

/** Hart states of the HSM extension. (SBI Specification, "Hart State Management Extension") */
export enum HartState {
  STARTED = 0,
  STOPPED = 1,
  SUSPENDED = 4,
}

/** The harts and the machine, as far as SBI calls reach them. `hart` is always below `harts`. */
export interface SbiHost {
  readonly harts: number;
  readonly memory: GuestMemory;
  /** What the identification CSRs read. */
  readonly ids: { readonly mvendorid: bigint; readonly marchid: bigint; readonly mimpid: bigint };
  /** An integer register of a hart, unsigned. */
  getX(hart: number, register: number): bigint;
  setX(hart: number, register: number, value: bigint): void;
  /** Makes STIP pending from `deadline` (an mtime) on, and not before; all ones is never. */
  setTimer(hart: number, deadline: bigint): void;
  /** Sets (an IPI) or clears SSIP. */
  setSsip(hart: number, pending: boolean): void;
  /** As if the hart executed `fence.i`. */
  fenceI(hart: number): void;
  /** As if the hart executed `sfence.vma` for everything. */
  sfenceVma(hart: number): void;
  hartState(hart: number): HartState;
  /** Starts a stopped hart: S mode at `pc`, satp 0, sstatus.SIE 0, a0 = hart id, a1 = `opaque`. */
  startHart(hart: number, pc: bigint, opaque: bigint): void;
  /** Stops the hart until it is started again. */
  stopHart(hart: number): void;
  /**
   * Suspends the hart until an interrupt it has enabled is pending. Without `resume` it goes on after the ECALL;
   * with it, it starts as `startHart` says.
   */
  suspendHart(hart: number, resume?: { readonly pc: bigint; readonly opaque: bigint }): void;
  onPower(event: PowerEvent): void;
  /** One byte to the console. */
  putByte(byte: number): void;
  /**
   * Eight bytes at a virtual address, as the hart would load them itself. Undefined when it may not: it then has taken that
   * fault at its ECALL.
   */
  loadU64(hart: number, va: bigint): bigint | undefined;
  /** Names the RAM that `loadU64` uses. */
  touchU64(hart: number, va: bigint, touch: Touch): void;
  /** One typed byte, or undefined when there is none. */
  getByte(): number | undefined;
}

/** Standard errors. (SBI Specification, "Binary Encoding") */
export enum SbiError {
  SUCCESS = 0,
  FAILED = -1,
  NOT_SUPPORTED = -2,
  INVALID_PARAM = -3,
  DENIED = -4,
  INVALID_ADDRESS = -5,
  ALREADY_AVAILABLE = -6,
}

/** Extension IDs. */
export enum SbiExtension {
  LEGACY_SET_TIMER = 0x00,
  LEGACY_CONSOLE_PUTCHAR = 0x01,
  LEGACY_CONSOLE_GETCHAR = 0x02,
  LEGACY_CLEAR_IPI = 0x03,
  LEGACY_SEND_IPI = 0x04,
  LEGACY_REMOTE_FENCE_I = 0x05,
  LEGACY_REMOTE_SFENCE_VMA = 0x06,
  LEGACY_REMOTE_SFENCE_VMA_ASID = 0x07,
  LEGACY_SHUTDOWN = 0x08,
  BASE = 0x10,
  TIME = 0x5449_4d45,
  IPI = 0x73_5049,
  RFENCE = 0x5246_4e43,
  HSM = 0x48_534d,
  SRST = 0x5352_5354,
  DBCN = 0x4442_434e,
}

/** 2.0. */
export const SBI_VERSION = 0x0200_0000n;
/** "wasm": none of the registered implementations. */
export const SBI_IMPLEMENTATION_ID = 0x7761_736dn;
/** 0.1. */
export const SBI_IMPLEMENTATION_VERSION = 0x0001_0000n;

/** What an extension returns: `a0`, and `a1` unless that is to stay. Undefined leaves both (the hart is gone). */
export type SbiResult = readonly [error: SbiError, value?: bigint] | undefined;

/** Arguments of a call, unsigned. */
export interface SbiCall {
  readonly hart: number;
  readonly fid: bigint;
  readonly a0: bigint;
  readonly a1: bigint;
  readonly a2: bigint;
}
