/** The far end of a serial line. */

/** What a UART stands on. */
export interface ConsoleBackend {
  /** Takes one byte the guest has sent. */
  write(byte: number): void;
  /**
   * Names the receiver of typed bytes. It takes what it has room for and returns how many bytes that was;
   * the backend keeps the rest and offers it again when `ready` is called.
   */
  onInput(receive: (bytes: Uint8Array) => number): void;
  /** The receiver has room again. */
  ready(): void;
}
