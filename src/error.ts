/** The one error class that callers of wasmvisor see. */

/**
 * A mistake of the caller (never of the guest): a literal `code`, the data that explains it, and a sentence that says
 * what to do. The command line prints the sentence and exits with 2.
 */
export class WasmvisorError extends Error {
  override readonly name = "WasmvisorError";

  constructor(
    /** A stable, literal identifier, such as `"elf-machine"`. */
    readonly code: string,
    message: string,
    /** What explains the error: sizes, names, offsets. */
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
