/** From a machine's console to the terminal, no faster than the terminal shows it. */

import type { Vm } from "../../src/index.ts";

/** Bytes on their way to the terminal, beyond which the guest waits. */
const WINDOW = 1 << 18;

export class OutputPump {
  readonly #emit: (bytes: Uint8Array) => void;
  /** Bytes that the guest has printed and that have not been handed over. */
  #waiting = 0;
  #unshown = 0;
  #onShown: (() => void) | undefined;
  #onEmpty: (() => void)[] = [];

  /** Hands over until the machine is destroyed. */
  constructor(vm: Vm, emit: (bytes: Uint8Array) => void) {
    this.#emit = emit;
    vm.on("output", ({ length }) => (this.#waiting += length));
    void this.#run(vm);
  }

  /** The terminal has shown so many more bytes. */
  shown(bytes: number): void {
    this.#unshown = Math.max(0, this.#unshown - bytes);
    this.#onShown?.();
  }

  /** Calls back when all that has been printed is handed over. */
  whenEmpty(call: () => void): void {
    if (this.#waiting === 0) call();
    else this.#onEmpty.push(call);
  }

  async #run(vm: Vm): Promise<void> {
    const reader = vm.console.output.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (vm.state === "destroyed") return;
      const { length } = chunk.value;
      this.#unshown += length;
      this.#waiting -= length;
      this.#emit(chunk.value);
      if (this.#waiting <= 0) for (const call of this.#onEmpty.splice(0)) call();
      while (this.#unshown > WINDOW) await new Promise<void>((resolve) => (this.#onShown = resolve));
    }
  }
}
