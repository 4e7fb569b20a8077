/** Host imports, declared once. */

import { Install } from "../shared/constants";

/** Loads from a device. The value is left in `hart.mmioData`. Returns 1 when a device answered, 0 for an access fault. */
// @ts-ignore: decorator
@external("env", "mmio_load")
export declare function mmio_load(hart: u32, pa: u32, paHigh: u32, size: u32): u32;

/** Stores `hart.mmioData` to a device. Returns 1 when a device answered, 0 for an access fault. */
// @ts-ignore: decorator
@external("env", "mmio_store")
export declare function mmio_store(hart: u32, pa: u32, paHigh: u32, size: u32): u32;

/** The machine's mtime. `hart.instret` is exact when it is called: a deterministic clock derives time from it. */
// @ts-ignore: decorator
@external("env", "mtime")
export declare function mtime(hart: u32): u64;

/** The host's clock in nanoseconds, from anywhere: for counters alone. */
// @ts-ignore: decorator
@external("env", "host_ns")
export declare function host_ns(): f64;

/**
 * Compiles the module of `bytes` at machine address `ma` for the translated code whose block is at `code`: the functions of `count` regions from
 * number `first` on, which are their indices in its table. Returns an `Install`: after LATER, `vm_code_ready` is called some time between two runs of harts.
 */
// @ts-ignore: decorator
@external("env", "code_install")
export declare function code_install(code: u32, first: u32, ma: u32, bytes: u32, count: u32): Install;

/** Takes a frame of zeros from the host's pool for the VM's page with this number: its machine address, or 0 when there is none left. */
// @ts-ignore: decorator
@external("env", "frame_take")
export declare function frame_take(vm: u32, page: u32): u32;

/**
 * Has what the VM's page with this number holds, which is not here (`P2m.ABSENT`), brought into a frame: 1 when that has been done; 0 when
 * it comes later, or never.
 */
// @ts-ignore: decorator
@external("env", "page_fetch")
export declare function page_fetch(vm: u32, page: u32): u32;

/** Gives all functions of the translated code back, and those that are being compiled; none is called any more. */
// @ts-ignore: decorator
@external("env", "code_flush")
export declare function code_flush(code: u32): void;
