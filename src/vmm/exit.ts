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
   * - `"hang"`: the guest's agent does not answer any more (`watchdog`), or it has not restarted its `watchdogTimer`; `error` says so;
   * - `"panic"`: the guest has reset itself while its agent ran, as Linux does after a panic (`watchdog`); `error` says so;
   * - `"migrated"`: it runs elsewhere (`vm.migrateTo`);
   * - `"destroyed"`: `destroy` was called;
   * - `"failure"`: wasmvisor itself failed; `error` says how.
   */
  readonly reason:
    | "poweroff"
    | "htif"
    | "trap-storm"
    | "out-of-memory"
    | "hang"
    | "panic"
    | "migrated"
    | "destroyed"
    | "failure";
  /** What happened, for `"failure"`, `"out-of-memory"`, `"hang"` and `"panic"`. */
  readonly error?: unknown;
}
