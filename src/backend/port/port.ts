/** The far end of a serial port that moves many bytes at once. */

/** What a port of a virtio console device stands on. */
export interface PortBackend {
  /** Whether somebody is at this end; the guest is told. What it sends is dropped otherwise. */
  readonly connected: boolean;
  /**
   * Takes bytes that the guest has sent, as many as it has room for, from the first on, and returns how many. The rest is offered again
   * after `onChange`'s call. The bytes are the guest's own, and good only during the call.
   */
  write(bytes: Uint8Array): number;
  /**
   * Names the receiver of bytes for the guest. It takes what the guest has room for and returns how many bytes that was; the backend
   * keeps the rest and offers it again when `ready` is called.
   */
  onInput(receive: (bytes: Uint8Array) => number): void;
  /** The receiver may have room again. */
  ready(): void;
  /** The guest has opened its end, or closed it. */
  opened(open: boolean): void;
  /** Names who is called, with the machine at rest, when there is room for output again or `connected` has changed. */
  onChange(changed: () => void): void;
}
