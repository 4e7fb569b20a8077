/** A writer that waits while its reader has had enough. */
export class Pause {
  #wait: Promise<void> | undefined;
  #resumed: (() => void) | undefined;

  /** Resolves when it ends; undefined when there is none. */
  get over(): Promise<void> | undefined {
    return this.#wait;
  }

  begin(): void {
    this.#wait ??= new Promise((resolve) => (this.#resumed = resolve));
  }

  end(): void {
    this.#resumed?.();
    this.#wait = this.#resumed = undefined;
  }
}
