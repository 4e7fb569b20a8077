/** Boots what `guests:debian` has prepared, as a program that embeds wasmvisor would. */

import { fileURLToPath } from "node:url";
import { Host, type Vm, type VmConfig, type VmExit } from "../../src/index.ts";

/** Long against any boot on a busy machine; a guest that hangs fails with what it last printed. */
const PATIENCE_MS = 300_000;

/** A file of `.guests/`. */
export function prepared(name: string): string {
  return fileURLToPath(new URL(`../../.guests/${name}`, import.meta.url));
}

/** Debian's kernel with busybox; `command` runs in it, and then it powers off. */
export function linux(command?: string): Pick<VmConfig, "kernel" | "initrd" | "append"> {
  const run = command === undefined ? "" : ` wasmvisor.run=${encodeURIComponent(command)}`;
  return {
    kernel: prepared("Image"),
    initrd: prepared("initrd.cpio"),
    append: `console=ttyS0 wasmvisor.exit${run}`,
  };
}

/** A started VM; `expects` waits for its output, one pattern after the other. */
export class Boot implements Disposable {
  readonly #host: Host;
  readonly vm: Vm;

  private constructor(host: Host, vm: Vm) {
    this.#host = host;
    this.vm = vm;
  }

  static async of(config: VmConfig): Promise<Boot> {
    const host = await Host.create();
    const boot = new Boot(host, await host.createVm({ memory: "256M", ...config }));
    boot.vm.start();
    return boot;
  }

  /** The text that matched last. */
  async expects(...patterns: readonly (string | RegExp)[]): Promise<string> {
    let text = "";
    for (const pattern of patterns) ({ text } = await this.vm.console.waitFor(pattern, PATIENCE_MS));
    return text;
  }

  type(text: string): Promise<void> {
    return this.vm.console.write(text);
  }

  exited(): Promise<VmExit> {
    return this.vm.exited;
  }

  [Symbol.dispose](): void {
    this.#host.close();
  }
}
