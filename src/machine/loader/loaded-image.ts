/** What every loader produces: pieces of memory, an entry, and symbols. */

/** A piece of an image. */
export interface Segment {
  /** Physical address, or the distance from the load address in a relocatable image. */
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes it takes in memory; what lies beyond `bytes` is zero. */
  readonly memorySize: number;
}

/** A named address. */
export interface Symbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes, 0 when unknown. */
  readonly size: number;
  readonly kind: "function" | "object" | "other";
}

/** An image in memory, not yet placed in a guest. */
export interface LoadedImage {
  readonly format: "elf" | "linux" | "uimage" | "flat";
  /** False: `address` and `entry` are absolute. True: they count from wherever the board puts the image. */
  readonly relocatable: boolean;
  /** For relocatable images: what the load address must be a multiple of. */
  readonly alignment: number;
  /** Where a relocatable image wants to be, counted from the start of RAM; undefined leaves it to the board. */
  readonly textOffset?: number;
  readonly segments: readonly Segment[];
  /** Address of the first instruction, as the file has it. */
  readonly entry: number;
  /**
   * Address at which firmware goes on, where that is another: kernels in ELF files have separate entries for firmware and for
   * others, and the one for firmware is their lowest address. (QEMU `hw/riscv/boot.c`)
   */
  readonly nextEntry?: number;
  /** Sorted by address. */
  readonly symbols: readonly Symbol[];
}
