/** The one error class that callers of wasmvisor see. */

/** What a `WasmvisorError` may be about; the list in docs/api.md says what to do about each. */
export type ErrorCode =
  | "address"
  | "archive"
  | "archive-hash"
  | "archive-missing"
  | "archive-signature"
  | "archive-unreachable"
  | "assembly"
  | "block-closed"
  | "block-full"
  | "block-io"
  | "block-range"
  | "block-readonly"
  | "block-size"
  | "bus-overlap"
  | "cache"
  | "clock"
  | "console-closed"
  | "console-timeout"
  | "content-security-policy"
  | "core-invalid"
  | "core-unreachable"
  | "csr"
  | "device-state"
  | "devices"
  | "drive"
  | "elf-class"
  | "elf-entry"
  | "elf-machine"
  | "elf-segment"
  | "elf-truncated"
  | "elf-type"
  | "engine"
  | "event"
  | "experiment"
  | "fdt-magic"
  | "fdt-structure"
  | "fdt-truncated"
  | "fdt-version"
  | "file-unreadable"
  | "file-unwritable"
  | "gzip-corrupt"
  | "hart"
  | "hart-count"
  | "host-closed"
  | "host-memory"
  | "host-memory-size"
  | "image-address"
  | "image-backing"
  | "image-compression"
  | "image-corrupt"
  | "image-damaged"
  | "image-empty"
  | "image-endian"
  | "image-entry"
  | "image-feature"
  | "image-format"
  | "image-locked"
  | "image-machine"
  | "image-overlap"
  | "image-source"
  | "image-too-large"
  | "image-type"
  | "initrd-too-large"
  | "kernel-missing"
  | "lockstep-engine"
  | "memory-model"
  | "memory-size"
  | "memory-tracking"
  | "module"
  | "nothing-to-run"
  | "option"
  | "port-closed"
  | "port-full"
  | "program"
  | "range-size"
  | "region"
  | "register"
  | "rung"
  | "sample-period"
  | "sampling"
  | "signature"
  | "source-broken"
  | "source-stalled"
  | "source-unreadable"
  | "state-damaged"
  | "state-device"
  | "state-machine"
  | "state-section"
  | "state-version"
  | "study-json"
  | "study-resume"
  | "translator"
  | "unsupported"
  | "usage"
  | "vega"
  | "virtio-slot"
  | "vm-state"
  | "worker"
  | "worker-devices"
  | "worker-message"
  | "workload";

/**
 * A mistake of the caller (never of the guest): a literal `code`, the data that explains it, and a sentence that says
 * what to do. The command line prints the sentence and exits with 2.
 */
export class WasmvisorError extends Error {
  override readonly name = "WasmvisorError";

  constructor(
    /** A stable, literal identifier, such as `"elf-machine"`. */
    readonly code: ErrorCode,
    message: string,
    /** What explains the error: sizes, names, offsets. */
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
