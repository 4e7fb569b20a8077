/** The images that a VM boots from, read before each boot. */

import { MAX_FDT_BYTES } from "../machine/fdt-parse.ts";
import { isElf } from "../machine/loader/elf.ts";
import { loadImage } from "../machine/loader/image.ts";
import type { LoadedImage } from "../machine/loader/loaded-image.ts";
import type { BootPlan } from "../machine/virt-types.ts";
import type { BootWords } from "./agent/inject.ts";
import type { CheckedConfig, LoadProgress, VmConfig } from "./config.ts";
import { discard } from "./discard.ts";
import { htifSymbols } from "./htif.ts";
import { Image, type ImageSource } from "./image-source.ts";

/** What to boot, with the images in it. */
export interface LoadedPlan {
  readonly plan: BootPlan;
  /** Symbols of the kernel, or of the firmware when there is no kernel: HTIF and the signature are found by them. */
  readonly symbols: LoadedImage["symbols"];
}

/** What an ELF file may have beyond the size of RAM: its debugging information is not loaded. */
const ELF_SURPLUS = 2 ** 29;

/** The images of one VM. */
export class BootImages {
  readonly #config: VmConfig;
  readonly #ramBytes: number;
  readonly #images = new Map<LoadProgress["image"], Image>();
  #agent: Uint8Array | undefined;

  constructor(config: VmConfig, { ramBytes }: CheckedConfig) {
    this.#config = config;
    this.#ramBytes = ramBytes;
  }

  /**
   * Reads them.
   * @throws WasmvisorError when one cannot be read, or is no image; the signal's reason
   */
  async load(signal?: AbortSignal): Promise<LoadedPlan> {
    const { dtb } = this.#config;
    const kernel = await this.#program("kernel", this.#config.kernel, signal);
    // A program that speaks HTIF is written for Spike, which starts it in M mode.
    const usual = htifSymbols(kernel?.symbols ?? []) === undefined ? "builtin" : "none";
    const { bios = usual } = this.#config;
    const firmware = bios === "builtin" || bios === "none" ? undefined : await this.#program("bios", bios, signal);
    const { initrd, append } = await this.#bootWords(signal);
    const plan: BootPlan = {
      bios: firmware ?? (bios as "builtin" | "none"),
      ...(kernel === undefined ? {} : { kernel }),
      ...(initrd === undefined ? {} : { initrd }),
      ...(append === undefined ? {} : { append }),
      ...(this.#config.flash?.[0] === undefined ? {} : { flash: true }),
      ...(dtb === undefined ? {} : { dtb: await this.#read("dtb", dtb, MAX_FDT_BYTES, signal) }),
    };
    return { plan, symbols: (kernel ?? firmware)?.symbols ?? [] };
  }

  /** The initial RAM disk and the command line, with the agent in them where there is to be one. */
  async #bootWords(signal: AbortSignal | undefined): Promise<Partial<BootWords>> {
    const { initrd: source, agent, watchdog } = this.#config;
    const append = watchdog === undefined || watchdog === false ? this.#config.append : resetting(this.#config.append);
    if (source === undefined) return { append };
    const initrd = await this.#read("initrd", source, this.#ramBytes, signal);
    if (agent !== true) return { initrd, append };
    const { withAgent } = await import("./agent/inject.ts");
    return withAgent({ initrd, append }, await this.agent(signal));
  }

  /**
   * The agent's program, which is read once.
   * @throws WasmvisorError `source-unreadable`; the signal's reason
   */
  async agent(signal?: AbortSignal): Promise<Uint8Array> {
    const { agentProgram } = await import("./agent/inject.ts");
    this.#agent ??= await agentProgram(signal);
    return this.#agent;
  }

  /** Frees the bytes of a plan that has been carried out, but for those that the next `load` or the caller needs. */
  discard({ kernel, bios, initrd, dtb }: BootPlan): void {
    const programs = [kernel, typeof bios === "string" ? undefined : bios];
    const segments = programs.flatMap((program) => program?.segments ?? []);
    const pieces = [...segments.map(({ bytes }) => bytes), initrd, dtb].filter((bytes) => bytes !== undefined);
    const kept = new Set([...this.#images.values()].map(({ keptBuffer }) => keptBuffer));
    discard(pieces.map(({ buffer }) => buffer).filter((buffer) => !kept.has(buffer)));
  }

  async #program(
    name: "kernel" | "bios",
    source: ImageSource | undefined,
    signal: AbortSignal | undefined,
  ): Promise<LoadedImage | undefined> {
    if (source === undefined) return undefined;
    const bytes = await this.#read(name, source, this.#ramBytes, signal);
    this.#config.onProgress?.({ image: name, step: "unpacking", loaded: bytes.length, total: bytes.length });
    const program = await loadImage(bytes, { limit: this.#ramBytes, signal });
    signal?.throwIfAborted();
    const unpacked = program.segments.every((segment) => segment.bytes.buffer !== bytes.buffer);
    if (unpacked && bytes.buffer !== this.#images.get(name)?.keptBuffer) discard([bytes.buffer]);
    return program;
  }

  #read(
    image: LoadProgress["image"],
    source: ImageSource,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const { stallTimeout } = this.#config;
    let known = this.#images.get(image);
    if (known === undefined) this.#images.set(image, (known = new Image(source)));
    const onProgress = (loaded: number, total: number | undefined) =>
      this.#config.onProgress?.({ image, step: "reading", loaded, ...(total === undefined ? {} : { total }) });
    const limitFor = (start: Uint8Array) => (isElf(start) && isProgram(image) ? limit + ELF_SURPLUS : limit);
    return known.read({ name: image, limit, limitFor, signal, stallTimeout, onProgress });
  }
}

/** The command line with which Linux resets itself after a panic, unless it says what is done then. */
function resetting(append = ""): string {
  return /(^|\s)panic=/.test(append) ? append : `panic=-1 ${append}`.trim();
}

function isProgram(image: LoadProgress["image"]): boolean {
  return image === "kernel" || image === "bios";
}
