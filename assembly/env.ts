/** Host imports, declared once. */

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
