/** The end of a run. */

/** How a run ended. */
export interface VmExit {
  /** 0 when the guest says that all is well. */
  readonly code: number;
  /**
   * - `"poweroff"`: the guest switched itself off (test finisher or SBI);
   * - `"htif"`: the guest wrote its exit code to `tohost`;
   * - `"trap-storm"`: the guest did nothing but trap, and the VM was to stop then;
   * - `"out-of-memory"`: the guest, or a device, has stored to a page that the host had no frame for; `error` says so in a sentence;
   * - `"migrated"`: it runs elsewhere (`vm.migrateTo`);
   * - `"destroyed"`: `destroy` was called;
   * - `"failure"`: wasmvisor itself failed; `error` says how.
   */
  readonly reason: "poweroff" | "htif" | "trap-storm" | "out-of-memory" | "migrated" | "destroyed" | "failure";
  /** What happened, for `"failure"` and `"out-of-memory"`. */
  readonly error?: unknown;
}
